//! `ca create`.

use std::sync::Arc;

use broker_server::{
    algorithm::{Curve, KeyKind, KeyType, SkiHash},
    operation::certificate::structure::random_serial,
    policy::{
        CaFacts, Facts,
        permit::{Operation as _, SignCertificate},
        profile::{Profile, SignCertificateRule},
    },
    request,
};
use clap::{Args, ValueHint};

use super::super::{
    local_result,
    new_key::new_key_type,
    profiles::document::{self, DocumentSource},
    run::{Context, Run},
    subject,
};
use crate::{
    args::{Force, instant, key_type_name, profile_names},
    error::Failure,
    location::Location,
    output::Output,
    output_files::OutputFiles,
    pem_block,
    x509::{
        build::CaCertificate,
        local_key::LocalKey,
        time::{now, rfc3339},
    },
};

const DAY: i64 = 24 * 60 * 60;
/// The validity without a profile and without an option.
const DEFAULT_DAYS: i64 = 3650;
/// How long before now a CA is valid, because clocks differ.
const MARGIN: i64 = 60 * 60;
/// 9999-12-31T23:59:59Z, the last time that a certificate can express (RFC 5280 4.1.2.5).
const LAST_TIME: i64 = 253_402_300_799;

/// Make the key and the self-signed certificate of a certification authority; no broker is called
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
The key lies unprotected in a file: this is for tests and small setups. With --profile the CA is one that sign-certificate
accepts under that profile, and the profile chooses the type of the key.

Examples:
  cryptobroker ca create --subject \"O=Example, CN=Example CA\" --cert-out ca.pem --key-out ca.key
  cryptobroker ca create --profile PQC-ML-DSA-65 --subject \"CN=PQC CA\" --days 365 --cert-out ca.pem --key-out ca.key")]
pub(crate) struct Create {
    /// The subject, which is also the issuer: `CN=…, O=…` with C, ST, O, OU, L and CN
    #[arg(long, value_name = "SUBJECT")]
    subject: String,
    /// Make a CA for certificates under this profile
    #[arg(short, long, value_name = "NAME", add = profile_names())]
    profile: Option<String>,
    #[command(flatten)]
    source: DocumentSource,
    /// The type of the key: p-256, p-384, p-521, rsa-3072, ed25519, ml-dsa-65 [default: the profile's, or p-256]
    #[arg(long, alias = "key-kind", value_name = "TYPE")]
    key_type: Option<String>,
    /// The validity in days [default: 3650, or more where the profile's certificates are valid for longer]
    #[arg(long, value_name = "N", conflicts_with = "not_after", value_parser = clap::value_parser!(u32).range(1..=3_000_000))]
    days: Option<u32>,
    /// End of validity: Unix seconds, RFC 3339, or from now on such as 90d
    #[arg(long, value_name = "TIME", value_parser = instant)]
    not_after: Option<u64>,
    /// How many CAs may follow in a path; 0 means that this CA issues to end entities only [default: no limit]
    #[arg(long, value_name = "N")]
    path_len: Option<u8>,
    /// Write the certificate, PEM, to this file, replacing it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    cert_out: Location,
    /// Write the private key, PKCS#8 in PEM, to this file, mode 0600
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key_out: Location,
    #[command(flatten)]
    force: Force,
}

