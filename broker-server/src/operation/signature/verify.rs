//! Verifies signatures over complete messages and streams.

use super::{
    Matched, SignatureError, algorithm, cms::key_id, composite, hash_ml_dsa::HashMlDsaVerifier, load_public,
    matched, message_digest, message_hash,
};
use crate::{
    algorithm::{HashAlgorithm, SignatureFormat, SignatureScheme},
    backend::{
        Backend,
        composite::CompositeVerifier,
        evp::{EvpError, PublicKey, Verifier},
        hash::Hasher,
    },
    policy::{Permit, permit},
    request::{
        FieldError, FieldErrorKind, KEY_SOURCE, Signature, SignedAttributes, SignedData, SignerId,
        VerificationKey, check_signature, looks_like_attributes, read_composite,
    },
};

/// Reports whether the permit's signature over its input is valid under the profile's scheme, in the format of the permit's parameters.
///
/// Well-formed SignedData by another key or with algorithms other than the profile's is not an error: the result is
/// `false`, as in every other format.
///
/// # Errors
/// Fails with [`SignatureError::Field`] if the signature does not have the format, and if a key cannot be loaded.
// The permit is taken by value so that it is used only once.
#[allow(clippy::needless_pass_by_value)]
pub fn verify_data(permit: Permit<permit::VerifyData>, backend: &Backend) -> Result<bool, SignatureError> {
    let (request, format) = (permit.request(), permit.parameters().format);
    let (scheme, key) = match matched(permit.rule().scheme, &request.keys)? {
        Matched::Single(scheme, key) => (scheme, key),
        Matched::HashMlDsa(algorithm, key) => {
            let signature = plain(&request.signature, format, key)?;
            let mut verifier = HashMlDsaVerifier::new(algorithm, key, &request.context, backend)?;
            verifier.update(&request.input);
            return is_valid(verifier.finish(&signature));
        }
        Matched::Composite(algorithm, keys) => {
            let signature = read_composite(&request.signature, format, algorithm).map_err(malformed)?;
            let mut verifier = composite::verifier(algorithm, keys)?;
            verifier.update(&request.input);
            return is_valid(verifier.finish(&signature));
        }
    };
    let parsed = parse(&request.signature, format, key, scheme)?;
    let key = load_public(key, KEY_SOURCE)?;
    let (input, signature) = (&request.input, parsed.signature);
    if parsed.content.is_some_and(|content| content != *input) {
        return Ok(false);
    }
    match parsed.covers {
        Covers::Nothing => Ok(false),
        Covers::Message if request.context.is_empty() => is_valid(key.verify(scheme, input, &signature)),
        Covers::Message => is_valid(key.verify_with_context(&request.context, input, &signature)),
        Covers::Content if looks_like_attributes(input) => Ok(false),
        Covers::Content => is_valid(key.verify(scheme, input, &signature)),
        Covers::Attributes(attributes) => {
            let digest = message_digest(backend, scheme, input);
            verify_attributes(&attributes, &digest, &key, scheme, &signature)
        }
    }
}

/// Verifies a signature over a message that arrives in parts, like [`verify_data`] over the complete message.
pub struct VerifyStream {
    signature: Vec<u8>,
    content: Option<Content>,
    state: State,
}

enum State {
    /// The signature is invalid whatever the message.
    Nothing,
    Message(Verifier),
    HashMlDsa(HashMlDsaVerifier),
    Content(Verifier, Prefix),
    Attributes {
        hasher: Box<dyn Hasher>,
        algorithm: HashAlgorithm,
        attributes: SignedAttributes,
        key: PublicKey,
        scheme: SignatureScheme,
    },
    Composite(CompositeVerifier),
}

