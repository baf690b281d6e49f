//! The request that `profiles explain` judges: an operation, and what is known of a request for it.

use broker_server::{
    algorithm::{KeyType, SignatureFormat},
    policy::{
        CaFacts, Explanation, FactName, Facts, OperationInfo,
        permit::{
            BatchVerify, CheckWitness, Decapsulate, DecryptData, Encapsulate, EncryptData,
            GenerateKemKeyPair, GenerateKey, GetVerifyingKey, HashData, ListCircuits, Operation as _, Prove,
            ProveMany, SetupCircuit, SignCertificate, SignData, VerifyData, VerifyProof, VerifyStream,
        },
        profile::{NonceStrategy, Profile},
    },
    request::{AlternativeName, CaCertificate, Csr, KemKeyKind, Keys, Name, Oid},
};
use clap::{Args, ValueHint};

use super::inputs;
use crate::{
    args::{self, instant},
    error::{Failure, Refusal},
    input,
    location::Location,
    private_key::KeyPassword,
};

/// The options that describe a request.
#[derive(Args, Clone, Debug)]
pub(super) struct RequestArgs {
    /// The operation, such as HashData or hash-data, SignStream, GenerateKemKeyPair or kem-keygen [default: SignData where
    /// --key or --key-type is given, else SignCertificate]
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// A certification request, PEM; `-` is standard input
    #[arg(long, alias = "in", value_name = "FILE", value_hint = ValueHint::FilePath)]
    csr: Option<Location>,
    /// A subject key by its type instead of a request: rsa-3072, p-384, ed25519, ml-dsa-65
    #[arg(long, value_name = "TYPE", conflicts_with = "csr")]
    subject_key_type: Option<String>,
    /// The name that replaces the request's subject: `CN=…, O=…` with C, ST, O, OU, L and CN
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// A CRL distribution point of the request; may be repeated
    #[arg(long = "crl-url", value_name = "URL")]
    crl_urls: Vec<String>,
    /// The issuer's certificate, PEM; `-` is standard input
    #[arg(long, alias = "caCert", value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca_cert: Option<Location>,
    /// The issuer's private key, PEM; `-` is standard input
    #[arg(long, alias = "caKey", value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca_key: Option<Location>,
    #[command(flatten)]
    key_password: KeyPassword,
    /// An issuer key by its type instead of a file
    #[arg(long, value_name = "TYPE", conflicts_with_all = ["ca_cert", "ca_key"])]
    issuer_key_type: Option<String>,
    /// The key that the operation uses, as its own command takes it: private to sign and to decapsulate, public to verify
    /// and to encapsulate, the bytes themselves to encrypt and to decrypt; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: Option<Location>,
    /// That key by its type instead of a file: rsa-3072, p-384, ed25519, ml-dsa-65; aes-256; ml-kem-768, x-wing
    #[arg(long, value_name = "TYPE", conflicts_with = "key")]
    key_type: Option<String>,
    /// For a composite the ML-DSA key; --key is then the traditional one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "second_key_type")]
    second_key: Option<Location>,
    /// The same by its type
    #[arg(long, value_name = "TYPE")]
    second_key_type: Option<String>,
    /// The format that the request asks for of a signature [default: none, so that it is the profile's]
    #[arg(long, value_name = "FORMAT")]
    format: Option<args::SignatureFormat>,
    /// The request to sign or to verify brings a context (FIPS 204 5.2)
    #[arg(long)]
    context: bool,
    /// The request to encrypt brings a nonce
    #[arg(long)]
    nonce: bool,
    /// The request for a key pair brings a seed
    #[arg(long)]
    seed: bool,
    /// The circuit of a request about proofs
    #[arg(long, value_name = "NAME")]
    circuit: Option<String>,
    /// The request to verify a proof brings a verifying key
    #[arg(long)]
    verifying_key: bool,
    /// Start of validity: Unix seconds, RFC 3339, or from now on such as -1h
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    not_before: Option<u64>,
    /// End of validity: Unix seconds, RFC 3339, or from now on such as 90d
    #[arg(long, value_name = "TIME", value_parser = instant, allow_hyphen_values = true)]
    not_after: Option<u64>,
}

/// An operation and the facts of a request that were given.
pub(super) struct ExplainedRequest {
    operation: String,
    subject_key: Option<KeyType>,
    subject: Option<Name>,
    names: Option<Vec<AlternativeName>>,
    crl_distribution_points: Vec<String>,
    requested_extensions: Option<Vec<Oid>>,
    issuer_key: Option<KeyType>,
    certificate: Option<CaCertificate>,
    not_before: Option<i64>,
    not_after: Option<i64>,
    key: Option<Key>,
    format: Option<SignatureFormat>,
    context: bool,
    nonce: bool,
    seed: bool,
    circuit: Option<String>,
    verifying_key: bool,
    /// `true` where files were read whose signatures only a broker verifies.
    from_files: bool,
}

