//! The operation EncryptData.

use broker_proto::v1;

use crate::{
    error::Error,
    message::{
        Data, Deprecation, Descriptor, Key, OperationRequest, OperationResponse, Options, Secret,
        common_options, descriptor_accessors, require_present, split_metadata,
    },
};

operation! {
    /// Encrypts and authenticates bytes. Every attempt of a call has the same nonce and the same plaintext, so a retry
    /// never uses a nonce for two plaintexts.
    encrypt_data(EncryptDataRequest) -> EncryptDataResponse {
        path: "/cryptobroker.v1.CryptoService/EncryptData",
        pipeline_item: 7,
        key_use: Keyed,
    }
}

/// Requests the encryption and authentication of bytes (AEAD, RFC 5116), by the algorithm of the profile.
///
/// ```no_run
/// use broker_client::{DecryptDataRequest, EncryptDataRequest};
///
/// # async fn run(client: broker_client::Client, key: [u8; 32], nonce: [u8; 12]) -> Result<(), broker_client::Error> {
/// let request = EncryptDataRequest::new(key, "a secret").profile("Default").nonce(nonce).aad("order 4711");
/// let sealed = client.encrypt_data(request).await?;
///
/// let request = DecryptDataRequest::new(key, sealed.ciphertext, sealed.nonce, sealed.tag).profile("Default");
/// let opened = client.decrypt_data(request.aad("order 4711")).await?;
/// assert_eq!("a secret".len(), opened.plaintext.len());
/// # Ok(())
/// # }
/// ```
///
/// Key and plaintext are wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets)
/// describes the copies that the transport makes.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct EncryptDataRequest {
    key: Key,
    plaintext: Secret,
    nonce: Vec<u8>,
    aad: Option<Data<Vec<u8>>>,
    options: Options,
}

impl EncryptDataRequest {
    /// Creates a request with the bytes of the key, as many as the profile demands. The plaintext may be empty, and by
    /// default has at most 1 MiB.
    pub fn new(key: impl Into<Key>, plaintext: impl Into<Secret>) -> Self {
        Self {
            key: key.into(),
            plaintext: plaintext.into(),
            nonce: Vec::new(),
            aad: None,
            options: Options::default(),
        }
    }

    /// Sets the nonce: 12 bytes that were never used before with this key (RFC 5116 3.1). Do not set it where the
    /// profile has the broker generate nonces (`NonceStrategy: random`).
    pub fn nonce(mut self, nonce: impl Into<Vec<u8>>) -> Self {
        self.nonce = nonce.into();
        self
    }

    /// Sets the associated data, at most 64 KiB, which are authenticated but not encrypted.
    pub fn aad(mut self, aad: impl Into<Vec<u8>>) -> Self {
        self.aad = Some(Data(aad.into()));
        self
    }

    common_options!();
}

impl OperationRequest for EncryptDataRequest {
    type Message = v1::EncryptDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::EncryptDataRequest {
        v1::EncryptDataRequest {
            profile,
            key_source: Some(self.key.into_source()),
            plaintext: self.plaintext.into_vec(),
            encrypt_metadata: Some(v1::EncryptMetadata { nonce: self.nonce, aad: self.aad.map(|aad| aad.0) }),
            metadata: Some(metadata),
        }
    }

    fn output_length(&self) -> Option<usize> {
        Some(self.plaintext.len())
    }
}

/// The response to an [`EncryptDataRequest`]: everything that decryption needs, except the key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncryptDataResponse {
    /// The ciphertext without the tag, as long as the plaintext.
    pub ciphertext: Vec<u8>,
    /// The nonce, whether the caller set it or the broker generated it.
    pub nonce: Vec<u8>,
    /// The associated data of the request.
    pub aad: Option<Vec<u8>>,
    /// The authentication tag, as long as the profile says.
    pub tag: Vec<u8>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl EncryptDataResponse {
    descriptor_accessors!();
}

impl OperationResponse for EncryptDataResponse {
    type Message = v1::EncryptDataResponse;

    fn from_message(message: v1::EncryptDataResponse) -> Result<Self, Error> {
        let v1::CipherMetadata { nonce, aad, tag, .. } = message.cipher_metadata.unwrap_or_default();
        let tag = tag.unwrap_or_default();
        require_present(&nonce, "EncryptDataResponse without a nonce")?;
        require_present(&tag, "EncryptDataResponse without a tag")?;
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            ciphertext: message.ciphertext,
            nonce,
            aad,
            tag,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }

    fn output_length(&self) -> Option<usize> {
        Some(self.ciphertext.len())
    }
}