impl Run for Create {
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let files = OutputFiles::new(self.force.force)
            .secret("--key-out", "private key", self.key_out)
            .public("--cert-out", "certificate", self.cert_out);
        files.check(&[self.source.file.as_ref()], output)?;
        let subject = subject::from_option(Some(&self.subject))?;
        if subject.is_empty() {
            return Err(Failure::usage("--subject: a CA must have a name (RFC 5280 4.1.2.4)".to_owned()));
        }
        let asked = self.key_type.as_deref().map(new_key_type).transpose()?;
        let profile = match &self.profile {
            Some(name) => {
                let catalogue = document::load(&self.source)?;
                Some(Arc::clone(document::profile(&catalogue, name)?))
            }
            None if self.source.file.is_some() => {
                return Err(Failure::usage("--profiles needs --profile".to_owned()));
            }
            None => None,
        };
        let rule = profile.as_ref().and_then(|profile| profile.sign_certificate.as_deref());
        let key_type = match (asked, rule) {
            (Some(asked), _) => asked,
            (None, Some(rule)) => default_key_type(rule),
            (None, None) => KeyType::Ec(Curve::P256),
        };
        if let Some(profile) = &profile {
            // Before a key is made, which may take seconds.
            check(profile, Facts { issuer_key: Some(key_type), ..Facts::new(now()) })?;
        }
        let key = LocalKey::generate(key_type)?;
        let now = now();
        let not_before = now - MARGIN.max(-rule.map_or(0, |rule| rule.not_before_offset));
        let default_days = DEFAULT_DAYS.max(rule.map_or(0, |rule| rule.not_after_offset / DAY + 365));
        let not_after = match (self.not_after, self.days) {
            (Some(time), _) => i64::try_from(time).unwrap_or(i64::MAX),
            (None, days) => now + days.map_or(default_days, i64::from) * DAY,
        };
        if not_after <= now || not_after > LAST_TIME {
            return Err(Failure::usage(
                "the end of validity must lie in the future and before the year 10000".to_owned(),
            ));
        }
        let certificate = CaCertificate {
            subject: &subject,
            scheme: rule.map_or(key.default_scheme(), |rule| rule.scheme),
            key_id_hash: rule.map_or(SkiHash::Sha256, |rule| rule.ski_hash),
            not_before,
            not_after,
            path_len: self.path_len,
            serial: random_serial().map_err(|error| Failure::local("cannot make random bytes", error))?,
        };
        let pem = pem_block::encode("CERTIFICATE", &certificate.sign(&key)?);
        let parsed = request::CaCertificate::from_pem(&pem).map_err(|error| {
            Failure::invalid(format!("the broker would refuse this CA certificate: it {error}"))
        })?;
        if let Some(profile) = &profile {
            let facts =
                Facts { issuer_key: Some(key_type), ca: Some(CaFacts::from(&parsed)), ..Facts::new(now) };
            check(profile, facts)?;
        }
        let facts = [
            ("subject", "subject", subject.text()),
            ("keyType", "key type", key_type_name(key_type)),
            ("notBefore", "not before", rfc3339(not_before)),
            ("notAfter", "not after", rfc3339(not_after)),
            ("serialNumber", "serial number", hex::encode(certificate.serial)),
        ];
        local_result::finish(&files, &[key.to_pem()?.as_bytes(), pem.as_bytes()], &facts, output)
    }
}

/// Fails with the first refusal of a profile.
fn check(profile: &Profile, facts: Facts<'_>) -> Result<(), Failure> {
    let explanation = broker_server::policy::explain(profile, SignCertificate::NAME, &facts);
    explanation.denials.first().map_or(Ok(()), |denial| Err(document::denial_failure(denial)))
}

/// Returns the smallest key that the profile takes of an issuer: RSA from 3072 bits and curves from P-256 on where it allows
/// these (SP 800-57 part 1, table 2).
fn default_key_type(rule: &SignCertificateRule) -> KeyType {
    let candidates: Vec<KeyType> = match rule.scheme.key_kind() {
        KeyKind::Rsa => {
            let sizes = rule.issuer_keys.sizes(KeyKind::Rsa);
            let smallest = sizes.map_or(3072, |range| range.min.next_multiple_of(128));
            [smallest.max(3072), smallest.max(2048)].map(|bits| KeyType::Rsa { bits }).to_vec()
        }
        KeyKind::Ecdsa => [Curve::P256, Curve::P384, Curve::P521, Curve::P224].map(KeyType::Ec).to_vec(),
        KeyKind::Ed25519 => vec![KeyType::Ed25519],
        KeyKind::MlDsa(set) => vec![KeyType::MlDsa(set)],
    };
    let allowed = candidates.iter().find(|key| rule.issuer_keys.allows(**key)).or(candidates.first());
    allowed.copied().unwrap_or(KeyType::Ec(Curve::P256))
}
