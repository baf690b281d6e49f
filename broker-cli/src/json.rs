//! Parts of results as JSON: the wire's field names in camelCase, bytes as standard base64 (the JSON mapping of Protocol
//! Buffers), absent fields left out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use broker_client::{Deprecation, Descriptor, Info};

/// Returns bytes as standard base64.
pub(crate) fn base64(bytes: &[u8]) -> Value {
    json!(STANDARD.encode(bytes))
}

/// Returns bytes as the text of standard base64.
pub(crate) fn base64_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Returns a `GetInfoResponse`.
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

/// Returns when the broker started, as RFC 3339 in whole seconds.
pub(crate) fn started_at(info: &Info) -> Option<String> {
    let time = jiff::Timestamp::try_from(info.started_at?).ok()?;
    Some(jiff::Timestamp::from_second(time.as_second()).ok()?.to_string())
}

/// Returns what every response has: `metadata`, and `descriptor` where the response has one.
pub(crate) fn common(
    id: &str,
    deprecation: Option<&Deprecation>,
    descriptor: Option<&Descriptor>,
) -> Map<String, Value> {
    let mut meta = Map::new();
    meta.insert("id".into(), json!(id));
    if let Some(deprecation) = deprecation {
        meta.insert("deprecation".into(), deprecation_json(deprecation));
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

fn deprecation_json(deprecation: &Deprecation) -> Value {
    let mut value = Map::new();
    value.insert("profile".into(), json!(deprecation.profile));
    let optional = [
        ("replacedBy", &deprecation.replaced_by),
        ("deprecatedSince", &deprecation.deprecated_since),
        ("removeAfter", &deprecation.remove_after),
        ("reason", &deprecation.reason),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            value.insert(name.into(), json!(text));
        }
    }
    Value::Object(value)
}
