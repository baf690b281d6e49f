//! The operation CheckWitness of Groth16Service.

use broker_proto::v1;

use crate::{
    error::Error,
    message::{
        Assignment, CircuitKey, Deprecation, Descriptor, NamedValue, OperationRequest, OperationResponse,
        Options, PublicSignal, Secret, assignment_options, common_options, descriptor_accessors,
        split_metadata,
    },
};

operation! {
    /// Checks whether inputs or a witness satisfy the circuit, without a proof. Values that do not are refused with the
    /// reason [`WitnessUnsatisfied`](crate::Reason::WitnessUnsatisfied), and the message names the constraint.
    check_witness(CheckWitnessRequest) -> CheckWitnessResponse {
        path: "/cryptobroker.v1.Groth16Service/CheckWitness",
        pipeline_item: 18,
        key_use: Keyed,
    }
}

/// Requests a check of inputs or of a witness.
///
/// ```no_run
/// use broker_client::{CheckWitnessRequest, Reason};
///
/// # async fn run(client: broker_client::Client, wtns: Vec<u8>) -> Result<(), broker_client::Error> {
/// let request = CheckWitnessRequest::new("membership").profile("Proofs").witness(wtns);
/// match client.check_witness(request).await {
///     Ok(checked) => println!("satisfied, with {} public signals", checked.public_signals.len()),
///     Err(error) => match error.rejection() {
///         Some(refusal) if refusal.reason == Some(Reason::WitnessUnsatisfied) => println!("{}", refusal.message),
///         _ => return Err(error),
///     },
/// }
/// # Ok(())
/// # }
/// ```
///
/// Inputs and witness are wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets) describes
/// the copies that the transport makes.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct CheckWitnessRequest {
    circuit: String,
    assignment: Assignment,
    options: Options,
}

impl CheckWitnessRequest {
    /// Creates a request for this circuit, whose values are then set: either inputs or a witness.
    pub fn new(circuit: impl Into<String>) -> Self {
        Self { circuit: circuit.into(), assignment: Assignment::default(), options: Options::default() }
    }

    assignment_options!();
    common_options!();
}

impl OperationRequest for CheckWitnessRequest {
    type Message = v1::CheckWitnessRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::CheckWitnessRequest {
        v1::CheckWitnessRequest {
            profile,
            circuit: self.circuit,
            inputs: NamedValue::into_messages(self.assignment.inputs),
            witness: self.assignment.witness.map(Secret::into_vec).unwrap_or_default(),
            metadata: Some(metadata),
        }
    }
}

/// The response to a [`CheckWitnessRequest`]: the values satisfy the circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckWitnessResponse {
    /// The public signals, in the order of the circuit.
    pub public_signals: Vec<PublicSignal>,
    /// The key of the circuit.
    pub key: CircuitKey,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl CheckWitnessResponse {
    descriptor_accessors!();
}

impl OperationResponse for CheckWitnessResponse {
    type Message = v1::CheckWitnessResponse;

    fn from_message(message: v1::CheckWitnessResponse) -> Result<Self, Error> {
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            public_signals: PublicSignal::from_messages(message.public_signals),
            key: CircuitKey::from_message(message.key, "CheckWitnessResponse without a key")?,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
