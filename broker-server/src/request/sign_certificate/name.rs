//! Reads distinguished names. A Name keeps its bytes, because an issuer's certificates must contain exactly these; its
//! attributes become text that policy can judge.

use std::{collections::BTreeSet, fmt};

use der::{Decode as _, Tag};
use x509_cert::attr::AttributeTypeAndValue;

use super::{
    attribute_type::AttributeType,
    strings::{StringError, StringType},
};
use crate::request::{
    FieldErrorKind,
    asn1::{Element, NotDer, Tlv, encode},
    oid::{Oid, OidRef},
};

/// A distinguished name (RFC 5280 4.1.2.4) with its DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    der: Vec<u8>,
    attributes: Vec<NameAttribute>,
    /// The attributes of each set are in DER's order (X.690 11.6).
    is_sorted: bool,
    /// The first attribute that makes a certificate with this name unusable.
    defect: Option<Box<NameError>>,
}

/// An attribute of a distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAttribute {
    /// The type.
    pub oid: Oid,
    /// The value as text; `None` if it is not a valid value of a string type that certificates use in names.
    pub text: Option<String>,
}

impl Name {
    /// Reads an RDNSequence. The order inside sets does not matter. Values of any type, empty sets and sets with an attribute
    /// twice are read: [`check_as_subject`](Self::check_as_subject) and [`check_as_issuer`](Self::check_as_issuer) judge them.
    pub(super) fn read(name: Tlv<'_>) -> Result<Self, NotDer> {
        let mut rdns = name.inside(Tag::Sequence)?;
        let mut attributes = Vec::new();
        let mut is_sorted = true;
        let mut defect = None;
        while !rdns.is_empty() {
            let mut set = rdns.any()?.inside(Tag::Set)?;
            let mut previous: &[u8] = &[];
            if set.is_empty() {
                defect.get_or_insert_with(|| Box::new(NameError::EmptySet));
            }
            let mut types = BTreeSet::new();
            while !set.is_empty() {
                let pair = set.next(Tag::Sequence)?;
                is_sorted &= previous <= pair.raw;
                previous = pair.raw;
                let mut attribute = pair.inside(Tag::Sequence)?;
                let oid = attribute.oid()?;
                let value = attribute.element()?;
                attribute.end()?;
                let text = read_value(&oid, value).map_err(|fault| {
                    defect.get_or_insert_with(|| Box::new(NameError::attribute(&oid, fault)));
                });
                if !types.insert(oid.clone()) {
                    defect.get_or_insert_with(|| Box::new(NameError::attribute(&oid, Fault::Twice)));
                }
                attributes.push(NameAttribute { oid, text: text.ok() });
            }
        }
        Ok(Self { der: name.raw.to_vec(), attributes, is_sorted, defect })
    }

    /// Reads the DER of a name. Returns `None` for other bytes.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        Self::read(Tlv::only(der).ok()?).ok()
    }

    /// Returns the same name with the attributes of each set in DER's order (X.690 11.6). Some tools write another one, with
    /// which strict parsers do not load a certificate.
    pub(super) fn in_der_order(self) -> Result<Self, NotDer> {
        if self.is_sorted {
            return Ok(self);
        }
        let mut rdns = Tlv::only(&self.der)?.inside(Tag::Sequence)?;
        let mut sorted = Vec::with_capacity(self.der.len());
        while !rdns.is_empty() {
            let mut set = rdns.any()?.inside(Tag::Set)?;
            let mut attributes = Vec::new();
            while !set.is_empty() {
                attributes.push(set.any()?.raw);
            }
            attributes.sort_unstable();
            sorted.extend(encode(Tag::Set, &attributes.concat())?);
        }
        Self::read(Tlv::only(&encode(Tag::Sequence, &sorted)?)?)
    }

    /// Returns the DER: of an issuer byte for byte that of its certificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Reports whether the name has no attribute.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// Returns the attributes in the order of the DER.
    pub fn attributes(&self) -> &[NameAttribute] {
        &self.attributes
    }

    /// Returns the name as RFC 4514 text, or as `#` and hexadecimal DER if it has no text form.
    pub fn text(&self) -> String {
        Self::text_of(&self.der)
    }

    /// Returns the text of a name by its DER.
    pub(super) fn text_of(der: &[u8]) -> String {
        rfc_4514(der).unwrap_or_else(|_| format!("#{}", hex::encode(der)))
    }

    /// Checks that common verifiers can load a certificate with this issuer. Lengths are not checked, because existing CAs
    /// exceed the upper bounds of RFC 5280.
    ///
    /// # Errors
    /// Fails at the first attribute whose type or value they cannot load.
    pub fn check_as_issuer(&self) -> Result<(), FieldErrorKind> {
        match &self.defect {
            Some(error) => Err(error.clone().into_kind("its subject cannot be the issuer of a certificate")),
            None => Ok(()),
        }
    }

    /// Checks that common verifiers can load a certificate with this subject, and that the values have the characters and the
    /// lengths that RFC 5280 A.1 allows. Control characters are refused, because C programs end a text at NUL, and a line break
    /// forges a line of a log.
    ///
    /// # Errors
    /// Fails at the first attribute that cannot be loaded or is not allowed.
    pub fn check_as_subject(&self) -> Result<(), FieldErrorKind> {
        let owner = "its subject cannot be used";
        if let Some(error) = &self.defect {
            return Err(error.clone().into_kind(owner));
        }
        for NameAttribute { oid, text } in &self.attributes {
            let text = text.as_deref().unwrap_or_default();
            if let Err(rule) = AttributeType::check_value(AttributeType::by_oid(oid), text) {
                return Err(NameError::attribute(oid, Fault::NotAllowed(rule)).into_kind(owner));
            }
        }
        Ok(())
    }
}

