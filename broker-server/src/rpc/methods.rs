//! The table of methods: every method that the broker serves has one row, which says what the transport and the audit must
//! know of it. Whether its messages have secrets in them is not said here: it follows from the declarations of their fields
//! (`proto/build/public.rs`). What has no row is taken for a method with a secret.

use broker_proto::{
    Described, crypto_broker as old, g0,
    v1::{self, HashDataRequest, HashDataResponse},
};

use super::{
    decode::decode,
    unary::{self, Answer, Reply, encode},
};

/// What a call's request is, and what that makes of it in a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One message.
    Unary,
    /// As many as the client likes: its caller may take as long as it keeps sending.
    Stream,
    /// Items, and their answers: in flight while it says so itself, by its [`super::CallHandle`].
    Pipeline,
    /// Answers that may go on for ever, such as a health watch: not waited for.
    Watch,
}

/// A method.
#[derive(Debug)]
pub(crate) struct Method {
    path: &'static str,
    pub(crate) kind: Kind,
    /// How it is answered; `None` where the gRPC library leads to the handler.
    pub(crate) answer: Option<Answer>,
    /// A request may have a secret in it: the transport wipes what the call leaves behind.
    pub(crate) takes_secret: bool,
    /// An answer may have a secret in it: the transport sees to it that none stays in its connection's write buffer.
    pub(crate) gives_secret: bool,
    /// It uses a secret key, or makes a secret: no such use goes without a record in the audit.
    pub(crate) uses_key: bool,
    /// It belongs to health or reflection.
    of_grpc: bool,
}

/// The method at `path`, where there is one.
pub(crate) fn method(path: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.path == path)
}

impl Method {
    /// A method that uses a key, until its row says [`Self::keyless`].
    const fn new<Request: Described, Response: Described>(path: &'static str, kind: Kind) -> Self {
        Self {
            path,
            kind,
            answer: None,
            takes_secret: Request::HAS_SECRET,
            gives_secret: Response::HAS_SECRET,
            uses_key: true,
            of_grpc: false,
        }
    }

    /// A method of the protocol's own services, which know of no secrets.
    const fn of_grpc(path: &'static str, kind: Kind) -> Self {
        Self {
            path,
            kind,
            answer: None,
            takes_secret: false,
            gives_secret: false,
            uses_key: false,
            of_grpc: true,
        }
    }

    const fn answered(self, answer: Answer) -> Self {
        Self { answer: Some(answer), ..self }
    }

    const fn keyless(self) -> Self {
        Self { uses_key: false, ..self }
    }

    /// The same where its messages say for themselves which of them have secrets: an item says so when it is read, and an
    /// answer with a secret has a frame of its own.
    const fn message_by_message(self) -> Self {
        Self { takes_secret: false, gives_secret: false, ..self }
    }

    /// The name of its service, such as `cryptobroker.v1.CryptoService`.
    pub(super) fn service(&self) -> &'static str {
        let path = self.path.strip_prefix('/').unwrap_or(self.path);
        path.split_once('/').map_or(path, |(service, _)| service)
    }
}

/// The methods of this project's own services: those of the protocol have messages without declarations.
pub(super) fn ours() -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(|method| !method.of_grpc)
}

/// A unary method whose handler may have to wait.
macro_rules! unary {
    ($path:literal, $handler:ident($request:ty) -> $response:ty) => {
        Method::new::<$request, $response>($path, Kind::Unary).answered(|broker, context, message| {
            let broker = broker.clone();
            Reply::Later(Box::pin(async move {
                let message: $request = decode(message, &broker.0.limits)?;
                let answer: $response = broker.$handler(context, message).await?;
                encode(&answer, broker.0.max_response_bytes)
            }))
        })
    };
}

