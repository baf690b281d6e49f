//! The operation BatchVerify of Groth16Service.

use broker_proto::v1;

use super::ProofItem;
use crate::{
    error::{Error, ErrorKind},
    message::{
        CircuitKey, Deprecation, Descriptor, Fingerprint, OperationRequest, OperationResponse, Options,
        common_options, descriptor_accessors, fingerprint_option, split_metadata,
    },
};

operation! {
    /// Verifies proofs of one circuit together, which is faster than one by one. The response has a verdict on each.
    batch_verify(BatchVerifyRequest) -> BatchVerifyResponse {
        path: "/cryptobroker.v1.Groth16Service/BatchVerify",
        pipeline_item: 20,
        key_use: Keyless,
    }
}

/// Requests the verification of several proofs of one circuit.
///
/// ```no_run
/// use broker_client::{BatchVerifyRequest, ProofItem};
///
/// # async fn run(client: broker_client::Client, proofs: Vec<(Vec<u8>, String)>) -> Result<(), broker_client::Error> {
/// let items = proofs.into_iter().map(|(proof, c)| ProofItem::new(proof).public_signal(c));
/// let response = client.batch_verify(BatchVerifyRequest::new("multiply", items).profile("Groth16-Dev")).await?;
/// for (number, valid) in response.valid.iter().enumerate() {
///     println!("{number}: {valid}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct BatchVerifyRequest {
    circuit: String,
    items: Vec<ProofItem>,
    expected_key: Option<Fingerprint>,
    options: Options,
}

impl BatchVerifyRequest {
    /// Creates a request to verify these proofs of this circuit. The profile limits their number.
    pub fn new(circuit: impl Into<String>, items: impl IntoIterator<Item = ProofItem>) -> Self {
        Self {
            circuit: circuit.into(),
            items: items.into_iter().collect(),
            expected_key: None,
            options: Options::default(),
        }
    }

    fingerprint_option!();
    common_options!();
}

impl OperationRequest for BatchVerifyRequest {
    type Message = v1::BatchVerifyRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::BatchVerifyRequest {
        v1::BatchVerifyRequest {
            profile,
            circuit: self.circuit,
            items: self.items.into_iter().map(ProofItem::into_message).collect(),
            expected_fingerprint: Fingerprint::to_wire(self.expected_key),
            metadata: Some(metadata),
        }
    }

    /// Returns the number of verdicts.
    fn output_length(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The response to a [`BatchVerifyRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "an invalid proof is not an error; check `valid` or call `require_valid`"]
pub struct BatchVerifyResponse {
    /// The verdict on each proof, in the order of the request.
    pub valid: Vec<bool>,
    /// The key with which the proofs were verified.
    pub key: CircuitKey,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl BatchVerifyResponse {
    descriptor_accessors!();

    /// Converts the verdicts into a result, for programs that continue only if all proofs are valid.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::InvalidProof`] where one of the proofs is not valid.
    pub fn require_valid(self) -> Result<(), Error> {
        match self.valid.iter().all(|valid| *valid) {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::InvalidProof)),
        }
    }
}

impl OperationResponse for BatchVerifyResponse {
    type Message = v1::BatchVerifyResponse;

    fn from_message(message: v1::BatchVerifyResponse) -> Result<Self, Error> {
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            valid: message.valid,
            key: CircuitKey::from_message(message.key, "BatchVerifyResponse without a key")?,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }

    fn output_length(&self) -> Option<usize> {
        Some(self.valid.len())
    }
}
