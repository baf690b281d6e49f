//! Builds and verifies a path (RFC 5280 6.1) with webpki, and adds the checks that webpki leaves out.

use std::cell::RefCell;

use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, VerifiedPath, anchor_from_trusted_cert};

use super::{
    algorithms,
    empty::EmptyCertificate,
    name_constraints, policies,
    presented::{Originals, Presented},
    purpose::Purpose,
    rejection::Rejection,
};
use crate::x509::{
    certificate::{Certificate, oid},
    der::{Tlv, tag},
    distinguished_name, names,
    public_key::PublicKey,
    time::Time,
};

/// The certificates of a verification.
#[derive(Clone, Copy)]
pub(super) struct Certificates<'a> {
    pub(super) target: &'a Presented,
    pub(super) untrusted: &'a [Presented],
    /// Each of them is usable; see [`check_anchor`].
    pub(super) anchors: &'a [Presented],
}

impl Certificates<'_> {
    fn originals(&self) -> Originals {
        Originals::of(std::iter::once(self.target).chain(self.untrusted))
    }

    /// Returns the certificate that webpki got in this form.
    fn original(&self, der: &[u8]) -> Vec<u8> {
        let mut known = std::iter::once(self.target).chain(self.untrusted);
        known.find(|known| known.der == der).map_or_else(|| der.to_vec(), |known| known.original.clone())
    }
}

/// Checks that a certificate can be a trust anchor.
///
/// # Errors
/// Fails with the reason.
pub(super) fn check_anchor(certificate: &Presented) -> Result<(), String> {
    let der = CertificateDer::from(certificate.der.as_slice());
    anchor_from_trusted_cert(&der).map(drop).map_err(|error| Rejection::from(&error).reason)
}

/// The result of a verification.
pub(super) enum Verdict {
    /// The path, from the target to the anchor.
    Valid(Vec<Vec<u8>>),
    Invalid {
        /// A name for programs.
        code: &'static str,
        reason: String,
    },
}

impl From<Rejection> for Verdict {
    fn from(rejection: Rejection) -> Self {
        Self::Invalid { code: rejection.code, reason: rejection.reason }
    }
}

/// The minimum size of an RSA key (SP 800-131A).
const MIN_RSA_BITS: u32 = 2048;

/// Verifies the target at a time, for a purpose, and for a name where one is given.
pub(super) fn verify(
    certificates: &Certificates<'_>,
    time: UnixTime,
    purpose: Purpose,
    name: Option<&ServerName<'_>>,
) -> Verdict {
    let verified = verify_path(certificates, time, purpose);
    let (Verdict::Valid(_), Some(name)) = (&verified, name) else { return verified };
    let target = CertificateDer::from(certificates.target.der.as_slice());
    let named = EndEntityCert::try_from(&target)
        .and_then(|certificate| certificate.verify_is_valid_for_subject_name(name));
    match named {
        Ok(()) => verified,
        Err(error) => Rejection::from(&error).into(),
    }
}

fn verify_path(certificates: &Certificates<'_>, time: UnixTime, purpose: Purpose) -> Verdict {
    let Ok(target) = Certificate::read(&certificates.target.original) else {
        return Rejection::new("MALFORMED", "the certificate is not well-formed DER").into();
    };
    // webpki verifies end entities. A CA certificate is verified as the issuer of an empty one.
    let is_ca = target.basic_constraints().is_some_and(|constraints| constraints.ca);
    let Some(child) = (if is_ca { EmptyCertificate::of(&target) } else { Some(EmptyCertificate::default()) })
    else {
        return Rejection::new("MALFORMED", "the certificate cannot be used as an issuer").into();
    };
    let target_der = certificates.target.der.as_slice();
    let end_entity = CertificateDer::from(if is_ca { child.der.as_slice() } else { target_der });
    let ders = |list: &[Presented]| -> Vec<CertificateDer<'_>> {
        list.iter().map(|certificate| CertificateDer::from(certificate.der.clone())).collect()
    };
    let anchor_ders = ders(certificates.anchors);
    let anchors: Result<Vec<TrustAnchor<'_>>, Error> =
        anchor_ders.iter().map(anchor_from_trusted_cert).collect();
    let anchors = match anchors {
        Ok(anchors) => anchors,
        Err(error) => return Rejection::from(&error).into(),
    };
    let mut intermediates = ders(certificates.untrusted);
    if is_ca {
        intermediates.insert(0, CertificateDer::from(target_der));
    }
    let known = algorithms::all(&certificates.originals());
    let mut algorithms: Vec<&dyn SignatureVerificationAlgorithm> =
        known.iter().map(|known| known as &dyn SignatureVerificationAlgorithm).collect();
    if is_ca {
        algorithms.push(&child);
    }
    let checks = Checks { certificates, anchors: &anchors, is_ca, time, purpose };
    let rejection = RefCell::new(None);
    let path = RefCell::new(Vec::new());
    let check = |candidate: &VerifiedPath<'_>| match checks.path(candidate) {
        Ok(found) => {
            path.replace(found);
            Ok(())
        }
        Err(found) => {
            rejection.replace(Some(found));
            Err(Error::UnknownIssuer)
        }
    };
    let verified = EndEntityCert::try_from(&end_entity).and_then(|certificate| {
        certificate
            .verify_for_usage(&algorithms, &anchors, &intermediates, time, purpose, None, Some(&check))
            .map(drop)
    });
    match (verified, rejection.take()) {
        (Ok(()), _) => Verdict::Valid(path.take()),
        (Err(_), Some(rejection)) => rejection.into(),
        (Err(error), None) => Rejection::from(&error).into(),
    }
}

