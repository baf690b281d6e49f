//! The method GetInfo.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use broker_proto::v1;

use super::Client;
use crate::{error::Error, method::Method, retry::KeyUse};

const METHOD: Method = Method::new("/cryptobroker.v1.InfoService/GetInfo", KeyUse::Keyless);

impl Client {
    /// Returns the version of the broker, its profiles and its operations.
    ///
    /// # Errors
    /// Fails where the call gets no valid response.
    pub async fn info(&self) -> Result<Info, Error> {
        Ok(Info::from_message(self.query(&METHOD, &v1::GetInfoRequest {}).await?))
    }
}

#[cfg(feature = "testing")]
impl crate::testing::Answers<'_> {
    /// Sets the answer to [`info`](Client::info).
    pub fn info(
        &self,
        answer: impl FnMut(v1::GetInfoRequest) -> Result<v1::GetInfoResponse, Box<crate::error::Rejection>>
        + Send
        + 'static,
    ) -> &Self {
        self.set(&METHOD, answer)
    }
}

/// The version of a broker and what it offers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The version of the broker (Semantic Versioning).
    pub version: String,
    /// The SHA-256 of the canonical form of the profile catalogue, in lower-case hex.
    pub catalogue_digest: String,
    /// The names of the profiles, in the order of the document.
    pub profiles: Vec<String>,
    /// The operations that this broker can execute.
    pub operations: Vec<String>,
    /// Indicates whether the cryptographic module runs in its FIPS mode.
    pub fips: bool,
    /// The cryptographic libraries and their versions.
    pub crypto_library_versions: String,
    /// The time at which the broker was started.
    pub started_at: Option<SystemTime>,
}

impl Info {
    fn from_message(message: v1::GetInfoResponse) -> Self {
        let started_at = message.started_at.and_then(|time| {
            let since = Duration::new(u64::try_from(time.seconds).ok()?, 0);
            let fraction = Duration::from_nanos(u64::try_from(time.nanos).ok()?);
            UNIX_EPOCH.checked_add(since)?.checked_add(fraction)
        });
        Self {
            version: message.version,
            catalogue_digest: message.catalogue_digest,
            profiles: message.profiles,
            operations: message.operations,
            fips: message.fips,
            crypto_library_versions: message.crypto_library_versions,
            started_at,
        }
    }
}
