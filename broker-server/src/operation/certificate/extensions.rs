//! Builds the extensions of an end-entity or CA certificate (RFC 5280 4.2).

use const_oid::{AssociatedOid, ObjectIdentifier, db::rfc5280};
use der::{
    Encode,
    asn1::{Ia5String, OctetString},
    flagset::FlagSet,
};
use x509_cert::ext::{
    Extension,
    pkix::{
        self, AuthorityKeyIdentifier, CrlDistributionPoints, SubjectAltName, SubjectKeyIdentifier,
        crl::dp::DistributionPoint,
        name::{DistributionPointName, GeneralName},
    },
};

use crate::{
    algorithm::{KeyType, SkiHash},
    backend::hash::ski_digest,
    policy::profile::{ExtendedKeyUsage, KeyUsage, SignCertificateRule},
    request::{AlternativeName, CaCertificate, SignCertificate},
};

/// The length of key identifiers in bytes (RFC 5280 4.2.1.2 method 1, RFC 7093 2 for other hashes).
const KEY_ID_LENGTH: usize = 20;

/// Returns the subject key identifier with the profile's hash.
pub(super) fn subject_key_id(rule: &SignCertificateRule, request: &SignCertificate) -> Vec<u8> {
    key_id(rule.ski_hash, request.csr.public_key_bits())
}

/// Returns all extensions in the order in which they are encoded.
pub(super) fn build(
    rule: &SignCertificateRule,
    request: &SignCertificate,
    subject_key_id: &[u8],
    subject_is_empty: bool,
) -> der::Result<Vec<Extension>> {
    let mut all = Vec::with_capacity(7);
    let constraints = rule.basic_constraints;
    let basic = pkix::BasicConstraints {
        ca: constraints.ca,
        path_len_constraint: constraints.path_len.filter(|_| constraints.ca),
    };
    all.push(extension(constraints.ca, &basic)?);
    if let Some(usage) = key_usage(rule.key_usage, request.csr.key_type()) {
        all.push(extension(true, &usage)?);
    }
    if !rule.extended_key_usage.is_empty() {
        let purposes = rule.extended_key_usage.iter().map(|purpose| purpose_oid(*purpose)).collect();
        all.push(extension(false, &pkix::ExtendedKeyUsage(purposes))?);
    }
    all.push(extension(false, &SubjectKeyIdentifier(OctetString::new(subject_key_id)?))?);
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(authority_key_id(&request.ca_certificate))?),
        ..AuthorityKeyIdentifier::default()
    };
    all.push(extension(false, &authority)?);
    if !request.crl_distribution_points.is_empty() {
        let points = request.crl_distribution_points.iter().map(|url| distribution_point(url));
        all.push(extension(false, &CrlDistributionPoints(points.collect::<der::Result<_>>()?))?);
    }
    let names = alternative_names(rule, request)?;
    if !names.is_empty() {
        all.push(extension(subject_is_empty, &SubjectAltName(names))?);
    }
    Ok(all)
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

fn key_id(hash: SkiHash, bits: &[u8]) -> Vec<u8> {
    let mut digest = ski_digest(hash, bits);
    digest.truncate(KEY_ID_LENGTH);
    digest
}

/// Returns the issuer's subject key identifier, or computes it by method 1 if the issuer has none (RFC 5280 4.2.1.1).
fn authority_key_id(ca: &CaCertificate) -> Vec<u8> {
    match ca.subject_key_id() {
        Some(id) => id.to_vec(),
        None => key_id(SkiHash::Sha1, ca.public_key_bits()),
    }
}

/// Returns the profile's usage without the bits that the key cannot have; `None` if no bit is left, because a keyUsage must
/// have at least one bit (RFC 5280 4.2.1.3).
fn key_usage(requested: KeyUsage, key: KeyType) -> Option<pkix::KeyUsage> {
    let enciphering = KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT;
    let agreeing = KeyUsage::KEY_AGREEMENT | KeyUsage::ENCIPHER_ONLY | KeyUsage::DECIPHER_ONLY;
    let prohibited = match key {
        // An RSA key cannot be used for key agreement (RFC 3279 2.3.1).
        KeyType::Rsa { .. } => agreeing,
        // RFC 8813 3
        KeyType::Ec(_) => enciphering,
        // Ed25519 and ML-DSA keys are for signatures only (RFC 9295 3, RFC 9881 5).
        KeyType::Ed25519 | KeyType::MlDsa(_) => enciphering | agreeing,
    };
    let bits = requested.0 & !prohibited;
    let flags = FlagSet::new(bits).ok()?;
    (bits != 0).then_some(pkix::KeyUsage(flags))
}

const fn purpose_oid(purpose: ExtendedKeyUsage) -> ObjectIdentifier {
    match purpose {
        ExtendedKeyUsage::ServerAuth => rfc5280::ID_KP_SERVER_AUTH,
        ExtendedKeyUsage::ClientAuth => rfc5280::ID_KP_CLIENT_AUTH,
        ExtendedKeyUsage::CodeSigning => rfc5280::ID_KP_CODE_SIGNING,
        ExtendedKeyUsage::EmailProtection => rfc5280::ID_KP_EMAIL_PROTECTION,
        ExtendedKeyUsage::TimeStamping => rfc5280::ID_KP_TIME_STAMPING,
        ExtendedKeyUsage::OcspSigning => rfc5280::ID_KP_OCSP_SIGNING,
    }
}

fn distribution_point(url: &str) -> der::Result<DistributionPoint> {
    let name = GeneralName::UniformResourceIdentifier(Ia5String::new(url)?);
    Ok(DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![name])),
        reasons: None,
        crl_issuer: None,
    })
}

/// Returns the request's names if the profile copies names. Policy has already rejected names that are not allowed.
fn alternative_names(rule: &SignCertificateRule, request: &SignCertificate) -> der::Result<Vec<GeneralName>> {
    if rule.subject_alternative_names.is_none() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for name in request.csr.subject_alternative_names() {
        names.push(match name {
            AlternativeName::Dns(text) => GeneralName::DnsName(Ia5String::new(text)?),
            AlternativeName::Uri(text) => GeneralName::UniformResourceIdentifier(Ia5String::new(text)?),
            AlternativeName::Email(text) => GeneralName::Rfc822Name(Ia5String::new(text)?),
            AlternativeName::Ip(address) => GeneralName::from(*address),
            // No profile can allow these forms.
            AlternativeName::Other(_) | AlternativeName::Invalid(_) => {
                return Err(der::ErrorKind::Failed.into());
            }
        });
    }
    Ok(names)
}
