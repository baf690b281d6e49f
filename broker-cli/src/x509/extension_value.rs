//! The values of extensions, by the names of the standards.
//!
//! A value is JSON; the lines for a reader are made from it, so that both always say the same.

use serde_json::{Map, Value, json};

use super::{
    certificate::{BasicConstraints, Extension, bits, key_usage, oid},
    der::{NotDer, Reader, Tlv, tag},
    distinguished_name, general_name, names,
};
use crate::escape::{printable, printable_bytes};

/// Returns the name of an extension, or its dotted form.
pub(crate) fn name<'a>(extension: &'a Extension<'_>) -> &'a str {
    names::extension(&extension.oid).unwrap_or(&extension.oid)
}

/// Returns an extension as JSON: `{"name","oid","critical","value"}`. A value without a known form is `{"hex"}`, a known one
/// that is not well formed `{"malformed"}` with its bytes in hexadecimal.
pub(crate) fn to_json(extension: &Extension<'_>) -> Value {
    let value = match value(extension) {
        Some(Ok(value)) => value,
        Some(Err(NotDer)) => json!({ "malformed": hex::encode(extension.value) }),
        None => json!({ "hex": hex::encode(extension.value) }),
    };
    json!({
        "name": names::extension(&extension.oid),
        "oid": extension.oid,
        "critical": extension.critical,
        "value": value,
    })
}

/// Reports whether the form of the value is known.
pub(crate) fn is_known(extension: &Extension<'_>) -> bool {
    value(extension).is_some()
}

/// Reports whether the value of an extension with a known form is not well formed.
pub(crate) fn is_malformed(extension: &Extension<'_>) -> bool {
    matches!(value(extension), Some(Err(NotDer)))
}

/// Returns the value in a form of [`to_json`] as lines for a reader.
pub(crate) fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) if list.iter().all(Value::is_string) => vec![joined(list)],
        Value::Array(list) => list.iter().map(one_line).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| format!("{key}: {}", one_line(value))).collect(),
        other => vec![one_line(other)],
    }
}

