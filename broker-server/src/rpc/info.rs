//! `InfoService.GetInfo`.

use std::time::UNIX_EPOCH;

use broker_proto::v1::{GetInfoRequest, GetInfoResponse};

use super::{Broker, CallContext, OPERATIONS};
use crate::{backend::module, status::CallError};

impl Broker {
    /// Nothing here waits or fails, but it is a handler like the others.
    #[expect(clippy::unused_async)]
    pub(super) async fn answer_get_info(
        &self,
        _: CallContext,
        _: GetInfoRequest,
    ) -> Result<GetInfoResponse, CallError> {
        let parts = &self.0;
        let started = parts.started_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(GetInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            catalogue_digest: parts.catalogue.digest().to_owned(),
            profiles: parts.catalogue.profiles().iter().map(|profile| profile.name.to_string()).collect(),
            operations: OPERATIONS.iter().map(ToString::to_string).collect(),
            fips: module::in_fips_mode(),
            crypto_library_versions: format!(
                "{}; RustCrypto sha2, sha3, shake, ml-kem, x-wing",
                module::description()
            ),
            started_at: Some(prost_types::Timestamp {
                seconds: i64::try_from(started.as_secs()).unwrap_or(i64::MAX),
                nanos: i32::try_from(started.subsec_nanos()).unwrap_or(0),
            }),
        })
    }
}
