//! Answers as JSON: the wire's field names in camelCase, bytes as standard base64 (the JSON mapping of Protocol
//! Buffers), absent fields left out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::broker::{Certificate, Deprecation, Descriptor, Digest, Hashed, Info, Metadata, Signed};

/// `HashDataResponse`.
pub(crate) fn hashed(answer: &Hashed) -> Value {
    let mut value = common(&answer.metadata, &answer.descriptor);
    match &answer.digest {
        Digest::Hex(text) => value.insert("hashValueHex".into(), json!(text)),
        Digest::Raw(bytes) => value.insert("hashValueRaw".into(), json!(STANDARD.encode(bytes))),
    };
    Value::Object(value)
}

/// `SignCertificateResponse`.
pub(crate) fn signed(answer: &Signed) -> Value {
    let mut value = common(&answer.metadata, &answer.descriptor);
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
    Some(jiff::Timestamp::from_second(info.started_at?).ok()?.to_string())
}

fn common(metadata: &Metadata, descriptor: &Descriptor) -> Map<String, Value> {
    let mut meta = Map::new();
    meta.insert("id".into(), json!(metadata.id));
    if let Some(warning) = &metadata.deprecation {
        meta.insert("deprecation".into(), deprecation(warning));
    }
    let mut value = Map::new();
    value.insert("metadata".into(), Value::Object(meta));
    value.insert(
        "descriptor".into(),
        json!({
            "profile": descriptor.profile,
            "operation": descriptor.operation,
            "algorithm": descriptor.algorithm,
        }),
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_the_names_of_the_wire() {
        let mut answer = Hashed {
            metadata: Metadata { id: "7".into(), deprecation: None },
            digest: Digest::Hex("ab".into()),
            descriptor: Descriptor { profile: "P".into(), operation: "HashData".into(), algorithm: "sha-256".into() },
        };
        let descriptor = json!({"profile": "P", "operation": "HashData", "algorithm": "sha-256"});
        assert_eq!(
            hashed(&answer),
            json!({"metadata": {"id": "7"}, "hashValueHex": "ab", "descriptor": descriptor})
        );
        answer.digest = Digest::Raw(vec![0xff; 3]);
        answer.metadata.deprecation =
            Some(Deprecation { profile: "P".into(), replaced_by: Some("Q".into()), ..Deprecation::default() });
        assert_eq!(
            hashed(&answer),
            json!({"metadata": {"id": "7", "deprecation": {"profile": "P", "replacedBy": "Q"}},
                "hashValueRaw": "////", "descriptor": descriptor})
        );
    }
}
