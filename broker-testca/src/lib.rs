//! A throw-away certification authority, a certification request for it, and the check of what was issued.
//!
//! The demo and the load generator make one for each run and keep none of its keys.

#![forbid(unsafe_code)]

use std::fmt;

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use broker_client::{Encoding, SignCertificateRequest};
use clap::ValueEnum;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

/// The type of a key of the CA or of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum KeyType {
    /// ECDSA on P-256
    #[value(name = "p-256")]
    P256,
    /// ECDSA on P-384
    #[value(name = "p-384")]
    P384,
    /// ECDSA on P-521
    #[value(name = "p-521")]
    P521,
    /// RSA of 2048 bits
    #[value(name = "rsa-2048")]
    Rsa2048,
    /// RSA of 3072 bits
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// RSA of 4096 bits
    #[value(name = "rsa-4096")]
    Rsa4096,
}

impl fmt::Display for KeyType {
    /// Writes the name that the command line takes, such as `p-384`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.pad(value.get_name()))
    }
}

/// The reason why a CA could not be made or why an issued certificate is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Keys, the CA's certificate or the request could not be made.
    #[error("cannot make throw-away keys: {0}")]
    Generation(#[from] rcgen::Error),
    /// The issued certificate does not belong to this CA and request.
    #[error("the certificate does not verify: {0}")]
    Certificate(&'static str),
}

/// A CA with its private key, and a certification request of a subject.
#[derive(Debug)]
pub struct TestCa {
    ca_der: Vec<u8>,
    /// The CA's certificate, PEM.
    pub certificate: String,
    /// The CA's private key, PKCS #8 in PEM.
    pub private_key: Zeroizing<String>,
    /// The certification request, PEM.
    pub csr: String,
    issuer: KeyType,
    subject_public_key: Vec<u8>,
}

impl TestCa {
    /// Makes a CA with a key of type `issuer` and a request with a key of type `subject`. An RSA key takes seconds.
    ///
    /// # Errors
    /// Fails with [`Error::Generation`] where a key cannot be made or used.
    pub fn new(issuer: KeyType, subject: KeyType) -> Result<Self, Error> {
        let ca_key = generate(issuer)?;
        let mut ca = CertificateParams::default();
        ca.distinguished_name = distinguished_name("Crypto Broker Demo CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = ca.self_signed(&ca_key)?;
        let subject_key = generate(subject)?;
        let mut subject = CertificateParams::default();
        subject.distinguished_name = distinguished_name("demo.example");
        let csr = subject.serialize_request(&subject_key)?.pem()?;
        Ok(Self {
            ca_der: ca.der().to_vec(),
            certificate: ca.pem(),
            private_key: Zeroizing::new(ca_key.serialize_pem()),
            csr,
            issuer,
            subject_public_key: subject_key.subject_public_key_info(),
        })
    }

    /// Returns a request for a certificate in DER under `profile`.
    pub fn request(&self, profile: &str) -> SignCertificateRequest {
        SignCertificateRequest::new(&self.csr, &self.certificate, self.private_key.as_str())
            .profile(profile)
            .encoding(Encoding::Der)
    }

    /// Checks that `der` names this CA as its issuer, holds the request's key, is valid now and has the CA's signature.
    ///
    /// # Errors
    /// Fails with [`Error::Certificate`] at the first of these that does not hold.
    pub fn verify(&self, der: &[u8]) -> Result<(), Error> {
        let wrong = Error::Certificate;
        let (_, ca) = X509Certificate::from_der(&self.ca_der).map_err(|_| wrong("the CA cannot be read"))?;
        let (rest, leaf) = X509Certificate::from_der(der).map_err(|_| wrong("it cannot be read"))?;
        if !rest.is_empty() {
            return Err(wrong("bytes follow it"));
        }
        if leaf.issuer().as_raw() != ca.subject().as_raw() {
            return Err(wrong("its issuer is not the CA"));
        }
        if leaf.public_key().raw != self.subject_public_key {
            return Err(wrong("its key is not the request's"));
        }
        if !leaf.validity().is_valid() {
            return Err(wrong("it is not valid now"));
        }
        let signed_with = leaf.signature_algorithm.algorithm.to_id_string();
        let algorithm = verification_algorithm(self.issuer, &signed_with)
            .ok_or_else(|| wrong("its signature algorithm does not fit the CA's key"))?;
        UnparsedPublicKey::new(algorithm, &ca.public_key().subject_public_key.data)
            .verify(leaf.tbs_certificate.as_ref(), &leaf.signature_value.data)
            .map_err(|_| wrong("its signature is not the CA's"))
    }
}

fn generate(key_type: KeyType) -> Result<KeyPair, rcgen::Error> {
    let rsa = |size| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size);
    match key_type {
        KeyType::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        KeyType::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
        KeyType::P521 => KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512),
        KeyType::Rsa2048 => rsa(RsaKeySize::_2048),
        KeyType::Rsa3072 => rsa(RsaKeySize::_3072),
        KeyType::Rsa4096 => rsa(RsaKeySize::_4096),
    }
}

