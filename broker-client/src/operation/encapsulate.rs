//! The operation Encapsulate of KemService.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    message::{
        Deprecation, Descriptor, Key, OperationRequest, OperationResponse, Options, common_options,
        descriptor_accessors, require_present, split_metadata,
    },
};

operation! {
    /// Generates a shared secret, and its ciphertext for the holder of the decapsulation key.
    encapsulate(EncapsulateRequest) -> EncapsulateResponse {
        path: "/cryptobroker.v1.KemService/Encapsulate",
        pipeline_item: 11,
        key_use: Keyed,
    }
}

/// Requests a shared secret and its ciphertext for the holder of a decapsulation key (FIPS 203 6.2).
///
/// ```no_run
/// use broker_client::{DecapsulateRequest, EncapsulateRequest, GenerateKeyPairRequest};
/// use subtle::ConstantTimeEq as _;
///
/// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
/// let pair = client.generate_kem_key_pair(GenerateKeyPairRequest::new().profile("PQC-KEM")).await?;
/// let sent = client.encapsulate(EncapsulateRequest::new(pair.public_key).profile("PQC-KEM")).await?;
///
/// let request = DecapsulateRequest::new(pair.private_key, sent.ciphertext).profile("PQC-KEM");
/// let received = client.decapsulate(request).await?;
/// assert!(bool::from(sent.shared_secret.ct_eq(&received.shared_secret)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct EncapsulateRequest {
    key: Key,
    options: Options,
}

impl EncapsulateRequest {
    /// Creates a request with the encapsulation key: raw octets, SubjectPublicKeyInfo (RFC 9935), or the latter as PEM.
    pub fn new(encapsulation_key: impl Into<Key>) -> Self {
        Self { key: encapsulation_key.into(), options: Options::default() }
    }

    common_options!();
}

impl OperationRequest for EncapsulateRequest {
    type Message = v1::EncapsulateRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::EncapsulateRequest {
        let key_source = Some(self.key.into_source());
        v1::EncapsulateRequest { profile, key_source, metadata: Some(metadata) }
    }
}

/// The response to an [`EncapsulateRequest`].
///
/// The shared secret is wiped when this value is dropped, and never printed. [Secrets](crate#secrets) describes the
/// copies that the transport makes.
#[derive(Clone)]
#[non_exhaustive]
pub struct EncapsulateResponse {
    /// The ciphertext to send to the holder of the decapsulation key.
    pub ciphertext: Vec<u8>,
    /// The shared secret of 32 bytes.
    pub shared_secret: Zeroizing<Vec<u8>>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl EncapsulateResponse {
    descriptor_accessors!();
}

impl fmt::Debug for EncapsulateResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncapsulateResponse")
            .field("ciphertext", &format_args!("[{} bytes]", self.ciphertext.len()))
            .field("shared_secret", &"[redacted]")
            .field("descriptor", &self.descriptor)
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl OperationResponse for EncapsulateResponse {
    type Message = v1::EncapsulateResponse;

    fn from_message(mut message: v1::EncapsulateResponse) -> Result<Self, Error> {
        require_present(&message.ciphertext, "EncapsulateResponse without a ciphertext")?;
        require_present(&message.shared_secret, "EncapsulateResponse without a shared secret")?;
        let (id, deprecation) = split_metadata(message.metadata.take());
        Ok(Self {
            ciphertext: mem::take(&mut message.ciphertext),
            shared_secret: mem::take(&mut message.shared_secret).into(),
            descriptor: Descriptor::from_message(message.descriptor.take()),
            id,
            deprecation,
        })
    }
}