/// The key of an operation on data.
enum Key {
    Signature(Keys<KeyType>),
    /// The length in bytes.
    Data(usize),
    Kem(KemKeyKind),
}

impl ExplainedRequest {
    /// Reads the files and names that were given.
    ///
    /// # Errors
    /// Fails where an option does not apply to the operation, and where the broker's parsers refuse a file.
    pub(super) fn read(args: &RequestArgs, document: Option<&Location>) -> Result<Self, Failure> {
        let operation = operation(args)?;
        check_options(&operation, args)?;
        input::check_single_stdin(&[
            ("--profiles", document),
            ("--csr", args.csr.as_ref()),
            ("--ca-cert", args.ca_cert.as_ref()),
            ("--ca-key", args.ca_key.as_ref()),
            ("--key", args.key.as_ref()),
            ("--second-key", args.second_key.as_ref()),
        ])?;
        let subject = args.subject.as_deref().filter(|text| !text.is_empty());
        let csr = args.csr.as_ref().map(|file| inputs::csr(file, subject.is_some())).transpose()?;
        let certificate = args.ca_cert.as_ref().map(inputs::certificate).transpose()?;
        let private_key = args.ca_key.as_ref();
        let private_key = private_key.map(|file| inputs::issuer_key(file, &args.key_password)).transpose()?;
        let typed = |name: &Option<String>| name.as_deref().map(args::key_type).transpose();
        // A broker judges the key first, and refuses a certificate for another type of key later.
        let certified_key = certificate.as_ref().map(CaCertificate::key_type);
        if let (Some(private), Some(certified)) = (private_key, certified_key)
            && private != certified
        {
            return Err(Failure::Refused(Box::new(Refusal {
                code: "INVALID_ARGUMENT".to_owned(),
                message: format!(
                    "the private key is {private} and the CA certificate is for {certified}: they are not a pair"
                ),
                ..Refusal::default()
            })));
        }
        let seconds = |time: Option<u64>| time.map(|time| i64::try_from(time).unwrap_or(i64::MAX));
        Ok(Self {
            subject_key: csr.as_ref().map(Csr::key_type).or(typed(&args.subject_key_type)?),
            subject: match subject {
                None => csr.as_ref().map(|csr| csr.subject().clone()),
                Some(text) => Some(inputs::subject(text)?),
            },
            crl_distribution_points: inputs::crl_urls(&args.crl_urls)?,
            names: csr.as_ref().map(|csr| csr.subject_alternative_names().to_vec()),
            requested_extensions: csr.as_ref().map(|csr| csr.requested_extensions().to_vec()),
            issuer_key: private_key.or(certified_key).or(typed(&args.issuer_key_type)?),
            certificate,
            not_before: seconds(args.not_before),
            not_after: seconds(args.not_after),
            key: key(&operation, args)?,
            format: args.format.map(format),
            context: args.context,
            nonce: args.nonce,
            seed: args.seed,
            circuit: args.circuit.clone(),
            verifying_key: args.verifying_key,
            from_files: args.csr.is_some() || args.ca_cert.is_some(),
            operation,
        })
    }

    /// Returns the name of the operation.
    pub(super) fn operation(&self) -> &str {
        &self.operation
    }

    /// Reports whether the operation exists, and not only a section with its name.
    pub(super) fn is_served(&self) -> bool {
        OperationInfo::by_name(&self.operation).is_some()
    }

    /// Returns everything that is known.
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
            ca: self.certificate.as_ref().map(CaFacts::from),
            subject: self.subject.as_ref(),
            names: self.names.as_deref(),
            crl_distribution_points: Some(&self.crl_distribution_points),
            requested_extensions: self.requested_extensions.as_deref(),
            not_before: self.not_before,
            not_after: self.not_after,
            signature_keys,
            format: self.format,
            has_context: self.context,
            data_key_length,
            has_nonce: self.nonce,
            kem_key,
            has_seed: self.seed,
            circuit: self.circuit.as_deref(),
            // The lengths of a request are optional parts of it.
            witness_bytes: 0,
            batch_items: 0,
            has_verifying_key: self.verifying_key,
            now: jiff::Timestamp::now().as_second(),
        }
    }

    /// Returns what was not judged, each with the option that gives it.
    pub(super) fn not_judged(&self, profile: &Profile, explanation: &Explanation) -> Vec<String> {
        let mut not_judged: Vec<String> = explanation
            .missing_facts
            .iter()
            .map(|fact| {
                let options = match fact {
                    FactName::SubjectKey => "--csr FILE or --subject-key-type TYPE",
                    FactName::IssuerKey => "--ca-cert FILE or --issuer-key-type TYPE",
                    FactName::CaCertificate => "--ca-cert FILE",
                    FactName::Subject => "--csr FILE or --subject NAME",
                    FactName::Names | FactName::RequestedExtensions => "--csr FILE",
                    FactName::Key => "--key FILE or --key-type TYPE",
                    FactName::Circuit => "--circuit NAME",
                };
                format!("{fact} ({options})")
            })
            .collect();
        let takes_nonces = |profile: &Profile| {
            profile.encrypt_data.as_ref().is_some_and(|rule| rule.nonce == NonceStrategy::UserProvided)
        };
        if self.operation == EncryptData::NAME && !self.nonce && takes_nonces(profile) {
            not_judged.push("the nonce, which a request under this profile must bring (--nonce)".to_owned());
        }
        if self.from_files {
            not_judged.push(
                "the request's own signature, and whether the issuer's key and certificate are a pair"
                    .to_owned(),
            );
        }
        not_judged
    }
}

