//! Compares names with name constraints (RFC 5280 4.2.1.10).

use std::{borrow::Cow, fmt, net::IpAddr};

use const_oid::db::rfc4519::CN;

use super::{escape_truncated, listed};
use crate::request::{
    AlternativeName, CanonicalName, Name, NameConstraints, NameForm, Subtree, SubtreeBase, email_addresses,
};

/// The product of the numbers of names and subtrees up to which they are compared. Verifiers have limits, too: OpenSSL refuses
/// certificates at a product of 2^20, and Go before version 1.26 at this number of comparisons.
pub(super) const MAX_COMPARISONS: usize = 250_000;

/// The names of a certificate to which name constraints apply.
#[derive(Clone, Copy, Debug)]
pub struct CertificateNames<'a> {
    /// The subject.
    pub subject: &'a Name,
    /// The alternative names. Those of the forms `Other` and `Invalid` are not compared.
    pub alternatives: &'a [AlternativeName],
    /// The alternative names of the form directoryName.
    pub directories: &'a [Name],
    /// Whether a CN that is a host is compared as a dNSName where the certificate has no dNSName: that of an end entity.
    pub takes_common_names: bool,
}

impl CertificateNames<'_> {
    /// Returns why the names violate the constraints of a CA above the certificate (RFC 5280 4.2.1.10); `None` if they do not.
    pub fn violation(&self, constraints: &NameConstraints) -> Option<String> {
        let names = self.subject.attributes().len() + self.alternatives.len() + self.directories.len();
        let subtrees = constraints.permitted.len() + constraints.excluded.len();
        if names.saturating_mul(subtrees) > MAX_COMPARISONS {
            return Some(format!(
                "{names} names are not compared with {subtrees} subtrees of nameConstraints"
            ));
        }
        let in_subject = names_in(self.subject, self.takes_common_names.then_some(self.alternatives));
        let directories = self.directories.iter().map(ConstrainedName::Directory);
        let others = self.alternatives.iter().map(ConstrainedName::Alternative);
        in_subject.into_iter().chain(directories).chain(others).find_map(|name| {
            let value = match Value::of(&name)? {
                // Only the host counts; what other verifiers take for it is their affair.
                Value::Uri(host, _) => Value::Uri(host.clone(), host),
                value => value,
            };
            violation(constraints, &name, &value)
        })
    }
}

/// A name that the certificate has or will have.
pub(super) enum ConstrainedName<'a> {
    Subject(&'a Name),
    /// An alternative name of the form directoryName.
    Directory(&'a Name),
    /// An emailAddress in the subject; `None` if it is not an IA5String.
    EmailAddress(Option<String>),
    /// A CN that verifiers take for a host.
    CommonName(&'a str),
    Alternative(&'a AlternativeName),
}

/// Returns the subject unless it is empty, each emailAddress in it, and each CN that is a host where the certificate has no
/// dNSName: verifiers take the CN for one then.
pub(super) fn names_in<'a>(
    subject: &'a Name,
    alternatives: Option<&[AlternativeName]>,
) -> Vec<ConstrainedName<'a>> {
    let is_dns = |name: &AlternativeName| matches!(name, AlternativeName::Dns(_));
    let takes_common_names = alternatives.is_some_and(|names| !names.iter().any(is_dns));
    let common_names =
        subject.attributes().iter().filter(|attribute| takes_common_names && attribute.oid == CN);
    let hosts = common_names.filter_map(|name| host(name.text.as_deref()?));
    Some(ConstrainedName::Subject(subject))
        .filter(|_| !subject.is_empty())
        .into_iter()
        .chain(email_addresses(subject).into_iter().map(ConstrainedName::EmailAddress))
        .chain(hosts.map(ConstrainedName::CommonName))
        .collect()
}

/// Returns a CN that verifiers compare with host names, without a final dot: two or more labels of letters, digits, hyphens and
/// underscores, of which the first may be `*`. No verifier applies constraints to a single label.
fn host(text: &str) -> Option<&str> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let labels = text.strip_prefix("*.").unwrap_or(text);
    (text.contains('.') && labels.split('.').all(is_label)).then_some(text)
}

