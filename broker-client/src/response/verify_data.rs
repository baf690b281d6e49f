//! VerifyData and VerifyStream.

use broker_proto::v1;

use super::{Deprecation, metadata};
use crate::error::{Error, ErrorKind};

/// The answer to a `VerifyDataRequest` or a `VerifyStreamRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a signature that is not valid is no error"]
pub struct VerifyDataResponse {
    /// Whether the signature is one of this key over this input.
    pub valid: bool,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl VerifyDataResponse {
    /// Turns the verdict into a result, for programs that go on only with a valid signature.
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
    /// [`ErrorKind::InvalidSignature`] where the signature is not valid.
    pub fn require_valid(self) -> Result<(), Error> {
        if self.valid { Ok(()) } else { Err(Error::new(ErrorKind::InvalidSignature)) }
    }

    pub(crate) fn from_message(message: v1::VerifyDataResponse) -> Self {
        let (id, deprecation) = metadata(message.metadata);
        Self { valid: message.valid, id, deprecation }
    }
}
