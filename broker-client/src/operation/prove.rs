//! The operation Prove of Groth16Service.

use std::time::Duration;

use broker_proto::v1;

use crate::{
    error::Error,
    message::{
        Assignment, CircuitKey, Deprecation, Descriptor, Fingerprint, NamedValue, OperationRequest,
        OperationResponse, Options, ProofFormat, PublicSignal, Secret, assignment_options, common_options,
        descriptor_accessors, fingerprint_option, require_present, split_metadata,
    },
};

operation! {
    /// Proves a statement. The broker has verified the proof before it responds. Values that do not satisfy the circuit are
    /// refused with the reason [`WitnessUnsatisfied`](crate::Reason::WitnessUnsatisfied), and the message names the
    /// constraint.
    prove(ProveRequest) -> ProveResponse {
        path: "/cryptobroker.v1.Groth16Service/Prove",
        pipeline_item: 17,
        key_use: Keyed,
    }
}

/// Requests a proof, from inputs by name or from a witness.
///
/// ```no_run
/// use broker_client::{ProofItem, ProveRequest, VerifyProofRequest};
///
/// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
/// let request = ProveRequest::new("multiply").profile("Groth16-Dev").input("a", "3").input("b", "11");
/// let proved = client.prove(request).await?;
/// println!("{} = {}", proved.public_signals[0].name, proved.public_signals[0].value); // c = 33
///
/// let item = ProofItem::new(proved.proof).public_signal("33");
/// client.verify_proof(VerifyProofRequest::new("multiply", item).profile("Groth16-Dev")).await?.require_valid()?;
/// # Ok(())
/// # }
/// ```
///
/// Inputs and witness are wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets) describes
/// the copies that the transport makes. The proof hides those of them that are not public.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct ProveRequest {
    circuit: String,
    assignment: Assignment,
    format: ProofFormat,
    expected_key: Option<Fingerprint>,
    options: Options,
}

impl ProveRequest {
    /// Creates a request for a proof of this circuit, whose values are then set: either inputs or a witness.
    pub fn new(circuit: impl Into<String>) -> Self {
        Self {
            circuit: circuit.into(),
            assignment: Assignment::default(),
            format: ProofFormat::default(),
            expected_key: None,
            options: Options::default(),
        }
    }

    assignment_options!();

    /// Sets the format of the proof. Default: [`ProofFormat::SnarkjsJson`].
    pub fn format(mut self, format: ProofFormat) -> Self {
        self.format = format;
        self
    }

    fingerprint_option!();
    common_options!();
}

impl OperationRequest for ProveRequest {
    type Message = v1::ProveRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::ProveRequest {
        v1::ProveRequest {
            profile,
            circuit: self.circuit,
            inputs: NamedValue::into_messages(self.assignment.inputs),
            witness: self.assignment.witness.map(Secret::into_vec).unwrap_or_default(),
            proof_format: self.format.to_wire(),
            expected_fingerprint: Fingerprint::to_wire(self.expected_key),
            metadata: Some(metadata),
        }
    }
}

/// The response to a [`ProveRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProveResponse {
    /// The proof in the format of the request. From one proof anybody makes others of the same statement, so it is no
    /// identifier.
    pub proof: Vec<u8>,
    /// The public signals, in the order of the circuit.
    pub public_signals: Vec<PublicSignal>,
    /// The key with which the proof is verified.
    pub key: CircuitKey,
    /// The name of the prover that made the proof.
    pub prover: String,
    /// Where the time of the call went.
    pub figures: ProofFigures,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl ProveResponse {
    descriptor_accessors!();
}

/// Where the time of a call went. The durations add up to the time from the receipt of the request to the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ProofFigures {
    /// Waiting for a thread.
    pub queue: Duration,
    /// Waiting until the key was loaded or made.
    pub key_load: Duration,
    /// Reading the witness, or calculating it from the inputs.
    pub witness: Duration,
    /// Checking that it satisfies the constraints.
    pub check: Duration,
    /// Making the proof.
    pub prove: Duration,
    /// Verifying the proof.
    pub self_verify: Duration,
    /// The rest: the audit record, passing the call between threads, reading the request and writing the response.
    pub other: Duration,
    /// The memory in bytes that was reserved for the proof, without that of the key.
    pub reserved_bytes: u64,
    /// Receiving the witness of a stream.
    pub upload: Duration,
}

impl ProofFigures {
    fn from_message(message: v1::ProofFigures) -> Self {
        // A duration that is absent or negative was not measured.
        let duration = |duration: Option<prost_types::Duration>| {
            duration.and_then(|duration| duration.try_into().ok()).unwrap_or_default()
        };
        Self {
            queue: duration(message.queue),
            key_load: duration(message.key_load),
            witness: duration(message.witness),
            check: duration(message.check),
            prove: duration(message.prove),
            self_verify: duration(message.self_verify),
            other: duration(message.other),
            reserved_bytes: message.reserved_bytes,
            upload: duration(message.upload),
        }
    }
}

impl OperationResponse for ProveResponse {
    type Message = v1::ProveResponse;

    fn from_message(message: v1::ProveResponse) -> Result<Self, Error> {
        require_present(&message.proof, "ProveResponse without a proof")?;
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            proof: message.proof,
            public_signals: PublicSignal::from_messages(message.public_signals),
            key: CircuitKey::from_message(message.key, "ProveResponse without a key")?,
            prover: message.prover,
            figures: message.figures.map(ProofFigures::from_message).unwrap_or_default(),
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
