//! CAs and certification requests, made by OpenSSL, and by rcgen for ML-DSA, which older versions of OpenSSL do not
//! have.

use std::{cell::RefCell, collections::HashMap, fs};

use broker_proto::v1::SignCertificateRequest;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ML_DSA_44, PKCS_ML_DSA_65, PKCS_ML_DSA_87, SignatureAlgorithm, string::Ia5String,
};
use tempfile::TempDir;

use crate::support::{
    pki::{Ca, new_key, openssl},
    private_folder,
};

/// Requests with keys that take minutes to generate. Their subjects are replaced.
pub const FIXTURES: [(&str, &str); 2] = [
    ("rsa-8192", include_str!("../fixtures/rsa-8192.csr")),
    ("rsa-15380", include_str!("../fixtures/rsa-15380.csr")),
];

const ML_DSA: [(&str, &SignatureAlgorithm); 3] =
    [("ml-dsa-44", &PKCS_ML_DSA_44), ("ml-dsa-65", &PKCS_ML_DSA_65), ("ml-dsa-87", &PKCS_ML_DSA_87)];

fn ml_dsa(kind: &str) -> Option<&'static SignatureAlgorithm> {
    ML_DSA.iter().find(|(name, _)| *name == kind).map(|(_, algorithm)| *algorithm)
}

/// A CA whose key is of one kind.
pub enum Authority {
    OpenSsl(Ca),
    MlDsa { key: String, certificate: String },
}

impl Authority {
    pub fn new(kind: &str) -> Self {
        let Some(algorithm) = ml_dsa(kind) else {
            return Self::OpenSsl(Ca::named(kind, "C=DE\nO=Example AG\nCN=Example Issuing CA"));
        };
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = name("Example Issuing CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).unwrap().pem();
        Self::MlDsa { key: key.serialize_pem(), certificate }
    }

    pub fn request(&self, profile: &str, csr: &str) -> SignCertificateRequest {
        let (key, certificate) = match self {
            Self::OpenSsl(ca) => return ca.request(profile, csr),
            Self::MlDsa { key, certificate } => (key, certificate),
        };
        let mut request = SignCertificateRequest::default();
        profile.clone_into(&mut request.profile);
        csr.clone_into(&mut request.csr);
        request.ca_private_key.clone_from(key);
        request.ca_cert.clone_from(certificate);
        request
    }

    /// Verifies a certificate in PEM, where OpenSSL has the algorithm.
    pub fn verify(&self, certificate: &str) {
        if let Self::OpenSsl(ca) = self {
            ca.verify_strictly(certificate);
        }
    }
}

/// Creates certification requests. The keys are generated once.
#[derive(Default)]
pub struct Material {
    keys: RefCell<HashMap<String, TempDir>>,
}

impl Material {
    /// Returns a certification request with a key of this kind. `names` are in the syntax of OpenSSL, or empty.
    pub fn csr(&self, kind: &str, names: &str) -> String {
        if let Some((_, csr)) = FIXTURES.iter().find(|(name, _)| *name == kind) {
            return (*csr).to_owned();
        }
        if let Some(algorithm) = ml_dsa(kind) {
            let key = KeyPair::generate_for(algorithm).unwrap();
            let mut params = CertificateParams::default();
            params.distinguished_name = name("www.example.com");
            if !names.is_empty() {
                let name = |text: &str| Ia5String::try_from(text).unwrap();
                params.subject_alt_names = vec![
                    rcgen::SanType::DnsName(name("www.example.com")),
                    rcgen::SanType::Rfc822Name(name("info@example.com")),
                ];
            }
            return params.serialize_request(&key).unwrap().pem().unwrap();
        }
        let mut keys = self.keys.borrow_mut();
        let folder = keys.entry(kind.to_owned()).or_insert_with(|| {
            let folder = private_folder();
            let options = new_key(kind);
            openssl(
                folder.path(),
                &format!("req -new {options} -nodes -keyout key.pem -subj /CN=a -out any.csr"),
            );
            folder
        });
        let names = if names.is_empty() { String::new() } else { format!("subjectAltName={names}\n") };
        let config = format!(
            "[req]\nprompt=no\nutf8=yes\nstring_mask=utf8only\ndistinguished_name=dn\nreq_extensions=ext\n\
             [dn]\nC=DE\nST=Berlin\nL=Berlin\nO=Example AG\nCN=www.example.com\n[ext]\n{names}"
        );
        fs::write(folder.path().join("leaf.cnf"), config).unwrap();
        openssl(folder.path(), "req -new -key key.pem -config leaf.cnf")
    }
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    // RFC 5280 A.1: X520countryName is a PrintableString.
    name.push(DnType::CountryName, DnValue::PrintableString("DE".try_into().unwrap()));
    name.push(DnType::OrganizationName, "Example AG");
    name.push(DnType::CommonName, common_name);
    name
}