/// Returns the name of the operation that the options ask for.
fn operation(args: &RequestArgs) -> Result<String, Failure> {
    let Some(name) = args.operation.as_deref() else {
        let signs = args.key.is_some() || args.key_type.is_some();
        return Ok(if signs { SignData::NAME } else { SignCertificate::NAME }.to_owned());
    };
    let same = |known: &str| spelling(known) == spelling(name);
    // Two services have an operation of this name.
    if same(GenerateKemKeyPair::NAME) {
        return Err(Failure::usage(format!(
            "{name} exists for signatures and for key encapsulation: use {SIGNATURE_KEYS} or {KEM_KEYS}"
        )));
    }
    // The section's name means the operation that makes keys for the others.
    if same(GenerateKemKeyPair::SECTION) {
        return Ok(KEM_KEYS.to_owned());
    }
    let command = COMMANDS.iter().find(|(command, _)| same(command)).map(|(_, operation)| *operation);
    let known = || OperationInfo::all().iter().map(|known| known.name).find(|known| same(known));
    Ok(command.or_else(known).unwrap_or(name).to_owned())
}

/// Normalises the two spellings of a name, `HashData` and `hash-data`.
fn spelling(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "")
}

/// The names on the wire and the commands of this program which differ from the unique names of their operations.
const COMMANDS: [(&str, &str); 17] = [
    ("hash", HashData::NAME),
    ("sign", SignCertificate::NAME),
    ("keygen", SIGNATURE_KEYS),
    ("key-generate", GenerateKey::NAME),
    ("kem-keygen", KEM_KEYS),
    ("kem-encapsulate", Encapsulate::NAME),
    ("kem-decapsulate", Decapsulate::NAME),
    ("proof-circuits", ListCircuits::NAME),
    ("proof-setup", SETUP_CIRCUIT),
    (SetupCircuit::NAME, SETUP_CIRCUIT),
    ("proof-prove", Prove::NAME),
    ("proof-prove-many", ProveMany::NAME),
    ("proof-check", CheckWitness::NAME),
    ("proof-verify", VERIFY_PROOF),
    (VerifyProof::NAME, VERIFY_PROOF),
    ("proof-batch-verify", BatchVerify::NAME),
    ("proof-export", GetVerifyingKey::NAME),
];

/// The unique names of the two operations that are called `GenerateKeyPair` on the wire.
const SIGNATURE_KEYS: &str = "GenerateSignatureKeyPair";
const KEM_KEYS: &str = "GenerateKemKeyPair";

/// The unique names of the operations that Groth16Service calls `Setup` and `Verify`.
const SETUP_CIRCUIT: &str = "SetupCircuit";
const VERIFY_PROOF: &str = "VerifyProof";

/// The part of a request that an option describes.
#[derive(Clone, Copy, Debug)]
enum Part {
    Certificate,
    Circuit,
    Key,
    Nonce,
    Seed,
    Signature,
    VerifyingKey,
}

impl Part {
    /// Reports whether requests for the operation have this part.
    fn is_in(self, operation: &OperationInfo) -> bool {
        let makes_pairs = [SIGNATURE_KEYS, KEM_KEYS].contains(&operation.name);
        let makes_keys = makes_pairs || operation.name == GenerateKey::NAME;
        let signs = operation.section == SignData::SECTION && !makes_keys;
        match self {
            Self::Certificate => operation.section == SignCertificate::SECTION,
            Self::Circuit => operation.section == Prove::SECTION && operation.name != ListCircuits::NAME,
            Self::VerifyingKey => operation.name == VERIFY_PROOF,
            Self::Signature => signs,
            Self::Key => {
                let section = operation.section;
                !makes_keys && (signs || section == EncryptData::SECTION || section == Encapsulate::SECTION)
            }
            Self::Nonce => operation.name == EncryptData::NAME,
            Self::Seed => makes_pairs,
        }
    }
}

