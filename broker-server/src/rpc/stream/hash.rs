//! `StreamService.HashStream`.

use broker_proto::v1::{HashDataResponse, HashStreamHeader};

use super::handler::{Incremental, StreamHandler};
use crate::{
    operation::{
        self,
        hash::{HashValue, Hashing},
    },
    policy::{Permit, permit::HashStream},
    request::{self, FieldError, Limits},
    rpc::{handler::NoKey, hash_data},
    status::CallError,
};

impl StreamHandler for HashStream {
    type Incremental = Hashing;

    fn parse(header: HashStreamHeader, _: &Limits) -> Result<request::HashStream, FieldError> {
        request::HashStream::parse(header.output_format)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().algorithm.name()
    }

    fn open(permit: Permit<Self>, _: NoKey) -> Result<Hashing, CallError> {
        let backend = operation::backend(permit.profile().library);
        Ok(Hashing::start(permit, backend))
    }

    fn respond(value: HashValue) -> HashDataResponse {
        hash_data::respond(value)
    }
}

impl Incremental for Hashing {
    type Output = HashValue;

    const OPENS_IN_POOL: bool = false;

    fn update(&mut self, data: &[u8]) -> Result<(), CallError> {
        self.update(data);
        Ok(())
    }

    fn finish(self) -> Result<HashValue, CallError> {
        Ok(self.finish())
    }
}
