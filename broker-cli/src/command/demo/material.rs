//! A throw-away CA, a certification request, and the check that what came back belongs to both.

use aws_lc_rs::signature::{ECDSA_P384_SHA512_ASN1, UnparsedPublicKey};
use broker_client::{Encoding, SignCertificateRequest};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PublicKeyData as _,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use crate::error::Failure;

/// Everything a request for a certificate needs.
pub(super) struct Material {
    ca_der: Vec<u8>,
    ca_pem: String,
    ca_key: Zeroizing<String>,
    csr: String,
    subject_key: Vec<u8>,
}

impl Material {
    /// Makes it anew.
    pub(super) fn new() -> Result<Self, Failure> {
        Self::make().map_err(|source| Failure::local("cannot make the demo's keys", source))
    }

    fn make() -> Result<Self, rcgen::Error> {
        let ca_key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?;
        let mut ca = CertificateParams::default();
        ca.distinguished_name = name("Crypto Broker Demo CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = ca.self_signed(&ca_key)?;
        let subject_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut subject = CertificateParams::default();
        subject.distinguished_name = name("demo.example");
        let csr = subject.serialize_request(&subject_key)?.pem()?;
        Ok(Self {
            ca_der: ca.der().to_vec(),
            ca_pem: ca.pem(),
            ca_key: Zeroizing::new(ca_key.serialize_pem()),
            csr,
            subject_key: subject_key.subject_public_key_info(),
        })
    }

    /// Asks for a certificate under `profile`.
    pub(super) fn request(&self, profile: &str) -> SignCertificateRequest {
        SignCertificateRequest::new(profile, &self.csr, &self.ca_pem, self.ca_key.as_str())
            .encoding(Encoding::Der)
    }

    /// Checks name, key, time and signature, and says what was checked.
    pub(super) fn verify(&self, der: &[u8]) -> Result<String, Failure> {
        let wrong = |what: &'static str| Failure::local("the certificate does not verify", what);
        let (_, ca) = X509Certificate::from_der(&self.ca_der).map_err(|_| wrong("the CA cannot be read"))?;
        let (rest, leaf) = X509Certificate::from_der(der).map_err(|_| wrong("it cannot be read"))?;
        if !rest.is_empty() {
            return Err(wrong("something follows it"));
        }
        if leaf.issuer().as_raw() != ca.subject().as_raw() {
            return Err(wrong("its issuer is not the CA"));
        }
        if leaf.public_key().raw != self.subject_key {
            return Err(wrong("its key is not the one of the request"));
        }
        if !leaf.validity().is_valid() {
            return Err(wrong("it is not valid now"));
        }
        // The profile says SHA-512 and the CA's key is on P-384.
        UnparsedPublicKey::new(&ECDSA_P384_SHA512_ASN1, &ca.public_key().subject_public_key.data)
            .verify(leaf.tbs_certificate.as_ref(), &leaf.signature_value.data)
            .map_err(|_| wrong("its signature is not the CA's"))?;
        Ok("signature, issuer, key, dates agree".to_owned())
    }
}

fn name(common: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::OrganizationName, "Crypto Broker Demo");
    name.push(DnType::CommonName, common);
    name
}
