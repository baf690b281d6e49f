//! Answers as JSON: the wire's field names in camelCase, bytes as standard base64 (the JSON mapping of Protocol
//! Buffers), absent fields left out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use broker_client::{
    Certificate, Deprecation, Descriptor, HashDataResponse, HashValue, Info, SignCertificateResponse,
};

/// `HashDataResponse`.
pub(crate) fn hashed(answer: &HashDataResponse) -> Value {
    let mut value = common(&answer.id, answer.deprecation.as_ref(), Some(&answer.descriptor));
    match &answer.value {
        HashValue::Hex(text) => value.insert("hashValueHex".into(), json!(text)),
        HashValue::Raw(bytes) => value.insert("hashValueRaw".into(), json!(STANDARD.encode(bytes))),
    };
    Value::Object(value)
}

/// `SignCertificateResponse`.
pub(crate) fn signed(answer: &SignCertificateResponse) -> Value {
    let mut value = common(&answer.id, answer.deprecation.as_ref(), Some(&answer.descriptor));
    match &answer.certificate {
        Certificate::Pem(text) => value.insert("pem".into(), json!(text)),
        Certificate::Der(bytes) => value.insert("der".into(), json!(STANDARD.encode(bytes))),
    };
    Value::Object(value)
}

/// `GetInfoResponse`.
pub(crate) fn info(info: &Info) -> Value {
    let mut value = Map::new();
    value.insert("version".into(), json!(info.version));
    value.insert("catalogueDigest".into(), json!(info.catalogue_digest));
    value.insert("profiles".into(), json!(info.profiles));
    value.insert("operations".into(), json!(info.operations));
    value.insert("fips".into(), json!(info.fips));
    value.insert("cryptoLibraryVersions".into(), json!(info.crypto_library_versions));
    if let Some(started) = started_at(info) {
        value.insert("startedAt".into(), json!(started));
    }
    Value::Object(value)
}

/// When the broker started, RFC 3339.
pub(crate) fn started_at(info: &Info) -> Option<String> {
    let time = jiff::Timestamp::try_from(info.started_at?).ok()?;
    // Whole seconds are enough for when a process started.
    Some(jiff::Timestamp::from_second(time.as_second()).ok()?.to_string())
}

/// What every answer has; some answers do not say what was done.
pub(crate) fn common(
    id: &str,
    warning: Option<&Deprecation>,
    descriptor: Option<&Descriptor>,
) -> Map<String, Value> {
    let mut meta = Map::new();
    meta.insert("id".into(), json!(id));
    if let Some(warning) = warning {
        meta.insert("deprecation".into(), deprecation(warning));
    }
    let mut value = Map::new();
    value.insert("metadata".into(), Value::Object(meta));
    if let Some(descriptor) = descriptor {
        value.insert(
            "descriptor".into(),
            json!({
                "profile": descriptor.profile,
                "operation": descriptor.operation,
                "algorithm": descriptor.algorithm,
            }),
        );
    }
    value
}

fn deprecation(warning: &Deprecation) -> Value {
    let mut value = Map::new();
    value.insert("profile".into(), json!(warning.profile));
    let optional = [
        ("replacedBy", &warning.replaced_by),
        ("deprecatedSince", &warning.deprecated_since),
        ("removeAfter", &warning.remove_after),
        ("reason", &warning.reason),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            value.insert(name.into(), json!(text));
        }
    }
    Value::Object(value)
}
