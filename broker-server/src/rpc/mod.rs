//! One file per API: message → request → permit → operation → message.

mod call;
mod decrypt_data;
mod encrypt_data;
mod hash_data;
mod health;
mod info;
mod kem;
mod sign_certificate;
mod sign_data;
mod signature_keys;
mod stream;
mod verify_data;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use broker_proto::v1::{
    self, crypto_service_server::CryptoServiceServer, info_service_server::InfoServiceServer,
    kem_service_server::KemServiceServer, signature_key_service_server::SignatureKeyServiceServer,
    stream_service_server::StreamServiceServer,
};
use tonic::{Request, Response, Status, service::Routes};
use tonic_reflection::server::{Builder, Error as ReflectionError};

use crate::{
    caller::Caller,
    compute::Pool,
    operation::{aead::NonceLedger, certificate::CaCache},
    policy::{
        Catalogue,
        permit::{
            Decapsulate, DecryptData, Encapsulate, EncryptData, GenerateKemKeyPair, GenerateSignatureKeyPair,
            HashData, HashStream, Operation, SignCertificate, SignData, SignStream, VerifyData, VerifyStream,
        },
    },
    request::Limits,
    telemetry::audit::Audit,
};
pub use health::Health;

/// The services of this broker that are not the protocol's own.
const SERVICES: [&str; 5] = [
    "cryptobroker.v1.CryptoService",
    "cryptobroker.v1.InfoService",
    "cryptobroker.v1.KemService",
    "cryptobroker.v1.SignatureKeyService",
    "cryptobroker.v1.StreamService",
];
/// Size of a request in bytes to the services whose requests are a name at most.
const SMALL: usize = 16 << 10;
/// The operations that this broker serves, by their names in profiles.
pub const OPERATIONS: [&str; 13] = [
    HashData::NAME,
    SignCertificate::NAME,
    HashStream::NAME,
    SignData::NAME,
    VerifyData::NAME,
    SignStream::NAME,
    VerifyStream::NAME,
    GenerateSignatureKeyPair::NAME,
    EncryptData::NAME,
    DecryptData::NAME,
    GenerateKemKeyPair::SECTION,
    Encapsulate::NAME,
    Decapsulate::NAME,
];

/// The methods whose requests have a secret in them.
const SECRET: [&str; 8] = [
    "/cryptobroker.v1.CryptoService/SignCertificate",
    "/cryptobroker.v1.CryptoService/SignData",
    "/cryptobroker.v1.CryptoService/EncryptData",
    "/cryptobroker.v1.CryptoService/DecryptData",
    "/cryptobroker.v1.KemService/GenerateKeyPair",
    "/cryptobroker.v1.KemService/Decapsulate",
    "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
    "/cryptobroker.v1.StreamService/SignStream",
];

/// Whether a request to the method at `path` has a secret in it: the transport wipes what such a call leaves behind.
pub(crate) fn carries_secret(path: &str) -> bool {
    SECRET.contains(&path)
}

/// The methods whose answers have a secret in them.
const ANSWERS_SECRET: [&str; 5] = [
    "/cryptobroker.v1.CryptoService/DecryptData",
    "/cryptobroker.v1.KemService/GenerateKeyPair",
    "/cryptobroker.v1.KemService/Encapsulate",
    "/cryptobroker.v1.KemService/Decapsulate",
    "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
];

/// Whether an answer of the method at `path` has a secret in it: the transport sees to it that none stays in its
/// connection's write buffer.
pub(crate) fn answers_secret(path: &str) -> bool {
    ANSWERS_SECRET.contains(&path)
}

/// Whether the method at `path` reads a stream: its caller may take as long as it keeps sending.
pub(crate) fn reads_stream(path: &str) -> bool {
    path.starts_with("/cryptobroker.v1.StreamService/")
}

/// What the transport knows about a call; it is in the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct CallContext {
    /// Who asks.
    pub caller: Caller,
    /// Which connection the call came on: the owner of its jobs in the compute pool.
    pub connection: u64,
    /// When the answer is of no use any more. For a stream with `patience`: when more of it must have come.
    pub deadline: Instant,
    /// How long a stream without a deadline of its caller's own may be silent; `None` for all other calls.
    pub patience: Option<Duration>,
}

