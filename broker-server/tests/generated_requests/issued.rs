//! Judges an issued certificate: readers other than the broker's load it, and it is what was requested.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::Command,
};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use memchr::memmem;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer as _,
};

use crate::{
    case::{Case, PROFILES},
    der,
};

/// Checks a certificate; `ca` and `request` are the DER of the CA's certificate and of the certification request.
pub fn check(case: &Case, request: &[u8], ca: &[u8], certificate: &[u8]) -> Result<(), String> {
    let (rest, read) =
        X509Certificate::from_der(certificate).map_err(|error| format!("x509-parser: {error}"))?;
    let (_, ca) = X509Certificate::from_der(ca).unwrap();
    require(rest.is_empty(), "bytes follow the certificate")?;
    require(der::is_well_formed(certificate), "the certificate is not well-formed DER")?;

    let parts = der::children(der::children(request)[0]);
    require(read.issuer().as_raw() == ca.subject().as_raw(), "the issuer is not the CA's subject")?;
    require(read.public_key().raw == parts[2], "the key is not the request's")?;
    if case.subject_text.as_ref().is_none_or(String::is_empty) {
        require(read.subject().as_raw() == der::sorted(parts[1]), "the subject is not the request's")?;
    } else {
        require(read.subject().iter().next().is_some(), "the subject is not the field's")?;
    }
    let algorithm = algorithm(&read)?;
    UnparsedPublicKey::new(algorithm, &ca.public_key().subject_public_key.data)
        .verify(read.tbs_certificate.as_ref(), &read.signature_value.data)
        .map_err(|_| "the signature is not the CA's")?;
    extensions(case, request, &read)
}

fn algorithm(certificate: &X509Certificate<'_>) -> Result<&'static dyn VerificationAlgorithm, String> {
    match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.10045.4.3.2" => Ok(&ECDSA_P256_SHA256_ASN1),
        "1.2.840.10045.4.3.3" => Ok(&ECDSA_P256_SHA384_ASN1),
        "1.2.840.113549.1.1.11" => Ok(&RSA_PKCS1_2048_8192_SHA256),
        "1.3.101.112" => Ok(&ED25519),
        other => Err(format!("the signature's algorithm is {other}")),
    }
}

/// Checks the extensions, and that the names in them are the requested ones and those that the profile permits.
fn extensions(case: &Case, request: &[u8], certificate: &X509Certificate<'_>) -> Result<(), String> {
    const SUBJECT_ALT_NAME: &[u8] = b"\x06\x03\x55\x1d\x11";
    certificate.extensions_map().map_err(|error| format!("an extension occurs twice: {error}"))?;
    let mut names = None;
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::ParseError { .. } => {
                return Err(format!("x509-parser cannot read the extension {}", extension.oid));
            }
            ParsedExtension::SubjectAlternativeName(list) => names = Some((list, extension.value)),
            _ => {}
        }
    }
    let profile = PROFILES[case.profile].0;
    if profile == "Suffixes" {
        let names = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        require(
            names.into_iter().all(is_no_other_host),
            "the CN is a host that the profile does not permit",
        )?;
    }
    let requests_names = memmem::find(request, SUBJECT_ALT_NAME).is_some();
    let copies = !matches!(profile, "NoNames" | "SubordinateCa");
    let Some((list, bytes)) = names else {
        return require(!copies || !requests_names, "the requested alternative names were dropped");
    };
    require(copies, "alternative names were copied that the profile does not copy")?;
    require(
        memmem::find(request, bytes).is_some() || (profile == "Subjects" && !requests_names),
        "the alternative names are not the requested ones",
    )?;
    for name in &list.general_names {
        let is_permitted = match name {
            GeneralName::DNSName(name) => {
                profile != "Suffixes" || name.to_ascii_lowercase().ends_with(".svc.example")
            }
            GeneralName::RFC822Name(_) => matches!(profile, "Any" | "Checked" | "Ed25519" | "Subjects"),
            GeneralName::IPAddress(octets) => {
                matches!(profile, "Any" | "Checked" | "Subjects") && matches!(octets.len(), 4 | 16)
            }
            GeneralName::URI(_) => matches!(profile, "Any" | "Checked"),
            _ => false,
        };
        require(is_permitted, "an alternative name was copied that the profile does not permit")?;
    }
    Ok(())
}

/// Reports whether a common name is no DNS name, or ends as the profile `Suffixes` requires.
fn is_no_other_host(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_host = name.contains('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_*".contains(&byte));
    !is_host || name.trim_end_matches('.').ends_with(".svc.example")
}

fn require(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Loads and verifies certificates with the `openssl` command. Returns its message for each file that it refuses.
pub fn refused_by_openssl(authorities: &Path, certificates: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let mut refused = Vec::new();
    for chunk in certificates.chunks(500) {
        let (accepted, _) = verify(authorities, chunk);
        let accepted: HashSet<_> = accepted.lines().filter_map(|line| line.strip_suffix(": OK")).collect();
        for certificate in chunk.iter().filter(|file| !accepted.contains(file.to_str().unwrap())) {
            let file = std::slice::from_ref(certificate);
            // The message of `x509` says more about a file that cannot be loaded.
            let message = openssl(&["x509", "-noout", "-inform", "DER", "-in"], file)
                .err()
                .unwrap_or_else(|| verify(authorities, file).1);
            refused.push((certificate.clone(), message));
        }
    }
    refused
}

/// Returns the output and the errors of `openssl verify`.
fn verify(authorities: &Path, certificates: &[PathBuf]) -> (String, String) {
    let options = ["verify", "-x509_strict", "-partial_chain", "-no_check_time", "-trusted"];
    let output = Command::new("openssl")
        .args(options)
        .arg(authorities)
        .args(certificates)
        .output()
        .expect("the tests need the openssl command");
    (text(&output.stdout), text(&output.stderr))
}

/// Runs `openssl`. Returns its errors if it fails.
fn openssl(options: &[&str], files: &[PathBuf]) -> Result<(), String> {
    let output = Command::new("openssl").args(options).args(files).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(text(&output.stderr)) }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
