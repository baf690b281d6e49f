//! Certificates (RFC 5280 4.1) and certification requests (RFC 2986) as they are in a file.

use super::{
    der::{NotDer, Reader, Tlv, tag},
    names,
};

/// A certificate. Its parts may break any rule but that of the structure.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
    /// The complete encoding.
    pub(crate) raw: &'a [u8],
    /// The complete encoding of tbsCertificate, which is what is signed.
    pub(crate) tbs: &'a [u8],
    /// The version as it is encoded: 2 for X.509v3. `None` where it is absent, which means 0.
    pub(crate) version: Option<u64>,
    /// The contents of serialNumber.
    pub(crate) serial: &'a [u8],
    /// tbsCertificate.signature.
    pub(crate) inner_algorithm: Tlv<'a>,
    pub(crate) issuer: Tlv<'a>,
    pub(crate) not_before: Tlv<'a>,
    pub(crate) not_after: Tlv<'a>,
    pub(crate) subject: Tlv<'a>,
    pub(crate) public_key: Tlv<'a>,
    /// Whether issuerUniqueID or subjectUniqueID is present.
    pub(crate) has_unique_ids: bool,
    /// `None` where the field is absent.
    pub(crate) extensions: Option<Vec<Extension<'a>>>,
    /// signatureAlgorithm.
    pub(crate) algorithm: Tlv<'a>,
    /// The octets of signatureValue.
    pub(crate) signature: &'a [u8],
}

/// An extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension<'a> {
    /// The type in dotted form.
    pub(crate) oid: String,
    pub(crate) critical: bool,
    /// The contents of extnValue.
    pub(crate) value: &'a [u8],
    /// The contents of extnID.
    pub(crate) id: &'a [u8],
    /// The contents of `critical`, where it is encoded.
    pub(crate) critical_octets: Option<&'a [u8]>,
}

impl<'a> Certificate<'a> {
    /// Reads one certificate that nothing follows.
    pub(crate) fn read(raw: &'a [u8]) -> Result<Self, NotDer> {
        let mut outer = Tlv::only(raw)?.inside(tag::SEQUENCE)?;
        let tbs = outer.next(tag::SEQUENCE)?;
        let algorithm = outer.next(tag::SEQUENCE)?;
        let (_, signature) = outer.any()?.bits()?;
        outer.end()?;
        let mut parts = tbs.inside(tag::SEQUENCE)?;
        let version = parts.optional(tag::context(0, true))?;
        let version = version.map(|version| Tlv::only(version.value)?.unsigned()).transpose()?;
        let serial = parts.next(tag::INTEGER)?.value;
        let inner_algorithm = parts.next(tag::SEQUENCE)?;
        let issuer = parts.next(tag::SEQUENCE)?;
        let mut validity = parts.next(tag::SEQUENCE)?.inside(tag::SEQUENCE)?;
        let (not_before, not_after) = (validity.any()?, validity.any()?);
        validity.end()?;
        let subject = parts.next(tag::SEQUENCE)?;
        let public_key = parts.next(tag::SEQUENCE)?;
        let issuer_id = parts.optional(tag::context(1, false))?;
        let subject_id = parts.optional(tag::context(2, false))?;
        let list = parts.optional(tag::context(3, true))?;
        let extensions = list.map(|list| extensions(Tlv::only(list.value)?)).transpose()?;
        parts.end()?;
        Ok(Self {
            raw,
            tbs: tbs.raw,
            version,
            serial,
            inner_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            has_unique_ids: issuer_id.is_some() || subject_id.is_some(),
            extensions,
            algorithm,
            signature,
        })
    }

    /// Returns the extensions; none where the field is absent.
    pub(crate) fn extensions(&self) -> &[Extension<'a>] {
        self.extensions.as_deref().unwrap_or_default()
    }

    /// Returns the first extension with this type.
    pub(crate) fn extension(&self, oid: &str) -> Option<&Extension<'a>> {
        self.extensions().iter().find(|extension| extension.oid == oid)
    }

    /// Returns basicConstraints; `None` where it is absent or malformed.
    pub(crate) fn basic_constraints(&self) -> Option<BasicConstraints> {
        BasicConstraints::read(self.extension(oid::BASIC_CONSTRAINTS)?.value).ok()
    }

    /// Returns the bits of keyUsage, bit 0 first; `None` where it is absent or malformed.
    pub(crate) fn key_usage(&self) -> Option<u16> {
        key_usage(self.extension(oid::KEY_USAGE)?.value).ok()
    }
}

