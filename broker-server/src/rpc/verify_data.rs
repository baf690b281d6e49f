//! `CryptoService.VerifyData`.

use broker_proto::v1::{VerifyDataRequest, VerifyDataResponse};

use super::{
    BrokerState,
    call::Call,
    handler::{Handler, NoKey},
};
use crate::{
    operation::{self, signature},
    policy::{Permit, permit::VerifyData},
    request::{self, FieldError, Limits},
    status::CallError,
};

impl Handler for VerifyData {
    type Output = bool;

    fn parse(message: VerifyDataRequest, limits: &Limits) -> Result<request::VerifyData, FieldError> {
        request::VerifyData::parse(message, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().scheme.data_algorithm_name()
    }

    fn run(_: &BrokerState, _: &mut Call, permit: Permit<Self>, _: &NoKey) -> Result<bool, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(signature::verify_data(permit, backend)?)
    }

    fn respond(valid: bool) -> VerifyDataResponse {
        respond(valid)
    }
}

/// Builds the response with the verdict in it.
pub(super) fn respond(valid: bool) -> VerifyDataResponse {
    VerifyDataResponse { valid, ..VerifyDataResponse::default() }
}
