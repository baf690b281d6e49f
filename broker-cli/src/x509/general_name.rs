//! GeneralNames (RFC 5280 4.2.1.6) as text.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    der::{NotDer, Reader, Tlv, tag},
    distinguished_name,
};
use crate::escape::printable_bytes;

/// Returns the names of a GeneralNames.
pub(crate) fn texts(names: Tlv<'_>) -> Result<Vec<String>, NotDer> {
    names.list(tag::SEQUENCE)?.into_iter().map(text).collect()
}

/// Returns a name with a prefix for its form, such as `dns:host.example`.
pub(crate) fn text(name: Tlv<'_>) -> Result<String, NotDer> {
    Ok(match name.tag {
        0xa0 => other_name(name.value)?,
        0x81 => format!("email:{}", printable_bytes(name.value)),
        0x82 => format!("dns:{}", printable_bytes(name.value)),
        0xa3 => format!("x400Address:{}", hex::encode(name.value)),
        0xa4 => format!("dirName:{}", distinguished_name::text(Tlv::only(name.value)?)),
        0xa5 => format!("ediPartyName:{}", hex::encode(name.value)),
        0x86 => format!("uri:{}", printable_bytes(name.value)),
        0x87 => format!("ip:{}", address(name.value)),
        0x88 => {
            let oid = Tlv { tag: tag::OID, ..name };
            format!("registeredID:{}", oid.oid()?)
        }
        _ => return Err(NotDer),
    })
}

fn other_name(value: &[u8]) -> Result<String, NotDer> {
    let mut parts = Reader::new(value);
    let oid = parts.next(tag::OID)?.oid()?;
    let value = parts.next(tag::context(0, true))?;
    let shown = Tlv::only(value.value).ok().and_then(distinguished_name::string);
    let shown = shown.map_or_else(|| hex::encode(value.value), |text| printable_bytes(text.as_bytes()));
    let name = match oid.as_str() {
        "1.3.6.1.4.1.311.20.2.3" => "userPrincipalName",
        "1.3.6.1.5.2.2" => "krb5PrincipalName",
        "1.3.6.1.5.5.7.8.9" => "smtpUTF8Mailbox",
        other => other,
    };
    Ok(format!("otherName:{name}:{shown}"))
}

/// Returns an iPAddress, or one with a mask as nameConstraints have it (RFC 5280 4.2.1.10).
fn address(octets: &[u8]) -> String {
    match octets.len() {
        4 | 16 => one_address(octets),
        8 | 32 => {
            let (address, mask) = octets.split_at(octets.len() / 2);
            let bits = mask.iter().map(|octet| octet.count_ones()).sum::<u32>();
            let leading =
                mask.iter().position(|octet| *octet != 0xff).map_or(mask.len() as u32 * 8, |whole| {
                    let partial = mask.get(whole).map_or(0, |octet| octet.leading_ones());
                    whole as u32 * 8 + partial
                });
            match leading == bits {
                true => format!("{}/{bits}", one_address(address)),
                false => format!("{}/{}", one_address(address), one_address(mask)),
            }
        }
        _ => format!("#{}", hex::encode(octets)),
    }
}

fn one_address(octets: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Ipv4Addr::from(octets).to_string();
    }
    match <[u8; 16]>::try_from(octets) {
        Ok(octets) => Ipv6Addr::from(octets).to_string(),
        Err(_) => format!("#{}", hex::encode(octets)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn shown(bytes: &[u8]) -> String {
        text(Tlv::only(bytes).unwrap()).unwrap()
    }

    #[test]
    fn names_have_the_prefix_of_their_form() {
        for (bytes, expected) in [
            (&b"\x82\x03a.b"[..], "dns:a.b"),
            (b"\x82\x02\x1bc", "dns:\\u{1b}c"),
            (b"\x82\x01\xff", "dns:\\xff"),
            (b"\x81\x03a@b", "email:a@b"),
            (b"\x86\x03a:b", "uri:a:b"),
            (b"\x87\x04\x01\x02\x03\x04", "ip:1.2.3.4"),
            (b"\x87\x08\x0a\0\0\0\xff\0\0\0", "ip:10.0.0.0/8"),
            (b"\x87\x08\x0a\0\0\0\xff\0\xff\0", "ip:10.0.0.0/255.0.255.0"),
            (b"\x87\x03\x01\x02\x03", "ip:#010203"),
            (b"\x88\x03\x55\x04\x03", "registeredID:2.5.4.3"),
            (b"\xa4\x02\x30\0", "dirName:"),
            (b"\xa0\x0a\x06\x03\x55\x04\x03\xa0\x03\x0c\x01x", "otherName:2.5.4.3:x"),
        ] {
            assert_eq!(shown(bytes), expected);
        }
        assert!(text(Tlv::only(b"\x89\x01a").unwrap()).is_err());
    }
}