impl fmt::Display for ConstrainedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(name) => write!(f, "the subject {}", escape_truncated(&name.text())),
            Self::Directory(name) => {
                write!(f, "the alternative name dirName:{}", escape_truncated(&name.text()))
            }
            Self::EmailAddress(Some(text)) => {
                write!(f, "the subject's emailAddress {}", escape_truncated(text))
            }
            Self::EmailAddress(None) => f.write_str("the subject's emailAddress"),
            Self::CommonName(text) => write!(f, "the subject's CN {}", escape_truncated(text)),
            Self::Alternative(name) => {
                write!(f, "the alternative name {}", escape_truncated(&name.to_string()))
            }
        }
    }
}

/// A name in the form in which it is compared with subtrees: hosts are in lower case.
pub(super) enum Value {
    Dns(String),
    Ip(IpAddr),
    Email {
        local: String,
        host: String,
    },
    /// The host as RFC 3986 reads it, and as another verifier does.
    Uri(String, String),
    Directory(CanonicalName),
    /// A name that no subtree can be compared with, and the reason: it must be refused if any subtree has its form.
    Incomparable(NameForm, &'static str),
    /// A name that verifiers refuse if there are name constraints of any form.
    Refused(&'static str),
}

impl Value {
    const fn form(&self) -> Option<NameForm> {
        match self {
            Self::Dns(_) => Some(NameForm::Dns),
            Self::Ip(_) => Some(NameForm::Ip),
            Self::Email { .. } => Some(NameForm::Email),
            Self::Uri(..) => Some(NameForm::Uri),
            Self::Directory(_) => Some(NameForm::Directory),
            Self::Incomparable(form, _) => Some(*form),
            Self::Refused(_) => None,
        }
    }

    /// Returns the value of a name; `None` for a form that no profile allows.
    pub(super) fn of(name: &ConstrainedName<'_>) -> Option<Self> {
        Some(match name {
            ConstrainedName::Subject(name) | ConstrainedName::Directory(name) => {
                match CanonicalName::of(name) {
                    Some(name) => Self::Directory(name),
                    None => Self::Refused("has a value of a type that cannot be compared"),
                }
            }
            ConstrainedName::EmailAddress(Some(text)) => Self::email(text),
            ConstrainedName::EmailAddress(None) => Self::Refused("is not an IA5String"),
            ConstrainedName::CommonName(text) => Self::Dns(text.to_ascii_lowercase()),
            ConstrainedName::Alternative(AlternativeName::Dns(text)) => Self::Dns(text.to_ascii_lowercase()),
            ConstrainedName::Alternative(AlternativeName::Email(text)) => Self::email(text),
            ConstrainedName::Alternative(AlternativeName::Uri(text)) => Self::uri(text),
            ConstrainedName::Alternative(AlternativeName::Ip(address)) => Self::Ip(*address),
            ConstrainedName::Alternative(AlternativeName::Other(_) | AlternativeName::Invalid(_)) => {
                return None;
            }
        })
    }

    fn email(text: &str) -> Self {
        match text.rsplit_once('@') {
            Some((local, host)) => Self::Email { local: local.to_owned(), host: host.to_ascii_lowercase() },
            None => Self::Incomparable(NameForm::Email, "is not a mailbox"),
        }
    }

    /// Reads the host of a URI. One without a host, or with an IP address in its place, must be refused where URIs are
    /// constrained.
    fn uri(text: &str) -> Self {
        let after_scheme = text.split_once(':').map_or("", |(_, rest)| rest);
        let rest = after_scheme.strip_prefix("//").unwrap_or_default();
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host_and_port = authority.rsplit('@').next().unwrap_or_default();
        let host = host_and_port.split(':').next().unwrap_or_default();
        // OpenSSL 3.0 reads up to the first colon, if there is one anywhere, or else up to the first slash.
        let other = match rest.split_once(':') {
            Some((before, _)) => before,
            None => rest.split('/').next().unwrap_or_default(),
        };
        if host_and_port.starts_with('[') || host.parse::<IpAddr>().is_ok() {
            Self::Incomparable(NameForm::Uri, "has an IP address in place of a host name")
        } else if host.is_empty() || other.is_empty() {
            Self::Incomparable(NameForm::Uri, "has no host name")
        } else {
            Self::Uri(host.to_ascii_lowercase(), other.to_ascii_lowercase())
        }
    }

    /// Reports whether a subtree permits the name: whether it contains all of it.
    fn is_within(&self, base: &SubtreeBase) -> bool {
        match (self, base) {
            (Self::Dns(name), SubtreeBase::Dns(domain)) => is_in_domain(name, domain),
            (Self::Ip(address), SubtreeBase::Ip(network, mask)) => is_in_network(*address, *network, *mask),
            (Self::Email { host, .. }, SubtreeBase::MailHost(base)) => is_on_host(host, base),
            (Self::Email { local, host }, SubtreeBase::Mailbox(base, base_host)) => {
                host == base_host && (base.is_empty() || local == base)
            }
            (Self::Uri(host, other), SubtreeBase::UriHost(base)) => {
                is_on_host(host, base) && is_on_host(other, base)
            }
            (Self::Directory(name), SubtreeBase::Directory(base, _)) => name.is_within(base),
            _ => false,
        }
    }

    /// Reports whether a subtree excludes the name: whether it contains any of it.
    fn overlaps(&self, base: &SubtreeBase) -> bool {
        match (self, base) {
            // A wildcard covers the hosts of its domain, of which the base may be one.
            (Self::Dns(name), SubtreeBase::Dns(domain)) => {
                let is_covered = |parent: &str| {
                    domain.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
                };
                is_in_domain(name, domain) || name.strip_prefix("*.").is_some_and(is_covered)
            }
            (Self::Uri(host, other), SubtreeBase::UriHost(base)) => {
                is_on_host(host, base) || is_on_host(other, base)
            }
            // Two local parts are the same if they differ only in quoting, which OpenSSL does not know.
            (Self::Email { local, host }, SubtreeBase::Mailbox(base, base_host)) => {
                host == base_host && (base.is_empty() || unquoted(local) == unquoted(base))
            }
            _ => self.is_within(base),
        }
    }
}

/// Returns the local part of a mailbox without quotes and escapes (RFC 5321 4.1.2).
fn unquoted(local: &str) -> Cow<'_, str> {
    match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        None => Cow::Borrowed(local),
        Some(quoted) => {
            let mut characters = quoted.chars();
            let next = || match characters.next() {
                Some('\\') => characters.next(),
                other => other,
            };
            Cow::Owned(std::iter::from_fn(next).collect())
        }
    }
}

