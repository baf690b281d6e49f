//! The operation ListCircuits of Groth16Service.

use broker_proto::v1;

use crate::{
    error::Error,
    message::{
        CircuitKey, Deprecation, Descriptor, OperationRequest, OperationResponse, Options, common_options,
        descriptor_accessors, split_metadata,
    },
};

operation! {
    /// Lists the circuits of a profile, with their inputs, and with their keys where the broker has them.
    list_circuits(ListCircuitsRequest) -> ListCircuitsResponse {
        path: "/cryptobroker.v1.Groth16Service/ListCircuits",
        pipeline_item: 14,
        key_use: Keyless,
    }
}

/// Requests the circuits of a profile.
///
/// ```no_run
/// use broker_client::ListCircuitsRequest;
///
/// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
/// for circuit in client.list_circuits(ListCircuitsRequest::new().profile("Groth16-Dev")).await?.circuits {
///     let inputs: Vec<_> = circuit.inputs.iter().map(|input| &*input.name).collect();
///     println!("{} over {}: {}", circuit.name, circuit.curve, inputs.join(", "));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListCircuitsRequest {
    options: Options,
}

impl ListCircuitsRequest {
    /// Creates a request for all circuits of the profile.
    pub fn new() -> Self {
        Self::default()
    }

    common_options!();
}

impl OperationRequest for ListCircuitsRequest {
    type Message = v1::ListCircuitsRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::ListCircuitsRequest {
        v1::ListCircuitsRequest { profile, metadata: Some(metadata) }
    }
}

/// A circuit: the statement that a proof proves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Circuit {
    /// The name in requests.
    pub name: String,
    /// `bn254` or `bls12-381`.
    pub curve: String,
    /// Indicates that the circuit is one of the broker's own.
    pub built_in: bool,
    /// The version of a built-in circuit. Keys of one version do not fit another.
    pub version: Option<u32>,
    /// What a proof says, in one sentence. Only a built-in circuit has it.
    pub statement: Option<String>,
    /// The number of constraints, unless the broker has not read the circuit's files yet.
    pub constraints: Option<u64>,
    /// The inputs of a built-in circuit.
    pub inputs: Vec<CircuitSignal>,
    /// Indicates that the circuit takes named inputs. One that does not takes witnesses only.
    pub takes_inputs: bool,
    /// Indicates that [`check_witness`](crate::Client::check_witness) can check witnesses of the circuit.
    pub checks_witness: bool,
    /// The public signals for which a verifier supplies its own values: [`ProofItem::expect`](crate::ProofItem::expect).
    pub expected_signals: Vec<String>,
    /// The key, if the broker has it.
    pub key: Option<CircuitKey>,
}

/// An input of a built-in circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitSignal {
    /// The name in requests.
    pub name: String,
    /// `field` (a number below the modulus), `uint64`, or `text` (a number, text or bytes).
    pub kind: String,
    /// Indicates that the verifier of a proof sees the value.
    pub public: bool,
    /// Indicates that the input may be left out, because it follows from the others.
    pub optional: bool,
    /// What the value means.
    pub description: String,
}

impl Circuit {
    fn from_message(message: v1::Circuit) -> Result<Self, Error> {
        let key = message.key.map(|key| CircuitKey::from_message(Some(key), "a circuit without a key"));
        let inputs = message.inputs.into_iter().map(|input| CircuitSignal {
            name: input.name,
            kind: input.kind,
            public: input.public,
            optional: input.optional,
            description: input.description,
        });
        Ok(Self {
            name: message.name,
            curve: message.curve,
            built_in: message.built_in,
            version: Some(message.version).filter(|version| *version != 0),
            statement: Some(message.statement).filter(|statement| !statement.is_empty()),
            constraints: Some(message.constraints).filter(|constraints| *constraints != 0),
            inputs: inputs.collect(),
            takes_inputs: message.takes_inputs,
            checks_witness: message.checks_witness,
            expected_signals: message.expected_signals,
            key: key.transpose()?,
        })
    }
}

/// The response to a [`ListCircuitsRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListCircuitsResponse {
    /// The circuits in the order of the profile.
    pub circuits: Vec<Circuit>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl ListCircuitsResponse {
    descriptor_accessors!();
}

impl OperationResponse for ListCircuitsResponse {
    type Message = v1::ListCircuitsResponse;

    fn from_message(message: v1::ListCircuitsResponse) -> Result<Self, Error> {
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            circuits: message.circuits.into_iter().map(Circuit::from_message).collect::<Result<_, _>>()?,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
