//! `StreamService.VerifyStream`.

use broker_proto::v1::{VerifyDataResponse, VerifyStreamHeader};

use super::handler::{Incremental, StreamHandler};
use crate::{
    operation::{self, signature},
    policy::{Permit, permit::VerifyStream},
    request::{self, FieldError, Limits},
    rpc::{handler::NoKey, verify_data},
    status::CallError,
};

impl StreamHandler for VerifyStream {
    type Incremental = signature::VerifyStream;

    fn parse(header: VerifyStreamHeader, limits: &Limits) -> Result<request::VerifyStream, FieldError> {
        request::VerifyStream::parse(header, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().scheme.data_algorithm_name()
    }

    fn open(permit: Permit<Self>, _: NoKey) -> Result<signature::VerifyStream, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(signature::VerifyStream::begin(permit, backend)?)
    }

    fn respond(valid: bool) -> VerifyDataResponse {
        verify_data::respond(valid)
    }
}

impl Incremental for signature::VerifyStream {
    type Output = bool;

    const OPENS_IN_POOL: bool = true;

    fn update(&mut self, data: &[u8]) -> Result<(), CallError> {
        Ok(self.update(data)?)
    }

    fn finish(self) -> Result<bool, CallError> {
        Ok(self.finish()?)
    }
}
