//! The syntax of mailboxes in certificates (RFC 5280 4.2.1.6, RFC 5321 4.1.2).

use super::dns_name;

/// The longest local part, in octets (RFC 5321 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;
/// The longest mailbox, in octets: a path without its angle brackets (RFC 5321 4.5.3.1.3).
const MAX_LENGTH: usize = 254;

/// Checks that `text` is a Mailbox: a local part, `@`, and a domain or an address literal.
///
/// # Errors
/// Fails with a text that continues a sentence that names the mailbox.
pub(super) fn check(text: &str) -> Result<(), String> {
    // A domain has no `@`, and a quoted local part may have one.
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err("has no `@` (RFC 5321 4.1.2)".into());
    };
    if text.len() > MAX_LENGTH {
        return Err(format!("is longer than {MAX_LENGTH} octets (RFC 5321 4.5.3.1.3)"));
    }
    if !is_dot_string(local) && !is_quoted_string(local) {
        return Err(
            "has a local part that is neither a dot-string nor a quoted string (RFC 5321 4.1.2)".into()
        );
    }
    if local.len() > MAX_LOCAL_PART {
        return Err(format!("has a local part of over {MAX_LOCAL_PART} octets (RFC 5321 4.5.3.1.1)"));
    }
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let is_address = match literal.get(..5) {
            Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => {
                literal.get(5..).is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
            }
            _ => literal.parse::<std::net::Ipv4Addr>().is_ok(),
        };
        return if is_address {
            Ok(())
        } else {
            Err("has an address literal that is not an IP address (RFC 5321 4.1.3)".into())
        };
    }
    dns_name::check_host(domain).map_err(|error| format!("has a domain that {error}"))?;
    if domain.contains('_') {
        return Err("has a domain with an underscore (RFC 5321 4.1.2)".into());
    }
    Ok(())
}

fn is_dot_string(text: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

fn is_quoted_string(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut bytes = inside.bytes();
    while let Some(byte) = bytes.next() {
        let is_valid = match byte {
            b'\\' => matches!(bytes.next(), Some(b' '..=b'~')),
            b'"' => false,
            _ => matches!(byte, b' '..=b'~'),
        };
        if !is_valid {
            return false;
        }
    }
    true
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::check;

    #[test]
    fn accepts_mailboxes() {
        for text in [
            "a@b",
            "a.b+c@mail.example",
            "o'brien@example",
            "\"a b\\\"@\"@example.com",
            "a@[192.0.2.1]",
            "a@[IPv6:2001:db8::1]",
            &format!("{}@example", "a".repeat(64)),
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn refuses_other_texts() {
        for (text, expected) in [
            ("", "no `@`"),
            ("a.example", "no `@`"),
            ("@example", "local part"),
            (".a@example", "local part"),
            ("a..b@example", "local part"),
            ("a b@example", "local part"),
            ("a@b@example", "local part"),
            ("Name <a@example", "local part"),
            ("\"a@example", "local part"),
            ("\"a\"b\"@example", "local part"),
            ("\"a\\\"@example", "local part"),
            ("a\0@example", "local part"),
            ("a@", "domain that is empty"),
            ("a@example.", "dot at its end"),
            ("a@b c", "U+0020"),
            ("a@10.0.0.1", "IP address"),
            ("a@*.example", "U+002A '*'"),
            ("a@b_c.example", "underscore"),
            ("a@[10.0.0]", "address literal"),
            ("a@[IPv6:1.2.3.4]", "address literal"),
            ("a@example>", "U+003E"),
            (&format!("{}@example", "a".repeat(65)), "over 64"),
            (&format!("a@{}", "a.".repeat(130)), "longer than 254"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
