//! Builds and verifies a path (RFC 5280 6.1) with webpki, and adds the checks that webpki leaves out.

use std::cell::RefCell;

use der::{
    Encode as _, Sequence,
    asn1::{AnyRef, BitStringRef, GeneralizedTime, ObjectIdentifier, UintRef},
};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, ServerName, SignatureVerificationAlgorithm,
    TrustAnchor, UnixTime,
};
use spki::AlgorithmIdentifierRef;
use webpki::{EndEntityCert, Error, VerifiedPath, anchor_from_trusted_cert};
use x509_cert::time::{Time as CertificateTime, Validity};

use broker_server::request::Name;

use super::{algorithms, purpose::Purpose};
use crate::x509::{
    certificate::{Certificate, oid},
    der::{Tlv, tag},
    distinguished_name, names,
    public_key::PublicKey,
    time::{Time, rfc3339},
};

/// The certificates of a verification, in DER.
#[derive(Clone, Copy)]
pub(super) struct Certificates<'a> {
    pub(super) target: &'a [u8],
    pub(super) untrusted: &'a [Vec<u8>],
    pub(super) anchors: &'a [Vec<u8>],
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
    let target = CertificateDer::from(certificates.target);
    let named = EndEntityCert::try_from(&target)
        .and_then(|certificate| certificate.verify_is_valid_for_subject_name(name));
    match named {
        Ok(()) => verified,
        Err(error) => Rejection::from(&error).into(),
    }
}

fn verify_path(certificates: &Certificates<'_>, time: UnixTime, purpose: Purpose) -> Verdict {
    let Ok(target) = Certificate::read(certificates.target) else {
        return Rejection::new("MALFORMED", "the certificate is not well-formed DER").into();
    };
    // webpki verifies end entities. A CA certificate is verified as the issuer of an empty one.
    let is_ca = target.basic_constraints().is_some_and(|constraints| constraints.ca);
    let Some(child) = (if is_ca { EmptyCertificate::of(&target) } else { Some(EmptyCertificate::default()) })
    else {
        return Rejection::new("MALFORMED", "the certificate cannot be used as an issuer").into();
    };
    let end_entity = CertificateDer::from(if is_ca { child.der.as_slice() } else { certificates.target });
    let anchor_ders: Vec<_> =
        certificates.anchors.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let mut anchors: Vec<TrustAnchor<'_>> = Vec::new();
    let mut sources = Vec::new();
    for (der, source) in anchor_ders.iter().zip(certificates.anchors) {
        match anchor_from_trusted_cert(der) {
            Ok(anchor) => {
                anchors.push(anchor);
                sources.push(source);
            }
            Err(error) => {
                let reason =
                    format!("a certificate of --ca cannot be used: {}", Rejection::from(&error).reason);
                return Rejection { code: "UNUSABLE_CA", reason }.into();
            }
        }
    }
    let mut intermediates: Vec<_> =
        certificates.untrusted.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    if is_ca {
        intermediates.insert(0, CertificateDer::from(certificates.target));
    }
    let known = algorithms::all();
    let mut algorithms: Vec<&dyn SignatureVerificationAlgorithm> =
        known.iter().map(|known| known as &dyn SignatureVerificationAlgorithm).collect();
    if is_ca {
        algorithms.push(&child);
    }
    let checks = Checks { certificates, sources: &sources, anchors: &anchors, is_ca, time, purpose };
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
    /// The certificate of each anchor.
    sources: &'a [&'a Vec<u8>],
    anchors: &'a [TrustAnchor<'a>],
    /// Whether the target is a CA, so that the path begins with an empty certificate.
    is_ca: bool,
    time: UnixTime,
    purpose: Purpose,
}

