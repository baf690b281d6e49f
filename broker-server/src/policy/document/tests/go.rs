//! Documents of the Go broker and their verdicts, which must match the table in `docs/moving-from-go.md` row by
//! row.

use super::*;
use std::sync::Arc;

use self::rows::{BASE, HASH, ISSUER, SUBJECT, USAGES, rows};
use crate::{
    algorithm::KeyType,
    policy::{document::load, profile::ExtendedKeyUsage},
};

mod rows;

const PAGE: &str = include_str!("../../../../../docs/moving-from-go.md");

/// The heading of the section with the table.
const HEADING: &str = "### Document by document";

/// The result of reading a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Loads,
    Warning,
    Refused,
}

impl Verdict {
    /// Reads a document and returns its verdict.
    fn of(text: &str, lenient: bool) -> Self {
        match load("p.yaml", text, context(), lenient) {
            Ok(document) if document.warnings.is_empty() => Self::Loads,
            Ok(_) => Self::Warning,
            Err(_) => Self::Refused,
        }
    }

    /// Returns the verdict with which a cell of the table begins.
    fn in_cell(cell: &str) -> Self {
        let word = cell.split([':', ';', ',']).next().unwrap_or_default().trim();
        match word {
            "loads" => Self::Loads,
            "warning" => Self::Warning,
            "refused" => Self::Refused,
            other => panic!("a verdict is `loads`, `warning` or `refused`, not `{other}`"),
        }
    }
}

/// Applies an edit to [`BASE`].
fn edited((part, with): (&str, &str)) -> String {
    if part.is_empty() {
        return with.to_owned();
    }
    assert!(BASE.contains(part), "the base document has no {part:?}");
    BASE.replacen(part, with, 1)
}

/// Returns the rows of the table: the description, the strict verdict and the lenient one.
fn table() -> Vec<(&'static str, Verdict, Verdict)> {
    let (_, section) = PAGE.split_once(HEADING).expect("the page has the table's section");
    let lines = section.lines().skip_while(|line| !line.starts_with('|')).skip(2);
    lines
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [what, _, strict, lenient] = cells[..] else { panic!("four cells: {line}") };
            (what, Verdict::in_cell(strict), Verdict::in_cell(lenient))
        })
        .collect()
}

#[test]
fn test_rows_match_table_in_moving_from_go() {
    let page: Vec<&str> = table().into_iter().map(|(what, ..)| what).collect();
    let cases: Vec<&str> = rows().map(|row| row.what).collect();
    assert_eq!(page, cases);
    assert!(rows().all(|row| !row.edits.is_empty()));
}

#[test]
fn documents_load_as_moving_from_go_says() {
    let mut documents = 0;
    let mut mismatches = Vec::new();
    for (what, strict, lenient) in table() {
        let Some(row) = rows().find(|row| row.what == what) else { continue };
        for edit in row.edits {
            let text = edited(*edit);
            let found = (Verdict::of(&text, false), Verdict::of(&text, true));
            documents += 1;
            if found != (strict, lenient) {
                let lenient = load("p.yaml", &text, context(), true);
                mismatches.push(format!("{what}\n  {:?}\n  {found:?}, {lenient:?}", edit.1));
            }
        }
    }
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
    assert!(documents >= 100, "{documents} documents");
}

#[test]
fn lenient_reading_allows_no_more_than_the_go_broker() {
    let sign = |edit: (&str, &str)| {
        let document = load("p.yaml", &edited(edit), context(), true).unwrap();
        let profile = Arc::clone(&document.profiles[0]);
        Arc::clone(profile.sign_certificate.as_ref().unwrap())
    };
    let rsa = |edit| sign(edit).subject_keys.rsa.map(|range| (range.min, range.max));
    assert_eq!(rsa(("MinKeySize: 2048", "MinKeySize: \"2048\"")), Some((2048, 4096)));
    assert_eq!(rsa(("MinKeySize: 2048", "MinKeySize: 2.048e3")), Some((2048, 4096)));
    assert_eq!(rsa(("MinKeySize: 2048", "MinKeySize: 0")), Some((0, 4096)));
    assert_eq!(rsa(("MaxKeySize: 4096", "MaxKeySize: 1000000")), Some((2048, 65_536)));
    assert_eq!(rsa(("MaxKeySize: 4096", "MaxKeySize:")), Some((2048, 0)));
    assert!(!sign(("            MaxKeySize: 4096\n", "")).subject_keys.allows(KeyType::Rsa { bits: 2048 }));
    assert!(!sign(("MinKeySize: 2048", "MinKeySize: 4097")).subject_keys.allows(KeyType::Rsa { bits: 4096 }));
    assert_eq!(sign((SUBJECT, "\n")).subject_keys.to_string(), "no key at all");
    assert_eq!(sign((ISSUER, "\n        Issuer:\n")).issuer_keys.to_string(), "no key at all");
    assert_eq!(
        sign(("        Subject:\n", "        Subject:\n          DSA: {}\n")).subject_keys.to_string(),
        "RSA 2048 to 4096"
    );
    assert_eq!(sign((USAGES, "KeyUsage:")).key_usage.names(), [""; 0]);
    let usages = sign(("[clientAuth]", "[clientAuth, serverAuth, clientAuth]")).extended_key_usage.clone();
    assert_eq!(usages, [ExtendedKeyUsage::ClientAuth, ExtendedKeyUsage::ServerAuth]);
    assert_eq!(
        sign(("CA: false", "CA: true\n        PathLenConstraint: -1")).basic_constraints.path_len,
        None
    );
}

#[test]
fn lenient_reading_serves_what_the_go_broker_serves() {
    let profile = |edit: (&str, &str)| {
        let document = load("p.yaml", &edited(edit), context(), true).unwrap();
        Arc::clone(&document.profiles[0])
    };
    let operations = |edit| profile(edit).section_names().join(" ");
    assert_eq!(operations(("", BASE)), "HashData SignCertificate EncryptData");
    assert_eq!(operations((HASH, " {}\n")), "SignCertificate EncryptData");
    let sign = "    SignData: { SignAlg: ecdsa }\n    EncryptData:";
    assert_eq!(operations(("    EncryptData:", sign)), "HashData SignCertificate EncryptData");
    let first = profile(("      NonceStrategy: user-provided\n      TagLength: 128\n", ""));
    let rule = first.encrypt_data.as_ref().unwrap();
    assert_eq!((rule.nonce.name(), rule.tag_length), ("user-provided", 128));
    assert_eq!(profile(("Name: One", "Name: 123")).name.as_ref(), "123");
    assert_eq!(profile(("Name: One", "Name: ' a '")).name.as_ref(), " a ");
    let two = load("p.yaml", &edited(("CA: false\n", "CA: false\n---\n- Name: Two\n")), context(), true);
    assert_eq!(two.unwrap().profiles.len(), 1);
}

#[test]
fn lenient_reading_needs_a_date_for_enforced_sunsets() {
    let text = "Settings: { EnforceSunset: true }\nProfiles:\n- Name: A\n  Deprecation: { RemoveAfter: next year }\n  API: { HashData: { HashAlg: sha-256 } }\n";
    assert_eq!(Verdict::of(text, true), Verdict::Refused);
    assert_eq!(Verdict::of(&text.replace("true", "false"), true), Verdict::Warning);
}
