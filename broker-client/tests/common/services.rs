//! The services of the broker except PipelineService.

use broker_proto::v1::{
    self, crypto_service_server::CryptoService, hash_stream_request, info_service_server::InfoService,
    kem_service_server::KemService, sign_stream_request, signature_key_service_server::SignatureKeyService,
    stream_service_server::StreamService, symmetric_key_service_server::SymmetricKeyService,
    verify_stream_request,
};
use tonic::{Request, Response, Status, Streaming};

use super::{Fake, Headers, answers};

macro_rules! unary {
    ($service:ident { $($call:ident($request:ident) -> $response:ident: $usual:path;)+ } $($streams:tt)*) => {
        #[tonic::async_trait]
        impl $service for Fake {$(
            async fn $call(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                self.unary(request, $usual).await
            }
        )+
            $($streams)*
        }
    };
}
pub(super) use unary;

unary!(CryptoService {
    hash_data(HashDataRequest) -> HashDataResponse: answers::hash;
    sign_certificate(SignCertificateRequest) -> SignCertificateResponse: answers::certificate;
    sign_data(SignDataRequest) -> SignDataResponse: answers::sign;
    verify_data(VerifyDataRequest) -> VerifyDataResponse: answers::verify;
    encrypt_data(EncryptDataRequest) -> EncryptDataResponse: answers::encrypt;
    decrypt_data(DecryptDataRequest) -> DecryptDataResponse: answers::decrypt;
});
unary!(KemService {
    generate_key_pair(GenerateKeyPairRequest) -> GenerateKeyPairResponse: answers::kem_key_pair;
    encapsulate(EncapsulateRequest) -> EncapsulateResponse: answers::encapsulate;
    decapsulate(DecapsulateRequest) -> DecapsulateResponse: answers::decapsulate;
});
unary!(SignatureKeyService {
    generate_key_pair(GenerateKeyPairRequest) -> GenerateKeyPairResponse: answers::signature_key_pair;
});
unary!(SymmetricKeyService {
    generate_key(GenerateKeyRequest) -> GenerateKeyResponse: answers::symmetric_key;
});
unary!(InfoService {
    get_info(GetInfoRequest) -> GetInfoResponse: answers::info;
});

/// The end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client completed the stream.
    Complete,
    /// The client reset the stream, or its connection broke.
    Broken,
    /// A step of the test ended the call before the stream was complete.
    Answered,
}

/// Records the end of a stream, even when the server drops the call because its client has cancelled it.
pub(super) struct Watched<'a> {
    pub(super) fake: &'a Fake,
    pub(super) end: End,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.fake.ends.lock().unwrap().push(self.end);
    }
}

macro_rules! streams {
    ($($call:ident($request:ident, $part:ident) -> $response:ident: $unary:ident, $usual:ident;)+) => {
        #[tonic::async_trait]
        impl StreamService for Fake {$(
            async fn $call(
                &self,
                request: Request<Streaming<v1::$request>>,
            ) -> Result<Response<v1::$response>, Status> {
                let headers = Headers::of(&request);
                let mut messages = request.into_inner();
                let mut watched = Watched { fake: self, end: End::Broken };
                let first = messages.message().await?.and_then(|message| message.part);
                let Some($part::Part::Header(header)) = first else {
                    return Err(Status::invalid_argument("the first message is no header"));
                };
                self.messages.lock().unwrap().push(Box::new(header.clone()));
                let id = header.metadata.as_ref().unwrap().id.clone();
                match self.step(&headers, &id).await {
                    Ok(None) => {}
                    done => {
                        watched.end = End::Answered;
                        return done.map(|other| Response::new(other.unwrap()));
                    }
                }
                let mut lengths = Vec::new();
                let mut input = Vec::new();
                while let Some(message) = messages.message().await? {
                    let Some($part::Part::Data(data)) = message.part else {
                        return Err(Status::invalid_argument("a second header"));
                    };
                    lengths.push(data.len());
                    input.extend_from_slice(&data);
                }
                watched.end = End::Complete;
                self.lengths.lock().unwrap().push(lengths);
                Ok(Response::new(answers::$usual(answers::$unary(header, input.into()))))
            }
        )+}
    };
}
streams! {
    hash_stream(HashStreamRequest, hash_stream_request) -> HashDataResponse: hash_request, hash;
    sign_stream(SignStreamRequest, sign_stream_request) -> SignDataResponse: sign_request, sign;
    verify_stream(VerifyStreamRequest, verify_stream_request) -> VerifyDataResponse: verify_request, verify;
}
