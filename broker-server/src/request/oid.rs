//! Object identifiers of any length. Those of `der` end at 39 octets and at arcs of 32 bits, which an identifier under
//! 2.25 (a UUID as one arc, X.667 8) exceeds, and have no second arc over 39, such as that of 2.999 (X.660 A.4).

use std::{borrow::Cow, fmt};

use der::asn1::ObjectIdentifier;

/// An OBJECT IDENTIFIER: its content octets, which are valid (X.690 8.19).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oid(Cow<'static, [u8]>);

/// An OBJECT IDENTIFIER that borrows its content octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OidRef<'a>(&'a [u8]);

impl<'a> OidRef<'a> {
    /// Returns the identifier with these content octets. Returns `None` unless there is at least one subidentifier, each is in
    /// its shortest form, and the last is complete.
    pub(super) fn from_content(content: &'a [u8]) -> Option<Self> {
        let mut starts = true;
        for octet in content {
            if starts && *octet == 0x80 {
                return None;
            }
            starts = octet & 0x80 == 0;
        }
        if content.is_empty() || !starts { None } else { Some(Self(content)) }
    }

    /// Returns the subidentifiers (X.690 8.19.2), of which the first holds two arcs; `None` for one of over 128 bits.
    fn subidentifiers(self) -> impl Iterator<Item = Option<u128>> {
        self.0.split_inclusive(|octet| octet & 0x80 == 0).map(|octets| {
            octets
                .iter()
                .try_fold(0u128, |value, octet| Some(value.checked_mul(128)? | u128::from(octet & 0x7f)))
        })
    }
}

impl Oid {
    /// Returns the identifier with these content octets. Returns `None` unless there is at least one subidentifier, each is in
    /// its shortest form, and the last is complete.
    pub fn from_content(content: &[u8]) -> Option<Self> {
        OidRef::from_content(content).map(|oid| Self(Cow::Owned(oid.0.to_vec())))
    }

    /// Returns the same identifier.
    pub(super) const fn from_known(oid: &'static ObjectIdentifier) -> Self {
        Self(Cow::Borrowed(oid.as_bytes()))
    }

    /// Reads the dotted form, such as `2.5.4.3`: at least two arcs in decimal, each without leading zeros and of at most 128 bits.
    /// The first is 0, 1 or 2, and under 0 and 1 the second is at most 39 (X.660 7.6).
    pub fn from_text(text: &str) -> Option<Self> {
        let mut arcs = text.split('.').map(|arc| {
            let is_decimal =
                arc.bytes().all(|byte| byte.is_ascii_digit()) && (arc == "0" || !arc.starts_with('0'));
            arc.parse::<u128>().ok().filter(|_| is_decimal)
        });
        let (root, second) = (arcs.next()??, arcs.next()??);
        if root > 2 || root < 2 && second > 39 {
            return None;
        }
        let mut content = Vec::new();
        push_subidentifier(second.checked_add(root * 40)?, &mut content);
        for arc in arcs {
            push_subidentifier(arc?, &mut content);
        }
        Some(Self(Cow::Owned(content)))
    }

    /// Returns the content octets (X.690 8.19).
    pub fn content(&self) -> &[u8] {
        &self.0
    }

