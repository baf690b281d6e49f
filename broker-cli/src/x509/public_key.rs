//! Public keys (RFC 5280 4.1.2.7): what kind they are and how long.

use super::{
    der::{NotDer, Tlv, tag},
    names,
};

/// What is known of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey<'a> {
    /// The algorithm in dotted form.
    pub(crate) oid: String,
    /// The kind, such as `RSA`, `EC` or `ML-DSA-65`; the dotted form where it is not known.
    pub(crate) kind: String,
    /// The curve of an EC key: its name, or its dotted form. `None` where the key does not name it.
    pub(crate) curve: Option<String>,
    /// The size in bits of an RSA modulus or the field of a curve.
    pub(crate) bits: Option<u32>,
    /// The public exponent of an RSA key.
    pub(crate) exponent: Option<u64>,
    /// The octets of subjectPublicKey.
    pub(crate) octets: &'a [u8],
}

impl<'a> PublicKey<'a> {
    /// Reads a SubjectPublicKeyInfo.
    pub(crate) fn read(spki: Tlv<'a>) -> Result<Self, NotDer> {
        let mut parts = spki.inside(tag::SEQUENCE)?;
        let mut algorithm = parts.next(tag::SEQUENCE)?.inside(tag::SEQUENCE)?;
        let oid = algorithm.next(tag::OID)?.oid()?;
        let parameters = if algorithm.is_empty() { None } else { Some(algorithm.any()?) };
        let (_, octets) = parts.any()?.bits()?;
        parts.end()?;
        let known = names::key_algorithm(&oid).or_else(|| names::signature_algorithm(&oid));
        let kind = known.map_or_else(|| oid.clone(), str::to_owned);
        let mut key = Self { oid, kind, curve: None, bits: None, exponent: None, octets };
        match key.kind.as_str() {
            "RSA" | "RSASSA-PSS" => {
                if let Ok((modulus, exponent)) = rsa(octets) {
                    key.bits = Some(bit_length(modulus));
                    key.exponent = super::der::unsigned(exponent).ok();
                }
            }
            "EC" => {
                if let Some(Ok(curve)) = parameters.map(Tlv::oid) {
                    let known = names::curve(&curve);
                    key.bits = known.map(|(_, bits)| bits);
                    key.curve = Some(known.map_or(curve, |(name, _)| name.to_owned()));
                }
            }
            _ => {}
        }
        Ok(key)
    }

    /// Returns kind and size for a reader: `RSA, 3072 bits`, `EC, P-384`, `ML-DSA-65`.
    pub(crate) fn text(&self) -> String {
        match (&self.curve, self.bits) {
            (Some(curve), _) => format!("{}, {curve}", self.kind),
            (None, Some(bits)) => format!("{}, {bits} bits", self.kind),
            (None, None) if self.kind == "EC" => "EC, without the name of a curve".to_owned(),
            (None, None) => self.kind.clone(),
        }
    }
}

fn rsa(octets: &[u8]) -> Result<(&[u8], &[u8]), NotDer> {
    let mut parts = Tlv::only(octets)?.inside(tag::SEQUENCE)?;
    Ok((parts.next(tag::INTEGER)?.value, parts.next(tag::INTEGER)?.value))
}

/// Returns the number of bits of an unsigned number.
fn bit_length(octets: &[u8]) -> u32 {
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let rest = octets.get(start..).unwrap_or_default();
    let first = rest.first().map_or(0, |octet| octet.leading_zeros());
    u32::try_from(rest.len()).unwrap_or(u32::MAX / 8).saturating_mul(8).saturating_sub(first)
}
