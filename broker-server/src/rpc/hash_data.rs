//! `CryptoService.HashData`.

use broker_proto::v1::{HashDataRequest, HashDataResponse, hash_data_response};

use super::{
    BrokerState,
    call::{Call, Weight},
    handler::{Handler, NoKey},
};
use crate::{
    operation::{
        self,
        hash::{HashValue, hash_data},
    },
    policy::{Permit, permit::HashData},
    request::{self, FieldError, Limits},
    status::CallError,
};

impl Handler for HashData {
    type Output = HashValue;

    const DECIDES_INLINE: bool = true;

    fn weight(_: &BrokerState, message: &HashDataRequest) -> Weight {
        Weight::of_hash(message.input.len())
    }

    fn parse(message: HashDataRequest, limits: &Limits) -> Result<request::HashData, FieldError> {
        request::HashData::parse(message.input, message.output_format, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().algorithm.name()
    }

    fn run(_: &BrokerState, _: &mut Call, permit: Permit<Self>, _: &NoKey) -> Result<HashValue, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(hash_data(permit, backend))
    }

    fn respond(value: HashValue) -> HashDataResponse {
        respond(value)
    }
}

/// Builds the response with a hash in it.
pub(super) fn respond(value: HashValue) -> HashDataResponse {
    let value = match value {
        HashValue::Hex(text) => hash_data_response::HashValue::HashValueHex(text),
        HashValue::Raw(bytes) => hash_data_response::HashValue::HashValueRaw(bytes),
    };
    HashDataResponse { hash_value: Some(value), ..HashDataResponse::default() }
}
