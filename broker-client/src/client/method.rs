//! The methods of the API: what each takes and answers, where it is called, and which item of a pipeline it is.

use std::marker::PhantomData;

use broker_proto::v1;

use crate::{
    retry::Work,
    wire::{HealthCheckRequest, HealthCheckResponse},
};

/// A call, by its first message and its answer.
pub(super) struct Method<M, R> {
    /// Of a call of its own.
    pub(super) path: &'static str,
    /// Whether the call uses or makes a key.
    pub(super) work: Work,
    /// The number of the field that is this call's message in `PipelineRequest`, and its answer in `PipelineResponse`.
    /// 0 where a pipeline does not have it.
    pub(super) item: u32,
    messages: PhantomData<fn(M) -> R>,
}

impl<M, R> Method<M, R> {
    /// A method that uses or makes a key.
    const fn keyed(path: &'static str, item: u32) -> Self {
        Self { path, work: Work::Keyed, item, messages: PhantomData }
    }

    /// A method without a key.
    const fn keyless(path: &'static str, item: u32) -> Self {
        Self { path, work: Work::Keyless, item, messages: PhantomData }
    }
}

pub(super) static HASH_DATA: Method<v1::HashDataRequest, v1::HashDataResponse> =
    Method::keyless("/cryptobroker.v1.CryptoService/HashData", 3);

pub(super) static SIGN_CERTIFICATE: Method<v1::SignCertificateRequest, v1::SignCertificateResponse> =
    Method::keyed("/cryptobroker.v1.CryptoService/SignCertificate", 4);

pub(super) static SIGN_DATA: Method<v1::SignDataRequest, v1::SignDataResponse> =
    Method::keyed("/cryptobroker.v1.CryptoService/SignData", 5);

pub(super) static VERIFY_DATA: Method<v1::VerifyDataRequest, v1::VerifyDataResponse> =
    Method::keyless("/cryptobroker.v1.CryptoService/VerifyData", 6);

pub(super) static ENCRYPT_DATA: Method<v1::EncryptDataRequest, v1::EncryptDataResponse> =
    Method::keyed("/cryptobroker.v1.CryptoService/EncryptData", 7);

pub(super) static DECRYPT_DATA: Method<v1::DecryptDataRequest, v1::DecryptDataResponse> =
    Method::keyed("/cryptobroker.v1.CryptoService/DecryptData", 8);

pub(super) static GENERATE_SIGNATURE_KEY_PAIR: Method<
    v1::GenerateKeyPairRequest,
    v1::GenerateKeyPairResponse,
> = Method::keyed("/cryptobroker.v1.SignatureKeyService/GenerateKeyPair", 9);

pub(super) static GENERATE_KEM_KEY_PAIR: Method<v1::GenerateKeyPairRequest, v1::GenerateKeyPairResponse> =
    Method::keyed("/cryptobroker.v1.KemService/GenerateKeyPair", 10);

pub(super) static ENCAPSULATE: Method<v1::EncapsulateRequest, v1::EncapsulateResponse> =
    Method::keyed("/cryptobroker.v1.KemService/Encapsulate", 11);

pub(super) static DECAPSULATE: Method<v1::DecapsulateRequest, v1::DecapsulateResponse> =
    Method::keyed("/cryptobroker.v1.KemService/Decapsulate", 12);

pub(super) static GET_INFO: Method<v1::GetInfoRequest, v1::GetInfoResponse> =
    Method::keyless("/cryptobroker.v1.InfoService/GetInfo", 0);

pub(super) static CHECK_HEALTH: Method<HealthCheckRequest, HealthCheckResponse> =
    Method::keyless("/grpc.health.v1.Health/Check", 0);

pub(super) static HASH_STREAM: Method<v1::HashStreamRequest, v1::HashDataResponse> =
    Method::keyless("/cryptobroker.v1.StreamService/HashStream", 0);

pub(super) static SIGN_STREAM: Method<v1::SignStreamRequest, v1::SignDataResponse> =
    Method::keyed("/cryptobroker.v1.StreamService/SignStream", 0);

pub(super) static VERIFY_STREAM: Method<v1::VerifyStreamRequest, v1::VerifyDataResponse> =
    Method::keyless("/cryptobroker.v1.StreamService/VerifyStream", 0);