impl VerifyStream {
    /// Reads the signature and loads the keys.
    #[allow(clippy::needless_pass_by_value)] // as above
    pub fn begin(permit: Permit<permit::VerifyStream>, backend: &Backend) -> Result<Self, SignatureError> {
        let (request, format) = (permit.request(), permit.parameters().format);
        let (scheme, key) = match matched(permit.rule().scheme, &request.keys)? {
            Matched::Single(scheme, key) => (scheme, key),
            Matched::HashMlDsa(algorithm, key) => {
                let signature = plain(&request.signature, format, key)?;
                let verifier = HashMlDsaVerifier::new(algorithm, key, &request.context, backend)?;
                return Ok(Self { signature, content: None, state: State::HashMlDsa(verifier) });
            }
            Matched::Composite(algorithm, keys) => {
                let signature = read_composite(&request.signature, format, algorithm).map_err(malformed)?;
                let state = State::Composite(composite::verifier(algorithm, keys)?);
                return Ok(Self { signature, content: None, state });
            }
        };
        let parsed = parse(&request.signature, format, key, scheme)?;
        let key = load_public(key, KEY_SOURCE)?;
        let state = match parsed.covers {
            Covers::Nothing => State::Nothing,
            Covers::Message => State::Message(Verifier::new(&key, scheme, &request.context)?),
            Covers::Content => State::Content(Verifier::new(&key, scheme, b"")?, Prefix::default()),
            Covers::Attributes(attributes) => {
                let algorithm = algorithm(message_hash(scheme));
                State::Attributes {
                    hasher: backend.hash.start(algorithm),
                    algorithm,
                    attributes,
                    key,
                    scheme,
                }
            }
        };
        Ok(Self { signature: parsed.signature, content: parsed.content.map(Content::new), state })
    }

    /// Processes the next part of the message.
    pub fn update(&mut self, part: &[u8]) -> Result<(), SignatureError> {
        if let Some(content) = &mut self.content {
            content.update(part);
        }
        match &mut self.state {
            State::Nothing => {}
            State::Message(verifier) => verifier.update(part)?,
            State::HashMlDsa(verifier) => verifier.update(part),
            State::Content(verifier, prefix) => {
                prefix.update(part);
                verifier.update(part)?;
            }
            State::Attributes { hasher, .. } => hasher.update(part),
            State::Composite(verifier) => verifier.update(part),
        }
        Ok(())
    }

    /// Reports whether the signature over all parts is valid.
    pub fn finish(self) -> Result<bool, SignatureError> {
        if self.content.is_some_and(|content| !content.is_complete()) {
            return Ok(false);
        }
        match self.state {
            State::Nothing => Ok(false),
            State::Content(_, prefix) if prefix.looks_like_attributes() => Ok(false),
            State::Message(verifier) | State::Content(verifier, _) => {
                is_valid(verifier.finish(&self.signature))
            }
            State::HashMlDsa(verifier) => is_valid(verifier.finish(&self.signature)),
            State::Composite(verifier) => is_valid(verifier.finish(&self.signature)),
            State::Attributes { hasher, algorithm, attributes, key, scheme } => {
                let mut digest = vec![0; algorithm.default_output_length()];
                hasher.finish(&mut digest);
                verify_attributes(&attributes, &digest, &key, scheme, &self.signature)
            }
        }
    }
}

/// The content that SignedData holds, in comparison with the message that is sent separately.
struct Content {
    octets: Vec<u8>,
    /// The number of octets that were compared.
    compared: usize,
    differs: bool,
}

impl Content {
    fn new(octets: Vec<u8>) -> Self {
        Self { octets, compared: 0, differs: false }
    }

    fn update(&mut self, part: &[u8]) {
        self.differs |= !self.octets.get(self.compared..).is_some_and(|rest| rest.starts_with(part));
        self.compared = self.compared.saturating_add(part.len());
    }

    /// Reports whether the message is the content.
    fn is_complete(&self) -> bool {
        !self.differs && self.compared == self.octets.len()
    }
}

/// A signature and the data that it covers.
struct ParsedSignature {
    signature: Vec<u8>,
    /// The content of SignedData that holds it, which must be the message.
    content: Option<Vec<u8>>,
    covers: Covers,
}

enum Covers {
    /// Nothing: the signature has another scheme or another key and is never valid.
    Nothing,
    /// The message.
    Message,
    /// The message as the content of SignedData without signed attributes.
    Content,
    /// The signed attributes, which include the digest of the message.
    Attributes(SignedAttributes),
}