/// The types of extensions that have rules.
pub(crate) mod oid {
    #![allow(missing_docs)] // the names are RFC 5280's
    pub(crate) const SUBJECT_KEY_ID: &str = "2.5.29.14";
    pub(crate) const KEY_USAGE: &str = "2.5.29.15";
    pub(crate) const SUBJECT_ALT_NAME: &str = "2.5.29.17";
    pub(crate) const ISSUER_ALT_NAME: &str = "2.5.29.18";
    pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    pub(crate) const NAME_CONSTRAINTS: &str = "2.5.29.30";
    pub(crate) const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
    pub(crate) const CERTIFICATE_POLICIES: &str = "2.5.29.32";
    pub(crate) const POLICY_MAPPINGS: &str = "2.5.29.33";
    pub(crate) const AUTHORITY_KEY_ID: &str = "2.5.29.35";
    pub(crate) const POLICY_CONSTRAINTS: &str = "2.5.29.36";
    pub(crate) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    pub(crate) const FRESHEST_CRL: &str = "2.5.29.46";
    pub(crate) const INHIBIT_ANY_POLICY: &str = "2.5.29.54";
    pub(crate) const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
    pub(crate) const SUBJECT_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.11";
    pub(crate) const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
    pub(crate) const OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
    pub(crate) const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";
    pub(crate) const PRECERTIFICATE_POISON: &str = "1.3.6.1.4.1.11129.2.4.3";
    pub(crate) const NETSCAPE_COMMENT: &str = "2.16.840.1.113730.1.13";
    pub(crate) const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
    pub(crate) const MICROSOFT_EXTENSION_REQUEST: &str = "1.3.6.1.4.1.311.2.1.14";
    pub(crate) const ANY_POLICY: &str = "2.5.29.32.0";
    pub(crate) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
}

/// basicConstraints (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    pub(crate) path_len: Option<u64>,
}

impl BasicConstraints {
    /// Reads the value of the extension.
    pub(crate) fn read(value: &[u8]) -> Result<Self, NotDer> {
        let mut parts = Tlv::only(value)?.inside(tag::SEQUENCE)?;
        let ca = parts.optional(tag::BOOLEAN)?.map(Tlv::boolean).transpose()?.unwrap_or(false);
        let path_len = parts.optional(tag::INTEGER)?.map(Tlv::unsigned).transpose()?;
        parts.end()?;
        Ok(Self { ca, path_len })
    }
}

/// Reads the value of a keyUsage. Returns its bits, of which bit 0 (digitalSignature) is 1.
pub(crate) fn key_usage(value: &[u8]) -> Result<u16, NotDer> {
    let (unused, octets) = Tlv::only(value)?.bits()?;
    Ok(bits(unused, octets))
}

/// Returns the first 16 bits of a BIT STRING, of which bit 0 is 1. The last `unused` bits of the octets do not belong to it,
/// whatever they are (X.690 8.6.2).
pub(crate) fn bits(unused: u8, octets: &[u8]) -> u16 {
    let octet = |index| octets.get(index).copied().unwrap_or(0_u8).reverse_bits();
    let length = (octets.len() * 8).saturating_sub(usize::from(unused)).min(16);
    let mask = u16::try_from((1_u32 << length) - 1).unwrap_or(u16::MAX);
    u16::from_le_bytes([octet(0), octet(1)]) & mask
}

