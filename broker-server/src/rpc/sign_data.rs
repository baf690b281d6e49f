//! `CryptoService.SignData`.

use broker_proto::v1::{SignDataRequest, SignDataResponse};

use super::{BrokerState, call::Call, handler::Handler};
use crate::{
    operation::{self, signature},
    policy::{Permit, permit::SignData},
    request::{self, FieldError, Limits},
    status::CallError,
    telemetry::audit::KeyUse,
};

impl Handler for SignData {
    type Output = Vec<u8>;

    fn parse(message: SignDataRequest, limits: &Limits) -> Result<request::SignData, FieldError> {
        request::SignData::parse(message, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().scheme.data_algorithm_name()
    }

    fn run(_: &BrokerState, _: &mut Call, permit: Permit<Self>, key: &KeyUse) -> Result<Vec<u8>, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(signature::sign_data(permit, backend, key)?)
    }

    fn respond(signature: Vec<u8>) -> SignDataResponse {
        respond(signature)
    }
}

/// Builds the response with a signature in it.
pub(super) fn respond(signature: Vec<u8>) -> SignDataResponse {
    SignDataResponse { signature, ..SignDataResponse::default() }
}