/// Reads a signature and compares the signer and algorithms that it states with key and scheme.
fn parse(
    bytes: &[u8],
    format: SignatureFormat,
    key: &VerificationKey,
    scheme: SignatureScheme,
) -> Result<ParsedSignature, SignatureError> {
    let data = match Signature::read(bytes, format, key.key_type()).map_err(malformed)? {
        Signature::Plain(signature) => {
            return Ok(ParsedSignature { signature, content: None, covers: Covers::Message });
        }
        Signature::Cms(data) => data,
    };
    if !is_signer(key, &data.signer)? || data.scheme != Some(scheme) || !digest_fits(&data, scheme) {
        return Ok(ParsedSignature { signature: Vec::new(), content: None, covers: Covers::Nothing });
    }
    check_signature(&data.signature, key.key_type()).map_err(malformed)?;
    let covers = data.attributes.map_or(Covers::Content, Covers::Attributes);
    Ok(ParsedSignature { signature: data.signature, content: data.content, covers })
}

/// Reads a signature whose format is RAW, which policy has checked.
fn plain(bytes: &[u8], format: SignatureFormat, key: &VerificationKey) -> Result<Vec<u8>, SignatureError> {
    match Signature::read(bytes, format, key.key_type()).map_err(malformed)? {
        Signature::Plain(signature) => Ok(signature),
        Signature::Cms(_) => Err(SignatureError::Internal),
    }
}

fn malformed(kind: FieldErrorKind) -> FieldError {
    FieldError { field: "signature", kind }
}

/// Reports whether the key is the signer: by its certificate's issuer and serial number, by the certificate's key identifier,
/// or by the identifier that the broker writes.
///
/// # Errors
/// Fails for a key without a certificate if the signer is identified by issuer and serial number.
fn is_signer(key: &VerificationKey, signer: &SignerId) -> Result<bool, SignatureError> {
    match signer {
        SignerId::SubjectKeyId(id) => {
            Ok(key.subject_key_id() == Some(id) || key_id(key.public_key_bits()) == *id)
        }
        SignerId::IssuerAndSerialNumber { issuer, serial_number } => {
            key.has_issuer_and_serial_number(issuer, serial_number).ok_or_else(|| {
                malformed(FieldErrorKind::Unsupported(
                    "names its signer by issuer and serial number (RFC 5652 5.3), which a public key does not have; send \
                     the signer's certificate in place of the key"
                        .into(),
                ))
                .into()
            })
        }
    }
}

/// Reports whether the digest algorithm fits the scheme. It is irrelevant for ML-DSA without signed attributes (RFC 9882
/// 3.3).
fn digest_fits(data: &SignedData, scheme: SignatureScheme) -> bool {
    let is_irrelevant = matches!(scheme, SignatureScheme::MlDsa(_)) && data.attributes.is_none();
    is_irrelevant || data.digest == Some(message_hash(scheme))
}

/// Checks that the attributes contain the digest, and verifies the signature over them (RFC 5652 5.4, 5.6).
fn verify_attributes(
    attributes: &SignedAttributes,
    digest: &[u8],
    key: &PublicKey,
    scheme: SignatureScheme,
    signature: &[u8],
) -> Result<bool, SignatureError> {
    if attributes.message_digest != digest {
        return Ok(false);
    }
    is_valid(key.verify(scheme, &attributes.der, signature))
}

fn is_valid(verified: Result<(), EvpError>) -> Result<bool, SignatureError> {
    match verified {
        Ok(()) => Ok(true),
        Err(EvpError::BadSignature) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The start of a message, up to the maximum length of signed attributes.
#[derive(Default)]
struct Prefix(Vec<u8>);

const MAX_ATTRIBUTES: usize = 64 << 10;

impl Prefix {
    fn update(&mut self, part: &[u8]) {
        // One additional byte shows that the message is longer.
        let remaining = (MAX_ATTRIBUTES + 1).saturating_sub(self.0.len());
        self.0.extend(part.iter().take(remaining));
    }

    fn looks_like_attributes(&self) -> bool {
        self.0.len() <= MAX_ATTRIBUTES && looks_like_attributes(&self.0)
    }
}