/// Reads a list of extensions.
pub(crate) fn extensions(list: Tlv<'_>) -> Result<Vec<Extension<'_>>, NotDer> {
    list.list(tag::SEQUENCE)?
        .into_iter()
        .map(|extension| {
            let mut parts = extension.inside(tag::SEQUENCE)?;
            let id = parts.next(tag::OID)?;
            let critical = parts.optional(tag::BOOLEAN)?;
            let value = parts.next(tag::OCTET_STRING)?.value;
            parts.end()?;
            Ok(Extension {
                oid: id.oid()?,
                critical: critical.map(Tlv::boolean).transpose()?.unwrap_or(false),
                value,
                id: id.value,
                critical_octets: critical.map(|critical| critical.value),
            })
        })
        .collect()
}

/// A certification request.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    /// The complete encoding.
    pub(crate) raw: &'a [u8],
    pub(crate) subject: Tlv<'a>,
    pub(crate) public_key: Tlv<'a>,
    /// The attributes that are not requests of extensions, in dotted form with their values.
    pub(crate) attributes: Vec<(String, Vec<Tlv<'a>>)>,
    /// The requested extensions.
    pub(crate) extensions: Vec<Extension<'a>>,
    pub(crate) algorithm: Tlv<'a>,
}

impl<'a> Request<'a> {
    /// Reads one request that nothing follows.
    pub(crate) fn read(raw: &'a [u8]) -> Result<Self, NotDer> {
        let mut outer = Tlv::only(raw)?.inside(tag::SEQUENCE)?;
        let mut info = outer.next(tag::SEQUENCE)?.inside(tag::SEQUENCE)?;
        let algorithm = outer.next(tag::SEQUENCE)?;
        outer.any()?.bits()?;
        outer.end()?;
        info.next(tag::INTEGER)?;
        let subject = info.next(tag::SEQUENCE)?;
        let public_key = info.next(tag::SEQUENCE)?;
        let set = info.optional(tag::context(0, true))?;
        info.end()?;
        let (mut attributes, mut requested) = (Vec::new(), Vec::new());
        for attribute in set.map(|set| Reader::new(set.value).all()).transpose()?.unwrap_or_default() {
            let mut parts = attribute.inside(tag::SEQUENCE)?;
            let oid = parts.next(tag::OID)?.oid()?;
            let values = parts.next(tag::SET)?.list(tag::SET)?;
            parts.end()?;
            match oid.as_str() {
                oid::EXTENSION_REQUEST | oid::MICROSOFT_EXTENSION_REQUEST => {
                    for list in values {
                        requested.extend(extensions(list)?);
                    }
                }
                _ => attributes.push((oid, values)),
            }
        }
        Ok(Self { raw, subject, public_key, attributes, extensions: requested, algorithm })
    }
}

/// Returns the name of a signature's AlgorithmIdentifier, or its dotted form. For RSASSA-PSS the hash is added.
pub(crate) fn algorithm_name(algorithm: Tlv<'_>) -> String {
    let read = || {
        let mut parts = algorithm.inside(tag::SEQUENCE)?;
        let oid = parts.next(tag::OID)?.oid()?;
        let name = names::signature_algorithm(&oid).map_or_else(|| oid.clone(), str::to_owned);
        match name.as_str() {
            "id-RSASSA-PSS" => Ok(pss_hash(parts).map_or(name.clone(), |hash| format!("{name} with {hash}"))),
            _ => Ok::<_, NotDer>(name),
        }
    };
    read().unwrap_or_else(|_| format!("#{}", hex::encode(algorithm.raw)))
}

/// Returns the hash of RSASSA-PSS-params (RFC 4055 3.1).
fn pss_hash(mut parts: Reader<'_>) -> Option<&'static str> {
    let mut parameters = parts.next(tag::SEQUENCE).ok()?.inside(tag::SEQUENCE).ok()?;
    let Some(hash) = parameters.optional(tag::context(0, true)).ok()? else { return Some("SHA-1") };
    let oid = Tlv::only(hash.value).ok()?.inside(tag::SEQUENCE).ok()?.next(tag::OID).ok()?.oid().ok()?;
    Some(match oid.as_str() {
        "1.3.14.3.2.26" => "SHA-1",
        "2.16.840.1.101.3.4.2.1" => "SHA-256",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "2.16.840.1.101.3.4.2.4" => "SHA-224",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_bits_do_not_count() {
        for (unused, octets, expected) in [
            (0, &[][..], 0),
            (1, &[0x06], 1 << 5 | 1 << 6),
            (7, &[0x84], 1),
            (7, &[0x06], 0),
            (7, &[0x00, 0xff], 1 << 8),
            (0, &[0xff, 0xff], u16::MAX),
            (4, &[0xff, 0xff, 0xff], u16::MAX),
        ] {
            assert_eq!(bits(unused, octets), expected, "{unused} {octets:?}");
        }
    }
}