/// Returns how a signature with this object identifier (RFC 5758, RFC 4055) by such a key is verified.
fn verification_algorithm(issuer: KeyType, identifier: &str) -> Option<&'static dyn VerificationAlgorithm> {
    const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
    const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
    const ECDSA_SHA512: &str = "1.2.840.10045.4.3.4";
    const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
    const RSA_SHA384: &str = "1.2.840.113549.1.1.12";
    const RSA_SHA512: &str = "1.2.840.113549.1.1.13";
    Some(match (issuer, identifier) {
        (KeyType::P256, ECDSA_SHA256) => &signature::ECDSA_P256_SHA256_ASN1,
        (KeyType::P256, ECDSA_SHA384) => &signature::ECDSA_P256_SHA384_ASN1,
        (KeyType::P256, ECDSA_SHA512) => &signature::ECDSA_P256_SHA512_ASN1,
        (KeyType::P384, ECDSA_SHA256) => &signature::ECDSA_P384_SHA256_ASN1,
        (KeyType::P384, ECDSA_SHA384) => &signature::ECDSA_P384_SHA384_ASN1,
        (KeyType::P384, ECDSA_SHA512) => &signature::ECDSA_P384_SHA512_ASN1,
        (KeyType::P521, ECDSA_SHA256) => &signature::ECDSA_P521_SHA256_ASN1,
        (KeyType::P521, ECDSA_SHA384) => &signature::ECDSA_P521_SHA384_ASN1,
        (KeyType::P521, ECDSA_SHA512) => &signature::ECDSA_P521_SHA512_ASN1,
        (KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096, RSA_SHA256) => {
            &signature::RSA_PKCS1_2048_8192_SHA256
        }
        (KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096, RSA_SHA384) => {
            &signature::RSA_PKCS1_2048_8192_SHA384
        }
        (KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096, RSA_SHA512) => {
            &signature::RSA_PKCS1_2048_8192_SHA512
        }
        _ => return None,
    })
}

fn distinguished_name(common_name: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::OrganizationName, "Crypto Broker Demo");
    name.push(DnType::CommonName, common_name);
    name
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn key_types_are_displayed_as_the_command_line_takes_them() {
        assert_eq!(KeyType::Rsa4096.to_string(), "rsa-4096");
        assert_eq!(format!("{:>6}", KeyType::P256), " p-256");
    }

    #[test]
    fn rejects_a_certificate_with_another_key() {
        let ca = TestCa::new(KeyType::P256, KeyType::P256).unwrap();
        let error = ca.verify(&ca.ca_der).unwrap_err();
        assert!(error.to_string().ends_with("its key is not the request's"), "{error}");
        assert!(ca.verify(b"no certificate").is_err());
    }
}