impl Checks<'_> {
    /// Returns the path from the target to the anchor.
    fn path(&self, candidate: &VerifiedPath<'_>) -> Result<Vec<Vec<u8>>, Rejection> {
        let issuers: Vec<Vec<u8>> =
            candidate.intermediate_certificates().map(|issuer| issuer.der().as_ref().to_vec()).collect();
        let anchor = candidate.anchor();
        let sources = self.anchors.iter().zip(self.sources).filter(|(known, _)| {
            known.subject == anchor.subject && known.subject_public_key_info == anchor.subject_public_key_info
        });
        let mut last = Rejection::new("UNKNOWN_ISSUER", "no path to a trusted certificate was found");
        for (_, source) in sources {
            match self.path_to(&issuers, source) {
                Ok(path) => return Ok(path),
                Err(rejection) => last = rejection,
            }
        }
        Err(last)
    }

    fn path_to(&self, issuers: &[Vec<u8>], anchor: &[u8]) -> Result<Vec<Vec<u8>>, Rejection> {
        let target = self.certificates.target;
        let is_anchor = target == anchor;
        if self.is_ca && !is_anchor && issuers.first().is_none_or(|first| first != target) {
            return Err(Rejection::new("UNKNOWN_ISSUER", "no path to a trusted certificate was found"));
        }
        let mut path: Vec<Vec<u8>> = if self.is_ca { Vec::new() } else { vec![target.to_vec()] };
        path.extend(issuers.iter().cloned());
        if !is_anchor || self.is_ca {
            path.push(anchor.to_vec());
        }
        let mut has_constraints = false;
        // From the anchor to the target, because constraints apply to the certificates below.
        for (index, der) in path.iter().enumerate().rev() {
            let certificate = Certificate::read(der).map_err(|_| {
                Rejection::new("MALFORMED", "a certificate of the path is not well-formed DER")
            })?;
            if has_constraints {
                names_are_compared(&certificate, index == 0 && !self.is_ca)?;
            }
            has_constraints |= certificate.extension(oid::NAME_CONSTRAINTS).is_some();
            key_size(&certificate)?;
            if index > 0 || self.is_ca {
                may_sign_certificates(&certificate)?;
            }
        }
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

/// Fails if the subject has a name that name constraints apply to and webpki does not compare: an emailAddress, or in an end
/// entity without subjectAltName a CN that is a host name (RFC 5280 4.2.1.10).
fn names_are_compared(certificate: &Certificate<'_>, is_end_entity: bool) -> Result<(), Rejection> {
    const EMAIL_ADDRESS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
    const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
    let takes_common_name = is_end_entity && certificate.extension(oid::SUBJECT_ALT_NAME).is_none();
    let is_host = |text: &str| text.contains('.') && !text.contains(char::is_whitespace);
    let name = Name::from_der(certificate.subject.raw);
    let is_compared = name.is_some_and(|name| {
        !name.attributes().iter().any(|attribute| {
            attribute.oid == EMAIL_ADDRESS
                || takes_common_name
                    && attribute.oid == COMMON_NAME
                    && attribute.text.as_deref().is_none_or(is_host)
        })
    });
    if is_compared {
        return Ok(());
    }
    let subject = distinguished_name::text(certificate.subject);
    let reason = format!(
        "an issuer of {subject} has name constraints, and they are not compared with the emailAddress or the host name in \
         this subject (RFC 5280 4.2.1.10)"
    );
    Err(Rejection { code: "UNSUPPORTED", reason })
}

fn is_processed(extension: &str) -> bool {
    matches!(
        extension,
        oid::BASIC_CONSTRAINTS
            | oid::KEY_USAGE
            | oid::EXTENDED_KEY_USAGE
            | oid::NAME_CONSTRAINTS
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

/// Why a path is not valid.
struct Rejection {
    code: &'static str,
    reason: String,
}

impl Rejection {
    fn new(code: &'static str, reason: &str) -> Self {
        Self { code, reason: reason.to_owned() }
    }
}

impl From<Rejection> for Verdict {
    fn from(rejection: Rejection) -> Self {
        Self::Invalid { code: rejection.code, reason: rejection.reason }
    }
}

impl From<&Error> for Rejection {
    fn from(error: &Error) -> Self {
        let time = |time: &UnixTime| rfc3339(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        match error {
            Error::CertExpired { not_after, .. } => Self {
                code: "EXPIRED",
                reason: format!("a certificate of the path has expired at {}", time(not_after)),
            },
            Error::CertNotValidYet { not_before, .. } => Self {
                code: "NOT_YET_VALID",
                reason: format!("a certificate of the path is valid from {} on", time(not_before)),
            },
            Error::UnknownIssuer => Self::new(
                "UNKNOWN_ISSUER",
                "no path to a trusted certificate was found: none of the certificates has the issuer's name",
            ),
            Error::InvalidSignatureForPublicKey => {
                Self::new("BAD_SIGNATURE", "a signature of the path is not valid under the key of its issuer")
            }
            Error::EndEntityUsedAsCa => {
                Self::new("NOT_A_CA", "an issuer of the path is not a CA (RFC 5280 4.2.1.9)")
            }
            Error::PathLenConstraintViolated => Self::new(
                "PATH_TOO_LONG",
                "more CAs follow an issuer than its path length allows (RFC 5280 4.2.1.9)",
            ),
            Error::NameConstraintViolation => Self::new(
                "NAME_CONSTRAINTS",
                "a name is outside the name constraints of an issuer (RFC 5280 4.2.1.10)",
            ),
            Error::RequiredEkuNotFoundContext(_) => {
                Self::new("PURPOSE", "extKeyUsage does not allow the purpose (RFC 5280 4.2.1.12)")
            }
            Error::CertNotValidForName(_) => {
                Self::new("NAME", "the name is not in the certificate's subjectAltName (RFC 9525 6)")
            }
            Error::UnsupportedCriticalExtension => Self::new(
                "UNSUPPORTED_CRITICAL_EXTENSION",
                "a certificate of the path has a critical extension that is not supported (RFC 5280 4.2)",
            ),
            Error::UnsupportedCertVersion => {
                Self::new("UNSUPPORTED", "a certificate of the path is not X.509v3")
            }
            Error::SignatureAlgorithmMismatch => Self::new(
                "MALFORMED",
                "the two signature algorithms of a certificate differ (RFC 5280 4.1.1.2)",
            ),
            other => match format!("{other:?}") {
                text if text.starts_with("UnsupportedSignatureAlgorithm") => Self::new(
                    "UNSUPPORTED",
                    "a certificate of the path has a signature algorithm that is not supported, or that does not fit the key",
                ),
                text => {
                    let name = text.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
                    Self {
                        code: "MALFORMED",
                        reason: format!("a certificate of the path cannot be used: {name}"),
                    }
                }
            },
        }
    }
}

/// A certificate without names that a CA has issued, whose signature is not one. webpki verifies paths that begin with an end
/// entity, so a path to a CA begins with this, and everything above it is verified as usual.
#[derive(Debug)]
struct EmptyCertificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    key: AlgorithmIdentifier,
}

/// The identifier of its signature, which no certificate has: RFC 5612 reserves this arc for documentation.
const NO_SIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");
const NO_SIGNATURE_CONTENTS: &[u8] = &[6, 9, 0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 1];

#[derive(Sequence)]
struct Tbs<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial: UintRef<'a>,
    signature: AlgorithmIdentifierRef<'a>,
    issuer: AnyRef<'a>,
    validity: Validity,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
}

#[derive(Sequence)]
struct Signed<'a> {
    tbs: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

impl Default for EmptyCertificate {
    fn default() -> Self {
        Self { der: Vec::new(), tbs: Vec::new(), key: AlgorithmIdentifier::from_slice(&[]) }
    }
}

impl EmptyCertificate {
    /// Returns one that `ca` has issued.
    fn of(ca: &Certificate<'_>) -> Option<Self> {
        let algorithm = AlgorithmIdentifierRef { oid: NO_SIGNATURE, parameters: None };
        let key = ca.public_key.inside(tag::SEQUENCE).ok()?.any().ok()?;
        let assemble = || {
            let time = |seconds| {
                let time = GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds))?;
                Ok::<_, der::Error>(CertificateTime::GeneralTime(time))
            };
            let empty = AnyRef::new(der::Tag::Sequence, &[])?;
            let tbs = Tbs {
                version: 2,
                serial: UintRef::new(&[1])?,
                signature: algorithm,
                issuer: AnyRef::try_from(ca.subject.raw)?,
                validity: Validity::new(time(0)?, time(253_402_300_799)?),
                subject: empty,
                public_key: AnyRef::try_from(ca.public_key.raw)?,
            }
            .to_der()?;
            let signed = Signed {
                tbs: AnyRef::try_from(tbs.as_slice())?,
                algorithm,
                signature: BitStringRef::from_bytes(&[0])?,
            };
            Ok::<_, der::Error>((signed.to_der()?, tbs))
        };
        let (der, tbs) = assemble().ok()?;
        Some(Self { der, tbs, key: algorithms::identifier(key.value) })
    }
}

impl SignatureVerificationAlgorithm for EmptyCertificate {
    fn verify_signature(&self, _: &[u8], message: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        if message == self.tbs { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(NO_SIGNATURE_CONTENTS)
    }
}