fn one_line(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(&shortened(text)),
        Value::Array(list) => joined(list),
        Value::Object(map) => {
            let parts = map.iter().map(|(key, value)| format!("{key}: {}", one_line(value)));
            parts.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

fn joined(list: &[Value]) -> String {
    list.iter().map(one_line).collect::<Vec<_>>().join(", ")
}

/// Puts a text in quotes where it could be taken for several, such as a dNSName with a comma, and escapes the quotes in it.
fn quoted(text: &str) -> String {
    match [", ", "; ", "\""].iter().any(|mark| text.contains(mark)) {
        true => format!("\"{}\"", text.replace('"', "\\\"")),
        false => text.to_owned(),
    }
}

/// Cuts a text that nobody reads to its end, such as the bytes of an unknown extension.
fn shortened(text: &str) -> String {
    const MAX: usize = 400;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => {
            format!("{}… ({} characters)", text.get(..end).unwrap_or_default(), text.chars().count())
        }
        None => text.to_owned(),
    }
}

/// Returns the value of an extension; `None` where its form is not known.
fn value(extension: &Extension<'_>) -> Option<Result<Value, NotDer>> {
    let read: fn(Tlv<'_>) -> Result<Value, NotDer> = match extension.oid.as_str() {
        oid::SUBJECT_KEY_ID => |value| Ok(json!(hex::encode(value.octets()?))),
        oid::AUTHORITY_KEY_ID => authority_key_id,
        oid::KEY_USAGE => |value| Ok(json!(set_bits(key_usage(value.raw)?, &names::KEY_USAGE))),
        oid::EXTENDED_KEY_USAGE => purposes,
        oid::BASIC_CONSTRAINTS => basic_constraints,
        oid::SUBJECT_ALT_NAME | oid::ISSUER_ALT_NAME => |value| Ok(json!(general_name::texts(value)?)),
        oid::NAME_CONSTRAINTS => name_constraints,
        oid::CRL_DISTRIBUTION_POINTS | oid::FRESHEST_CRL => distribution_points,
        oid::CERTIFICATE_POLICIES => policies,
        oid::POLICY_MAPPINGS => policy_mappings,
        oid::POLICY_CONSTRAINTS => policy_constraints,
        oid::INHIBIT_ANY_POLICY => |value| Ok(json!(value.unsigned()?)),
        oid::AUTHORITY_INFO_ACCESS | oid::SUBJECT_INFO_ACCESS => access_descriptions,
        oid::TLS_FEATURE => tls_features,
        oid::SCT_LIST => timestamps,
        oid::NETSCAPE_COMMENT => comment,
        oid::OCSP_NO_CHECK | oid::PRECERTIFICATE_POISON | "2.5.29.56" => null,
        _ => return None,
    };
    Some(Tlv::only(extension.value).and_then(read))
}

fn null(value: Tlv<'_>) -> Result<Value, NotDer> {
    if value.tag == tag::NULL { Ok(json!(true)) } else { Err(NotDer) }
}

fn set_bits(bits: u16, names: &[&'static str]) -> Vec<&'static str> {
    let named = names.iter().enumerate().filter(|(index, _)| bits & 1 << index != 0);
    named.map(|(_, name)| *name).collect()
}

fn authority_key_id(value: Tlv<'_>) -> Result<Value, NotDer> {
    let mut parts = value.inside(tag::SEQUENCE)?;
    let mut found = Map::new();
    if let Some(id) = parts.optional(tag::context(0, false))? {
        found.insert("keyIdentifier".into(), json!(hex::encode(id.value)));
    }
    if let Some(names) = parts.optional(tag::context(1, true))? {
        found.insert("authorityCertIssuer".into(), json!(all_names(names)?));
    }
    if let Some(serial) = parts.optional(tag::context(2, false))? {
        found.insert("authorityCertSerialNumber".into(), json!(hex::encode(serial.value)));
    }
    parts.end()?;
    Ok(Value::Object(found))
}

/// Returns the names of an implicitly tagged GeneralNames.
fn all_names(names: Tlv<'_>) -> Result<Vec<String>, NotDer> {
    Reader::new(names.value).all()?.into_iter().map(general_name::text).collect()
}

fn purposes(value: Tlv<'_>) -> Result<Value, NotDer> {
    let name = |purpose: Tlv<'_>| purpose.oid().map(|oid| named(&oid, names::purpose));
    let purposes: Result<Vec<String>, _> = value.list(tag::SEQUENCE)?.into_iter().map(name).collect();
    Ok(json!(purposes?))
}

fn named(oid: &str, name: impl Fn(&str) -> Option<&'static str>) -> String {
    name(oid).map_or_else(|| oid.to_owned(), str::to_owned)
}

fn basic_constraints(value: Tlv<'_>) -> Result<Value, NotDer> {
    let found = BasicConstraints::read(value.raw)?;
    let mut json = Map::from_iter([("cA".to_owned(), json!(found.ca))]);
    if let Some(length) = found.path_len {
        json.insert("pathLenConstraint".into(), json!(length));
    }
    Ok(Value::Object(json))
}

fn name_constraints(value: Tlv<'_>) -> Result<Value, NotDer> {
    let mut parts = value.inside(tag::SEQUENCE)?;
    let mut json = Map::new();
    for (number, key) in [(0, "permittedSubtrees"), (1, "excludedSubtrees")] {
        let Some(subtrees) = parts.optional(tag::context(number, true))? else { continue };
        let base = |subtree: Tlv<'_>| general_name::text(subtree.inside(tag::SEQUENCE)?.any()?);
        let names: Result<Vec<String>, _> =
            Reader::new(subtrees.value).all()?.into_iter().map(base).collect();
        json.insert(key.into(), json!(names?));
    }
    parts.end()?;
    Ok(Value::Object(json))
}

fn distribution_points(value: Tlv<'_>) -> Result<Value, NotDer> {
    let points: Result<Vec<Value>, _> =
        value.list(tag::SEQUENCE)?.into_iter().map(distribution_point).collect();
    Ok(json!(points?))
}

fn distribution_point(point: Tlv<'_>) -> Result<Value, NotDer> {
    let mut parts = point.inside(tag::SEQUENCE)?;
    let mut json = Map::new();
    if let Some(name) = parts.optional(tag::context(0, true))? {
        let name = Tlv::only(name.value)?;
        if name.tag == tag::context(0, true) {
            json.insert("fullName".into(), json!(all_names(name)?));
        } else {
            json.insert("nameRelativeToCRLIssuer".into(), json!(hex::encode(name.value)));
        }
    }
    if let Some(reasons) = parts.optional(tag::context(1, false))? {
        let (unused, octets) = Tlv { tag: tag::BIT_STRING, ..reasons }.bits()?;
        json.insert("reasons".into(), json!(set_bits(bits(unused, octets), &names::REASONS)));
    }
    if let Some(issuer) = parts.optional(tag::context(2, true))? {
        json.insert("cRLIssuer".into(), json!(all_names(issuer)?));
    }
    parts.end()?;
    Ok(Value::Object(json))
}

fn policies(value: Tlv<'_>) -> Result<Value, NotDer> {
    let mut found = Vec::new();
    for policy in value.list(tag::SEQUENCE)? {
        let mut parts = policy.inside(tag::SEQUENCE)?;
        let id = named(&parts.next(tag::OID)?.oid()?, names::policy);
        let mut json = Map::from_iter([("policyIdentifier".to_owned(), json!(id))]);
        if let Some(qualifiers) = parts.optional(tag::SEQUENCE)? {
            let texts: Result<Vec<String>, _> =
                qualifiers.list(tag::SEQUENCE)?.into_iter().map(policy_qualifier).collect();
            json.insert("policyQualifiers".into(), json!(texts?));
        }
        parts.end()?;
        found.push(Value::Object(json));
    }
    Ok(json!(found))
}

fn policy_qualifier(qualifier: Tlv<'_>) -> Result<String, NotDer> {
    let mut parts = qualifier.inside(tag::SEQUENCE)?;
    let id = named(&parts.next(tag::OID)?.oid()?, names::policy_qualifier);
    let value = parts.any()?;
    let text = match distribution_text(value) {
        Some(text) => text,
        // The explicit text of a userNotice.
        None => {
            let parts = value.inside(tag::SEQUENCE).and_then(Reader::all).unwrap_or_default();
            let text = parts.into_iter().find_map(distribution_text);
            text.unwrap_or_else(|| hex::encode(value.raw))
        }
    };
    Ok(format!("{id}:{text}"))
}

fn distribution_text(value: Tlv<'_>) -> Option<String> {
    distinguished_name::string(value).map(|text| printable(&text).into_owned())
}

fn policy_mappings(value: Tlv<'_>) -> Result<Value, NotDer> {
    let mapping = |pair: Tlv<'_>| {
        let mut pair = pair.inside(tag::SEQUENCE)?;
        let (issuer, subject) = (pair.next(tag::OID)?.oid()?, pair.next(tag::OID)?.oid()?);
        Ok(json!({
            "issuerDomainPolicy": named(&issuer, names::policy),
            "subjectDomainPolicy": named(&subject, names::policy),
        }))
    };
    let mappings: Result<Vec<Value>, NotDer> = value.list(tag::SEQUENCE)?.into_iter().map(mapping).collect();
    Ok(json!(mappings?))
}

fn policy_constraints(value: Tlv<'_>) -> Result<Value, NotDer> {
    let mut parts = value.inside(tag::SEQUENCE)?;
    let mut json = Map::new();
    for (number, key) in [(0, "requireExplicitPolicy"), (1, "inhibitPolicyMapping")] {
        if let Some(certificates) = parts.optional(tag::context(number, false))? {
            json.insert(key.into(), json!(super::der::unsigned(certificates.value)?));
        }
    }
    parts.end()?;
    Ok(Value::Object(json))
}

fn access_descriptions(value: Tlv<'_>) -> Result<Value, NotDer> {
    let description = |description: Tlv<'_>| {
        let mut parts = description.inside(tag::SEQUENCE)?;
        let method = parts.next(tag::OID)?.oid()?;
        let location = general_name::text(parts.any()?)?;
        Ok(json!({ "accessMethod": named(&method, names::access_method), "accessLocation": location }))
    };
    let list: Result<Vec<Value>, NotDer> = value.list(tag::SEQUENCE)?.into_iter().map(description).collect();
    Ok(json!(list?))
}

/// RFC 7633 4.1: numbers of TLS extensions.
fn tls_features(value: Tlv<'_>) -> Result<Value, NotDer> {
    let name = |number: Tlv<'_>| {
        Ok(match number.unsigned()? {
            5 => "status_request".to_owned(),
            17 => "status_request_v2".to_owned(),
            other => other.to_string(),
        })
    };
    let names: Result<Vec<String>, NotDer> = value.list(tag::SEQUENCE)?.into_iter().map(name).collect();
    Ok(json!(names?))
}

/// RFC 6962 3.3: a list of timestamps, each with a length of two octets, behind the length of all.
fn timestamps(value: Tlv<'_>) -> Result<Value, NotDer> {
    let entry = |bytes: &mut &[u8]| -> Result<usize, NotDer> {
        let ([high, low], rest) = bytes.split_first_chunk::<2>().ok_or(NotDer)?;
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        *bytes = rest;
        Ok(length)
    };
    let mut bytes = value.octets()?;
    if entry(&mut bytes)? != bytes.len() {
        return Err(NotDer);
    }
    let mut count = 0;
    while !bytes.is_empty() {
        let length = entry(&mut bytes)?;
        bytes = bytes.get(length..).ok_or(NotDer)?;
        count += 1;
    }
    Ok(json!({ "count": count }))
}

fn comment(value: Tlv<'_>) -> Result<Value, NotDer> {
    if value.tag == tag::IA5_STRING { Ok(json!(printable_bytes(value.value))) } else { Err(NotDer) }
}