/// The checks of a path that webpki has verified.
struct Checks<'a> {
    certificates: &'a Certificates<'a>,
    /// The anchors, in the order of their certificates.
    anchors: &'a [TrustAnchor<'a>],
    /// Whether the target is a CA, so that the path begins with an empty certificate.
    is_ca: bool,
    time: UnixTime,
    purpose: Purpose,
}

impl Checks<'_> {
    /// Returns the path from the target to the anchor.
    fn path(&self, candidate: &VerifiedPath<'_>) -> Result<Vec<Vec<u8>>, Rejection> {
        let issuers: Vec<Vec<u8>> = candidate
            .intermediate_certificates()
            .map(|issuer| self.certificates.original(issuer.der().as_ref()))
            .collect();
        let anchor = candidate.anchor();
        let sources = self.anchors.iter().zip(self.certificates.anchors).filter(|(known, _)| {
            known.subject == anchor.subject && known.subject_public_key_info == anchor.subject_public_key_info
        });
        let mut last = Rejection::new("UNKNOWN_ISSUER", "no path to a trusted certificate was found");
        for (_, source) in sources {
            match self.path_to(&issuers, &source.original) {
                Ok(path) => return Ok(path),
                Err(rejection) => last = rejection,
            }
        }
        Err(last)
    }

    fn path_to(&self, issuers: &[Vec<u8>], anchor: &[u8]) -> Result<Vec<Vec<u8>>, Rejection> {
        let target = self.certificates.target.original.as_slice();
        let is_anchor = target == anchor;
        if self.is_ca && !is_anchor && issuers.first().is_none_or(|first| first != target) {
            return Err(Rejection::new("UNKNOWN_ISSUER", "no path to a trusted certificate was found"));
        }
        let mut path: Vec<Vec<u8>> = if self.is_ca { Vec::new() } else { vec![target.to_vec()] };
        path.extend(issuers.iter().cloned());
        if !is_anchor || self.is_ca {
            path.push(anchor.to_vec());
        }
        let read: Result<Vec<Certificate<'_>>, _> = path.iter().map(|der| Certificate::read(der)).collect();
        let read = read
            .map_err(|_| Rejection::new("MALFORMED", "a certificate of the path is not well-formed DER"))?;
        for (index, certificate) in read.iter().enumerate() {
            key_size(certificate)?;
            key_usage(certificate)?;
            policies::check_critical(certificate)?;
            if index > 0 || self.is_ca {
                may_sign_certificates(certificate)?;
            }
        }
        name_constraints::check(&read, self.is_ca)?;
        let below_anchor = if is_anchor { 0 } else { read.len() - 1 };
        policies::check(read.get(..below_anchor).unwrap_or_default())?;
        let source = Certificate::read(anchor)
            .map_err(|_| Rejection::new("MALFORMED", "a trusted certificate is not well-formed DER"))?;
        self.anchor(&source, is_anchor && !self.is_ca, issuers)?;
        Ok(path)
    }

    /// Checks the anchor, of which webpki uses the name, the key and the name constraints only.
    fn anchor(
        &self,
        anchor: &Certificate<'_>,
        is_target: bool,
        issuers: &[Vec<u8>],
    ) -> Result<(), Rejection> {
        let subject = distinguished_name::text(anchor.subject);
        let now = i64::try_from(self.time.as_secs()).unwrap_or(i64::MAX);
        let (from, to) = (Time::read(anchor.not_before), Time::read(anchor.not_after));
        if let Some(to) = to.filter(|to| to.unix < now) {
            let reason = format!("the trusted certificate {subject} has expired at {}", to.text());
            return Err(Rejection { code: "EXPIRED", reason });
        }
        if let Some(from) = from.filter(|from| from.unix > now) {
            let reason = format!("the trusted certificate {subject} is valid from {} on", from.text());
            return Err(Rejection { code: "NOT_YET_VALID", reason });
        }
        if let Some(extension) = anchor.extension(oid::EXTENDED_KEY_USAGE) {
            let list = Tlv::only(extension.value).and_then(|list| list.list(tag::SEQUENCE));
            let purposes: Vec<String> =
                list.into_iter().flatten().filter_map(|purpose| purpose.oid().ok()).collect();
            if !self.purpose.is_among(&purposes) {
                let reason = format!(
                    "the extKeyUsage of the trusted certificate {subject} does not allow the purpose (RFC 5280 4.2.1.12)"
                );
                return Err(Rejection { code: "PURPOSE", reason });
            }
        }
        if is_target || anchor.version.unwrap_or(0) < 2 {
            return Ok(());
        }
        let constraints = anchor.basic_constraints().unwrap_or_default();
        if !constraints.ca {
            let reason = format!("the trusted certificate {subject} is not one of a CA (RFC 5280 4.2.1.9)");
            return Err(Rejection { code: "NOT_A_CA", reason });
        }
        let unknown =
            anchor.extensions().iter().find(|extension| extension.critical && !is_processed(&extension.oid));
        if let Some(extension) = unknown {
            let name = names::extension(&extension.oid).unwrap_or(&extension.oid);
            let reason = format!(
                "the trusted certificate {subject} has the critical extension {name}, which is not supported"
            );
            return Err(Rejection { code: "UNSUPPORTED_CRITICAL_EXTENSION", reason });
        }
        // Self-issued certificates do not count (RFC 5280 6.1.4 l).
        let is_counted = |der: &&Vec<u8>| {
            der.as_slice() != anchor.raw
                && Certificate::read(der).is_ok_and(|issuer| issuer.issuer.raw != issuer.subject.raw)
        };
        let count = issuers.iter().filter(is_counted).count() as u64;
        match constraints.path_len {
            Some(length) if count > length => {
                let reason = format!(
                    "the path length of {subject} is {length}, and {count} CAs follow it (RFC 5280 4.2.1.9)"
                );
                Err(Rejection { code: "PATH_TOO_LONG", reason })
            }
            _ => Ok(()),
        }
    }
}

