//! What `profiles explain` is asked about: an operation, and what is known of a request for it.

use broker_server::{
    algorithm::{KeyType, SignatureFormat},
    policy::{
        CaFacts, Explanation, FactName, Facts, OperationInfo,
        permit::{
            Decapsulate, DecryptData, Encapsulate, EncryptData, GenerateKemKeyPair, HashData, Operation as _,
            SignCertificate, SignData, SignStream, VerifyData, VerifyStream,
        },
        profile::{NonceStrategy, Profile},
    },
    request::{AlternativeName, CaCertificate, Csr, KemKeyKind, Keys},
};

use super::facts;
use crate::{
    args::{self, Explain},
    error::{Failure, Refusal},
    input,
    place::Place,
};

/// An operation and the facts of a request that were given.
pub(super) struct Question {
    operation: String,
    subject_key: Option<KeyType>,
    names: Option<Vec<AlternativeName>>,
    issuer_key: Option<KeyType>,
    ca: Option<CaFacts>,
    not_before: Option<i64>,
    not_after: Option<i64>,
    key: Option<Key>,
    format: Option<SignatureFormat>,
    nonce: bool,
    seed: bool,
    /// Whether files were read whose signatures only a broker verifies.
    from_files: bool,
}

/// The key of an operation on data.
enum Key {
    Signature(Keys<KeyType>),
    /// By its length in bytes.
    Data(usize),
    Kem(KemKeyKind),
}

impl Question {
    /// Reads the files and names that were given.
    ///
    /// # Errors
    /// Fails where an option says nothing about the operation, and where the broker's parsers refuse a file.
    pub(super) fn read(args: &Explain) -> Result<Self, Failure> {
        let operation = operation(args)?;
        every_option_is_about(&operation, args)?;
        input::at_most_one_standard(&[
            ("--profiles", args.source.file.as_ref()),
            ("--csr", args.csr.as_ref()),
            ("--ca-cert", args.ca_cert.as_ref()),
            ("--ca-key", args.ca_key.as_ref()),
            ("--key", args.key.as_ref()),
            ("--second-key", args.second_key.as_ref()),
        ])?;
        let csr = args.csr.as_ref().map(facts::request).transpose()?;
        let certificate = args.ca_cert.as_ref().map(facts::certificate).transpose()?;
        let private = args.ca_key.as_ref().map(facts::issuer_key).transpose()?;
        let typed = |name: &Option<String>| name.as_deref().map(facts::named).transpose();
        // Where both are given, a broker judges the key; a certificate for another kind of key is refused later.
        let certified = certificate.as_ref().map(CaCertificate::key_type);
        if let (Some(private), Some(certified)) = (private, certified)
            && private != certified
        {
            return Err(Failure::Refused(Box::new(Refusal {
                code: "INVALID_ARGUMENT".to_owned(),
                message: format!(
                    "the private key is {private} and the CA certificate is for {certified}: they do not belong together"
                ),
                ..Refusal::default()
            })));
        }
        let seconds = |time: Option<u64>| time.map(|time| i64::try_from(time).unwrap_or(i64::MAX));
        Ok(Self {
            subject_key: csr.as_ref().map(Csr::key_type).or(typed(&args.subject_key_type)?),
            names: csr.map(|csr| csr.subject_alternative_names().to_vec()),
            issuer_key: private.or(certified).or(typed(&args.issuer_key_type)?),
            ca: certificate.as_ref().map(CaFacts::from),
            not_before: seconds(args.not_before),
            not_after: seconds(args.not_after),
            key: key(&operation, args)?,
            format: args.format.map(format),
            nonce: args.nonce,
            seed: args.seed,
            from_files: args.csr.is_some() || args.ca_cert.is_some(),
            operation,
        })
    }

    /// The operation by its name.
    pub(super) fn operation(&self) -> &str {
        &self.operation
    }

    /// Whether there is such an operation, and not only a section of that name.
    pub(super) fn is_served(&self) -> bool {
        OperationInfo::by_name(&self.operation).is_some()
    }

