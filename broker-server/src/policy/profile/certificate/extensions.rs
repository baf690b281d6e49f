//! The extensions whose contents a profile states.

use crate::request::Oid;

/// `AuthorityInformationAccess` (RFC 5280 4.2.2.1). Without any URL the certificate has no such extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorityInformationAccess {
    /// The URLs of OCSP responders, in the order of the document.
    pub ocsp: Vec<String>,
    /// The URLs of the issuer's certificate, in the order of the document.
    pub ca_issuers: Vec<String>,
}

/// An entry of `CertificatePolicies` (RFC 5280 4.2.1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePolicy {
    /// The policy's identifier.
    pub oid: Oid,
    /// The URL of the certification practice statement.
    pub cps: Option<String>,
}

/// `CRLDistributionPoints` (RFC 5280 4.2.1.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlDistributionPoints {
    /// The URLs, in the order of the document. There is at least one.
    pub urls: Vec<String>,
    /// The line of the section, from 1.
    pub line: u32,
}