/// Fails where an option does not apply to the operation: it would be ignored.
fn check_options(operation: &str, args: &RequestArgs) -> Result<(), Failure> {
    let options = [
        ("--csr", args.csr.is_some(), Part::Certificate),
        ("--subject-key-type", args.subject_key_type.is_some(), Part::Certificate),
        ("--subject", args.subject.is_some(), Part::Certificate),
        ("--crl-url", !args.crl_urls.is_empty(), Part::Certificate),
        ("--ca-cert", args.ca_cert.is_some(), Part::Certificate),
        ("--ca-key", args.ca_key.is_some(), Part::Certificate),
        ("--issuer-key-type", args.issuer_key_type.is_some(), Part::Certificate),
        ("--not-before", args.not_before.is_some(), Part::Certificate),
        ("--not-after", args.not_after.is_some(), Part::Certificate),
        ("--key", args.key.is_some(), Part::Key),
        ("--key-type", args.key_type.is_some(), Part::Key),
        ("--second-key", args.second_key.is_some(), Part::Signature),
        ("--second-key-type", args.second_key_type.is_some(), Part::Signature),
        ("--format", args.format.is_some(), Part::Signature),
        ("--context", args.context, Part::Signature),
        ("--nonce", args.nonce, Part::Nonce),
        ("--seed", args.seed, Part::Seed),
        ("--circuit", args.circuit.is_some(), Part::Circuit),
        ("--verifying-key", args.verifying_key, Part::VerifyingKey),
    ];
    for (option, is_given, part) in options {
        let operations = OperationInfo::all().iter().filter(|known| part.is_in(known));
        let names: Vec<&str> = operations.map(|known| known.name).collect();
        if is_given && !names.contains(&operation) {
            let names = names.join(", ");
            return Err(Failure::usage(format!("{option} does not apply to {operation}; it is for {names}")));
        }
    }
    Ok(())
}

/// Reads the key of an operation on data: the one kind that the operation takes.
fn key(operation: &str, args: &RequestArgs) -> Result<Option<Key>, Failure> {
    let (file, name) = (args.key.as_ref(), args.key_type.as_deref());
    // check_options has refused keys of operations without one, so the others sign or verify.
    let key = match operation {
        EncryptData::NAME | DecryptData::NAME => {
            file_or_type(file, inputs::data_key, name, inputs::data_key_type)?.map(Key::Data)
        }
        Encapsulate::NAME => {
            file_or_type(file, inputs::encapsulation_key, name, inputs::kem_type)?.map(Key::Kem)
        }
        Decapsulate::NAME => {
            let read = |file: &_| inputs::decapsulation_key(file, &args.key_password);
            file_or_type(file, read, name, inputs::kem_type)?.map(Key::Kem)
        }
        _ => {
            let read = |file: &_| match operation {
                VerifyData::NAME | VerifyStream::NAME => inputs::verification_key(file),
                _ => inputs::signing_key(file, &args.key_password),
            };
            let second = (args.second_key.as_ref(), args.second_key_type.as_deref());
            match (
                file_or_type(file, read, name, args::key_type)?,
                file_or_type(second.0, read, second.1, args::key_type)?,
            ) {
                (Some(key), Some(second)) => Some(Key::Signature(Keys::Components([key, second]))),
                (Some(key), None) => Some(Key::Signature(Keys::One(key))),
                (None, Some(_)) => {
                    return Err(Failure::usage(
                        "a second key needs a first one: add --key or --key-type".to_owned(),
                    ));
                }
                (None, None) => None,
            }
        }
    };
    Ok(key)
}

/// Reads a key from its file, or takes it by its type.
fn file_or_type<T>(
    file: Option<&Location>,
    read: impl Fn(&Location) -> Result<T, Failure>,
    name: Option<&str>,
    parse: impl Fn(&str) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    match (file, name) {
        (Some(file), _) => read(file).map(Some),
        (None, Some(name)) => parse(name).map(Some),
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
    fn unique_names_of_operations_exist() {
        let section = |name: &str| OperationInfo::by_name(name).map(|known| known.section);
        assert_eq!(section(SIGNATURE_KEYS), Some(GenerateSignatureKeyPair::SECTION));
        assert_eq!(section(KEM_KEYS), Some(GenerateKemKeyPair::SECTION));
        assert_eq!(section(SETUP_CIRCUIT), Some(SetupCircuit::SECTION));
        assert_eq!(section(VERIFY_PROOF), Some(VerifyProof::SECTION));
    }
}
