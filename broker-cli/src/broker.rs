//! The broker as the commands see it: five questions with typed answers, over the client library.

use std::{path::PathBuf, time::Duration};

use zeroize::Zeroizing;

use crate::{args::Global, error::Failure};

/// Where the broker is and how long it may take.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) socket: PathBuf,
    pub(crate) timeout: Duration,
}

impl Endpoint {
    /// As the global options say.
    pub(crate) fn new(global: &Global) -> Self {
        Self { socket: global.socket(), timeout: global.timeout }
    }
}

/// What travels back with every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) id: String,
    pub(crate) deprecation: Option<Deprecation>,
}

/// The profile is on its way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deprecation {
    pub(crate) profile: String,
    pub(crate) replaced_by: Option<String>,
    pub(crate) deprecated_since: Option<String>,
    pub(crate) remove_after: Option<String>,
    pub(crate) reason: Option<String>,
}

/// What the broker did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub(crate) profile: String,
    pub(crate) operation: String,
    pub(crate) algorithm: String,
}

/// A digest, in the form that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Hex(String),
    Raw(Vec<u8>),
}

/// The answer to `hash`.
#[derive(Clone, Debug)]
pub(crate) struct Hashed {
    pub(crate) metadata: Metadata,
    pub(crate) digest: Digest,
    pub(crate) descriptor: Descriptor,
}

/// What `sign` needs.
#[derive(Debug)]
pub(crate) struct SignRequest {
    pub(crate) profile: String,
    pub(crate) csr: String,
    pub(crate) ca_cert: String,
    pub(crate) ca_key: Zeroizing<String>,
    pub(crate) subject: Option<String>,
    pub(crate) crl_urls: Vec<String>,
    pub(crate) not_before: Option<u64>,
    pub(crate) not_after: Option<u64>,
    pub(crate) pem: bool,
}

/// A certificate, in the form that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Pem(String),
    Der(Vec<u8>),
}

/// The answer to `sign`.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) metadata: Metadata,
    pub(crate) certificate: Certificate,
    pub(crate) descriptor: Descriptor,
}

/// The answer to `info`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Info {
    pub(crate) version: String,
    pub(crate) catalogue_digest: String,
    pub(crate) profiles: Vec<String>,
    pub(crate) operations: Vec<String>,
    pub(crate) fips: bool,
    pub(crate) crypto_library_versions: String,
    /// Unix seconds.
    pub(crate) started_at: Option<i64>,
}

/// The answer to `health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Serving,
    NotServing,
    Unknown,
}

impl Health {
    /// The name of grpc.health.v1.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::Unknown => "UNKNOWN",
        }
    }
}
