//! `protobuf.CryptoBroker`, generation 0: clients of version 0.1.

use broker_proto::{
    g0::{HashRequest, HashResponse, Metadata, SignRequest, SignResponse},
    v1,
};

use super::{algorithm, base64, certificate_request, hash_request, hex};
use crate::{
    duration,
    policy::permit::{HashData, SignCertificate},
    request::{FieldError, FieldErrorKind},
    rpc::{
        Broker, CallContext,
        trailers::{Trailers, WithTrailers},
    },
    status::CallError,
};

impl Broker {
    /// `Hash` of version 0.1.
    pub(in crate::rpc) async fn handle_g0_hash(
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
            metadata: response.metadata.map(|metadata| response_metadata(metadata, created_at)),
        })
    }

    /// `Sign` of version 0.1.
    pub(in crate::rpc) async fn handle_g0_sign(
        &self,
        context: CallContext,
        mut legacy: SignRequest,
    ) -> Result<WithTrailers<SignResponse>, CallError> {
        let now = context.received_at_unix;
        let created_at = created_at(legacy.metadata.as_ref());
        let not_before = resolve_offset("valid_not_before", now, legacy.valid_not_before_offset.as_deref())?;
        let not_after = resolve_offset("valid_not_after", now, legacy.valid_not_after_offset.as_deref())?;
        let request = certificate_request!(legacy, not_before, not_after, v1::SignOutputFormat::Der);
        drop(legacy);
        let response = self.handle::<SignCertificate>(context, request).await?;
        let trailers = Trailers::ignored_extensions(&response.ignored_extensions);
        let response = SignResponse {
            signed_certificate: base64(response.signed_certificate),
            metadata: response.metadata.map(|metadata| response_metadata(metadata, created_at)),
        };
        Ok(WithTrailers { response, trailers })
    }
}

/// Returns the time at this offset from now in Unix seconds. An empty offset counts as absent.
fn resolve_offset(field: &'static str, now: i64, offset: Option<&str>) -> Result<Option<u64>, CallError> {
    let Some(text) = offset.filter(|text| !text.is_empty()) else { return Ok(None) };
    let seconds = duration::parse(text)
        .map_err(|error| FieldError { field, kind: FieldErrorKind::Malformed(error.to_string()) })?;
    // A time before 1970 lies before every permitted window. Policy denies 0 and reports the limits of the window.
    Ok(Some(u64::try_from(now.saturating_add(seconds)).unwrap_or(0)))
}

fn metadata(metadata: Metadata) -> v1::Metadata {
    v1::Metadata { id: metadata.id, ..v1::Metadata::default() }
}

fn created_at(metadata: Option<&Metadata>) -> Vec<u8> {
    metadata.map(|metadata| metadata.created_at.clone()).unwrap_or_default()
}

fn response_metadata(metadata: v1::Metadata, created_at: Vec<u8>) -> Metadata {
    Metadata { id: metadata.id, created_at }
}
