//! The rules for the subjects of certificates, and the contents of extensions that a profile states.

use broker_server::{
    policy::profile::{CertificatePolicy, SignCertificateRule, SubjectRule},
    request::AttributeId,
};
use serde_json::{Map, Value, json};

/// Adds those of the rules that the profile has.
pub(super) fn insert(rule: &SignCertificateRule, value: &mut Map<String, Value>) {
    let mut put = |key: &str, member: Option<Value>| {
        if let Some(member) = member {
            value.insert(key.to_owned(), member);
        }
    };
    put("subject", rule.subject.as_ref().map(subject));
    put(
        "maxSubjectLength",
        rule.max_subject_length.map(|limit| json!({ "line": limit.line, "characters": limit.characters })),
    );
    put(
        "crlDistributionPoints",
        rule.crl_distribution_points
            .as_ref()
            .map(|points| json!({ "line": points.line, "urls": points.urls })),
    );
    let access = &rule.authority_information_access;
    let has_access = !access.ocsp.is_empty() || !access.ca_issuers.is_empty();
    put(
        "authorityInformationAccess",
        has_access.then(|| json!({ "ocsp": access.ocsp, "caIssuers": access.ca_issuers })),
    );
    let policies = &rule.certificate_policies;
    let policy = |policy: &CertificatePolicy| json!({ "oid": policy.oid.to_string(), "cps": policy.cps });
    put("certificatePolicies", (!policies.is_empty()).then(|| policies.iter().map(policy).collect()));
}

fn subject(rule: &SubjectRule) -> Value {
    let names = |types: &[AttributeId]| types.iter().map(ToString::to_string).collect::<Vec<_>>();
    let values: Map<String, Value> =
        rule.values.iter().map(|(kind, values)| (kind.to_string(), json!(values))).collect();
    let common_name = rule.common_name.as_ref().map(|rule| {
        json!({
            "line": rule.line,
            "suffixes": rule.suffixes,
            "matchSubjectAlternativeName": rule.match_alternative_name,
        })
    });
    json!({
        "line": rule.line,
        "allow": rule.allow.as_deref().map(&names),
        "require": names(&rule.require),
        "values": values,
        "commonName": common_name,
    })
}
