//! The operation SignData.

use broker_proto::v1;
use bytes::Bytes;

use crate::{
    error::Error,
    message::{
        Data, Deprecation, Descriptor, Key, Keys, OperationRequest, OperationResponse, Options,
        SignatureFormat, common_options, descriptor_accessors, require_present, signature_context_option,
        signature_format_option, split_metadata,
    },
};

operation! {
    /// Signs bytes.
    sign_data(SignDataRequest) -> SignDataResponse {
        path: "/cryptobroker.v1.CryptoService/SignData",
        pipeline_item: 5,
        key_use: Keyed,
    }
}

/// Requests a signature over bytes, by the algorithm of the profile.
///
/// ```no_run
/// use broker_client::{SignDataRequest, SignatureFormat, VerifyDataRequest};
///
/// # async fn run(client: broker_client::Client, private_pem: String, public_pem: String) -> Result<(), broker_client::Error> {
/// let request = SignDataRequest::new(private_pem, "a message").profile("Default").format(SignatureFormat::Der);
/// let signature = client.sign_data(request).await?.signature;
///
/// let request = VerifyDataRequest::new(public_pem, "a message", signature).profile("Default");
/// client.verify_data(request.format(SignatureFormat::Der)).await?.require_valid()?;
/// # Ok(())
/// # }
/// ```
///
/// The private key is wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets)
/// describes the copies that the transport makes. The input is shared with the transport and not copied, so it is
/// not wiped; it is not printed either.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct SignDataRequest {
    keys: Keys,
    input: Data<Bytes>,
    format: Option<SignatureFormat>,
    context: Option<Data<Vec<u8>>>,
    options: Options,
}

impl SignDataRequest {
    /// Creates a request with the private key in PEM or DER: PKCS#8, SEC1 or PKCS#1, not encrypted. The input may be
    /// empty, and by default has at most 1 MiB; [`SignStreamRequest`](crate::SignStreamRequest) has no such limit.
    pub fn new(private_key: impl Into<Key>, input: impl Into<Bytes>) -> Self {
        Self::with_keys(Keys::Single(private_key.into()), input.into())
    }

    /// Creates a request with the two private keys of a composite, for a profile whose SigningMode is `hybrid`.
    pub fn composite(
        traditional_key: impl Into<Key>,
        ml_dsa_key: impl Into<Key>,
        input: impl Into<Bytes>,
    ) -> Self {
        Self::with_keys(Keys::composite(traditional_key, ml_dsa_key), input.into())
    }

    fn with_keys(keys: Keys, input: Bytes) -> Self {
        Self { keys, input: Data(input), format: None, context: None, options: Options::default() }
    }

    signature_format_option!();
    signature_context_option!(
        "Sets the context of an ML-DSA signature (FIPS 204 5.2), which is a part of what is signed. Default: none."
    );
    common_options!();
}

impl OperationRequest for SignDataRequest {
    type Message = v1::SignDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::SignDataRequest {
        v1::SignDataRequest {
            profile,
            key_source: Some(self.keys.into_source()),
            input: self.input.0,
            signature_format: SignatureFormat::to_wire(self.format),
            metadata: Some(metadata),
            context: self.context.map(|Data(context)| context),
        }
    }
}

/// The response to a [`SignDataRequest`] or a [`SignStreamRequest`](crate::SignStreamRequest).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignDataResponse {
    /// The signature, in the format that was requested.
    pub signature: Vec<u8>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl SignDataResponse {
    descriptor_accessors!();
}

impl OperationResponse for SignDataResponse {
    type Message = v1::SignDataResponse;

    fn from_message(message: v1::SignDataResponse) -> Result<Self, Error> {
        require_present(&message.signature, "SignDataResponse without a signature")?;
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self {
            signature: message.signature,
            descriptor: Descriptor::from_message(message.descriptor),
            id,
            deprecation,
        })
    }
}
