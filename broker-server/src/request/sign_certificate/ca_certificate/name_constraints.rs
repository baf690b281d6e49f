//! Reads name constraints (RFC 5280 4.2.1.10): they become subtrees that policy can compare names with.

use std::{fmt, net::IpAddr};

use der::Tag;

use crate::request::{
    asn1::{NotDer, Tlv, context},
    sign_certificate::{canonical_name::CanonicalName, name::Name},
};

/// The name constraints of a CA certificate. Subtrees of name forms that no profile can allow (otherName, x400Address,
/// ediPartyName, registeredID) are left out: they constrain names that are never issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameConstraints {
    /// The permitted subtrees. A name must be in one of those of its form, if there are any.
    pub permitted: Vec<Subtree>,
    /// The excluded subtrees. A name must be in none.
    pub excluded: Vec<Subtree>,
}

/// A form of name (RFC 5280 4.2.1.6) that a certificate can be issued with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameForm {
    /// dNSName.
    Dns,
    /// iPAddress.
    Ip,
    /// rfc822Name.
    Email,
    /// uniformResourceIdentifier.
    Uri,
    /// directoryName.
    Directory,
}

impl fmt::Display for NameForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "dns",
            Self::Ip => "ip",
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Directory => "directory",
        })
    }
}

/// A GeneralSubtree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// The form of the names in it.
    pub form: NameForm,
    /// The base. If it is `Err`, no name of the form can be compared with it, for this reason.
    pub base: Result<SubtreeBase, &'static str>,
}

/// The base of a subtree. Its text is in lower case, except for local parts of mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubtreeBase {
    /// A domain, which contains itself and its subdomains. With a leading dot it contains only the subdomains; if it is empty,
    /// it contains every name.
    Dns(String),
    /// An address and a mask of the same family.
    Ip(IpAddr, IpAddr),
    /// All mailboxes on a host or, with a leading dot, on the hosts of a domain.
    MailHost(String),
    /// One mailbox: its local part and its host.
    Mailbox(String, String),
    /// All URIs on a host or, with a leading dot, on the hosts of a domain.
    UriHost(String),
    /// The names that begin with this one, and its RFC 4514 text.
    Directory(CanonicalName, String),
}

/// Prints the base as RFC 5280 writes it, and addresses with their mask.
impl fmt::Display for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Ok(SubtreeBase::Dns(text)) if text.is_empty() => f.write_str("every dns name"),
            Ok(
                SubtreeBase::Dns(text)
                | SubtreeBase::MailHost(text)
                | SubtreeBase::UriHost(text)
                | SubtreeBase::Directory(_, text),
            ) => f.write_str(text),
            Ok(SubtreeBase::Mailbox(local, host)) => write!(f, "{local}@{host}"),
            Ok(SubtreeBase::Ip(address, mask)) => write!(f, "{address}/{mask}"),
            Err(reason) => write!(f, "one that {reason}"),
        }
    }
}

impl NameConstraints {
    /// Reads the value of the extension; `None` where it is not well formed.
    pub fn from_extension(value: &[u8]) -> Option<Self> {
        Self::read(value).ok()
    }

    /// Reads the value of the extension.
    pub(super) fn read(value: &[u8]) -> Result<Self, NotDer> {
        let mut parts = Tlv::only(value)?.inside(Tag::Sequence)?;
        let permitted = parts.optional(context(0, true))?;
        let excluded = parts.optional(context(1, true))?;
        parts.end()?;
        Ok(Self { permitted: subtrees(permitted)?, excluded: subtrees(excluded)? })
    }
}

fn subtrees(list: Option<Tlv<'_>>) -> Result<Vec<Subtree>, NotDer> {
    let mut found = Vec::new();
    if let Some(list) = list {
        let mut list = list.inside(list.tag)?;
        while !list.is_empty() {
            let mut parts = list.sequence()?;
            let base = parts.any()?;
            let minimum = parts.optional(context(0, false))?;
            let maximum = parts.optional(context(1, false))?;
            parts.end()?;
            let has_distances = maximum.is_some() || minimum.is_some_and(|minimum| minimum.value != [0]);
            if let Some(mut subtree) = subtree(base)? {
                if has_distances {
                    subtree.base = Err("has a minimum or a maximum");
                }
                found.push(subtree);
            }
        }
    }
    Ok(found)
}

/// Reads the base of a subtree. Returns `None` for a form that certificates are never issued with.
fn subtree(base: Tlv<'_>) -> Result<Option<Subtree>, NotDer> {
    let Tag::ContextSpecific { number, constructed } = base.tag else { return Err(NotDer::Unexpected) };
    let (form, base) = match (number.value(), constructed) {
        (1, false) => (NameForm::Email, mail(base.value)),
        (2, false) => {
            let domain = text(base.value).filter(|text| text.is_empty() || is_domain(text));
            (NameForm::Dns, domain.map(SubtreeBase::Dns).ok_or("is not a domain"))
        }
        (4, true) => {
            let name = Tlv::only(base.value)?;
            let canonical = CanonicalName::read(name)?;
            (NameForm::Directory, Ok(SubtreeBase::Directory(canonical, Name::text_of(name.raw))))
        }
        (6, false) => {
            let host = text(base.value).filter(|text| is_domain(text) && !text.contains(['/', ':', '@']));
            (NameForm::Uri, host.map(SubtreeBase::UriHost).ok_or("is not a host or a domain"))
        }
        (7, false) => (NameForm::Ip, address(base.value)),
        (0 | 3 | 5, true) | (8, false) => return Ok(None),
        _ => return Err(NotDer::Unexpected),
    };
    Ok(Some(Subtree { form, base }))
}