/// Reports whether `name` is the domain or in it. A domain with a leading dot is not in itself; the empty one has every name.
fn is_in_domain(name: &str, domain: &str) -> bool {
    match name.strip_suffix(domain) {
        Some(labels) => {
            domain.is_empty() || labels.is_empty() || domain.starts_with('.') || labels.ends_with('.')
        }
        None => false,
    }
}

/// Reports whether `host` is the base or, if that has a leading dot, in its domain.
fn is_on_host(host: &str, base: &str) -> bool {
    if base.starts_with('.') { host.len() > base.len() && host.ends_with(base) } else { host == base }
}

fn is_in_network(address: IpAddr, network: IpAddr, mask: IpAddr) -> bool {
    match (address, network, mask) {
        (IpAddr::V4(address), IpAddr::V4(network), IpAddr::V4(mask)) => {
            (address.to_bits() ^ network.to_bits()) & mask.to_bits() == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network), IpAddr::V6(mask)) => {
            (address.to_bits() ^ network.to_bits()) & mask.to_bits() == 0
        }
        _ => false,
    }
}

/// Returns why verifiers refuse a name, `None` if they accept it: it must be in one of the permitted subtrees of its form, if
/// there are any, and in none of the excluded ones.
pub(super) fn violation(
    constraints: &NameConstraints,
    name: &ConstrainedName<'_>,
    value: &Value,
) -> Option<String> {
    let Some(form) = value.form() else {
        let Value::Refused(reason) = value else { return None };
        return Some(format!(
            "{name} {reason}, so the nameConstraints of the CA certificate cannot be applied to it"
        ));
    };
    let is_of_form = |subtree: &&Subtree| subtree.form == form;
    let permitted = constraints.permitted.iter().filter(is_of_form);
    let excluded = constraints.excluded.iter().filter(is_of_form);
    if let Value::Incomparable(_, reason) = value {
        return permitted.chain(excluded).next().map(|_| {
            format!("{name} {reason}, and the CA certificate's nameConstraints restrict the {form} names")
        });
    }
    for subtree in permitted.clone().chain(excluded.clone()) {
        if let Err(reason) = subtree.base {
            return Some(format!(
                "{name} is a {form} name, and the CA certificate's nameConstraints have a {form} subtree that {reason}"
            ));
        }
    }
    let within = |subtree: &Subtree| subtree.base.as_ref().is_ok_and(|base| value.is_within(base));
    if permitted.clone().next().is_some() && !permitted.clone().any(within) {
        let subtrees = listed(permitted.map(Subtree::to_string)).unwrap_or_default();
        return Some(format!(
            "{name} is not in a {form} subtree that the CA certificate's nameConstraints permit: {subtrees}"
        ));
    }
    excluded.clone().find(|subtree| subtree.base.as_ref().is_ok_and(|base| value.overlaps(base))).map(
        |subtree| {
            format!(
                "{name} is in a {form} subtree that the CA certificate's nameConstraints exclude: {}",
                escape_truncated(&subtree.to_string())
            )
        },
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_hosts_match_at_a_label() {
        for (name, domain, is_in) in [
            ("a.b", "", true),
            ("a.b", "b", true),
            ("a.b", "a.b", true),
            ("a.b", ".b", true),
            ("b", ".b", false),
            ("ab", "b", false),
            ("b", "a.b", false),
        ] {
            assert_eq!(is_in_domain(name, domain), is_in, "{name} {domain:?}");
        }
        for (host, base, is_on) in
            [("a.b", "a.b", true), ("a.b", "b", false), ("a.b", ".b", true), (".b", ".b", false)]
        {
            assert_eq!(is_on_host(host, base), is_on, "{host} {base}");
        }
    }

    #[test]
    fn a_quoted_mailbox_is_the_same_as_an_unquoted_one() {
        for text in ["me@a.example", "\"me\"@a.example", "\"m\\e\"@A.example"] {
            let base = SubtreeBase::Mailbox("me".into(), "a.example".into());
            assert!(Value::email(text).overlaps(&base), "{text}");
        }
        let base = SubtreeBase::Mailbox("me".into(), "a.example".into());
        assert!(!Value::email("\"m e\"@a.example").overlaps(&base));
        assert!(!Value::email("\"me\"@a.example").is_within(&base));
    }

    #[test]
    fn common_names_of_several_labels_are_hosts() {
        for (text, expected) in [
            ("a.b", Some("a.b")),
            ("*.a.b", Some("*.a.b")),
            ("a_1.b-c.", Some("a_1.b-c")),
            ("10.0.0.1", Some("10.0.0.1")),
            ("app", None),
            ("app.", None),
            ("An app. Or two", None),
            ("a..b", None),
            (".a", None),
            ("-a.b", None),
            ("a.*.b", None),
            ("", None),
        ] {
            assert_eq!(host(text), expected, "{text}");
        }
    }

    #[test]
    fn the_host_of_a_uri_is_found() {
        let hosts = |text: &str| match Value::uri(text) {
            Value::Uri(host, other) => format!("{host} {other}"),
            Value::Incomparable(_, reason) => reason.to_owned(),
            _ => String::new(),
        };
        assert_eq!(hosts("https://A.b/x"), "a.b a.b");
        assert_eq!(hosts("https://a.b:1/x"), "a.b a.b");
        assert_eq!(hosts("https://a.b"), "a.b a.b");
        assert_eq!(hosts("https://u@a.b/"), "a.b u@a.b");
        assert_eq!(hosts("https://u:p@a.b/"), "a.b u");
        assert_eq!(hosts("x://a.b/c:d"), "a.b a.b/c");
        assert_eq!(hosts("x://a.b?c"), "a.b a.b?c");
        for text in ["urn:a:b", "urn:a://b.example/", "x:///y", "x://:1/", "mailto:a@b"] {
            assert_eq!(hosts(text), "has no host name", "{text}");
        }
        for text in ["https://10.0.0.1:1/", "https://[::1]/", "https://u@10.0.0.1/"] {
            assert_eq!(hosts(text), "has an IP address in place of a host name", "{text}");
        }
    }
}
