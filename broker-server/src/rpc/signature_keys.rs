//! `SignatureKeyService.GenerateKeyPair`.

use broker_proto::v1::{GenerateKeyPairRequest, GenerateKeyPairResponse};

use super::{
    BrokerState,
    call::{Call, Placement},
    handler::Handler,
};
use crate::{
    algorithm::{DataScheme, SignatureScheme},
    operation::signature::{KeyPair, generate_key_pair},
    policy::{Permit, permit::GenerateSignatureKeyPair},
    request::{self, FieldError, Limits},
    status::CallError,
    telemetry::audit::KeyUse,
};

impl Handler for GenerateSignatureKeyPair {
    type Output = KeyPair;

    /// RSA key generation takes the long lane, because finding primes takes a hundred times as long as a signature.
    fn placement(state: &BrokerState, message: &GenerateKeyPairRequest) -> Placement {
        let profile = state.catalogue.profile(&message.profile).ok();
        match profile.and_then(|profile| profile.sign_data.as_ref()).map(|rule| rule.scheme) {
            Some(DataScheme::Single(SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. })) => {
                Placement::LongLane
            }
            _ => Placement::ShortLane,
        }
    }

    fn parse(
        mut message: GenerateKeyPairRequest,
        _: &Limits,
    ) -> Result<request::GenerateKeyPair, FieldError> {
        request::GenerateKeyPair::parse(&mut message)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.rule().scheme.data_algorithm_name()
    }

    fn run(_: &BrokerState, _: &mut Call, permit: Permit<Self>, key: &KeyUse) -> Result<KeyPair, CallError> {
        Ok(generate_key_pair(permit, key)?)
    }

    fn respond(pair: KeyPair) -> GenerateKeyPairResponse {
        respond(&pair)
    }
}

/// Builds the response with a key pair in it.
pub(super) fn respond(pair: &KeyPair) -> GenerateKeyPairResponse {
    // Messages with secrets implement `Drop`, so struct update syntax does not compile.
    let mut response = GenerateKeyPairResponse::default();
    response.public_key.clone_from(&pair.public);
    response.private_key = pair.private.expose().to_vec();
    response
}
