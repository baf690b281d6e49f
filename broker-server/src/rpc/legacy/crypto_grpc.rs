//! `CryptoBroker.CryptoGrpc`: clients of the versions 0.2 to 0.5.

use broker_proto::{
    crypto_broker::{
        BenchmarkRequest, BenchmarkResponse, FakeEndpointRequest, FakeEndpointResponse, HashDataRequest,
        HashDataResponse, HashOutputFormat, HashRequest, HashResponse, Metadata, SignCertificateRequest,
        SignCertificateResponse, SignOutputFormat, SignRequest, SignResponse, hash_data_response,
        sign_certificate_response,
    },
    v1,
};
use prost::Message as _;

use super::{algorithm, base64, certificate_request, hash_request, hex};
use crate::{
    policy::permit::{HashData, SignCertificate},
    rpc::{
        Broker, CallContext,
        trailers::{Trailers, WithTrailers},
    },
    status::CallError,
};

impl Broker {
    /// `Hash`, until 0.3.
    pub(in crate::rpc) async fn handle_crypto_grpc_hash(
        &self,
        context: CallContext,
        legacy: HashRequest,
    ) -> Result<HashResponse, CallError> {
        let created_at = created_at(legacy.metadata.as_ref());
        let request = hash_request(legacy.profile, legacy.input, legacy.metadata.map(metadata));
        let response = self.handle::<HashData>(context, request).await?;
        Ok(HashResponse {
            hash_value: hex(response.hash_value),
            hash_algorithm: algorithm(response.descriptor),
            metadata: response.metadata.map(|metadata| with_created_at(metadata, created_at)),
        })
    }

    /// `Sign`, until 0.3.
    pub(in crate::rpc) async fn handle_crypto_grpc_sign(
        &self,
        context: CallContext,
        mut legacy: SignRequest,
    ) -> Result<WithTrailers<SignResponse>, CallError> {
        let created_at = created_at(legacy.metadata.as_ref());
        let (not_before, not_after) = (legacy.valid_not_before, legacy.valid_not_after);
        let request = certificate_request!(legacy, not_before, not_after, v1::SignOutputFormat::Der);
        drop(legacy);
        let response = self.handle::<SignCertificate>(context, request).await?;
        let trailers = Trailers::ignored_extensions(&response.ignored_extensions);
        let response = SignResponse {
            signed_certificate: base64(response.signed_certificate),
            metadata: response.metadata.map(|metadata| with_created_at(metadata, created_at)),
        };
        Ok(WithTrailers { response, trailers })
    }

    /// `HashData`, since 0.4.
    pub(in crate::rpc) async fn handle_crypto_grpc_hash_data(
        &self,
        context: CallContext,
        legacy: HashDataRequest,
    ) -> Result<HashDataResponse, CallError> {
        use v1::hash_data_response::HashValue;
        // An unknown number means the default.
        let format = match legacy.output_format() {
            HashOutputFormat::Hex => v1::HashOutputFormat::Hex,
            HashOutputFormat::Raw => v1::HashOutputFormat::Raw,
        };
        let request = v1::HashDataRequest {
            profile: legacy.profile,
            input: legacy.input,
            metadata: legacy.metadata.map(metadata),
            output_format: format.into(),
        };
        let response = self.handle::<HashData>(context, request).await?;
        Ok(HashDataResponse {
            hash_algorithm: algorithm(response.descriptor.clone()),
            metadata: response.metadata.map(with_deprecation),
            hash_value: response.hash_value.map(|value| match value {
                HashValue::HashValueHex(text) => hash_data_response::HashValue::HashValueHex(text),
                HashValue::HashValueRaw(bytes) => hash_data_response::HashValue::HashValueRaw(bytes),
            }),
            descriptor: response.descriptor,
        })
    }

    /// `SignCertificate`, since 0.4.
    pub(in crate::rpc) async fn handle_crypto_grpc_sign_certificate(
        &self,
        context: CallContext,
        mut legacy: SignCertificateRequest,
    ) -> Result<WithTrailers<SignCertificateResponse>, CallError> {
        use v1::sign_certificate_response::SignedCertificate;
        let format = match legacy.output_format() {
            SignOutputFormat::Der => v1::SignOutputFormat::Der,
            SignOutputFormat::Pem => v1::SignOutputFormat::Pem,
        };
        let (not_before, not_after) = (legacy.valid_not_before, legacy.valid_not_after);
        let request = certificate_request!(legacy, not_before, not_after, format);
        drop(legacy);
        let response = self.handle::<SignCertificate>(context, request).await?;
        let trailers = Trailers::ignored_extensions(&response.ignored_extensions);
        let response = SignCertificateResponse {
            metadata: response.metadata.map(with_deprecation),
            signed_certificate: response.signed_certificate.map(|certificate| match certificate {
                SignedCertificate::Pem(text) => sign_certificate_response::SignedCertificate::Pem(text),
                SignedCertificate::Der(der) => sign_certificate_response::SignedCertificate::Der(der),
            }),
            descriptor: response.descriptor,
        };
        Ok(WithTrailers { response, trailers })
    }

    /// `Benchmark`, for development.
    pub(in crate::rpc) async fn handle_crypto_grpc_benchmark(
        &self,
        context: CallContext,
        legacy: BenchmarkRequest,
    ) -> Result<BenchmarkResponse, CallError> {
        let created_at = created_at(legacy.metadata.as_ref());
        let request = v1::BenchmarkRequest { metadata: legacy.metadata.map(metadata) };
        let response = self.handle_benchmark(context, request).await?;
        Ok(BenchmarkResponse {
            benchmark_results: response.benchmark_results,
            metadata: response.metadata.map(|metadata| with_created_at(metadata, created_at)),
        })
    }

    /// `FakeEndpoint`, for development.
    pub(in crate::rpc) async fn handle_crypto_grpc_fake_endpoint(
        &self,
        context: CallContext,
        legacy: FakeEndpointRequest,
    ) -> Result<FakeEndpointResponse, CallError> {
        let created_at = created_at(legacy.metadata.as_ref());
        let request = v1::FakeEndpointRequest { metadata: legacy.metadata.map(metadata) };
        let response = self.handle_fake_endpoint(context, request).await?;
        Ok(FakeEndpointResponse {
            message: response.message,
            metadata: response.metadata.map(|metadata| with_created_at(metadata, created_at)),
        })
    }
}

fn metadata(metadata: Metadata) -> v1::Metadata {
    v1::Metadata { id: metadata.id, deprecation: None, trace_context: metadata.trace_context }
}

fn created_at(metadata: Option<&Metadata>) -> Vec<u8> {
    metadata.map(|metadata| metadata.created_at_or_deprecation.clone()).unwrap_or_default()
}

/// Returns the metadata as clients of 0.2 and 0.3 read it.
fn with_created_at(metadata: v1::Metadata, created_at: Vec<u8>) -> Metadata {
    Metadata { id: metadata.id, created_at_or_deprecation: created_at, trace_context: metadata.trace_context }
}

/// Returns the metadata as clients since 0.5 read it. Those of 0.4 ignore the field.
fn with_deprecation(metadata: v1::Metadata) -> Metadata {
    Metadata {
        id: metadata.id,
        created_at_or_deprecation: metadata
            .deprecation
            .map(|deprecation| deprecation.encode_to_vec())
            .unwrap_or_default(),
        trace_context: metadata.trace_context,
    }
}
