//! Reads the extensions that a certification request asks for (RFC 2985 5.4.2).

use der::{Tag, asn1::ObjectIdentifier};

use super::{
    alternative_name::{AlternativeName, alternative_names},
    extension::{Extension, extensions},
};
use crate::request::{
    FieldErrorKind,
    asn1::{NotDer, Tlv, Values},
    oid::Oid,
};

/// What a certification request asks for, beyond its subject and its key.
#[derive(Debug, Default)]
pub(super) struct RequestedExtensions {
    /// The names of subjectAltName.
    pub(super) alternative_names: Vec<AlternativeName>,
    /// The identifiers of all extensions.
    pub(super) identifiers: Vec<Oid>,
}

const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// The two attributes that hold extensions: that of PKCS #9, and Microsoft's, which OpenSSL reads as well.
const EXTENSION_REQUESTS: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.14"),
];

impl RequestedExtensions {
    /// Reads the attributes of a certification request (RFC 2986 4.1). Those of other types are ignored.
    pub(super) fn read(attributes: Option<Tlv<'_>>) -> Result<Self, FieldErrorKind> {
        let Some(attributes) = attributes else { return Ok(Self::default()) };
        let mut requests: [Option<Tlv<'_>>; 2] = [None; 2];
        let malformed = NotDer::in_a("set of attributes (RFC 2986 4.1)");
        let mut attributes = Values::new(attributes.value).map_err(&malformed)?;
        while !attributes.is_empty() {
            let (oid, values) = attribute(&mut attributes).map_err(&malformed)?;
            let request = EXTENSION_REQUESTS.iter().zip(&mut requests).find(|(known, _)| oid == **known);
            let Some((_, request)) = request else { continue };
            let mut values = Values::new(values).map_err(&malformed)?;
            if values.is_empty() {
                return Err(malformed_text("has an extensionRequest without a value (RFC 2985 5.4.2)"));
            }
            let list = values.any().map_err(&malformed)?;
            if request.replace(list).is_some() || !values.is_empty() {
                return Err(malformed_text("has more than one extensionRequest (RFC 2985 5.4.2)"));
            }
        }
        match requests {
            [Some(list), None] | [None, Some(list)] => Ok(Self::from_list(&extensions(list)?)),
            [None, None] => Ok(Self::default()),
            [Some(first), Some(second)] => {
                let (mut first, mut second) = (extensions(first)?, extensions(second)?);
                first.sort_unstable();
                second.sort_unstable();
                if first != second {
                    return Err(malformed_text(
                        "has an extensionRequest of PKCS #9 and one of Microsoft (1.3.6.1.4.1.311.2.1.14) that differ; \
                         send one of them",
                    ));
                }
                Ok(Self::from_list(&first))
            }
        }
    }

    fn from_list(list: &[Extension<'_>]) -> Self {
        let names = list.iter().find(|extension| extension.oid == SUBJECT_ALT_NAME);
        Self {
            alternative_names: names.map_or_else(Vec::new, |names| alternative_names(names.value)),
            identifiers: list.iter().map(|extension| extension.oid.clone()).collect(),
        }
    }
}

/// Reads an attribute. Returns its type, and the DER of its values, which are not read: they may be of any type.
fn attribute<'a>(attributes: &mut Values<'a>) -> Result<(Oid, &'a [u8]), NotDer> {
    let mut parts = attributes.sequence()?;
    let oid = parts.oid()?;
    let set = parts.next(Tag::Set)?;
    parts.end()?;
    Ok((oid, set.value))
}

fn malformed_text(text: &str) -> FieldErrorKind {
    FieldErrorKind::Malformed(text.to_owned())
}

#[cfg(test)]
mod tests;
