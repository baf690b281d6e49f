//! Policy: whether a profile allows a request. A profile document is read into typed rules; a parsed request
//! and its profile yield a [`Permit`] or a [`Denial`].

mod aead;
mod canonical;
mod capabilities;
pub mod catalogue;
mod certificate;
mod check;
mod collector;
mod decide;
mod denial;
pub mod document;
mod explain;
mod facts;
mod kem;
pub mod permit;
pub mod profile;
mod signature;

pub use capabilities::{Capabilities, Requirement, Unsupported};
pub use catalogue::Catalogue;
pub use certificate::CertificateNames;
pub use decide::{Decide, decide};
pub use denial::{Denial, DenialKind};
pub use document::{Diagnostic, DocumentError};
pub use explain::{Explanation, OperationInfo, explain};
pub use facts::{CaFacts, FactName, Facts};
pub use permit::Permit;
