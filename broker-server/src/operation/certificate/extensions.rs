//! Builds the extensions of an end-entity or CA certificate (RFC 5280 4.2).

use const_oid::AssociatedOid;
use der::{
    Encode,
    asn1::{Ia5String, ObjectIdentifier, OctetString},
    flagset::FlagSet,
};
use x509_cert::ext::{
    Extension,
    pkix::{
        self, AuthorityKeyIdentifier, CertificatePolicies, SubjectAltName, SubjectKeyIdentifier,
        name::GeneralName,
    },
};

use crate::{
    algorithm::SkiHash,
    backend::hash::ski_digest,
    policy::{
        Permit, permit,
        profile::{KeyUsage, SignCertificateRule},
    },
    request::{AlternativeName, CaCertificate, Oid, SignCertificate},
};

mod information;

/// The length of key identifiers in bytes (RFC 5280 4.2.1.2 method 1, RFC 7093 2 for other hashes).
const KEY_ID_LENGTH: usize = 20;

/// Returns the subject key identifier with the profile's hash.
pub(super) fn subject_key_id(rule: &SignCertificateRule, request: &SignCertificate) -> Vec<u8> {
    key_id(rule.ski_hash, request.csr.public_key_bits())
}

/// Returns the alternative names of the certificate: those of the request, or else those that the decision has made of the
/// subject, if the profile copies names. Policy has already rejected names that are not allowed.
pub(super) fn alternative_names(permit: &Permit<permit::SignCertificate>) -> &[AlternativeName] {
    let requested = permit.request().csr.subject_alternative_names();
    if permit.rule().subject_alternative_names.is_none() {
        &[]
    } else if requested.is_empty() {
        &permit.parameters().names_from_common_names
    } else {
        requested
    }
}

/// Returns all extensions in the order in which they are encoded.
pub(super) fn build(
    permit: &Permit<permit::SignCertificate>,
    subject_key_id: &[u8],
    subject_is_empty: bool,
) -> der::Result<Vec<Extension>> {
    let (request, rule) = (permit.request(), permit.rule());
    let mut all = Vec::with_capacity(9);
    let constraints = rule.basic_constraints;
    if !constraints.omit {
        let basic = pkix::BasicConstraints {
            ca: constraints.ca,
            path_len_constraint: constraints.path_len.filter(|_| constraints.ca),
        };
        all.push(extension(constraints.ca || constraints.critical, &basic)?);
    }
    if let Some(usage) = key_usage(permit.parameters().key_usage) {
        all.push(extension(true, &usage)?);
    }
    if !rule.extended_key_usage.is_empty() {
        let purposes = rule.extended_key_usage.iter().map(|purpose| purpose.oid()).collect();
        all.push(extension(rule.extended_key_usage_critical, &pkix::ExtendedKeyUsage(purposes))?);
    }
    all.push(extension(false, &SubjectKeyIdentifier(OctetString::new(subject_key_id)?))?);
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(authority_key_id(&request.ca_certificate))?),
        ..AuthorityKeyIdentifier::default()
    };
    all.push(extension(false, &authority)?);
    // Policy has checked that the request's points, where it has any, are those of the profile.
    let points = rule.crl_distribution_points.as_ref().map(|points| &points.urls);
    let points = points.unwrap_or(&request.crl_distribution_points);
    if !points.is_empty() {
        all.push(extension(false, &information::crl_distribution_points(points)?)?);
    }
    let access = &rule.authority_information_access;
    if !access.ocsp.is_empty() || !access.ca_issuers.is_empty() {
        all.push(extension(false, &information::authority_information_access(access)?)?);
    }
    if !rule.certificate_policies.is_empty() {
        let policies = information::certificate_policies(&rule.certificate_policies)?;
        all.push(encoded(CertificatePolicies::OID, false, policies)?);
    }
    let names = alternative_names(permit);
    if !names.is_empty() {
        let names = names.iter().map(general_name).collect::<der::Result<_>>()?;
        all.push(extension(subject_is_empty, &SubjectAltName(names))?);
    }
    Ok(all)
}

/// Returns the requested extensions that a certificate with the extensions `issued` does not have, as a list for the response.
/// One of which the profile decides the contents is not ignored.
pub(super) fn ignored(requested: &[Oid], issued: &[Extension]) -> Vec<String> {
    let is_issued = |oid: &&Oid| issued.iter().any(|extension| **oid == extension.extn_id);
    Oid::short_list(requested.iter().filter(|oid| !is_issued(oid)))
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    encoded(T::OID, critical, value.to_der()?)
}

fn encoded(extn_id: ObjectIdentifier, critical: bool, value: Vec<u8>) -> der::Result<Extension> {
    Ok(Extension { extn_id, critical, extn_value: OctetString::new(value)? })
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

/// Returns the value of keyUsage; `None` for no bit, because a keyUsage must have at least one (RFC 5280 4.2.1.3).
fn key_usage(usage: KeyUsage) -> Option<pkix::KeyUsage> {
    if usage.is_empty() { None } else { FlagSet::new(usage.0).ok().map(pkix::KeyUsage) }
}

fn general_name(name: &AlternativeName) -> der::Result<GeneralName> {
    Ok(match name {
        AlternativeName::Dns(text) => GeneralName::DnsName(Ia5String::new(text)?),
        AlternativeName::Uri(text) => GeneralName::UniformResourceIdentifier(Ia5String::new(text)?),
        AlternativeName::Email(text) => GeneralName::Rfc822Name(Ia5String::new(text)?),
        AlternativeName::Ip(address) => GeneralName::from(*address),
        // No profile can allow these forms.
        AlternativeName::Other(_) | AlternativeName::Invalid(_) => return Err(der::ErrorKind::Failed.into()),
    })
}
