//! Object identifiers of any length. Those of `der` end at 39 octets and at arcs of 32 bits, which an identifier under
//! 2.25 (a UUID as one arc, X.667 8) exceeds.

use std::fmt;

use der::asn1::ObjectIdentifier;

/// An OBJECT IDENTIFIER: its content octets, which are valid (X.690 8.19).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oid(Box<[u8]>);

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
        OidRef::from_content(content).map(|oid| Self(oid.0.into()))
    }

    /// Reports whether each subidentifier is at most `limit`. The first one is 40 times the first arc plus the second.
    pub fn has_subidentifiers_up_to(&self, limit: u128) -> bool {
        OidRef(&self.0).subidentifiers().all(|value| value.is_some_and(|value| value <= limit))
    }

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
        Self(oid.as_bytes().into())
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
#[allow(clippy::unwrap_used)]
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
        assert!(
            oid.is_some_and(|oid| oid.to_string().starts_with("2.25.")
                && !oid.has_subidentifiers_up_to(u128::from(u32::MAX)))
        );
        assert_eq!(
            Oid::from_content(&[[0x55].as_slice(), &[0xff; 30], &[1]].concat()).unwrap().to_string(),
            "2.5.…"
        );
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
    fn subidentifiers_are_bounded() {
        // 2.2147483567 is the subidentifier 2^31 - 1.
        for (content, expected) in [
            (&[0x87, 0xff, 0xff, 0xff, 0x7f][..], true),
            (&[0x88, 0x80, 0x80, 0x80, 0x00], false),
            (&[0x55, 0x87, 0xff, 0xff, 0xff, 0x7f], true),
            (&[0x55, 0x88, 0x80, 0x80, 0x80, 0x00], false),
        ] {
            let oid = Oid::from_content(content).unwrap();
            assert_eq!(oid.has_subidentifiers_up_to(i32::MAX as u128), expected, "{oid}");
        }
    }

    #[test]
    fn refuses_what_is_no_identifier() {
        for content in [&[][..], &[0x80], &[0x55, 0x80, 1], &[0x55, 0x84], &[0x80, 1]] {
            assert_eq!(Oid::from_content(content), None, "{content:?}");
        }
    }
}
