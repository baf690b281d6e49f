//! The syntax of DNS names in certificates.

use std::fmt;

use super::strings::Quoted;

/// The longest name, in characters of its text form without a dot at the end (RFC 1035 2.3.4).
const MAX_LENGTH: usize = 253;
/// The longest label, in characters (RFC 1035 2.3.4).
const MAX_LABEL: usize = 63;

/// Why a text is not a DNS name. The text continues a sentence that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DnsNameError {
    Empty,
    TooLong,
    EmptyLabel,
    LongLabel,
    Hyphen,
    Character { character: char, position: usize },
    IpAddress,
}

impl fmt::Display for DnsNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {MAX_LENGTH} characters (RFC 1035 2.3.4)"),
            Self::EmptyLabel => f.write_str("has an empty label or a dot at its end (RFC 1034 3.5)"),
            Self::LongLabel => write!(f, "has a label of over {MAX_LABEL} characters (RFC 1035 2.3.4)"),
            Self::Hyphen => f.write_str("has a hyphen at the beginning or the end of a label (RFC 1034 3.5)"),
            Self::Character { character, position } => write!(
                f,
                "has the character {} at position {position}, which a host name does not have (RFC 1034 3.5)",
                Quoted(*character)
            ),
            Self::IpAddress => f.write_str(
                "is an IP address, because its last label is a number; request an iPAddress instead \
                 (RFC 5280 4.2.1.6, RFC 9525 2)",
            ),
        }
    }
}

/// Checks the preferred name syntax (RFC 1034 3.5), in which a label may begin with a digit (RFC 1123 2.1), and allows
/// underscores, too: policy decides on them. The last label must not be a number, because such a text is an IP address to
/// many resolvers, in forms such as `127.1` and `0x7f.1`.
pub(super) fn check_host(text: &str) -> Result<(), DnsNameError> {
    check_labels(text, 0)
}

/// Checks a dNSName: a host name, of which the whole first label may be `*` (RFC 9525 6.3).
pub(super) fn check_dns_name(text: &str) -> Result<(), DnsNameError> {
    match text.strip_prefix("*.") {
        Some(rest) => check_labels(rest, 2),
        None => check_labels(text, 0),
    }
}

/// Checks a name that `skipped` characters precede.
fn check_labels(text: &str, skipped: usize) -> Result<(), DnsNameError> {
    let has = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    if text.is_empty() {
        return Err(DnsNameError::Empty);
    }
    if let Some((index, character)) = text.chars().enumerate().find(|(_, character)| !has(*character)) {
        return Err(DnsNameError::Character { character, position: skipped + index + 1 });
    }
    if skipped + text.len() > MAX_LENGTH {
        return Err(DnsNameError::TooLong);
    }
    for label in text.split('.') {
        match label {
            "" => return Err(DnsNameError::EmptyLabel),
            _ if label.len() > MAX_LABEL => return Err(DnsNameError::LongLabel),
            _ if label.starts_with('-') || label.ends_with('-') => return Err(DnsNameError::Hyphen),
            _ => {}
        }
    }
    if text.rsplit('.').next().is_some_and(is_number) { Err(DnsNameError::IpAddress) } else { Ok(()) }
}

/// Reports whether a label is a number to a parser of IPv4 addresses: digits, or `0x` and hexadecimal digits (WHATWG URL 3.5).
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    label.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn accepts_host_names() {
        let longest = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
        assert_eq!(longest.len(), 253);
        for name in [
            "localhost",
            "a.example",
            "A.Example",
            "1.example",
            "123.4example",
            "a-b.c--d",
            "xn--bcher-kva.example",
            "_tcp.a_b.example",
            "0xg",
            "0xa.example",
            "*.example",
            "*.a.example",
            &longest,
        ] {
            assert_eq!(check_dns_name(name), Ok(()), "{name}");
        }
        assert!(check_host("*.example").is_err());
    }

    #[test]
    fn refuses_other_texts() {
        use DnsNameError::*;
        let character = |character, position| Character { character, position };
        for (name, expected) in [
            ("", Empty),
            ("*.", Empty),
            ("*", character('*', 1)),
            ("*a.example", character('*', 1)),
            ("a.*.example", character('*', 3)),
            ("*.*.example", character('*', 3)),
            ("a b", character(' ', 2)),
            ("a\0.example", character('\0', 2)),
            ("a/b", character('/', 2)),
            ("::1", character(':', 1)),
            ("b\u{fc}cher.example", character('\u{fc}', 2)),
            ("*.a@b", character('@', 4)),
            ("a.", EmptyLabel),
            (".a", EmptyLabel),
            ("a..b", EmptyLabel),
            ("*..a", EmptyLabel),
            ("-a.example", Hyphen),
            ("a.example-", Hyphen),
            ("10.0.0.1", IpAddress),
            ("127.1", IpAddress),
            ("2130706433", IpAddress),
            ("0x7f.1", IpAddress),
            ("0x7f000001", IpAddress),
            ("a.0X1f", IpAddress),
            ("a.0x", IpAddress),
            ("*.0.0.1", IpAddress),
            ("host.08", IpAddress),
            (&format!("{}.a", "a".repeat(64)), LongLabel),
            (&format!("*.{}a", "a.".repeat(126)), TooLong),
        ] {
            assert_eq!(check_dns_name(name), Err(expected), "{name:?}");
        }
    }
}
