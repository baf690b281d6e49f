//! The health protocol.

use crate::wire::{HealthCheckResponse, ServingStatus};

/// Whether a service can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthStatus {
    /// It can.
    Serving,
    /// It cannot now, or is being shut down.
    NotServing,
    /// The broker does not say.
    Unknown,
    /// The broker has no such service. Only a watch says this; a single question is refused with NOT_FOUND.
    ServiceUnknown,
}

impl HealthStatus {
    /// The name in the health protocol, such as `NOT_SERVING`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::Unknown => "UNKNOWN",
            Self::ServiceUnknown => "SERVICE_UNKNOWN",
        }
    }
}

impl std::fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl HealthStatus {
    pub(crate) fn from_message(message: HealthCheckResponse) -> Self {
        match message.status() {
            ServingStatus::Serving => Self::Serving,
            ServingStatus::NotServing => Self::NotServing,
            ServingStatus::Unknown => Self::Unknown,
            ServingStatus::ServiceUnknown => Self::ServiceUnknown,
        }
    }
}
