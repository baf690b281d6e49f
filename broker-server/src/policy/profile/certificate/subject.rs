//! The rules for the subject of a certificate.

use crate::request::AttributeId;

/// `Subject`: the subjects that certificates may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRule {
    /// The types of attributes that the subject may have; `None` allows every type.
    pub allow: Option<Vec<AttributeId>>,
    /// The types of attributes that the subject must have.
    pub require: Vec<AttributeId>,
    /// The values that attributes of a type may have, compared octet by octet after decoding.
    pub values: Vec<(AttributeId, Vec<String>)>,
    /// What every commonName must be; `None` allows any.
    pub common_name: Option<CommonNameRule>,
    /// The line of the section, from 1.
    pub line: u32,
}

/// `Subject.CommonName`: what every commonName of a subject must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonNameRule {
    /// The endings of which it must have one, as in `SubjectAlternativeNames.Suffixes`. An empty list allows any name.
    pub suffixes: Vec<String>,
    /// Whether it must be one of the certificate's subject alternative names.
    pub match_alternative_name: bool,
    /// The line of the section, from 1.
    pub line: u32,
}

/// `MaxSubjectLength`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxSubjectLength {
    /// The limit in characters of RFC 4514 text.
    pub characters: usize,
    /// The line of the rule, from 1.
    pub line: u32,
}
