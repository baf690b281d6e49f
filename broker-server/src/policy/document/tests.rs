#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::path::Path;

use super::{Context, Diagnostic, DocumentError, MAX_BYTES, parse};
use crate::{
    operation::CAPABILITIES,
    policy::{
        Capabilities, Requirement, Unsupported,
        profile::{CryptoLibrary, Section},
    },
};

mod certificate;
mod go;
mod groth16;
mod page;
mod rules;
mod sections;
mod yaml;

/// A valid document, of which the tests replace lines.
const VALID: &str = "\
Settings: { CryptoLibrary: native }
Profiles:
  - Name: One
    API:
      HashData:
        HashAlg: sha-512
      SignCertificate:
        SignAlg: ecdsa
        HashAlg: sha-384
        Validity: { ValidNotBeforeOffset: -30m, ValidNotAfterOffset: 2160h }
        KeyConstraints:
          Subject: { RSA: { MinKeySize: 3072, MaxKeySize: 8192 } }
          Issuer: { ECDSA: { MinKeySize: 384, MaxKeySize: 521 } }
        KeyUsage: [digitalSignature]
        BasicConstraints: { CA: false }
";

/// Returns what a document outside of a folder is read with.
fn context() -> Context<'static> {
    Context { capabilities: CAPABILITIES, folder: Path::new("") }
}

/// Returns the errors of an invalid document.
fn errors(text: &str) -> Vec<Diagnostic> {
    match parse("p.yaml", text, CAPABILITIES) {
        Ok(_) => panic!("the document is valid:\n{text}"),
        Err(error) => error.diagnostics().to_vec(),
    }
}

/// Returns the only error of a document.
fn only_error(text: &str) -> Diagnostic {
    let mut all = errors(text);
    assert_eq!(all.len(), 1, "{all:#?}\n{text}");
    all.remove(0)
}

/// Returns [`VALID`] with line `number` (from 1) replaced.
fn with_line(number: usize, line: &str) -> String {
    let mut lines: Vec<&str> = VALID.lines().collect();
    lines[number - 1] = line;
    lines.join("\n")
}

#[test]
fn accepts_the_valid_document() {
    assert!(parse("p.yaml", VALID, CAPABILITIES).is_ok());
}

#[test]
fn reports_all_errors_in_order() {
    let text = VALID
        .replace("sha-512", "sha512")
        .replace("-30m", "-30")
        .replace("Issuer:", "Isuer:")
        .replace("CA: false", "CA: no");
    let all = errors(&text);
    let lines: Vec<u32> = all.iter().map(|error| error.line).collect();
    assert_eq!(lines, [6, 10, 11, 13, 15], "{all:#?}");
    let printed = DocumentError::Invalid(all).to_string();
    assert_eq!(printed.lines().count(), 5);
    assert_eq!(
        printed.lines().next().unwrap(),
        "p.yaml:6:18: Profiles[One].API.HashData.HashAlg: `sha512` is not known; the choices are sha-256, sha-384, \
         sha-512, sha-512/256, sha3-256, sha3-384, sha3-512, shake-128, shake-256 (did you mean `sha-512`?)"
    );
}

#[test]
fn rejects_duplicate_profile_names() {
    let text = "- Name: A\n  API: { HashData: { HashAlg: sha-256 } }\n".repeat(2);
    let error = only_error(&text);
    assert_eq!((error.line, error.column), (3, 9));
    assert_eq!(error.path, "Profiles[A].Name");
    assert!(error.message.contains("starts in line 1"), "{error}");
}

#[test]
fn profiles_may_choose_their_library() {
    use crate::policy::profile::CryptoLibrary::{AwsLc, Native};
    let load = |text: &str| parse("p.yaml", text, CAPABILITIES).unwrap().profiles[0].library;
    let api = "API: { HashData: { HashAlg: sha-256 } }";
    assert_eq!(load(&format!("- Name: A\n  {api}")), Native);
    assert_eq!(load(&format!("- Name: A\n  CryptoLibrary: aws-lc\n  {api}")), AwsLc);
    assert_eq!(load(&format!("- Name: A\n  Settings: {{ CryptoLibrary: aws-lc }}\n  {api}")), AwsLc);
    let settings = format!("Settings: {{ CryptoLibrary: aws-lc }}\nProfiles:\n  - Name: A\n    {api}");
    assert_eq!(load(&settings), AwsLc);
}

#[test]
fn reports_unsupported_sections_at_their_key() {
    fn unsupported(requirement: &Requirement<'_>) -> Option<Unsupported> {
        match requirement {
            Requirement { library: CryptoLibrary::AwsLc, section: Section::SignCertificate(rule) } => {
                Some(Unsupported { key: "SignAlg", message: format!("has no {}", rule.scheme.name()) })
            }
            _ => None,
        }
    }
    let capabilities = Capabilities { unsupported, ..CAPABILITIES };
    assert!(parse("p.yaml", VALID, capabilities).is_ok());
    let error =
        parse("p.yaml", &with_line(1, "Settings: { CryptoLibrary: aws-lc }"), capabilities).unwrap_err();
    let [error] = error.diagnostics() else { panic!("{error}") };
    assert_eq!((error.line, error.column), (8, 18), "{error}");
    assert_eq!(error.path, "Profiles[One].API.SignCertificate.SignAlg");
    assert_eq!(error.message, "has no ecdsa");
}