static METHODS: [Method; 33] = [
    Method::new::<HashDataRequest, HashDataResponse>("/cryptobroker.v1.CryptoService/HashData", Kind::Unary)
        .answered(unary::hash)
        .keyless(),
    unary!(
        "/cryptobroker.v1.CryptoService/SignCertificate",
        answer_sign_certificate(v1::SignCertificateRequest) -> v1::SignCertificateResponse
    ),
    unary!(
        "/cryptobroker.v1.CryptoService/SignData",
        answer_sign_data(v1::SignDataRequest) -> v1::SignDataResponse
    ),
    unary!(
        "/cryptobroker.v1.CryptoService/VerifyData",
        answer_verify_data(v1::VerifyDataRequest) -> v1::VerifyDataResponse
    )
    .keyless(),
    unary!(
        "/cryptobroker.v1.CryptoService/EncryptData",
        answer_encrypt_data(v1::EncryptDataRequest) -> v1::EncryptDataResponse
    ),
    unary!(
        "/cryptobroker.v1.CryptoService/DecryptData",
        answer_decrypt_data(v1::DecryptDataRequest) -> v1::DecryptDataResponse
    ),
    unary!(
        "/cryptobroker.v1.KemService/GenerateKeyPair",
        answer_generate_kem_key_pair(v1::GenerateKeyPairRequest) -> v1::GenerateKeyPairResponse
    ),
    unary!(
        "/cryptobroker.v1.KemService/Encapsulate",
        answer_encapsulate(v1::EncapsulateRequest) -> v1::EncapsulateResponse
    ),
    unary!(
        "/cryptobroker.v1.KemService/Decapsulate",
        answer_decapsulate(v1::DecapsulateRequest) -> v1::DecapsulateResponse
    ),
    unary!(
        "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
        answer_generate_signature_key_pair(v1::GenerateKeyPairRequest) -> v1::GenerateKeyPairResponse
    ),
    Method::new::<v1::HashStreamRequest, HashDataResponse>(
        "/cryptobroker.v1.StreamService/HashStream",
        Kind::Stream,
    )
    .keyless(),
    Method::new::<v1::SignStreamRequest, v1::SignDataResponse>(
        "/cryptobroker.v1.StreamService/SignStream",
        Kind::Stream,
    ),
    Method::new::<v1::VerifyStreamRequest, v1::VerifyDataResponse>(
        "/cryptobroker.v1.StreamService/VerifyStream",
        Kind::Stream,
    )
    .keyless(),
    Method::new::<v1::PipelineRequest, v1::PipelineResponse>(
        "/cryptobroker.v1.PipelineService/Execute",
        Kind::Pipeline,
    )
    .message_by_message(),
    unary!(
        "/cryptobroker.v1.InfoService/GetInfo",
        answer_get_info(v1::GetInfoRequest) -> v1::GetInfoResponse
    )
    .keyless(),
    unary!(
        "/cryptobroker.v1.CryptoDevService/Benchmark",
        answer_benchmark(v1::BenchmarkRequest) -> v1::BenchmarkResponse
    )
    .keyless(),
    unary!(
        "/cryptobroker.v1.CryptoDevService/FakeEndpoint",
        answer_fake_endpoint(v1::FakeEndpointRequest) -> v1::FakeEndpointResponse
    )
    .keyless(),
    unary!("/CryptoBroker.CryptoGrpc/Hash", answer_old_hash(old::HashRequest) -> old::HashResponse).keyless(),
    unary!("/CryptoBroker.CryptoGrpc/Sign", answer_old_sign(old::SignRequest) -> old::SignResponse),
    unary!(
        "/CryptoBroker.CryptoGrpc/HashData",
        answer_old_hash_data(old::HashDataRequest) -> old::HashDataResponse
    )
    .keyless(),
    unary!(
        "/CryptoBroker.CryptoGrpc/SignCertificate",
        answer_old_sign_certificate(old::SignCertificateRequest) -> old::SignCertificateResponse
    ),
    // These two are as they are today.
    unary!(
        "/CryptoBroker.CryptoGrpc/EncryptData",
        answer_encrypt_data(v1::EncryptDataRequest) -> v1::EncryptDataResponse
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/DecryptData",
        answer_decrypt_data(v1::DecryptDataRequest) -> v1::DecryptDataResponse
    ),
    unary!(
        "/CryptoBroker.CryptoGrpc/Benchmark",
        answer_old_benchmark(old::BenchmarkRequest) -> old::BenchmarkResponse
    )
    .keyless(),
    unary!(
        "/CryptoBroker.CryptoGrpc/FakeEndpoint",
        answer_old_fake_endpoint(old::FakeEndpointRequest) -> old::FakeEndpointResponse
    )
    .keyless(),
    unary!(
        "/CryptoBroker.CryptoGrpcDev/Benchmark",
        answer_old_benchmark(old::BenchmarkRequest) -> old::BenchmarkResponse
    )
    .keyless(),
    unary!(
        "/CryptoBroker.CryptoGrpcDev/FakeEndpoint",
        answer_old_fake_endpoint(old::FakeEndpointRequest) -> old::FakeEndpointResponse
    )
    .keyless(),
    unary!("/protobuf.CryptoBroker/Hash", answer_g0_hash(g0::HashRequest) -> g0::HashResponse).keyless(),
    unary!("/protobuf.CryptoBroker/Sign", answer_g0_sign(g0::SignRequest) -> g0::SignResponse),
    Method::of_grpc("/grpc.health.v1.Health/Check", Kind::Unary),
    Method::of_grpc("/grpc.health.v1.Health/Watch", Kind::Watch),
    Method::of_grpc("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Kind::Watch),
    Method::of_grpc("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Kind::Watch),
];

#[cfg(test)]
mod tests;
