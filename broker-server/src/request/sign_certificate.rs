//! `SignCertificate`: the parse step. A certification request, the issuer's key and the issuer's certificate become
//! facts that policy can decide on; the original DER of every name and key is kept, because the certificate must carry
//! exactly those bytes.

use std::net::IpAddr;

use broker_proto::v1;

use super::{Limits, RequestError};
use crate::algorithm::KeyType;

/// A request to issue a certificate.
#[derive(Debug)]
pub struct SignCertificate {
    /// The certification request.
    pub csr: Csr,
    /// The issuer's private key.
    pub issuer_key: IssuerKey,
    /// The issuer's certificate.
    pub ca_certificate: CaCertificate,
    /// DER of the Name that replaces the request's subject.
    pub subject: Option<Vec<u8>>,
    /// Wanted notBefore in Unix seconds.
    pub not_before: Option<i64>,
    /// Wanted notAfter in Unix seconds.
    pub not_after: Option<i64>,
    /// One DistributionPoint each; ASCII, http or https with a host.
    pub crl_distribution_points: Vec<String>,
    /// How the answer is to look.
    pub format: CertificateFormat,
}

/// How a certificate travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFormat {
    /// The bytes.
    Der,
    /// RFC 7468 text.
    Pem,
}

impl SignCertificate {
    /// Parses the request's fields in the order CSR, key, certificate, then the rest. The key's text is taken out of
    /// `message`, used and wiped.
    pub fn parse(message: &mut v1::SignCertificateRequest, limits: &Limits) -> Result<Self, RequestError> {
        todo!()
    }
}

/// A PKCS#10 certification request (RFC 2986) with its original DER. Its signature is not verified yet.
#[derive(Debug)]
pub struct Csr {}

impl Csr {
    /// The subject's public key.
    pub fn key_type(&self) -> KeyType {
        todo!()
    }
    /// DER of the requested subject, byte for byte.
    pub fn subject_der(&self) -> &[u8] {
        todo!()
    }
    /// DER of SubjectPublicKeyInfo, byte for byte.
    pub fn spki_der(&self) -> &[u8] {
        todo!()
    }
    /// The names that the request's extensionRequest asks for (RFC 2985 5.4.2).
    pub fn subject_alternative_names(&self) -> &[AlternativeName] {
        todo!()
    }
}

/// A GeneralName (RFC 5280 4.2.1.6) that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlternativeName {
    /// dNSName.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
    /// uniformResourceIdentifier.
    Uri(String),
    /// rfc822Name.
    Email(String),
    /// Any other form, by its name in RFC 5280; never allowed.
    Other(&'static str),
}

/// The issuer's private key: its kind and size are known, it has not been used.
#[derive(Debug)]
pub struct IssuerKey {}

impl IssuerKey {
    /// Kind and size.
    pub fn key_type(&self) -> KeyType {
        todo!()
    }
}

/// The issuer's certificate with its original DER.
#[derive(Debug)]
pub struct CaCertificate {}

impl CaCertificate {
    /// Its public key.
    pub fn key_type(&self) -> KeyType {
        todo!()
    }
    /// Its notBefore in Unix seconds.
    pub fn not_before(&self) -> i64 {
        todo!()
    }
    /// Its notAfter in Unix seconds.
    pub fn not_after(&self) -> i64 {
        todo!()
    }
    /// basicConstraints.cA; `false` where the extension is absent.
    pub fn is_ca(&self) -> bool {
        todo!()
    }
    /// basicConstraints.pathLenConstraint.
    pub fn path_len(&self) -> Option<u8> {
        todo!()
    }
    /// keyUsage as [`crate::policy::profile::KeyUsage`] counts its bits; `None` where the extension is absent.
    pub fn key_usage(&self) -> Option<u16> {
        todo!()
    }
}