    /// Returns the short text of each identifier for a list in a message or a header. A list of more than
    /// [`SHORT_LIST`](Self::SHORT_LIST) ends there with `...`.
    pub fn short_list<'a>(identifiers: impl Iterator<Item = &'a Self>) -> Vec<String> {
        let mut list: Vec<String> = identifiers.take(Self::SHORT_LIST + 1).map(Self::short_text).collect();
        if let Some(last) = list.get_mut(Self::SHORT_LIST) {
            "...".clone_into(last);
        }
        list
    }

    /// The number of identifiers in a [`short_list`](Self::short_list).
    pub const SHORT_LIST: usize = 16;

    /// Reports whether common verifiers load names and policies with the identifier: each subidentifier is at most
    /// [`MAX_LOADED_ARC`](Self::MAX_LOADED_ARC), and there are at most [`MAX_LOADED_LENGTH`](Self::MAX_LOADED_LENGTH) octets. The
    /// first subidentifier is 40 times the first arc plus the second.
    pub fn is_loaded_by_verifiers(&self) -> bool {
        let is_loaded = |value: Option<u128>| value.is_some_and(|value| value <= Self::MAX_LOADED_ARC.into());
        self.0.len() <= Self::MAX_LOADED_LENGTH && OidRef(&self.0).subidentifiers().all(is_loaded)
    }

    /// The largest subidentifier that Go's crypto/x509 loads.
    pub const MAX_LOADED_ARC: u32 = i32::MAX as u32;

    /// The largest number of content octets that python-cryptography loads.
    pub const MAX_LOADED_LENGTH: usize = 63;

    /// Returns the identifier as ASCII text for messages and headers. A text of over [`SHORT_TEXT`](Self::SHORT_TEXT) characters
    /// ends there with `...`; that of an identifier under 2.25 with a UUID is shorter.
    pub fn short_text(&self) -> String {
        let text = self.to_string();
        match text.find('…').or_else(|| (text.len() > Self::SHORT_TEXT).then_some(Self::SHORT_TEXT)) {
            Some(end) => format!("{}...", text.get(..end.min(Self::SHORT_TEXT)).unwrap_or_default()),
            None => text,
        }
    }

    /// The length of [`short_text`](Self::short_text), without `...`.
    pub const SHORT_TEXT: usize = 64;
}

/// Appends a subidentifier: seven bits to each octet, of which all but the last have the highest bit (X.690 8.19.2).
fn push_subidentifier(value: u128, content: &mut Vec<u8>) {
    let groups = (128 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let more = if group == 0 { 0 } else { 0x80 };
        content.push(u8::try_from(value >> (7 * group) & 0x7f).unwrap_or_default() | more);
    }
}

impl PartialEq<ObjectIdentifier> for Oid {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<ObjectIdentifier> for OidRef<'_> {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        self.0 == other.as_bytes()
    }
}

impl From<ObjectIdentifier> for Oid {
    fn from(oid: ObjectIdentifier) -> Self {
        Self(Cow::Owned(oid.as_bytes().to_vec()))
    }
}

