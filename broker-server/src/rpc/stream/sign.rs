//! `StreamService.SignStream`.

use broker_proto::v1::{SignDataResponse, SignStreamHeader};

use super::handler::{Incremental, StreamHandler};
use crate::{
    operation::{self, signature},
    policy::{Permit, permit::SignStream},
    request::{self, FieldError, Limits},
    rpc::sign_data,
    status::CallError,
    telemetry::audit::KeyUse,
};

impl StreamHandler for SignStream {
    type Incremental = signature::SignStream;

    fn parse(header: SignStreamHeader, limits: &Limits) -> Result<request::SignStream, FieldError> {
        request::SignStream::parse(header, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().scheme.data_algorithm_name()
    }

    fn open(permit: Permit<Self>, key: KeyUse) -> Result<signature::SignStream, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(signature::SignStream::begin(permit, backend, key)?)
    }

    fn respond(signature: Vec<u8>) -> SignDataResponse {
        sign_data::respond(signature)
    }
}

impl Incremental for signature::SignStream {
    type Output = Vec<u8>;

    const OPENS_IN_POOL: bool = true;

    fn update(&mut self, data: &[u8]) -> Result<(), CallError> {
        Ok(self.update(data)?)
    }

    fn finish(self) -> Result<Vec<u8>, CallError> {
        Ok(self.finish()?)
    }
}
