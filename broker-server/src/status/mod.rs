//! The mapping from errors to gRPC codes, reasons and details. It is the only one in the broker.
//!
//! Released clients retry RESOURCE_EXHAUSTED, ABORTED and UNAVAILABLE and count them towards a circuit breaker, so an error
//! that would occur again at a retry never has one of these codes.

mod details;
mod rewrite;
#[cfg(test)]
mod tests;

use tonic::Code;

pub use self::{
    details::DOMAIN,
    rewrite::{incomplete_request, replace_tonic_status},
};
use crate::{
    compute::ComputeError,
    operation::{
        aead::AeadError,
        certificate::CertificateError,
        groth16::{ErrorKind, ProofError},
        kem::KemError,
        signature::SignatureError,
    },
    policy::{Denial, DenialKind},
    request::FieldError,
};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// A field of the request is invalid.
    #[error(transparent)]
    Request(#[from] FieldError),
    /// Policy refused the request.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Issuing the certificate failed.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Encryption or decryption failed.
    #[error(transparent)]
    Aead(#[from] AeadError),
    /// Signing, verifying or generating a signature key pair failed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Encapsulation, decapsulation or generating a KEM key pair failed.
    #[error(transparent)]
    Kem(#[from] KemError),
    /// An operation with a circuit failed.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The compute pool did not run the job to its end.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// The audit record could not be written, so the result must not be returned.
    #[error("the audit record could not be written; the operator's log says why")]
    AuditUnavailable,
    /// The `grpc-timeout` header is malformed.
    #[error("the grpc-timeout header is malformed")]
    MalformedTimeout,
    /// The metadata of the call exceeds its limit.
    #[error(
        "the call's metadata has {length} bytes, and {limit} are allowed (names, values, and 32 for each entry)"
    )]
    MetadataTooLarge {
        /// The size of the header fields in bytes (RFC 9113 6.5.2).
        length: usize,
        /// The maximum size in bytes.
        limit: usize,
    },
    /// The request is not a gRPC call.
    #[error("the request is not gRPC: send a POST with the content-type application/grpc")]
    NotGrpc,
    /// The request has a message encoding other than `identity`.
    #[error("compressed messages are not supported; send them with the grpc-encoding identity")]
    Compressed,
    /// The deadline of the caller, or the broker's own for a call without one, has passed.
    #[error("the deadline has passed")]
    DeadlineExceeded,
    /// The broker is shutting down and has not begun the call.
    #[error("the broker is shutting down")]
    ShuttingDown,
    /// The drain deadline passed while the call was in flight.
    #[error("the broker has shut down before the call was finished")]
    DrainDeadlineExceeded,
    /// The caller has gone, or the connection ended, before the request stream was complete.
    #[error("the call was cancelled")]
    Cancelled,
    /// A status that tonic created, with the broker's own code and reason.
    #[error("{message}")]
    Tonic {
        /// The code that the broker returns for it.
        code: Code,
        /// The reason of google.rpc.ErrorInfo.
        reason: &'static str,
        /// The message for the caller.
        message: String,
    },
    /// The method is served only by a broker that was started with `--dev`.
    #[error("this method is for development: start the broker with --dev")]
    DevelopmentOnly,
    /// The intended failure of FakeEndpoint.
    #[error("FakeEndpoint fails four times out of five; try again")]
    Fake,
    /// A bug. The caller gets no details.
    #[error("internal error")]
    Internal,
}

/// The rule of a profile that refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The path of the rule; empty where the profile is unknown.
    pub rule: &'a str,
    /// The line of the rule in the profile document, from 1.
    pub line: Option<u32>,
}

