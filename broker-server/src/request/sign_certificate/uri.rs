//! The syntax of URIs in certificates (RFC 3986, RFC 5280 4.2.1.6).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{dns_name, strings::Quoted};

/// A URI whose syntax has been checked.
#[derive(Debug)]
pub(super) struct Uri<'a> {
    scheme: &'a str,
    has_host: bool,
}

impl<'a> Uri<'a> {
    /// Reads a URI. It must be absolute, and its authority, if it has one, must have a DNS name or an IP address as the host
    /// (RFC 5280 4.2.1.6). Underscores are accepted in the host, because names of SPIFFE trust domains have them.
    ///
    /// # Errors
    /// Fails with a text that continues a sentence that names the URI.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        check_characters(text)?;
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
            _ => return Err("is not absolute (RFC 5280 4.2.1.6)".into()),
        };
        if rest.is_empty() || rest.starts_with('#') {
            return Err("has nothing after its scheme (RFC 5280 4.2.1.6)".into());
        }
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Some(authority), rest)
            }
            None => (None, rest),
        };
        if rest.contains(['[', ']']) {
            return Err("has a square bracket outside its host (RFC 3986 3.2.2)".into());
        }
        if rest.split_once('#').is_some_and(|(_, fragment)| fragment.contains('#')) {
            return Err("has `#` in its fragment (RFC 3986 3.5)".into());
        }
        if let Some(authority) = authority {
            check_authority(authority)?;
        }
        Ok(Self { scheme, has_host: authority.is_some() })
    }

    /// Reports whether the URI has the scheme http or https, and a host.
    pub(super) fn is_http(&self) -> bool {
        let Self { scheme, has_host } = self;
        *has_host && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
    }
}

/// Checks that each character is unreserved, reserved or percent-encoded (RFC 3986 2).
fn check_characters(text: &str) -> Result<(), String> {
    let has =
        |character: char| character.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(character);
    if let Some((index, character)) = text.chars().enumerate().find(|(_, character)| !has(*character)) {
        let position = index + 1;
        let quoted = Quoted(character);
        return Err(format!(
            "has the character {quoted} at position {position}, which a URI does not have (RFC 3986 2)"
        ));
    }
    let is_hexadecimal = |octet: Option<u8>| octet.is_some_and(|octet| octet.is_ascii_hexdigit());
    for encoded in text.split('%').skip(1) {
        let mut octets = encoded.bytes();
        if !is_hexadecimal(octets.next()) || !is_hexadecimal(octets.next()) {
            return Err("has a `%` without two hexadecimal digits after it (RFC 3986 2.1)".into());
        }
    }
    Ok(())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Checks an authority: optional user information, a host, and an optional port (RFC 3986 3.2).
fn check_authority(authority: &str) -> Result<(), String> {
    let (user, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains(['@', '[', ']']) {
        return Err("has an invalid character in its user information (RFC 3986 3.2.1)".into());
    }
    let port = match host_and_port.strip_prefix('[') {
        Some(rest) => {
            let parsed = rest.split_once(']').filter(|(address, _)| address.parse::<Ipv6Addr>().is_ok());
            let Some((_, after)) = parsed else {
                return Err("has a host in brackets that is not an IPv6 address (RFC 3986 3.2.2)".into());
            };
            match after.strip_prefix(':') {
                Some(port) => port,
                None if after.is_empty() => "",
                None => return Err("has something other than a port after its host (RFC 3986 3.2)".into()),
            }
        }
        None => {
            let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, ""));
            if host.parse::<Ipv4Addr>().is_err() {
                dns_name::check_host(host).map_err(|error| format!("has a host that {error}"))?;
            }
            port
        }
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if port.is_empty() || is_port(port) {
        Ok(())
    } else {
        Err("has a port that is not a number up to 65535 (RFC 3986 3.2.3)".into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Uri;

    #[test]
    fn accepts_absolute_uris() {
        for (text, is_http) in [
            ("http://a", true),
            ("HTTPS://user:pass@A.example:8080/p%20q?x=1#f", true),
            ("http://192.0.2.1:80", true),
            ("https://[2001:db8::1]:443/x", true),
            ("https://[::ffff:192.0.2.1]", true),
            ("http://a:", true),
            ("spiffe://trust_domain.example/ns/a/sa/b", false),
            ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", false),
            ("mailto:a@example", false),
            ("http:a", false),
            ("ldap://ldap.example/cn=a,dc=b?c;binary", false),
        ] {
            assert_eq!(Uri::read(text).unwrap().is_http(), is_http, "{text}");
        }
    }

    #[test]
    fn refuses_other_texts() {
        for (text, expected) in [
            ("", "not absolute"),
            ("a.example/x", "not absolute"),
            ("//a.example/x", "not absolute"),
            ("/x:y", "not absolute"),
            ("1a:b", "not absolute"),
            (":b", "not absolute"),
            ("urn:", "nothing after"),
            ("http://", "host that is empty"),
            ("http:///x", "host that is empty"),
            ("http://:80/", "host that is empty"),
            ("http://user@/", "host that is empty"),
            ("http://a b", "U+0020"),
            ("http://a\0", "U+0000"),
            ("http://\u{e4}", "U+00E4"),
            ("http://a/{x}", "U+007B '{'"),
            ("http://a/%2", "hexadecimal"),
            ("http://a/%zz", "hexadecimal"),
            ("http://a/%", "hexadecimal"),
            ("http://a%2eb/", "U+0025 '%'"),
            ("http://127.1/", "IP address"),
            ("http://0x7f000001/", "IP address"),
            ("http://a.example./", "dot at its end"),
            ("http://*.example/", "U+002A '*'"),
            ("http://-a/", "hyphen"),
            ("http://[]/", "IPv6"),
            ("http://[::1/", "IPv6"),
            ("http://[fe80::1%25eth0]/", "IPv6"),
            ("http://[::1]x/", "other than a port"),
            ("http://[::1", "IPv6"),
            ("http://a:x/", "port"),
            ("http://a:99999/", "port"),
            ("http://a:80:80/", "port"),
            ("http://a@b@c/", "user information"),
            ("http://a/[x]", "square bracket"),
            ("http://a/#x#y", "fragment"),
        ] {
            let error = Uri::read(text).map(drop).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
