//! What verifiers may read in a commonName: many still take one for a host name or an address where a certificate has no
//! subject alternative name of that form (RFC 6125 6.4.4).

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::request::AlternativeName;

/// Returns the name that a verifier may read in `text`; `None` where it is neither a DNS name nor an IP address. Case,
/// surrounding white space, brackets around an address and one final dot do not matter, and characters that verifiers map to
/// ASCII count as these (UTS 46 4). A DNS name has at least two labels, unless `single_labels` is set.
///
/// The result is read generously, so that no verifier can see a name that policy does not. It need not be valid.
pub(super) fn reading(text: &str, single_labels: bool) -> Option<AlternativeName> {
    let text = mapped(text);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let text = text.strip_suffix('.').unwrap_or(text);
    if let Some(address) = ip_address(text) {
        return Some(AlternativeName::Ip(address));
    }
    let reads_as_dns = (single_labels || text.contains('.'))
        && text.chars().any(|c| c != '.')
        && text.chars().all(is_dns_like);
    reads_as_dns.then(|| AlternativeName::Dns(text.to_owned()))
}

/// Returns the subject alternative name that `text` is: a DNS name in preferred name syntax (RFC 5280 4.2.1.6), of which the
/// whole first label may be `*`, or an IP address.
pub(super) fn alternative_name(text: &str) -> Option<AlternativeName> {
    match reading(text, true)? {
        AlternativeName::Dns(name) => AlternativeName::dns(&name),
        // An address in another notation is not the same address to everybody.
        AlternativeName::Ip(address) => {
            let text = text.trim();
            let plain = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
            plain.parse::<IpAddr>().ok().filter(|same| *same == address).map(AlternativeName::Ip)
        }
        _ => None,
    }
}

/// Reports whether a DNS name may hold the character. Verifiers differ on underscores, on `*` inside a label, and on
/// characters outside ASCII, which may be those of an internationalized name (RFC 5890) or may be ignored.
fn is_dns_like(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "-_.*".contains(c)
        || !c.is_ascii() && !c.is_whitespace()
        || c.is_ascii_control()
}

/// Maps letters to lower case, and full-width forms and the dots of other scripts to ASCII (UTS 46 4, RFC 3490 3.1).
fn mapped(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let map = |c: char| match c {
        '\u{3002}' | '\u{ff61}' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c).to_ascii_lowercase(),
        _ => c.to_ascii_lowercase(),
    };
    Cow::Owned(text.chars().map(map).collect())
}

/// Reads an IP address in any notation with more than one part: RFC 4291 2.2, with or without brackets and zone, and the
/// dotted notations of inet_aton(3), whose parts may be octal or hexadecimal.
fn ip_address(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let without_zone = inner.split_once('%').map_or(inner, |(address, _)| address);
    if let Ok(address) = without_zone.parse::<Ipv6Addr>() {
        return Some(address.into());
    }
    let parts = inner.split('.').map(number).collect::<Option<Vec<u32>>>()?;
    let (last, leading) = parts.split_last().filter(|(_, leading)| (1..4).contains(&leading.len()))?;
    let bits = 32 - 8 * leading.len();
    if leading.iter().any(|part| *part > 255) || u64::from(*last) >= 1 << bits {
        return None;
    }
    let high = leading.iter().fold(0, |high, part| high << 8 | part);
    Some(Ipv4Addr::from(high << bits | last).into())
}

/// Reads a part of an address as inet_aton(3) does: `0x` is hexadecimal, another leading zero octal.
fn number(part: &str) -> Option<u32> {
    let (digits, radix) = match part.strip_prefix("0x") {
        Some("") => return Some(0),
        Some(digits) => (digits, 16),
        None if part.len() > 1 && part.starts_with('0') => (part, 8),
        None => (part, 10),
    };
    let is_number = digits.chars().all(|c| c.is_digit(radix));
    if is_number { u32::from_str_radix(digits, radix).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(name: &str) -> Option<AlternativeName> {
        Some(AlternativeName::Dns(name.to_owned()))
    }

    #[test]
    fn reads_dns_names_in_every_spelling() {
        for text in [
            "www.bank.example",
            "WWW.Bank.EXAMPLE",
            "www.bank.example.",
            " www.bank.example\t",
            "www.bank.example\0",
            "www\u{3002}bank\u{ff0e}example",
            "www\u{ff61}bank.example",
            "\u{ff37}ww.bank.example",
        ] {
            assert_eq!(reading(text, false), dns("www.bank.example"), "{text:?}");
        }
        for text in
            ["*.bank.example", "w*.bank.example", "_x.example", "b\u{e4}nk.example", ".example", "a..b"]
        {
            assert_eq!(reading(text, false), dns(text));
        }
        let truncated = "www.bank.example\0.svc.example";
        assert_eq!(reading(truncated, false), dns(truncated));
        for text in ["localhost", "localhost.", "Alice", "*"] {
            assert_eq!(reading(text, false), None, "{text:?}");
            assert!(reading(text, true).is_some(), "{text:?}");
        }
        for text in
            ["", ".", "..", "Max Mustermann", "J. Smith", "a@b.example", "http://a.example/", "a.example:443"]
        {
            assert_eq!(reading(text, true), None, "{text:?}");
        }
    }

    #[test]
    fn reads_ip_addresses_in_every_notation() {
        for (text, address) in [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1.", "10.0.0.1"),
            ("\u{ff11}0.0.0.1", "10.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("0X7F.1", "127.0.0.1"),
            ("0177.0.0.1", "127.0.0.1"),
            ("10.1.258", "10.1.1.2"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("FE80::1%eth0", "fe80::1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        ] {
            let expected = address.parse().ok().map(AlternativeName::Ip);
            assert!(expected.is_some());
            assert_eq!(reading(text, false), expected, "{text}");
        }
        for text in ["256.0.0.1", "1.2.3.4.5", "1.16777216", "10.0.0.0xg"] {
            assert!(matches!(reading(text, false), Some(AlternativeName::Dns(_))), "{text}");
        }
        assert_eq!(reading("12345", false), None);
    }

    #[test]
    fn makes_alternative_names_of_valid_names_only() {
        for (text, name) in [
            ("WWW.svc.example", "www.svc.example"),
            ("*.svc.example.", "*.svc.example"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(alternative_name(text), dns(name), "{text}");
        }
        for text in ["10.0.0.1", "::1", "[::1]"] {
            assert!(matches!(alternative_name(text), Some(AlternativeName::Ip(_))), "{text}");
        }
        for text in [
            "Max Mustermann",
            "a..b",
            "-a.example",
            "a-.example",
            "w*.example",
            "*",
            "*.*.example",
            "b\u{e4}nk.example",
            "127.1",
            "0x7f.1",
            "a.1",
            "1.2.3.4.5",
            "fe80::1%eth0",
            "a.0x",
            "",
        ] {
            let found = alternative_name(text);
            assert!(found.is_none(), "{text}: {found:?}");
        }
        assert!(alternative_name(&format!("{}.example", "a".repeat(64))).is_none());
        assert!(alternative_name(&"a.".repeat(128)).is_none());
    }
}
