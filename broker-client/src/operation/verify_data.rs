//! The operation VerifyData.

use broker_proto::v1;
use bytes::Bytes;

use crate::{
    error::{Error, ErrorKind},
    message::{
        Data, Deprecation, Key, Keys, OperationRequest, OperationResponse, Options, SignatureFormat,
        common_options, signature_context_option, signature_format_option, split_metadata,
    },
};

operation! {
    /// Verifies a signature over bytes. A signature that does not match is the response `valid: false` and not an
    /// error; the broker refuses bytes that are no signature at all with INVALID_ARGUMENT.
    verify_data(VerifyDataRequest) -> VerifyDataResponse {
        path: "/cryptobroker.v1.CryptoService/VerifyData",
        pipeline_item: 6,
        key_use: Keyless,
    }
}

/// Requests the verification of a signature over bytes. A signature that does not match is a response and not an error.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct VerifyDataRequest {
    keys: Keys,
    input: Data<Bytes>,
    signature: Data<Bytes>,
    format: Option<SignatureFormat>,
    context: Option<Data<Vec<u8>>>,
    options: Options,
}

impl VerifyDataRequest {
    /// Creates a request with a public key (SubjectPublicKeyInfo) or a certificate, in PEM or DER. The input has by
    /// default at most 1 MiB; [`VerifyStreamRequest`](crate::VerifyStreamRequest) has no such limit.
    pub fn new(public_key: impl Into<Key>, input: impl Into<Bytes>, signature: impl Into<Bytes>) -> Self {
        Self::with_keys(Keys::Single(public_key.into()), input.into(), signature.into())
    }

    /// Creates a request with the two public keys of a composite, for a profile whose SigningMode is `hybrid`.
    pub fn composite(
        traditional_key: impl Into<Key>,
        ml_dsa_key: impl Into<Key>,
        input: impl Into<Bytes>,
        signature: impl Into<Bytes>,
    ) -> Self {
        let keys = Keys::composite(traditional_key, ml_dsa_key);
        Self::with_keys(keys, input.into(), signature.into())
    }

    fn with_keys(keys: Keys, input: Bytes, signature: Bytes) -> Self {
        let (input, signature) = (Data(input), Data(signature));
        Self { keys, input, signature, format: None, context: None, options: Options::default() }
    }

    signature_format_option!();
    signature_context_option!(
        "Sets the context that the ML-DSA signature was made with (FIPS 204 5.2). A signature with another one is not valid. Default: none."
    );
    common_options!();
}

impl OperationRequest for VerifyDataRequest {
    type Message = v1::VerifyDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::VerifyDataRequest {
        v1::VerifyDataRequest {
            profile,
            key_source: Some(self.keys.into_source()),
            input: self.input.0,
            signature: self.signature.0,
            signature_format: SignatureFormat::to_wire(self.format),
            metadata: Some(metadata),
            context: self.context.map(|Data(context)| context),
        }
    }
}

/// The response to a [`VerifyDataRequest`] or a [`VerifyStreamRequest`](crate::VerifyStreamRequest).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "an invalid signature is not an error; check `valid` or call `require_valid`"]
pub struct VerifyDataResponse {
    /// Indicates whether the signature is one of this key over this input.
    pub valid: bool,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl VerifyDataResponse {
    /// Converts the verdict into a result, for programs that continue only with a valid signature.
    ///
    /// ```no_run
    /// use broker_client::VerifyDataRequest;
    ///
    /// # async fn run(client: broker_client::Client, public_pem: String, signature: Vec<u8>) -> Result<(), broker_client::Error> {
    /// let request = VerifyDataRequest::new(public_pem, "a message", signature);
    /// client.verify_data(request).await?.require_valid()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails with [`ErrorKind::InvalidSignature`] where the signature is not valid.
    pub fn require_valid(self) -> Result<(), Error> {
        if self.valid { Ok(()) } else { Err(Error::new(ErrorKind::InvalidSignature)) }
    }
}

impl OperationResponse for VerifyDataResponse {
    type Message = v1::VerifyDataResponse;

    fn from_message(message: v1::VerifyDataResponse) -> Result<Self, Error> {
        let (id, deprecation) = split_metadata(message.metadata);
        Ok(Self { valid: message.valid, id, deprecation })
    }
}