/// Returns printable ASCII in lower case.
fn text(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| text.to_ascii_lowercase())
}

/// Reports whether no label is empty. One leading dot is allowed.
fn is_domain(text: &str) -> bool {
    text.strip_prefix('.').unwrap_or(text).split('.').all(|label| !label.is_empty())
}

fn mail(octets: &[u8]) -> Result<SubtreeBase, &'static str> {
    let base = || {
        let lower = text(octets)?;
        let original = std::str::from_utf8(octets).ok()?;
        match (original.rsplit_once('@'), lower.rsplit_once('@')) {
            (Some((local, _)), Some((_, host))) => {
                let is_host = is_domain(host) && !host.starts_with('.');
                is_host.then(|| SubtreeBase::Mailbox(local.to_owned(), host.to_owned()))
            }
            _ => is_domain(&lower).then_some(SubtreeBase::MailHost(lower)),
        }
    };
    base().ok_or("is neither a mailbox nor a host nor a domain")
}

fn address(octets: &[u8]) -> Result<SubtreeBase, &'static str> {
    let halves = octets.split_at(octets.len() / 2);
    if let (Ok(address), Ok(mask)) = (<[u8; 4]>::try_from(halves.0), <[u8; 4]>::try_from(halves.1)) {
        return Ok(SubtreeBase::Ip(address.into(), mask.into()));
    }
    match (<[u8; 16]>::try_from(halves.0), <[u8; 16]>::try_from(halves.1)) {
        (Ok(address), Ok(mask)) => Ok(SubtreeBase::Ip(address.into(), mask.into())),
        _ => Err("is not 8 or 32 bytes long"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::request::asn1::encode;

    fn one(tag: Tag, content: &[u8]) -> Result<Vec<Subtree>, NotDer> {
        let subtree = encode(Tag::Sequence, &encode(tag, content).unwrap()).unwrap();
        let list = encode(context(0, true), &subtree).unwrap();
        NameConstraints::read(&encode(Tag::Sequence, &list).unwrap()).map(|constraints| constraints.permitted)
    }

    fn printed(number: u32, content: &[u8]) -> String {
        one(context(number, false), content).unwrap()[0].to_string()
    }

    #[test]
    fn reads_the_bases_of_each_form() {
        assert_eq!(printed(2, b"Example.COM"), "example.com");
        assert_eq!(printed(2, b".example"), ".example");
        assert_eq!(printed(2, b""), "every dns name");
        assert_eq!(printed(1, b"Me@Example.com"), "Me@example.com");
        assert_eq!(printed(1, b"@Example.com"), "@example.com");
        assert_eq!(printed(1, b".example"), ".example");
        assert_eq!(printed(6, b"Host.example"), "host.example");
        assert_eq!(printed(7, &[10, 0, 0, 0, 255, 0, 0, 0]), "10.0.0.0/255.0.0.0");
        assert_eq!(printed(7, &[0; 32]), "::/::");
        assert_eq!(one(context(8, false), b"\x2a").unwrap(), []);
        assert_eq!(one(context(0, true), b"\x06\x01\x2a").unwrap(), []);
        assert_eq!(one(context(4, true), b"\x30\x00").unwrap()[0].to_string(), "");
    }

    #[test]
    fn bases_that_names_cannot_be_compared_with_are_kept() {
        for (number, content) in [
            (2, &b"a..b"[..]),
            (2, b"a.b."),
            (2, b"a b"),
            (2, "ä".as_bytes()),
            (1, b""),
            (1, b"a@"),
            (1, b"a@.b"),
            (1, b"a@b@"),
            (6, b""),
            (6, b"https://a.b/"),
            (6, b"a:443"),
            (7, b"\x0a\0\0\0"),
            (7, &[0; 9]),
            (7, b""),
        ] {
            assert!(one(context(number, false), content).unwrap()[0].base.is_err(), "{number} {content:?}");
        }
    }

    #[test]
    fn distances_make_a_base_unusable() {
        let base = encode(context(2, false), b"a").unwrap();
        let read = |more: &[u8]| {
            let subtree = encode(Tag::Sequence, &[base.as_slice(), more].concat()).unwrap();
            let list = encode(context(1, true), &subtree).unwrap();
            NameConstraints::read(&encode(Tag::Sequence, &list).unwrap()).unwrap().excluded.remove(0).base
        };
        assert!(read(b"").is_ok());
        assert!(read(b"\x80\x01\x00").is_ok());
        assert!(read(b"\x80\x01\x01").is_err());
        assert!(read(b"\x81\x01\x00").is_err());
    }

    #[test]
    fn other_structures_are_refused() {
        for value in [
            &b"\x31\x00"[..],
            b"\x30\x02\x05\x00",
            b"\x30\x04\xa0\x02\x05\x00",
            b"\x30\x04\xa0\x02\x30\x00",
            b"\x30\x06\xa0\x04\x30\x02\x02\x00",
            b"\x30\x06\xa0\x04\x30\x02\xa9\x00",
            b"\x30\x08\xa0\x06\x30\x04\x82\x00\x82\x00",
            b"\x30\x04\xa2\x02\x30\x00",
        ] {
            assert!(NameConstraints::read(value).is_err(), "{value:?}");
        }
        assert!(NameConstraints::read(b"\x30\x00").is_ok());
    }
}
