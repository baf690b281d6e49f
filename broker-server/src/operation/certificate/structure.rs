//! The structure of a certificate (RFC 5280 4.1), of which the parts that are taken over keep the bytes of their sources.

use std::time::Duration;

use aws_lc_rs::{error::Unspecified, rand};
use der::{
    Sequence,
    asn1::{AnyRef, BitStringRef, GeneralizedTime, UintRef, UtcTime},
};
use spki::AlgorithmIdentifierRef;
use x509_cert::{
    ext::Extension,
    time::{Time, Validity},
};

/// TBSCertificate without unique identifiers.
#[derive(Sequence)]
#[allow(missing_docs)] // the names are RFC 5280's
pub struct TbsCertificate<'a> {
    /// 2 for X.509v3.
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub version: u8,
    pub serial_number: UintRef<'a>,
    pub signature: AlgorithmIdentifierRef<'a>,
    pub issuer: AnyRef<'a>,
    pub validity: Validity,
    pub subject: AnyRef<'a>,
    /// subjectPublicKeyInfo.
    pub public_key: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub extensions: Option<Vec<Extension>>,
}

/// What Certificate (RFC 5280 4.1) and CertificationRequest (RFC 2986 4.2) have in common: content and its signature.
#[derive(Sequence)]
#[allow(missing_docs)]
pub struct Signed<'a> {
    /// TBSCertificate or CertificationRequestInfo.
    pub content: AnyRef<'a>,
    pub algorithm: AlgorithmIdentifierRef<'a>,
    pub signature: BitStringRef<'a>,
}

/// Returns a random positive serial number of exactly 20 octets (RFC 5280 4.1.2.2). The top bit is clear and the next
/// bit is set, so that DER neither adds nor drops an octet; 158 bits are random.
///
/// # Errors
/// Fails where there are no random numbers.
pub fn random_serial() -> Result<[u8; 20], Unspecified> {
    let mut serial = [0; 20];
    rand::fill(&mut serial)?;
    let [first, ..] = &mut serial;
    *first = (*first & 0x7f) | 0x40;
    Ok(serial)
}

/// Encodes Unix seconds as UTCTime through 2049 and as GeneralizedTime from 2050 on (RFC 5280 4.1.2.5).
///
/// # Errors
/// Fails before 1970 and after the year 9999.
pub fn time(unix_seconds: i64) -> der::Result<Time> {
    /// 2050-01-01T00:00:00Z.
    const YEAR_2050: u64 = 2_524_608_000;
    let seconds = u64::try_from(unix_seconds).map_err(|_| der::ErrorKind::DateTime)?;
    let duration = Duration::from_secs(seconds);
    if seconds < YEAR_2050 {
        Ok(Time::UtcTime(UtcTime::from_unix_duration(duration)?))
    } else {
        Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(duration)?))
    }
}
