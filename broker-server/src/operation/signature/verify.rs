//! Verifying, at once and in parts.

use super::{
    Matched, SignatureError, algorithm, cms::key_id, composite, load_public, matched, message_digest,
    message_hash,
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
        FieldError, FieldErrorKind, KEY_SOURCE, Signature, SignedAttributes, SignedData, VerificationKey,
        check_signature, looks_like_attributes, read_composite,
    },
};

/// Whether the permit's signature is one over its input by the profile's scheme, in the format that was granted. An error
/// only where the signature is not of the format.
///
/// SignedData that is of the format is no error either: whether its signer is another key, or its algorithms are not the
/// profile's, the answer is `false`, as it is for every other format.
// The permit is taken by value so that it is used once, though only its parts are read.
#[allow(clippy::needless_pass_by_value)]
pub fn verify_data(permit: Permit<permit::VerifyData>, backend: &Backend) -> Result<bool, SignatureError> {
    let (request, format) = (permit.request(), permit.grant().format);
    let (scheme, key) = match matched(permit.rule().scheme, &request.keys)? {
        Matched::Single(scheme, key) => (scheme, key),
        Matched::Composite(algorithm, keys) => {
            let signature = read_composite(&request.signature, format, algorithm).map_err(malformed)?;
            let mut verifier = composite::verifier(algorithm, keys)?;
            verifier.update(&request.input);
            return is_valid(verifier.finish(&signature));
        }
    };
    let proof = proof(&request.signature, format, key, scheme)?;
    let key = load_public(key, KEY_SOURCE)?;
    let (input, signature) = (&request.input, proof.signature);
    match proof.over {
        Over::Nothing => Ok(false),
        Over::Message => is_valid(key.verify(scheme, input, &signature)),
        Over::Content if looks_like_attributes(input) => Ok(false),
        Over::Content => is_valid(key.verify(scheme, input, &signature)),
        Over::Attributes(attributes) => {
            let digest = message_digest(backend, scheme, input);
            signed(&attributes, &digest, &key, scheme, &signature)
        }
    }
}

/// Verifies a signature over a message that comes in parts, with the result of [`verify_data`] over the whole.
pub struct VerifyStream {
    signature: Vec<u8>,
    state: State,
}

enum State {
    /// Nothing can make it valid.
    Nothing,
    Message(Verifier),
    Content(Verifier, Start),
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
    /// Reads the signature and loads the keys. No part of the message is needed yet.
    #[allow(clippy::needless_pass_by_value)] // as above
    pub fn begin(permit: Permit<permit::VerifyStream>, backend: &Backend) -> Result<Self, SignatureError> {
        let (request, format) = (permit.request(), permit.grant().format);
        let (scheme, key) = match matched(permit.rule().scheme, &request.keys)? {
            Matched::Single(scheme, key) => (scheme, key),
            Matched::Composite(algorithm, keys) => {
                let signature = read_composite(&request.signature, format, algorithm).map_err(malformed)?;
                let state = State::Composite(composite::verifier(algorithm, keys)?);
                return Ok(Self { signature, state });
            }
        };
        let proof = proof(&request.signature, format, key, scheme)?;
        let key = load_public(key, KEY_SOURCE)?;
        let state = match proof.over {
            Over::Nothing => State::Nothing,
            Over::Message => State::Message(Verifier::new(&key, scheme)?),
            Over::Content => State::Content(Verifier::new(&key, scheme)?, Start::default()),
            Over::Attributes(attributes) => {
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
        Ok(Self { signature: proof.signature, state })
    }

    /// Takes the next part.
    pub fn update(&mut self, part: &[u8]) -> Result<(), SignatureError> {
        match &mut self.state {
            State::Nothing => {}
            State::Message(verifier) => verifier.update(part)?,
            State::Content(verifier, start) => {
                start.update(part);
                verifier.update(part)?;
            }
            State::Attributes { hasher, .. } => hasher.update(part),
            State::Composite(verifier) => verifier.update(part),
        }
        Ok(())
    }

    /// Whether the signature is one over all parts.
    pub fn finish(self) -> Result<bool, SignatureError> {
        match self.state {
            State::Nothing => Ok(false),
            State::Content(_, start) if start.looks_like_attributes() => Ok(false),
            State::Message(verifier) | State::Content(verifier, _) => {
                is_valid(verifier.finish(&self.signature))
            }
            State::Composite(verifier) => is_valid(verifier.finish(&self.signature)),
            State::Attributes { hasher, algorithm, attributes, key, scheme } => {
                let mut digest = vec![0; algorithm.default_output_length()];
                hasher.finish(&mut digest);
                signed(&attributes, &digest, &key, scheme, &self.signature)
            }
        }
    }
}

/// A signature and what it is over.
struct Proof {
    signature: Vec<u8>,
    over: Over,
}

enum Over {
    /// Not by the profile's scheme, or not by this key: never valid.
    Nothing,
    /// The message.
    Message,
    /// The message, as content of SignedData without signed attributes.
    Content,
    /// The attributes, one of which is the digest of the message.
    Attributes(SignedAttributes),
}

/// Reads a signature, and compares what it says of itself with key and scheme.
fn proof(
    bytes: &[u8],
    format: SignatureFormat,
    key: &VerificationKey,
    scheme: SignatureScheme,
) -> Result<Proof, SignatureError> {
    let data = match Signature::read(bytes, format, key.key_type()).map_err(malformed)? {
        Signature::Plain(signature) => return Ok(Proof { signature, over: Over::Message }),
        Signature::Cms(data) => data,
    };
    if !is_signer(key, &data) || data.scheme != Some(scheme) || !digest_fits(&data, scheme) {
        return Ok(Proof { signature: Vec::new(), over: Over::Nothing });
    }
    check_signature(&data.signature, key.key_type()).map_err(malformed)?;
    let over = data.attributes.map_or(Over::Content, Over::Attributes);
    Ok(Proof { signature: data.signature, over })
}

fn malformed(kind: FieldErrorKind) -> FieldError {
    FieldError { field: "signature", kind }
}

/// By the identifier that the certificate gives the key, or the one that the broker signs with.
fn is_signer(key: &VerificationKey, data: &SignedData) -> bool {
    let id = &data.subject_key_id;
    key.subject_key_id() == Some(id) || key_id(key.public_key_bits()) == *id
}

/// Whether the digest is the one that goes with the scheme. RFC 9882 3.3: with ML-DSA and without signed attributes it
/// says nothing.
fn digest_fits(data: &SignedData, scheme: SignatureScheme) -> bool {
    let says_nothing = matches!(scheme, SignatureScheme::MlDsa(_)) && data.attributes.is_none();
    says_nothing || data.digest == Some(message_hash(scheme))
}

/// RFC 5652 5.4, 5.6: the digest is in the attributes, and the signature over them.
fn signed(
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

/// The message as far as signed attributes go: longer ones are not made.
#[derive(Default)]
struct Start(Vec<u8>);

const LONGEST_ATTRIBUTES: usize = 64 << 10;

impl Start {
    fn update(&mut self, part: &[u8]) {
        // One more byte says that the message is longer.
        let room = (LONGEST_ATTRIBUTES + 1).saturating_sub(self.0.len());
        self.0.extend(part.iter().take(room));
    }

    fn looks_like_attributes(&self) -> bool {
        self.0.len() <= LONGEST_ATTRIBUTES && looks_like_attributes(&self.0)
    }
}
