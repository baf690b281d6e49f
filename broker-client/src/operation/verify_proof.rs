//! The operation Verify of Groth16Service.

use broker_proto::v1;

use crate::{
    error::{Error, ErrorKind},
    message::{
        CircuitKey, Deprecation, Descriptor, Fingerprint, InputValue, NamedValue, OperationRequest,
        OperationResponse, Options, ProofFormat, PublicSignal, common_options, descriptor_accessors,
        fingerprint_option, split_metadata,
    },
};

operation! {
    /// Verifies a proof. A proof that does not prove the statement is the response `valid: false` and not an error; the
    /// broker refuses values that are malformed with INVALID_ARGUMENT.
    verify_proof(VerifyProofRequest) -> VerifyProofResponse {
        path: "/cryptobroker.v1.Groth16Service/Verify",
        pipeline_item: 19,
        key_use: Keyless,
    }
}

/// A proof with the statement that it is supposed to prove.
///
/// The prover chose the public signals, so a verifier compares them with what it knows. Of a circuit with
/// [`expected_signals`](crate::Circuit::expected_signals) the verifier supplies its own values:
///
/// ```
/// use broker_client::{InputValue, ProofItem};
///
/// # let (proof, public_signals, commitment) = (vec![1], vec![String::new()], "1".to_owned());
/// let item = ProofItem::new(proof)
///     .public_signals(public_signals) // of which `payment` takes currentTime and nullifier alone
///     .expect("minAmount", 2500)
///     .expect("recipient", InputValue::text("alice"))
///     .expect("maxAge", 3600)
///     .expect("commitment", commitment)
///     .expect("context", InputValue::text("order 4711"));
/// ```
#[derive(Debug, Clone)]
#[must_use = "an item does nothing until it is sent"]
pub struct ProofItem {
    proof: Vec<u8>,
    format: ProofFormat,
    public_signals: Vec<String>,
    expect: Vec<NamedValue>,
}

impl ProofItem {
    /// Creates an item with a proof in snarkjs' JSON and no public signals yet.
    pub fn new(proof: impl Into<Vec<u8>>) -> Self {
        Self {
            proof: proof.into(),
            format: ProofFormat::default(),
            public_signals: Vec::new(),
            expect: Vec::new(),
        }
    }

    /// Sets the format of the proof. Default: [`ProofFormat::SnarkjsJson`].
    pub fn format(mut self, format: ProofFormat) -> Self {
        self.format = format;
        self
    }

    /// Adds the next public signal, decimal or hexadecimal with `0x`.
    pub fn public_signal(mut self, value: impl Into<String>) -> Self {
        self.public_signals.push(value.into());
        self
    }

    /// Sets all public signals, in the order of the circuit.
    pub fn public_signals(mut self, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.public_signals = values.into_iter().map(Into::into).collect();
        self
    }

    /// Adds the verifier's own value of a public signal. `payment` also takes `now` (Unix seconds; by default the time of
    /// the broker) and `skew` (seconds; 30 by default), between which currentTime must be.
    pub fn expect(mut self, name: impl Into<String>, value: impl Into<InputValue>) -> Self {
        self.expect.push(NamedValue::new(name, value));
        self
    }

    pub(crate) fn into_message(self) -> v1::ProofItem {
        v1::ProofItem {
            proof: self.proof,
            proof_format: self.format.to_wire(),
            public_signals: self.public_signals,
            expect: NamedValue::into_messages(self.expect),
        }
    }
}

/// Requests the verification of a proof. A proof that does not prove the statement is a response and not an error.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct VerifyProofRequest {
    circuit: String,
    item: ProofItem,
    expected_key: Option<Fingerprint>,
    verifying_key: Option<Vec<u8>>,
    options: Options,
}

impl VerifyProofRequest {
    /// Creates a request to verify a proof of this circuit.
    pub fn new(circuit: impl Into<String>, item: ProofItem) -> Self {
        Self {
            circuit: circuit.into(),
            item,
            expected_key: None,
            verifying_key: None,
            options: Options::default(),
        }
    }

    fingerprint_option!();

    /// Sets a verifying key in place of the circuit's, for a profile with `AllowCallerKey: true`: snarkjs' JSON, or arkworks'
    /// uncompressed bytes.
    pub fn verifying_key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.verifying_key = Some(key.into());
        self
    }

    common_options!();
}

impl OperationRequest for VerifyProofRequest {
    type Message = v1::VerifyProofRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::VerifyProofRequest {
        v1::VerifyProofRequest {
            profile,
            circuit: self.circuit,
            item: Some(self.item.into_message()),
            expected_fingerprint: Fingerprint::to_wire(self.expected_key),
            verifying_key: self.verifying_key.unwrap_or_default(),
            metadata: Some(metadata),
        }
    }
}

/// The response to a [`VerifyProofRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "an invalid proof is not an error; check `valid` or call `require_valid`"]
pub struct VerifyProofResponse {
    /// Indicates whether the proof proves the statement.
    pub valid: bool,
    /// The public signals for which the proof was verified, in the order of the circuit.
    pub public_signals: Vec<PublicSignal>,
    /// The key with which the proof was verified.
    pub key: CircuitKey,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl VerifyProofResponse {
    descriptor_accessors!();

    /// Converts the verdict into a result, for programs that continue only with a valid proof.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::InvalidProof`] where the proof is not valid.
    pub fn require_valid(self) -> Result<(), Error> {
        if self.valid { Ok(()) } else { Err(Error::new(ErrorKind::InvalidProof)) }
    }
}

impl OperationResponse for VerifyProofResponse {
    type Message = v1::VerifyProofResponse;

    fn from_message(message: v1::VerifyProofResponse) -> Result<Self, Error> {
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            valid: message.valid,
            public_signals: PublicSignal::from_messages(message.public_signals),
            key: CircuitKey::from_message(message.key, "VerifyProofResponse without a key")?,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
