//! `InfoService.GetInfo`.

use std::time::UNIX_EPOCH;

use broker_proto::v1::{GetInfoRequest, GetInfoResponse};

use super::{Broker, CallContext};
use crate::{backend::module, policy::OperationInfo, status::CallError};

impl Broker {
    /// Returns the version of the broker and what it serves. The signature is that of the other handlers.
    #[expect(clippy::unused_async)]
    pub(super) async fn handle_get_info(
        &self,
        _: CallContext,
        _: GetInfoRequest,
    ) -> Result<GetInfoResponse, CallError> {
        let state = &self.0;
        let started = state.started_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(GetInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            catalogue_digest: state.catalogue.digest().to_owned(),
            profiles: state.catalogue.profiles().iter().map(|profile| profile.name.to_string()).collect(),
            operations: OperationInfo::all().iter().map(|operation| operation.name.to_owned()).collect(),
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
