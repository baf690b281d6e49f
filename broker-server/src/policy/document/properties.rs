//! Properties of all documents, checked with random ones.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use proptest::prelude::*;

use super::parse;
use crate::operation::CAPABILITIES;

const BUNDLED: &str = include_str!("../../../../profiles/Profiles.yaml");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn parse_never_panics(text in "\\PC*") {
        let _ = parse("p.yaml", &text, CAPABILITIES);
    }

    #[test]
    fn parse_never_panics_on_yaml_like_text(text in "([-:{}\\[\\]&*!|>%@'\"#,? \n\t]|Name|API|Profiles|HashAlg|<<|1|true|~|é){0,60}") {
        let _ = parse("p.yaml", &text, CAPABILITIES);
    }

    #[test]
    fn parse_never_panics_on_mutated_documents(
        at in 0..BUNDLED.len(), length in 0usize..40, with in "[-a-zA-Z0-9:{}\\[\\],\n \"&*~]{0,6}",
    ) {
        let mut bytes = BUNDLED.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, with.bytes());
        match parse("p.yaml", &String::from_utf8_lossy(&bytes), CAPABILITIES) {
            Ok(document) => prop_assert!(!document.profiles.is_empty()),
            Err(error) => prop_assert!(!error.diagnostics().is_empty()),
        }
    }

    #[test]
    fn parse_accepts_generated_documents(
        names in proptest::collection::btree_set("[A-Za-z][A-Za-z0-9._-]{0,40}x", 1..6),
        before in -100_000i64..0, after in 0i64..100_000_000,
        (min, more) in (1024u32..8192, 0u32..8192), newer in any::<bool>(),
    ) {
        let mut text = String::new();
        let indent = if newer { text.push_str("Profiles:\n"); "  " } else { "" };
        for name in &names {
            text.push_str(&format!(
                "{indent}- Name: {name:?}\n{indent}  API:\n{indent}    SignCertificate: {{ SignAlg: rsa, HashAlg: sha-256, \
                 Validity: {{ ValidNotBeforeOffset: {before}s, ValidNotAfterOffset: {after}s }}, KeyConstraints: {{ \
                 Subject: {{ RSA: {{ MinKeySize: {min}, MaxKeySize: {max} }} }}, \
                 Issuer: {{ rsa: {{ MinKeySize: {min}, MaxKeySize: {max} }} }} }} }}\n",
                max = min + more,
            ));
        }
        let document = parse("p.yaml", &text, CAPABILITIES).unwrap();
        prop_assert_eq!(document.profiles.len(), names.len());
        let rule = document.profiles[0].sign_certificate.as_ref().unwrap();
        prop_assert_eq!((rule.not_before_offset, rule.not_after_offset), (before, after));
        prop_assert_eq!(rule.subject_keys.rsa.map(|range| (range.min, range.max)), Some((min, min + more)));
    }
}