/// Prints the arcs with dots, as in `2.5.4.3`. An arc of over 128 bits is printed as `…`.
impl fmt::Display for OidRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.subidentifiers().enumerate() {
            match value {
                Some(value) if index == 0 => {
                    let root = (value / 40).min(2);
                    write!(f, "{root}.{}", value - root * 40)?;
                }
                Some(value) => write!(f, ".{value}")?,
                None if index == 0 => f.write_str("2.…")?,
                None => f.write_str(".…")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OidRef(&self.0).fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_reads() {
        for text in ["2.5.4.3", "1.2.840.113549.1.9.14", "0.9.2342.19200300.100.1.25", "1.0.1"] {
            let oid = ObjectIdentifier::new(text).unwrap();
            assert_eq!(Oid::from_content(oid.as_bytes()).unwrap(), oid);
            assert_eq!(Oid::from(oid).to_string(), text);
        }
        assert_eq!(Oid::from_content(&[0x88, 0x37, 3]).unwrap().to_string(), "2.999.3");
        // X.667 annex A
        let uuid = hex::decode("6983f8aaae9aa5b6ce83c7f4abd2cd8fd3dfcb02").unwrap();
        let oid = Oid::from_content(&uuid);
        assert!(oid.is_some_and(|oid| oid.to_string().starts_with("2.25.") && !oid.is_loaded_by_verifiers()));
        assert_eq!(
            Oid::from_content(&[[0x55].as_slice(), &[0xff; 30], &[1]].concat()).unwrap().to_string(),
            "2.5.…"
        );
    }

    #[test]
    fn reads_the_dotted_form() {
        for text in [
            "0.0",
            "1.39",
            "2.5.4.3",
            "2.40",
            "2.47",
            "2.48.1",
            "2.999",
            "2.999.1",
            "1.2.840.113549.1.9.14",
            "2.5.4294967296",
            // X.667 annex A
            "2.25.329800735698586629295641978511506172918",
            "1.3.340282366920938463463374607431768211455",
        ] {
            let oid = Oid::from_text(text).unwrap();
            assert_eq!(oid.to_string(), text);
            assert_eq!(Oid::from_content(oid.content()), Some(oid));
        }
        for known in ["2.5.4.3", "0.9.2342.19200300.100.1.25", "1.3.6.1.4.1.4294967295", "2.39.128.16384"] {
            assert_eq!(Oid::from_text(known).unwrap(), ObjectIdentifier::new(known).unwrap());
        }
        for text in [
            "",
            "2",
            "2.",
            ".2.5",
            "2..5",
            "2.5.",
            "2.5.04",
            "2.+5",
            "2.5.4 ",
            "0.40",
            "1.40",
            "3.1",
            "2.x",
            "2.-1",
            "1.2.340282366920938463463374607431768211456",
            "2.340282366920938463463374607431768211455",
            "2.\u{661}",
        ] {
            assert_eq!(Oid::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn short_list_is_bounded() {
        let list = |count: u8| {
            Oid::short_list(
                (0..count).map(|arc| Oid::from_content(&[0x2a, arc]).unwrap()).collect::<Vec<_>>().iter(),
            )
        };
        assert_eq!(list(0), [""; 0]);
        assert_eq!(list(16).len(), 16);
        assert_eq!(list(16)[15], "1.2.15");
        for count in [17, 100] {
            let list = list(count);
            assert_eq!((list.len(), list[15].as_str(), list[16].as_str()), (17, "1.2.15", "..."));
        }
    }

    #[test]
    fn short_text_is_bounded_ascii() {
        let uuid =
            Oid::from_content(&hex::decode("6983f8aaae9aa5b6ce83c7f4abd2cd8fd3dfcb02").unwrap()).unwrap();
        assert_eq!(uuid.short_text(), uuid.to_string());
        let long = Oid::from_content(&[0x2a; 1000]).unwrap().short_text();
        assert!(long.len() == Oid::SHORT_TEXT + 3 && long.starts_with("1.2.42.42.") && long.ends_with("..."));
        let large = Oid::from_content(&[[0x55].as_slice(), &[0xff; 30], &[1]].concat()).unwrap();
        assert_eq!(large.short_text(), "2.5....");
    }

    #[test]
    fn verifiers_load_short_identifiers_of_small_arcs() {
        for (length, expected) in [(63, true), (64, false)] {
            let oid = Oid::from_content(&vec![0x2a; length]).unwrap();
            assert_eq!(oid.is_loaded_by_verifiers(), expected, "{length}");
        }
        // 2.2147483567 is the subidentifier 2^31 - 1.
        for (content, expected) in [
            (&[0x87, 0xff, 0xff, 0xff, 0x7f][..], true),
            (&[0x88, 0x80, 0x80, 0x80, 0x00], false),
            (&[0x55, 0x87, 0xff, 0xff, 0xff, 0x7f], true),
            (&[0x55, 0x88, 0x80, 0x80, 0x80, 0x00], false),
        ] {
            let oid = Oid::from_content(content).unwrap();
            assert_eq!(oid.is_loaded_by_verifiers(), expected, "{oid}");
        }
    }

    #[test]
    fn refuses_what_is_no_identifier() {
        for content in [&[][..], &[0x80], &[0x55, 0x80, 1], &[0x55, 0x84], &[0x80, 1]] {
            assert_eq!(Oid::from_content(content), None, "{content:?}");
        }
    }
}