    /// Everything that is known.
    pub(super) fn facts(&self) -> Facts<'_> {
        let (mut signature_keys, mut data_key_length, mut kem_key) = (None, None, None);
        match self.key {
            Some(Key::Signature(keys)) => signature_keys = Some(keys),
            Some(Key::Data(length)) => data_key_length = Some(length),
            Some(Key::Kem(kind)) => kem_key = Some(kind),
            None => {}
        }
        Facts {
            subject_key: self.subject_key,
            issuer_key: self.issuer_key,
            ca: self.ca,
            names: self.names.as_deref(),
            not_before: self.not_before,
            not_after: self.not_after,
            signature_keys,
            format: self.format,
            data_key_length,
            has_nonce: self.nonce,
            kem_key,
            has_seed: self.seed,
            now: jiff::Timestamp::now().as_second(),
        }
    }

    /// Lists what an answer from these facts leaves open, each with the option that would tell it.
    pub(super) fn open(&self, profile: &Profile, explanation: &Explanation) -> Vec<String> {
        let mut open: Vec<String> = explanation
            .missing_facts
            .iter()
            .map(|fact| {
                let options = match fact {
                    FactName::SubjectKey => "--csr FILE or --subject-key-type TYPE",
                    FactName::IssuerKey => "--ca-cert FILE or --issuer-key-type TYPE",
                    FactName::CaCertificate => "--ca-cert FILE",
                    FactName::Names => "--csr FILE",
                    FactName::Key => "--key FILE or --key-type TYPE",
                };
                format!("{fact} ({options})")
            })
            .collect();
        let takes_nonces = |profile: &Profile| {
            profile.encrypt_data.as_ref().is_some_and(|rule| rule.nonce == NonceStrategy::UserProvided)
        };
        if self.operation == EncryptData::NAME && !self.nonce && takes_nonces(profile) {
            open.push("the nonce, which a request under this profile must bring (--nonce)".to_owned());
        }
        if self.from_files {
            open.push(
                "the request's own signature, and whether the issuer's key and certificate are a pair"
                    .to_owned(),
            );
        }
        open
    }
}

/// Finds out which operation is asked about.
fn operation(args: &Explain) -> Result<String, Failure> {
    let Some(name) = args.operation.as_deref() else {
        let signs = args.key.is_some() || args.key_type.is_some();
        return Ok(if signs { SignData::NAME } else { SignCertificate::NAME }.to_owned());
    };
    let same = |known: &str| spelling(known) == spelling(name);
    // Two services have an operation of this name.
    if same(GenerateKemKeyPair::NAME) {
        return Err(Failure::usage(format!(
            "{name} is there for signatures and for key encapsulation: say {SIGNATURE_KEYS} or {KEM_KEYS}"
        )));
    }
    // The section's name stands for the operation that begins everything under it.
    if same(GenerateKemKeyPair::SECTION) {
        return Ok(KEM_KEYS.to_owned());
    }
    let command = COMMANDS.iter().find(|(command, _)| same(command)).map(|(_, operation)| *operation);
    let known = || OperationInfo::all().iter().map(|known| known.name).find(|known| same(known));
    Ok(command.or_else(known).unwrap_or(name).to_owned())
}

/// Drops what the two spellings of a name differ in, `HashData` and `hash-data`.
fn spelling(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "")
}

/// The commands of this program that are not called as their operations are.
const COMMANDS: [(&str, &str); 6] = [
    ("hash", HashData::NAME),
    ("sign", SignCertificate::NAME),
    ("keygen", SIGNATURE_KEYS),
    ("kem-keygen", KEM_KEYS),
    ("kem-encapsulate", Encapsulate::NAME),
    ("kem-decapsulate", Decapsulate::NAME),
];

/// The names of the operations that are both called `GenerateKeyPair`.
const SIGNATURE_KEYS: &str = "GenerateSignatureKeyPair";
const KEM_KEYS: &str = "GenerateKemKeyPair";

