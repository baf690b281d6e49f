//! The operation Setup of Groth16Service.

use broker_proto::v1;

use crate::{
    error::Error,
    message::{
        CircuitKey, Deprecation, Descriptor, OperationRequest, OperationResponse, Options, common_options,
        descriptor_accessors, split_metadata,
    },
};

operation! {
    /// Makes the key of a built-in circuit, where the profile has `Setup: by-request` or `on-first-use`. The broker then
    /// knew the randomness from which false proofs can be made, so the key is of the class
    /// [`SetupClass::SingleParty`](crate::SetupClass::SingleParty). A key that exists is returned and never replaced.
    setup_circuit(SetupRequest) -> SetupResponse {
        path: "/cryptobroker.v1.Groth16Service/Setup",
        pipeline_item: 16,
        key_use: Keyed,
    }
}

/// Requests that the key of a circuit is made, if there is none.
///
/// ```no_run
/// use std::time::Duration;
/// use broker_client::SetupRequest;
///
/// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
/// let request = SetupRequest::new("payment").profile("Groth16-Dev").timeout(Duration::from_secs(60));
/// let response = client.setup_circuit(request).await?;
/// println!("{}{}", response.key.fingerprint, if response.created { ", which is new" } else { "" });
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct SetupRequest {
    circuit: String,
    options: Options,
}

impl SetupRequest {
    /// Creates a request for the key of this circuit.
    pub fn new(circuit: impl Into<String>) -> Self {
        Self { circuit: circuit.into(), options: Options::default() }
    }

    common_options!();
}

impl OperationRequest for SetupRequest {
    type Message = v1::SetupRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::SetupRequest {
        v1::SetupRequest { profile, circuit: self.circuit, metadata: Some(metadata) }
    }
}

/// The response to a [`SetupRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetupResponse {
    /// The circuit's key.
    pub key: CircuitKey,
    /// Indicates that this call made the key; otherwise there was one.
    pub created: bool,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl SetupResponse {
    descriptor_accessors!();
}

impl OperationResponse for SetupResponse {
    type Message = v1::SetupResponse;

    fn from_message(message: v1::SetupResponse) -> Result<Self, Error> {
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            key: CircuitKey::from_message(message.key, "SetupResponse without a key")?,
            created: message.created,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
