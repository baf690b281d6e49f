//! `CryptoService.HashData`.

use broker_proto::v1::{HashDataRequest, HashDataResponse, hash_data_response::HashValue as Wire};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight},
};
use crate::{
    compute::Lane,
    operation::{
        self,
        hash::{HashValue, hash_data},
    },
    policy::{
        Permit, decide,
        permit::{HashData, Operation as _},
    },
    request,
    status::CallError,
};

/// Whether hashing this takes less time than a hop to another thread.
pub(super) fn is_light(message: &HashDataRequest) -> bool {
    Weight::of_hash(message.input.len()) == Weight::Light
}

impl Broker {
    pub(super) async fn answer_hash_data(
        &self,
        context: CallContext,
        message: HashDataRequest,
    ) -> Result<HashDataResponse, CallError> {
        if is_light(&message) {
            return self.answer_light_hash_data(context, message);
        }
        let (mut call, message) = self.begin_hash_data(context, message)?;
        let result = match permit(&self.0, &mut call, message) {
            Ok(permit) => self.hash_in_pool(&call, permit).await,
            Err(error) => Err(error),
        };
        let value = call.end_keyless(&self.0, result)?;
        Ok(hashed(call, value))
    }

    /// The same at once, for what [`is_light`].
    pub(super) fn answer_light_hash_data(
        &self,
        context: CallContext,
        message: HashDataRequest,
    ) -> Result<HashDataResponse, CallError> {
        let (mut call, message) = self.begin_hash_data(context, message)?;
        let result = permit(&self.0, &mut call, message).map(hash);
        let value = call.end_keyless(&self.0, result)?;
        Ok(hashed(call, value))
    }

    fn begin_hash_data(
        &self,
        context: CallContext,
        mut message: HashDataRequest,
    ) -> Result<(Call, HashDataRequest), CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, HashData::NAME, &message.profile, metadata, &self.0.limits)?;
        Ok((call, message))
    }

    async fn hash_in_pool(&self, call: &Call, permit: Permit<HashData>) -> Result<HashValue, CallError> {
        let context = call.context;
        let job = move || hash(permit);
        Ok(self.0.pool.run(Lane::Short, context.connection, Some(context.deadline), job).await?)
    }
}

/// Parses and decides.
fn permit(
    parts: &BrokerState,
    call: &mut Call,
    message: HashDataRequest,
) -> Result<Permit<HashData>, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::HashData::parse(message.input, message.output_format, &parts.limits)?;
    let permit = decide::<HashData>(&call.context.caller, profile, request, call.now)?;
    call.algorithm = Some(permit.rule().algorithm.name());
    Ok(permit)
}

fn hash(permit: Permit<HashData>) -> HashValue {
    let backend = operation::backend(permit.profile().library);
    hash_data(permit, backend)
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
