//! `protobuf.CryptoBroker`: clients of version 0.1.

use broker_proto::{
    g0::{HashRequest, HashResponse, Metadata, SignRequest, SignResponse},
    v1,
};

use super::{algorithm, base64, certificate_request, hash_request, hex};
use crate::{
    duration,
    policy::permit::{HashData, SignCertificate},
    request::{FieldError, FieldErrorKind},
    rpc::{Broker, CallContext},
    status::CallError,
};

impl Broker {
    /// `Hash` of version 0.1.
    pub(in crate::rpc) async fn handle_g0_hash(
        &self,
        context: CallContext,
        it: HashRequest,
    ) -> Result<HashResponse, CallError> {
        let created_at = created_at(it.metadata.as_ref());
        let request = hash_request(it.profile, it.input, it.metadata.map(metadata));
        let it = self.handle::<HashData>(context, request).await?;
        Ok(HashResponse {
            hash_value: hex(it.hash_value),
            hash_algorithm: algorithm(it.descriptor),
            metadata: it.metadata.map(|it| echo(it, created_at)),
        })
    }

    /// `Sign` of version 0.1.
    pub(in crate::rpc) async fn handle_g0_sign(
        &self,
        context: CallContext,
        mut it: SignRequest,
    ) -> Result<SignResponse, CallError> {
        let now = context.received_at_unix;
        let created_at = created_at(it.metadata.as_ref());
        let not_before = time("valid_not_before", now, it.valid_not_before_offset.as_deref())?;
        let not_after = time("valid_not_after", now, it.valid_not_after_offset.as_deref())?;
        let request = certificate_request!(it, not_before, not_after, v1::SignOutputFormat::Der);
        drop(it);
        let it = self.handle::<SignCertificate>(context, request).await?;
        Ok(SignResponse {
            signed_certificate: base64(it.signed_certificate),
            metadata: it.metadata.map(|it| echo(it, created_at)),
        })
    }
}

/// Returns the time at this offset from now in Unix seconds. An empty offset counts as absent.
fn time(field: &'static str, now: i64, offset: Option<&str>) -> Result<Option<u64>, CallError> {
    let Some(text) = offset.filter(|text| !text.is_empty()) else { return Ok(None) };
    let seconds = duration::parse(text)
        .map_err(|error| FieldError { field, kind: FieldErrorKind::Malformed(error.to_string()) })?;
    // A time before 1970 lies before every permitted window. Policy refuses 0 with the limits of the window.
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
