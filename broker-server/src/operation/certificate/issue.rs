//! Assembles and signs a certificate (RFC 5280 4.1). Issuer, subject and key keep the bytes of their sources.

use der::{
    Decode as _, Encode as _,
    asn1::{AnyRef, BitStringRef, UintRef},
    referenced::OwnedToRef as _,
};
use x509_cert::time::Validity;

use super::{
    CertificateError, Issued, MAX_LENGTH, extensions,
    structure::{Signed, TbsCertificate, random_serial, time},
};
use crate::{
    backend::evp::PrivateKey,
    operation::algorithm_identifier::algorithm_identifier,
    policy::{Permit, permit::SignCertificate},
};

/// A certificate without its signature.
pub(super) struct Unsigned {
    tbs: Vec<u8>,
    serial: [u8; 20],
    subject_key_id: Vec<u8>,
    ignored_extensions: Vec<String>,
}

/// The length of the longest signature, with its algorithm and the headers around it, in bytes: that of ML-DSA-87 has 4,627.
const MAX_SIGNATURE: usize = 4_700;

/// Assembles the certificate that `permit` allows. This does not require a private key, so errors in the request are found
/// before one is used.
///
/// # Errors
/// Fails with [`CertificateError::ValidityReversed`], [`CertificateError::EmptySubject`] or [`CertificateError::TooLarge`].
pub(super) fn assemble(permit: &Permit<SignCertificate>) -> Result<Unsigned, CertificateError> {
    let (request, rule, parameters) = (permit.request(), permit.rule(), permit.parameters());
    if parameters.not_before > parameters.not_after {
        return Err(CertificateError::ValidityReversed);
    }
    let subject = request.subject();
    let subject_is_empty = subject.is_empty();
    // Only an end entity may have its name in a critical subjectAltName instead of the subject (RFC 5280 4.1.2.6).
    if subject_is_empty && (rule.basic_constraints.ca || extensions::alternative_names(permit).is_empty()) {
        return Err(CertificateError::EmptySubject);
    }
    let serial = random_serial().map_err(|_| CertificateError::Internal)?;
    let subject_key_id = extensions::subject_key_id(rule, request);
    let algorithm = algorithm_identifier(parameters.scheme).map_err(|_| CertificateError::Internal)?;
    let extensions = extensions::build(permit, &subject_key_id, subject_is_empty);
    let extensions = extensions.map_err(|_| CertificateError::Internal)?;
    let ignored_extensions = extensions::ignored(request.csr.requested_extensions(), &extensions);
    let encode = || -> der::Result<Vec<u8>> {
        TbsCertificate {
            version: 2,
            serial_number: UintRef::new(&serial)?,
            signature: algorithm.owned_to_ref(),
            issuer: AnyRef::from_der(request.ca_certificate.subject().der())?,
            validity: Validity::new(time(parameters.not_before)?, time(parameters.not_after)?),
            subject: AnyRef::from_der(subject.der())?,
            public_key: AnyRef::from_der(request.csr.spki_der())?,
            extensions: Some(extensions),
        }
        .to_der()
    };
    let tbs = encode().map_err(|_| CertificateError::Internal)?;
    let length = tbs.len() + MAX_SIGNATURE;
    if length > MAX_LENGTH {
        let ca = &request.ca_certificate;
        let of_issuer = ca.subject().der().len() + ca.subject_key_id().map_or(0, <[u8]>::len);
        let field = if of_issuer > length / 2 { "ca_cert" } else { "csr" };
        return Err(CertificateError::TooLarge { field, length });
    }
    Ok(Unsigned { tbs, serial, subject_key_id, ignored_extensions })
}

/// Signs a certificate that was assembled under the same `permit`. `issuer` is the key of the permit's CA certificate.
pub(super) fn sign(
    unsigned: &Unsigned,
    permit: &Permit<SignCertificate>,
    issuer: &PrivateKey,
) -> Result<Issued, CertificateError> {
    let (request, parameters) = (permit.request(), permit.parameters());
    let algorithm = algorithm_identifier(parameters.scheme).map_err(|_| CertificateError::Internal)?;
    let signature = issuer.sign(parameters.scheme, &unsigned.tbs).map_err(|_| CertificateError::Internal)?;
    let certificate = || -> der::Result<Vec<u8>> {
        Signed {
            content: AnyRef::from_der(&unsigned.tbs)?,
            algorithm: algorithm.owned_to_ref(),
            signature: BitStringRef::from_bytes(&signature)?,
        }
        .to_der()
    };
    Ok(Issued {
        der: certificate().map_err(|_| CertificateError::Internal)?,
        serial: hex::encode(unsigned.serial),
        subject_key_id: hex::encode(&unsigned.subject_key_id),
        issuer: request.ca_certificate.subject().text(),
        subject: request.subject().text(),
        names: extensions::alternative_names(permit).iter().map(ToString::to_string).collect(),
        ignored_extensions: unsigned.ignored_extensions.clone(),
        not_before: parameters.not_before,
        not_after: parameters.not_after,
    })
}