fn is_processed(extension: &str) -> bool {
    matches!(
        extension,
        oid::BASIC_CONSTRAINTS
            | oid::KEY_USAGE
            | oid::EXTENDED_KEY_USAGE
            | oid::NAME_CONSTRAINTS
            | oid::CERTIFICATE_POLICIES
            | oid::POLICY_MAPPINGS
            | oid::POLICY_CONSTRAINTS
            | oid::INHIBIT_ANY_POLICY
            | oid::SUBJECT_ALT_NAME
            | oid::SUBJECT_KEY_ID
            | oid::AUTHORITY_KEY_ID
    )
}

fn key_size(certificate: &Certificate<'_>) -> Result<(), Rejection> {
    let key = PublicKey::read(certificate.public_key);
    match key.ok().filter(|key| key.kind == "RSA").and_then(|key| key.bits) {
        Some(bits) if bits < MIN_RSA_BITS => {
            let subject = distinguished_name::text(certificate.subject);
            let reason =
                format!("{subject} has an RSA key of {bits} bits; at least {MIN_RSA_BITS} are required");
            Err(Rejection { code: "KEY_TOO_SHORT", reason })
        }
        _ => Ok(()),
    }
}

/// RFC 5280 4.2.1.3: keyUsage has a bit. webpki does not read it.
fn key_usage(certificate: &Certificate<'_>) -> Result<(), Rejection> {
    if certificate.extension(oid::KEY_USAGE).is_some() && certificate.key_usage().unwrap_or(0) == 0 {
        let text = "has a keyUsage that is malformed or without a bit (RFC 5280 4.2.1.3)";
        return Err(Rejection::of(certificate, "MALFORMED", text));
    }
    Ok(())
}

/// RFC 5280 6.1.4 n, which webpki does not check.
fn may_sign_certificates(certificate: &Certificate<'_>) -> Result<(), Rejection> {
    const KEY_CERT_SIGN: u16 = 1 << 5;
    if certificate.extension(oid::KEY_USAGE).is_none()
        || certificate.key_usage().is_some_and(|usage| usage & KEY_CERT_SIGN != 0)
    {
        return Ok(());
    }
    let subject = distinguished_name::text(certificate.subject);
    let reason =
        format!("the keyUsage of {subject} does not allow it to sign certificates (RFC 5280 4.2.1.3)");
    Err(Rejection { code: "MAY_NOT_SIGN", reason })
}
