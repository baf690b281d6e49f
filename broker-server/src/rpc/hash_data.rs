//! `CryptoService.HashData`.

use broker_proto::v1::{HashDataRequest, HashDataResponse, hash_data_response::HashValue as Wire};
use tonic::{Request, Response, Status};

use super::{
    Broker,
    call::{Call, deprecation},
};
use crate::{
    compute::Lane,
    operation::{
        self,
        hash::{self, HashValue},
    },
    policy::{
        decide,
        permit::{HashData, Operation as _},
    },
    request,
    status::CallError,
};

/// The largest input that is hashed on the shard itself, in bytes: a hop to another thread costs more.
const INLINE: usize = 16 << 10;

impl Broker {
    pub(super) async fn answer_hash_data(
        &self,
        mut request: Request<HashDataRequest>,
    ) -> Result<Response<HashDataResponse>, Status> {
        let limits = &self.0.limits;
        let metadata = request.get_mut().metadata.take();
        let mut call = Call::begin(&request, HashData::NAME, &request.get_ref().profile, metadata, limits)?;
        let result = self.hash(&mut call, request.into_inner()).await;
        call.log(result.as_ref().err());
        if let Err(error @ CallError::Denied(_)) = &result {
            Call::audit(&self.0, &call.record(&self.0, Some(error), None))?;
        }
        let (value, warning) = result?;
        let descriptor = Some(call.descriptor());
        let hash_value = Some(match value {
            HashValue::Hex(text) => Wire::HashValueHex(text),
            HashValue::Raw(bytes) => Wire::HashValueRaw(bytes),
        });
        Ok(Response::new(HashDataResponse {
            metadata: call.metadata.into_echo(warning),
            hash_value,
            descriptor,
        }))
    }

    async fn hash(
        &self,
        call: &mut Call,
        message: HashDataRequest,
    ) -> Result<(HashValue, Option<broker_proto::v1::DeprecationWarning>), CallError> {
        let profile = self.0.catalogue.profile(&message.profile)?;
        let request = request::HashData::parse(message.input, message.output_format, &self.0.limits)?;
        let length = request.input.len();
        let permit = decide::hash_data(&call.context.caller, profile, request, call.now)?;
        call.algorithm = Some(permit.rule().algorithm.name());
        let backend = operation::backend(permit.profile().library);
        let value = if length <= INLINE {
            hash::hash_data(permit, backend)
        } else {
            let context = call.context;
            let job = move || hash::hash_data(permit, backend);
            self.0.pool.run(Lane::Short, context.connection, Some(context.deadline), job).await?
        };
        Ok((value, deprecation(profile)))
    }
}
