//! The details of an error's status: google.rpc.ErrorInfo, RetryInfo, and metadata.

use std::{collections::HashMap, time::Duration};

use tonic::{
    Code, Status,
    metadata::{MetadataMap, MetadataValue},
};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{CallError, Refusal};
use crate::{
    operation::{aead::AeadError, kem::KemError},
    request::FieldErrorKind,
};

/// The domain of every google.rpc.ErrorInfo.
pub const DOMAIN: &str = "cryptobroker.v1";

/// How long a client waits before it retries a call that found the queue full.
pub(super) const RETRY_AFTER: Duration = Duration::from_millis(100);

impl From<&CallError> for Status {
    fn from(error: &CallError) -> Self {
        let code = error.code();
        let mut details = ErrorDetails::with_error_info(error.reason(), DOMAIN, error.metadata());
        let mut metadata = MetadataMap::new();
        if code == Code::ResourceExhausted {
            details.set_retry_info(Some(RETRY_AFTER));
            metadata.insert("grpc-retry-pushback-ms", (RETRY_AFTER.as_millis() as u64).into());
        }
        if *error == CallError::Compressed {
            metadata.insert("grpc-accept-encoding", MetadataValue::from_static("identity"));
        }
        let message = if code == Code::Internal && *error != CallError::AuditUnavailable {
            "internal error".to_owned()
        } else {
            error.to_string()
        };
        Self::with_error_details_and_metadata(code, message, details, metadata)
    }
}

impl From<CallError> for Status {
    fn from(error: CallError) -> Self {
        Self::from(&error)
    }
}

impl CallError {
    /// Returns the metadata of google.rpc.ErrorInfo: the field at fault, and the profile and rule that refused the request.
    fn metadata(&self) -> HashMap<String, String> {
        let mut metadata = HashMap::new();
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                metadata.insert(key.to_owned(), value.to_owned());
            }
        };
        match self {
            Self::Request(error)
            | Self::Aead(AeadError::Field(error))
            | Self::Kem(KemError::Field(error)) => {
                put("field", error.field);
                if let FieldErrorKind::WrongLength { expected, .. } = &error.kind {
                    let lengths: Vec<String> = expected.iter().map(ToString::to_string).collect();
                    put("expected_bytes", &lengths.join(","));
                }
            }
            Self::Certificate(error) => put("field", error.field().unwrap_or_default()),
            Self::Aead(error) => put("field", error.field().unwrap_or_default()),
            Self::Signature(error) => put("field", error.field().unwrap_or_default()),
            Self::Kem(error) => put("field", error.field().unwrap_or_default()),
            Self::Proof(error) => put("field", error.field().unwrap_or_default()),
            Self::Denied(denial) => {
                put("field", denial.kind.field().unwrap_or_default());
                put("profile", &denial.profile);
            }
            _ => {}
        }
        if let Some(Refusal { rule, line }) = self.refusal() {
            put("rule", rule);
            put("line", &line.map(|line| line.to_string()).unwrap_or_default());
        }
        metadata
    }
}
