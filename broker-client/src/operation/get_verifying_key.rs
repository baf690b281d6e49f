//! The operation GetVerifyingKey of Groth16Service.

use broker_proto::v1;

use crate::{
    error::Error,
    message::{
        CircuitKey, Deprecation, Descriptor, OperationRequest, OperationResponse, Options, common_options,
        descriptor_accessors, require_present, split_metadata,
    },
};

operation! {
    /// Returns the verifying key of a circuit, with which others verify its proofs.
    get_verifying_key(GetVerifyingKeyRequest) -> GetVerifyingKeyResponse {
        path: "/cryptobroker.v1.Groth16Service/GetVerifyingKey",
        pipeline_item: 15,
        key_use: Keyless,
    }
}

/// The format of a verifying key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum VerifyingKeyFormat {
    /// snarkjs' `verification_key.json`.
    #[default]
    SnarkjsJson,
    /// arkworks' uncompressed canonical bytes.
    Arkworks,
    /// A contract in Solidity that verifies proofs, for bn254 only.
    Solidity,
}

impl VerifyingKeyFormat {
    fn to_wire(self) -> i32 {
        let format = match self {
            Self::SnarkjsJson => v1::VerifyingKeyFormat::SnarkjsJson,
            Self::Arkworks => v1::VerifyingKeyFormat::Arkworks,
            Self::Solidity => v1::VerifyingKeyFormat::Solidity,
        };
        format.into()
    }
}

/// Requests the verifying key of a circuit.
///
/// ```no_run
/// use broker_client::{GetVerifyingKeyRequest, VerifyingKeyFormat};
///
/// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
/// let request = GetVerifyingKeyRequest::new("membership").profile("Proofs").format(VerifyingKeyFormat::Solidity);
/// let response = client.get_verifying_key(request).await?;
/// println!("// key {}\n{}", response.key.fingerprint, String::from_utf8_lossy(&response.verifying_key));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetVerifyingKeyRequest {
    circuit: String,
    format: VerifyingKeyFormat,
    allow_single_party: bool,
    options: Options,
}

impl GetVerifyingKeyRequest {
    /// Creates a request for the key of this circuit as snarkjs' JSON.
    pub fn new(circuit: impl Into<String>) -> Self {
        Self {
            circuit: circuit.into(),
            format: VerifyingKeyFormat::default(),
            allow_single_party: false,
            options: Options::default(),
        }
    }

    /// Sets the format. Default: [`VerifyingKeyFormat::SnarkjsJson`].
    pub fn format(mut self, format: VerifyingKeyFormat) -> Self {
        self.format = format;
        self
    }

    /// Allows a contract with a key of the class [`SetupClass::SingleParty`](crate::SetupClass::SingleParty), for tests:
    /// whoever made that key can make the contract accept false statements.
    pub fn allow_single_party(mut self) -> Self {
        self.allow_single_party = true;
        self
    }

    common_options!();
}

impl OperationRequest for GetVerifyingKeyRequest {
    type Message = v1::GetVerifyingKeyRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::GetVerifyingKeyRequest {
        v1::GetVerifyingKeyRequest {
            profile,
            circuit: self.circuit,
            format: self.format.to_wire(),
            allow_single_party: self.allow_single_party,
            metadata: Some(metadata),
        }
    }
}

/// The response to a [`GetVerifyingKeyRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetVerifyingKeyResponse {
    /// The key in the format of the request.
    pub verifying_key: Vec<u8>,
    /// The key's identity and origin.
    pub key: CircuitKey,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl GetVerifyingKeyResponse {
    descriptor_accessors!();
}

impl OperationResponse for GetVerifyingKeyResponse {
    type Message = v1::GetVerifyingKeyResponse;

    fn from_message(message: v1::GetVerifyingKeyResponse) -> Result<Self, Error> {
        require_present(&message.verifying_key, "GetVerifyingKeyResponse without a verifying key")?;
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            verifying_key: message.verifying_key,
            key: CircuitKey::from_message(message.key, "GetVerifyingKeyResponse without a fingerprint")?,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