/// Fails where an option is given that says nothing about the operation: it would not be judged, and nobody would know.
fn every_option_is_about(operation: &str, args: &Explain) -> Result<(), Failure> {
    let certificate: &[&str] = &[SignCertificate::NAME];
    let signatures: &[&str] = &[SignData::NAME, VerifyData::NAME, SignStream::NAME, VerifyStream::NAME];
    let keyed: &[&str] = &[
        SignData::NAME,
        VerifyData::NAME,
        SignStream::NAME,
        VerifyStream::NAME,
        EncryptData::NAME,
        DecryptData::NAME,
        Encapsulate::NAME,
        Decapsulate::NAME,
    ];
    let options: [(&str, bool, &[&str]); 14] = [
        ("--csr", args.csr.is_some(), certificate),
        ("--subject-key-type", args.subject_key_type.is_some(), certificate),
        ("--ca-cert", args.ca_cert.is_some(), certificate),
        ("--ca-key", args.ca_key.is_some(), certificate),
        ("--issuer-key-type", args.issuer_key_type.is_some(), certificate),
        ("--not-before", args.not_before.is_some(), certificate),
        ("--not-after", args.not_after.is_some(), certificate),
        ("--key", args.key.is_some(), keyed),
        ("--key-type", args.key_type.is_some(), keyed),
        ("--second-key", args.second_key.is_some(), signatures),
        ("--second-key-type", args.second_key_type.is_some(), signatures),
        ("--format", args.format.is_some(), signatures),
        ("--nonce", args.nonce, &[EncryptData::NAME]),
        ("--seed", args.seed, &[SIGNATURE_KEYS, KEM_KEYS]),
    ];
    match options.into_iter().find(|(_, given, about)| *given && !about.contains(&operation)) {
        None => Ok(()),
        Some((option, _, about)) => Err(Failure::usage(format!(
            "{option} says nothing about {operation}; it is for {}",
            about.join(", ")
        ))),
    }
}

/// Reads the key of an operation on data: the one kind that the operation takes.
fn key(operation: &str, args: &Explain) -> Result<Option<Key>, Failure> {
    let (file, name) = (args.key.as_ref(), args.key_type.as_deref());
    // Every option was found to be about the operation, so what is left signs or verifies.
    let key = match operation {
        EncryptData::NAME | DecryptData::NAME => {
            either(file, facts::data_key, name, facts::named_data_key)?.map(Key::Data)
        }
        Encapsulate::NAME => either(file, facts::encapsulation_key, name, facts::named_kem)?.map(Key::Kem),
        Decapsulate::NAME => either(file, facts::decapsulation_key, name, facts::named_kem)?.map(Key::Kem),
        _ => {
            let read = match operation {
                VerifyData::NAME | VerifyStream::NAME => facts::verification_key,
                _ => facts::signing_key,
            };
            let second = (args.second_key.as_ref(), args.second_key_type.as_deref());
            match (either(file, read, name, facts::named)?, either(second.0, read, second.1, facts::named)?) {
                (Some(key), Some(second)) => Some(Key::Signature(Keys::Components([key, second]))),
                (Some(key), None) => Some(Key::Signature(Keys::One(key))),
                (None, Some(_)) => {
                    return Err(Failure::usage(
                        "a second key is given without a first, --key or --key-type".to_owned(),
                    ));
                }
                (None, None) => None,
            }
        }
    };
    Ok(key)
}

/// Reads a key from its file, or by its type.
fn either<T>(
    file: Option<&Place>,
    read: impl Fn(&Place) -> Result<T, Failure>,
    name: Option<&str>,
    named: impl Fn(&str) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    match (file, name) {
        (Some(file), _) => read(file).map(Some),
        (None, Some(name)) => named(name).map(Some),
        (None, None) => Ok(None),
    }
}

const fn format(format: args::SignatureFormat) -> SignatureFormat {
    match format {
        args::SignatureFormat::Raw => SignatureFormat::Raw,
        args::SignatureFormat::Der => SignatureFormat::Der,
        args::SignatureFormat::Pem => SignatureFormat::Pem,
        args::SignatureFormat::Cms => SignatureFormat::Cms,
    }
}

#[cfg(test)]
mod tests {
    use broker_server::policy::permit::GenerateSignatureKeyPair;

    use super::*;

    #[test]
    fn names_of_key_pair_operations_exist() {
        let section = |name: &str| OperationInfo::by_name(name).map(|known| known.section);
        assert_eq!(section(SIGNATURE_KEYS), Some(GenerateSignatureKeyPair::SECTION));
        assert_eq!(section(KEM_KEYS), Some(GenerateKemKeyPair::SECTION));
    }
}