impl CallError {
    /// Returns the rule by which a profile refuses the call: before its work, or when its circuit was known.
    pub fn refusal(&self) -> Option<Refusal<'_>> {
        match self {
            Self::Denied(denial) => Some(Refusal { rule: &denial.rule, line: denial.line }),
            Self::Proof(error) => error.rule().map(|(rule, line)| Refusal { rule, line }),
            _ => None,
        }
    }

    /// Returns the reason of google.rpc.ErrorInfo, such as `UNKNOWN_PROFILE`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Request(error) => error.kind.reason(),
            Self::Denied(denial) => denial.kind.reason(),
            Self::Certificate(error) => error.reason(),
            Self::Aead(error) => error.reason(),
            Self::Signature(error) => error.reason(),
            Self::Kem(error) => error.reason(),
            Self::Proof(error) => error.reason(),
            Self::Compute(ComputeError::QueueFull) => "QUEUE_FULL",
            Self::Compute(ComputeError::DeadlineExceeded) | Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Compute(ComputeError::ShuttingDown) | Self::ShuttingDown => "SHUTTING_DOWN",
            Self::Compute(_) | Self::Internal => "INTERNAL",
            Self::DrainDeadlineExceeded => "DRAIN_DEADLINE",
            Self::AuditUnavailable => "AUDIT_UNAVAILABLE",
            Self::MalformedTimeout => "MALFORMED_TIMEOUT",
            Self::MetadataTooLarge { .. } => "METADATA_TOO_LARGE",
            Self::NotGrpc => "NOT_GRPC",
            Self::Compressed => "UNSUPPORTED_ENCODING",
            Self::DevelopmentOnly => "DEVELOPMENT_ONLY",
            Self::Fake => "FAKE_FAILURE",
            Self::Cancelled => "CANCELLED",
            Self::Tonic { reason, .. } => reason,
        }
    }

    /// Reports whether the broker itself is at fault: the code is INTERNAL.
    pub fn is_internal(&self) -> bool {
        matches!(self.code(), Code::Internal)
    }

    fn code(&self) -> Code {
        match self {
            Self::Request(_) | Self::MalformedTimeout | Self::MetadataTooLarge { .. } | Self::NotGrpc => {
                Code::InvalidArgument
            }
            Self::Denied(denial) => match denial.kind {
                DenialKind::UnknownProfile | DenialKind::UnknownCircuit => Code::NotFound,
                DenialKind::CallerNotAllowed => Code::PermissionDenied,
                DenialKind::NameMalformed => Code::InvalidArgument,
                DenialKind::MissingFact => Code::Internal,
                _ => Code::FailedPrecondition,
            },
            Self::Certificate(CertificateError::Internal)
            | Self::Signature(SignatureError::Internal)
            | Self::Aead(AeadError::Internal)
            | Self::Kem(KemError::Internal) => Code::Internal,
            Self::Signature(SignatureError::NotStreamable) | Self::Aead(AeadError::KeyExhausted) => {
                Code::FailedPrecondition
            }
            Self::Certificate(_) | Self::Signature(_) | Self::Aead(_) | Self::Kem(_) => Code::InvalidArgument,
            Self::Proof(error) => match error.kind() {
                ErrorKind::Request => Code::InvalidArgument,
                ErrorKind::Precondition => Code::FailedPrecondition,
                ErrorKind::Exhausted => Code::ResourceExhausted,
                ErrorKind::DataLoss => Code::DataLoss,
                ErrorKind::Deadline => Code::DeadlineExceeded,
                ErrorKind::Internal => Code::Internal,
            },
            Self::Compute(ComputeError::QueueFull) => Code::ResourceExhausted,
            Self::Compute(ComputeError::DeadlineExceeded) | Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Compute(ComputeError::ShuttingDown)
            | Self::ShuttingDown
            | Self::DrainDeadlineExceeded
            | Self::Fake => Code::Unavailable,
            Self::DevelopmentOnly | Self::Compressed => Code::Unimplemented,
            Self::Compute(_) | Self::AuditUnavailable | Self::Internal => Code::Internal,
            Self::Cancelled => Code::Cancelled,
            Self::Tonic { code, .. } => *code,
        }
    }
}
