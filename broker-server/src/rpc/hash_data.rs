//! `CryptoService.HashData`.

use broker_proto::v1::{HashDataRequest, HashDataResponse, hash_data_response::HashValue as Wire};

use super::{Broker, CallContext, call::Call};
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
        context: CallContext,
        mut message: HashDataRequest,
    ) -> Result<HashDataResponse, CallError> {
        let limits = &self.0.limits;
        let metadata = message.metadata.take();
        let mut call = Call::begin(context, HashData::NAME, &message.profile, metadata, limits)?;
        let result = self.hash(&mut call, message).await;
        let value = call.end(&self.0, result)?;
        Ok(hashed(call, value))
    }

    async fn hash(&self, call: &mut Call, message: HashDataRequest) -> Result<HashValue, CallError> {
        let profile = call.find_profile(&self.0)?;
        let request = request::HashData::parse(message.input, message.output_format, &self.0.limits)?;
        let length = request.input.len();
        let permit = decide::hash_data(&call.context.caller, profile, request, call.now)?;
        call.algorithm = Some(permit.rule().algorithm.name());
        let backend = operation::backend(permit.profile().library);
        if length <= INLINE {
            return Ok(hash::hash_data(permit, backend));
        }
        let context = call.context;
        let job = move || hash::hash_data(permit, backend);
        Ok(self.0.pool.run(Lane::Short, context.connection, Some(context.deadline), job).await?)
    }
}

/// The answer with a hash in it.
pub(super) fn hashed(call: Call, value: HashValue) -> HashDataResponse {
    let (descriptor, metadata) = call.into_parts();
    let hash_value = Some(match value {
        HashValue::Hex(text) => Wire::HashValueHex(text),
        HashValue::Raw(bytes) => Wire::HashValueRaw(bytes),
    });
    HashDataResponse { metadata, hash_value, descriptor }
}
