//! `CryptoBroker.CryptoGrpc`: clients of the versions 0.2 to 0.5.

use broker_proto::{
    crypto_broker::{
        BenchmarkRequest, BenchmarkResponse, FakeEndpointRequest, FakeEndpointResponse, HashDataRequest,
        HashDataResponse, HashOutputFormat, HashRequest, HashResponse, Metadata, SignCertificateRequest,
        SignCertificateResponse, SignOutputFormat, SignRequest, SignResponse,
        crypto_grpc_dev_server::CryptoGrpcDev, crypto_grpc_server::CryptoGrpc, hash_data_response,
        sign_certificate_response,
    },
    v1::{self, crypto_dev_service_server::CryptoDevService, crypto_service_server::CryptoService},
};
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::{Legacy, algorithm, answer, base64, certificate_request, hex, with};

#[tonic::async_trait]
impl CryptoGrpc for Legacy {
    async fn hash(&self, request: Request<HashRequest>) -> Result<Response<HashResponse>, Status> {
        let created_at = created_at(request.get_ref().metadata.as_ref());
        let request = with(request, |it| v1::HashDataRequest {
            profile: it.profile,
            input: it.input,
            metadata: it.metadata.map(metadata),
            output_format: v1::HashOutputFormat::Hex.into(),
        });
        let response = self.0.hash_data(request).await?;
        Ok(answer(response, |it| HashResponse {
            hash_value: hex(it.hash_value),
            hash_algorithm: algorithm(it.descriptor),
            metadata: it.metadata.map(|it| with_created_at(it, created_at)),
        }))
    }

    async fn sign(&self, request: Request<SignRequest>) -> Result<Response<SignResponse>, Status> {
        let created_at = created_at(request.get_ref().metadata.as_ref());
        let request = with(request, |mut it| {
            certificate_request!(it, it.valid_not_before, it.valid_not_after, v1::SignOutputFormat::Der)
        });
        let response = self.0.sign_certificate(request).await?;
        Ok(answer(response, |it| SignResponse {
            signed_certificate: base64(it.signed_certificate),
            metadata: it.metadata.map(|it| with_created_at(it, created_at)),
        }))
    }

    async fn hash_data(
        &self,
        request: Request<HashDataRequest>,
    ) -> Result<Response<HashDataResponse>, Status> {
        use v1::hash_data_response::HashValue;
        let request = with(request, |it| {
            // A number that does not exist is the default.
            let format = match it.output_format() {
                HashOutputFormat::Hex => v1::HashOutputFormat::Hex,
                HashOutputFormat::Raw => v1::HashOutputFormat::Raw,
            };
            v1::HashDataRequest {
                profile: it.profile,
                input: it.input,
                metadata: it.metadata.map(metadata),
                output_format: format.into(),
            }
        });
        let response = self.0.hash_data(request).await?;
        Ok(answer(response, |it| HashDataResponse {
            hash_algorithm: algorithm(it.descriptor.clone()),
            metadata: it.metadata.map(with_deprecation),
            hash_value: it.hash_value.map(|value| match value {
                HashValue::HashValueHex(text) => hash_data_response::HashValue::HashValueHex(text),
                HashValue::HashValueRaw(bytes) => hash_data_response::HashValue::HashValueRaw(bytes),
            }),
            descriptor: it.descriptor,
        }))
    }

    async fn sign_certificate(
        &self,
        request: Request<SignCertificateRequest>,
    ) -> Result<Response<SignCertificateResponse>, Status> {
        use v1::sign_certificate_response::SignedCertificate;
        let request = with(request, |mut it| {
            let format = match it.output_format() {
                SignOutputFormat::Der => v1::SignOutputFormat::Der,
                SignOutputFormat::Pem => v1::SignOutputFormat::Pem,
            };
            certificate_request!(it, it.valid_not_before, it.valid_not_after, format)
        });
        let response = self.0.sign_certificate(request).await?;
        Ok(answer(response, |it| SignCertificateResponse {
            metadata: it.metadata.map(with_deprecation),
            signed_certificate: it.signed_certificate.map(|certificate| match certificate {
                SignedCertificate::Pem(text) => sign_certificate_response::SignedCertificate::Pem(text),
                SignedCertificate::Der(der) => sign_certificate_response::SignedCertificate::Der(der),
            }),
            descriptor: it.descriptor,
        }))
    }

