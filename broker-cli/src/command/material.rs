//! A throw-away CA, a certification request, and the check that what came back belongs to both.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use broker_client::{Encoding, SignCertificateRequest};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use crate::{args::KeyType, error::Failure};

/// Everything a request for a certificate needs.
pub(super) struct Material {
    ca_der: Vec<u8>,
    /// The CA's certificate.
    pub(super) ca_pem: String,
    /// Its private key, PKCS #8 in PEM.
    pub(super) ca_key: Zeroizing<String>,
    /// The certification request, PEM.
    pub(super) csr: String,
    issuer: KeyType,
    subject_key: Vec<u8>,
}

impl Material {
    /// Makes it anew, with a key of the CA and one that is certified. RSA keys take their time.
    pub(super) fn new(issuer: KeyType, subject: KeyType) -> Result<Self, Failure> {
        Self::make(issuer, subject).map_err(|source| Failure::local("cannot make throw-away keys", source))
    }

    fn make(issuer: KeyType, subject: KeyType) -> Result<Self, rcgen::Error> {
        let ca_key = key(issuer)?;
        let mut ca = CertificateParams::default();
        ca.distinguished_name = name("Crypto Broker Demo CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = ca.self_signed(&ca_key)?;
        let subject_key = key(subject)?;
        let mut subject = CertificateParams::default();
        subject.distinguished_name = name("demo.example");
        let csr = subject.serialize_request(&subject_key)?.pem()?;
        Ok(Self {
            ca_der: ca.der().to_vec(),
            ca_pem: ca.pem(),
            ca_key: Zeroizing::new(ca_key.serialize_pem()),
            csr,
            issuer,
            subject_key: subject_key.subject_public_key_info(),
        })
    }

    /// Asks for a certificate under `profile`.
    pub(super) fn request(&self, profile: &str) -> SignCertificateRequest {
        SignCertificateRequest::new(&self.csr, &self.ca_pem, self.ca_key.as_str())
            .profile(profile)
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
        let signed_with = leaf.signature_algorithm.algorithm.to_id_string();
        let algorithm = verification(self.issuer, &signed_with)
            .ok_or_else(|| wrong("its signature is of a kind that the CA's key does not make"))?;
        UnparsedPublicKey::new(algorithm, &ca.public_key().subject_public_key.data)
            .verify(leaf.tbs_certificate.as_ref(), &leaf.signature_value.data)
            .map_err(|_| wrong("its signature is not the CA's"))?;
        Ok("signature, issuer, key, dates agree".to_owned())
    }
}

fn key(kind: KeyType) -> Result<KeyPair, rcgen::Error> {
    let rsa = |size| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size);
    match kind {
        KeyType::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        KeyType::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
        KeyType::P521 => KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512),
        KeyType::Rsa2048 => rsa(RsaKeySize::_2048),
        KeyType::Rsa3072 => rsa(RsaKeySize::_3072),
        KeyType::Rsa4096 => rsa(RsaKeySize::_4096),
    }
}

/// How a signature of such a key under this object identifier (RFC 5758, RFC 4055) is verified.
fn verification(issuer: KeyType, identifier: &str) -> Option<&'static dyn VerificationAlgorithm> {
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

fn name(common: &str) -> rcgen::DistinguishedName {
    let mut name = rcgen::DistinguishedName::new();
    name.push(DnType::OrganizationName, "Crypto Broker Demo");
    name.push(DnType::CommonName, common);
    name
}
