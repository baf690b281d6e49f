//! `protobuf.CryptoBroker`: clients of version 0.1.

use broker_proto::{
    g0::{
        HashRequest, HashResponse, Metadata, SignRequest, SignResponse, crypto_broker_server::CryptoBroker,
    },
    v1::{self, crypto_service_server::CryptoService},
};
use tonic::{Request, Response, Status};

use super::{Legacy, algorithm, answer, base64, certificate_request, hex, received, with};
use crate::{
    duration,
    request::{Problem, RequestError},
    status::CallError,
};

#[tonic::async_trait]
impl CryptoBroker for Legacy {
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
            metadata: it.metadata.map(|it| echo(it, created_at)),
        }))
    }

    async fn sign(&self, mut request: Request<SignRequest>) -> Result<Response<SignResponse>, Status> {
        let now = received(&request)?;
        let created_at = created_at(request.get_ref().metadata.as_ref());
        let message = request.get_mut();
        let not_before = time("valid_not_before", now, message.valid_not_before_offset.as_deref())?;
        let not_after = time("valid_not_after", now, message.valid_not_after_offset.as_deref())?;
        let request = with(request, |mut it| {
            certificate_request!(it, not_before, not_after, v1::SignOutputFormat::Der)
        });
        let response = self.0.sign_certificate(request).await?;
        Ok(answer(response, |it| SignResponse {
            signed_certificate: base64(it.signed_certificate),
            metadata: it.metadata.map(|it| echo(it, created_at)),
        }))
    }
}

/// A duration from now as Unix seconds. Empty text is no wish.
fn time(field: &'static str, now: i64, offset: Option<&str>) -> Result<Option<u64>, CallError> {
    let Some(text) = offset.filter(|text| !text.is_empty()) else { return Ok(None) };
    let seconds = duration::parse(text)
        .map_err(|error| RequestError { field, problem: Problem::Malformed(error.to_string()) })?;
    // A time before 1970 is before every window; 0 is refused there with the window's own words.
    Ok(Some(u64::try_from(now.saturating_add(seconds)).unwrap_or(0)))
}

fn metadata(metadata: Metadata) -> v1::Metadata {
    v1::Metadata { id: metadata.id, ..v1::Metadata::default() }
}

fn created_at(metadata: Option<&Metadata>) -> Vec<u8> {
    metadata.map(|metadata| metadata.created_at.clone()).unwrap_or_default()
}

fn echo(metadata: v1::Metadata, created_at: Vec<u8>) -> Metadata {
    Metadata { id: metadata.id, created_at }
}