/// Decodes the value of an attribute of the type `oid`.
fn read_value(oid: &Oid, value: Element<'_>) -> Result<String, Fault> {
    let Some(string_type) = value.universal_primitive().and_then(StringType::from_universal) else {
        return Err(Fault::NotAString(value.type_name(), AttributeType::by_oid(oid).is_some()));
    };
    let text = string_type.decode(value.value).map_err(Fault::Character)?;
    if oid.is_loaded_by_verifiers() { Ok(text) } else { Err(Fault::LargeType) }
}

/// Returns a name as RFC 4514 text: the last RDN first. An attribute whose type has no short name, or whose value is not text
/// that can be read, is the identifier of the type with the DER of the value in hexadecimal.
fn rfc_4514(der: &[u8]) -> Result<String, NotDer> {
    let mut rdns = Tlv::only(der)?.inside(Tag::Sequence)?;
    let mut texts = Vec::new();
    while !rdns.is_empty() {
        let mut set = rdns.any()?.inside(Tag::Set)?;
        let mut attributes = Vec::new();
        while !set.is_empty() {
            let pair = set.next(Tag::Sequence)?;
            let text = match AttributeTypeAndValue::from_der(pair.raw) {
                Ok(attribute) => attribute.to_string(),
                // `der` has neither all types nor all string types.
                Err(_) => {
                    let oid = pair.inside(Tag::Sequence)?.next(Tag::ObjectIdentifier)?;
                    let value = pair.value.get(oid.raw.len()..).unwrap_or_default();
                    let oid = OidRef::from_content(oid.value).ok_or(NotDer::Malformed)?;
                    format!("{oid}=#{}", hex::encode(value))
                }
            };
            attributes.push(text);
        }
        texts.push(attributes.join("+"));
    }
    texts.reverse();
    Ok(texts.join(","))
}

/// Why a name cannot be the subject or the issuer of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NameError {
    /// A set has no attribute.
    EmptySet,
    /// An attribute is not possible there.
    Attribute {
        /// The name of the attribute's type, or its identifier.
        attribute: String,
        fault: Fault,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    /// The value has this type; `true` where the attribute's type is known to be a string.
    NotAString(&'static str, bool),
    /// The identifier of the attribute's type has a large arc, or is long.
    LargeType,
    Character(StringError),
    /// The RDN has the attribute's type twice.
    Twice,
    /// A rule for the attribute's type; the text continues a sentence about the value.
    NotAllowed(String),
}

impl NameError {
    fn attribute(oid: &Oid, fault: Fault) -> Self {
        let attribute =
            AttributeType::by_oid(oid).map_or_else(|| oid.short_text(), |known| known.name.to_owned());
        Self::Attribute { attribute, fault }
    }

    /// Returns the error of a field that should hold the name. `owner` begins its sentence.
    fn into_kind(self, owner: &str) -> FieldErrorKind {
        let text = format!("{owner}: {self}");
        match self {
            Self::Attribute {
                fault:
                    Fault::NotAString("UniversalString", _) | Fault::NotAString(_, false) | Fault::LargeType,
                ..
            } => FieldErrorKind::Unsupported(text),
            _ => FieldErrorKind::Malformed(text),
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Attribute { attribute, fault } = self else {
            return f.write_str("an RDN has no attribute (X.501 9.3, RFC 5280 4.1.2.4)");
        };
        match fault {
            Fault::NotAString("UniversalString", _) => write!(
                f,
                "{attribute} is a UniversalString, which Go does not load; use UTF8String (RFC 5280 4.1.2.4)"
            ),
            Fault::NotAString(found, true) => {
                write!(
                    f,
                    "{attribute} is of type {found}, which is not a string type of names (RFC 5280 4.1.2.4)"
                )
            }
            Fault::NotAString(found, false) => write!(
                f,
                "the attribute {attribute} is of type {found}; OpenSSL or Go load only UTF8String, PrintableString, \
                 IA5String, TeletexString, BMPString and NumericString there"
            ),
            Fault::LargeType => write!(
                f,
                "the attribute type {attribute} has an arc over {}, which Go does not load, or more than {} octets, which \
                 python-cryptography does not load",
                Oid::MAX_LOADED_ARC,
                Oid::MAX_LOADED_LENGTH
            ),
            Fault::Character(error) => write!(f, "{attribute} {error}"),
            Fault::Twice => write!(
                f,
                "an RDN has {attribute} twice, which X.501 9.3 does not allow; write it as two RDNs, or leave one out"
            ),
            Fault::NotAllowed(rule) => write!(f, "{attribute} {rule}"),
        }
    }
}

#[cfg(test)]
mod tests;