    async fn encrypt_data(
        &self,
        request: Request<v1::EncryptDataRequest>,
    ) -> Result<Response<v1::EncryptDataResponse>, Status> {
        self.0.encrypt_data(request).await
    }

    async fn decrypt_data(
        &self,
        request: Request<v1::DecryptDataRequest>,
    ) -> Result<Response<v1::DecryptDataResponse>, Status> {
        self.0.decrypt_data(request).await
    }

    async fn sign_data(
        &self,
        request: Request<v1::SignDataRequest>,
    ) -> Result<Response<v1::SignDataResponse>, Status> {
        self.0.sign_data(request).await
    }

    async fn verify_data(
        &self,
        request: Request<v1::VerifyDataRequest>,
    ) -> Result<Response<v1::VerifyDataResponse>, Status> {
        self.0.verify_data(request).await
    }

    async fn benchmark(
        &self,
        request: Request<BenchmarkRequest>,
    ) -> Result<Response<BenchmarkResponse>, Status> {
        CryptoGrpcDev::benchmark(self, request).await
    }

    async fn fake_endpoint(
        &self,
        request: Request<FakeEndpointRequest>,
    ) -> Result<Response<FakeEndpointResponse>, Status> {
        CryptoGrpcDev::fake_endpoint(self, request).await
    }
}

#[tonic::async_trait]
impl CryptoGrpcDev for Legacy {
    async fn benchmark(
        &self,
        request: Request<BenchmarkRequest>,
    ) -> Result<Response<BenchmarkResponse>, Status> {
        let created_at = created_at(request.get_ref().metadata.as_ref());
        let request = with(request, |it| v1::BenchmarkRequest { metadata: it.metadata.map(metadata) });
        let response = CryptoDevService::benchmark(&self.0, request).await?;
        Ok(answer(response, |it| BenchmarkResponse {
            benchmark_results: it.benchmark_results,
            metadata: it.metadata.map(|it| with_created_at(it, created_at)),
        }))
    }

    async fn fake_endpoint(
        &self,
        request: Request<FakeEndpointRequest>,
    ) -> Result<Response<FakeEndpointResponse>, Status> {
        let created_at = created_at(request.get_ref().metadata.as_ref());
        let request = with(request, |it| v1::FakeEndpointRequest { metadata: it.metadata.map(metadata) });
        let response = CryptoDevService::fake_endpoint(&self.0, request).await?;
        Ok(answer(response, |it| FakeEndpointResponse {
            message: it.message,
            metadata: it.metadata.map(|it| with_created_at(it, created_at)),
        }))
    }
}

fn metadata(metadata: Metadata) -> v1::Metadata {
    v1::Metadata { id: metadata.id, deprecation: None, trace_context: metadata.trace_context }
}

fn created_at(metadata: Option<&Metadata>) -> Vec<u8> {
    metadata.map(|metadata| metadata.created_at_or_deprecation.clone()).unwrap_or_default()
}

/// As the clients of 0.2 and 0.3 read it.
fn with_created_at(metadata: v1::Metadata, created_at: Vec<u8>) -> Metadata {
    Metadata { id: metadata.id, created_at_or_deprecation: created_at, trace_context: metadata.trace_context }
}

/// As the clients since 0.5 read it; those of 0.4 pass over the field.
fn with_deprecation(metadata: v1::Metadata) -> Metadata {
    Metadata {
        id: metadata.id,
        created_at_or_deprecation: metadata.deprecation.map(|it| it.encode_to_vec()).unwrap_or_default(),
        trace_context: metadata.trace_context,
    }
}