/// Everything that a call needs.
#[derive(Debug)]
pub struct Parts {
    /// The profiles in force.
    pub catalogue: Arc<Catalogue>,
    /// Where heavy work goes.
    pub pool: Arc<Pool>,
    /// CA keys that the operator lets stay.
    pub cache: Arc<CaCache>,
    /// How many random nonces each key has had.
    pub nonces: NonceLedger,
    /// Where uses of keys and refusals are written.
    pub audit: Arc<Audit>,
    /// Sizes of fields.
    pub limits: Limits,
    /// Size of a request message in bytes.
    pub max_request_bytes: usize,
    /// Size of a response message in bytes.
    pub max_response_bytes: usize,
    /// For `GetInfo`.
    pub started_at: SystemTime,
}

/// The broker: what the services share. Cloning shares.
#[derive(Clone, Debug)]
pub struct Broker(Arc<Parts>);

impl Broker {
    /// A broker of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The services, for one shard.
    pub fn routes(&self, health: &Health) -> Routes {
        let (request, response) = (self.0.max_request_bytes, self.0.max_response_bytes);
        let crypto = CryptoServiceServer::new(self.clone())
            .max_decoding_message_size(request)
            .max_encoding_message_size(response);
        let kem = KemServiceServer::new(self.clone())
            .max_decoding_message_size(request)
            .max_encoding_message_size(response);
        let keys = SignatureKeyServiceServer::new(self.clone())
            .max_decoding_message_size(request)
            .max_encoding_message_size(response);
        let stream = StreamServiceServer::new(self.clone())
            .max_decoding_message_size(request)
            .max_encoding_message_size(response);
        let info = InfoServiceServer::new(self.clone())
            .max_decoding_message_size(SMALL)
            .max_encoding_message_size(response);
        let health = health.server().max_decoding_message_size(SMALL);
        let routes = Routes::new(crypto)
            .add_service(kem)
            .add_service(keys)
            .add_service(stream::Fed(stream))
            .add_service(info)
            .add_service(health);
        match reflect(routes.clone(), SMALL) {
            Ok(routes) => routes,
            Err(error) => {
                // The descriptors are compiled in, so a test has seen them; without them the rest still serves.
                tracing::error!(%error, "reflection is not available");
                routes
            }
        }
    }
}

/// gRPC server reflection, as old and new tools ask for it.
fn reflect(routes: Routes, max_request_bytes: usize) -> Result<Routes, ReflectionError> {
    let builder = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET)
            .include_reflection_service(false)
    };
    let new = builder().build_v1()?.max_decoding_message_size(max_request_bytes);
    let old = builder().build_v1alpha()?.max_decoding_message_size(max_request_bytes);
    Ok(routes.add_service(new).add_service(old))
}

#[tonic::async_trait]
impl v1::crypto_service_server::CryptoService for Broker {
    async fn hash_data(
        &self,
        request: Request<v1::HashDataRequest>,
    ) -> Result<Response<v1::HashDataResponse>, Status> {
        self.answer_hash_data(request).await
    }

    async fn sign_certificate(
        &self,
        request: Request<v1::SignCertificateRequest>,
    ) -> Result<Response<v1::SignCertificateResponse>, Status> {
        self.answer_sign_certificate(request).await
    }

    async fn sign_data(
        &self,
        request: Request<v1::SignDataRequest>,
    ) -> Result<Response<v1::SignDataResponse>, Status> {
        self.answer_sign_data(request).await
    }

    async fn verify_data(
        &self,
        request: Request<v1::VerifyDataRequest>,
    ) -> Result<Response<v1::VerifyDataResponse>, Status> {
        self.answer_verify_data(request).await
    }

    async fn encrypt_data(
        &self,
        request: Request<v1::EncryptDataRequest>,
    ) -> Result<Response<v1::EncryptDataResponse>, Status> {
        self.answer_encrypt_data(request).await
    }

    async fn decrypt_data(
        &self,
        request: Request<v1::DecryptDataRequest>,
    ) -> Result<Response<v1::DecryptDataResponse>, Status> {
        self.answer_decrypt_data(request).await
    }
}
