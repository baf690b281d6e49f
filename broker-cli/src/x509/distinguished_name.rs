//! Distinguished names (RFC 5280 4.1.2.4) as text (RFC 4514).

use super::{
    der::{NotDer, Tlv, tag},
    names,
};
use crate::escape::printable;

/// An attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    /// The type in dotted form.
    pub(crate) oid: String,
    /// The value.
    pub(crate) value: Tlv<'a>,
    /// The complete encoding.
    pub(crate) encoded: &'a [u8],
}

impl Attribute<'_> {
    /// Returns the short name of the type, or its dotted form.
    pub(crate) fn name(&self) -> &str {
        names::attribute(&self.oid).unwrap_or(&self.oid)
    }
}

/// Returns the relative distinguished names in the order of the DER, each with its attributes.
pub(crate) fn rdns(name: Tlv<'_>) -> Result<Vec<Vec<Attribute<'_>>>, NotDer> {
    let mut rdns = Vec::new();
    for set in name.list(tag::SEQUENCE)? {
        let mut attributes = Vec::new();
        for pair in set.list(tag::SET)? {
            let encoded = pair.raw;
            let mut pair = pair.inside(tag::SEQUENCE)?;
            let attribute = Attribute { oid: pair.next(tag::OID)?.oid()?, value: pair.any()?, encoded };
            pair.end()?;
            attributes.push(attribute);
        }
        rdns.push(attributes);
    }
    Ok(rdns)
}

/// Returns a name as RFC 4514 text, which begins with the last RDN; `#` and hexadecimal where it is not a name.
pub(crate) fn text(name: Tlv<'_>) -> String {
    let Ok(rdns) = rdns(name) else { return format!("#{}", hex::encode(name.raw)) };
    let rdns = rdns.iter().rev().map(|rdn| rdn.iter().map(attribute_text).collect::<Vec<_>>().join("+"));
    rdns.collect::<Vec<_>>().join(",")
}

fn attribute_text(attribute: &Attribute<'_>) -> String {
    let value = match string(attribute.value) {
        Some(text) if names::attribute(&attribute.oid).is_some() => escaped(&text),
        // RFC 4514 2.4: a type without a short name has its value in BER.
        _ => format!("#{}", hex::encode(attribute.value.raw)),
    };
    format!("{}={value}", attribute.name())
}

/// Escapes a value (RFC 4514 2.4), and characters that do not show themselves.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    let last = text.chars().count().saturating_sub(1);
    for (index, letter) in text.chars().enumerate() {
        let at_edge = (letter == ' ' && (index == 0 || index == last)) || (letter == '#' && index == 0);
        if at_edge || matches!(letter, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            safe.push('\\');
            safe.push(letter);
        } else if printable(letter.encode_utf8(&mut [0; 4])).starts_with("\\u") {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                safe.push_str(&format!("\\{byte:02X}"));
            }
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Decodes a value of a string type (X.680 41).
pub(crate) fn string(value: Tlv<'_>) -> Option<String> {
    let octets = value.value;
    match value.tag {
        tag::UTF8_STRING
        | tag::PRINTABLE_STRING
        | tag::IA5_STRING
        | tag::NUMERIC_STRING
        | tag::VISIBLE_STRING => std::str::from_utf8(octets).ok().map(str::to_owned),
        // Implementations agree on Latin-1, although T.61 is another character set.
        tag::TELETEX_STRING => Some(octets.iter().copied().map(char::from).collect()),
        tag::BMP_STRING => {
            let (units, rest) = octets.as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            char::decode_utf16(units).collect::<Result<_, _>>().ok().filter(|_| rest.is_empty())
        }
        tag::UNIVERSAL_STRING => {
            let (units, rest) = octets.as_chunks::<4>();
            let units = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            units.collect::<Option<_>>().filter(|_| rest.is_empty())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        for (text, expected) in [
            ("Zoë & Co", "Zoë & Co"),
            (" a ", "\\ a\\ "),
            ("#1", "\\#1"),
            ("a,b+c\"d\\e<f>g;h", "a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h"),
            ("a\u{1b}b\0", "a\\1Bb\\00"),
            ("\u{202e}", "\\E2\\80\\AE"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn strings_of_every_type_are_decoded() {
        let decode = |tag, value| string(Tlv { tag, value, raw: value });
        assert_eq!(decode(tag::TELETEX_STRING, b"Z\xfcrich").as_deref(), Some("Zürich"));
        assert_eq!(decode(tag::BMP_STRING, b"\0a\xd8\x3d\xde\0").as_deref(), Some("a😀"));
        assert_eq!(decode(tag::BMP_STRING, b"\0"), None);
        assert_eq!(decode(tag::UNIVERSAL_STRING, b"\0\x01\xf6\0").as_deref(), Some("😀"));
        assert_eq!(decode(tag::UTF8_STRING, b"\xff"), None);
        assert_eq!(decode(tag::INTEGER, b"1"), None);
    }
}
