//! The default answers of the fake broker. They involve no cryptography, and show what was requested.

use broker_proto::v1;
use bytes::Bytes;

/// A request message, whose metadata have the id of its call.
pub(super) trait Message {
    fn metadata(&self) -> Option<v1::Metadata>;

    fn id(&self) -> String {
        self.metadata().map(|metadata| metadata.id).unwrap_or_default()
    }
}

macro_rules! message {
    ($($message:ident),+) => {$(
        impl Message for v1::$message {
            fn metadata(&self) -> Option<v1::Metadata> {
                self.metadata.clone()
            }
        }
    )+};
}
message!(
    HashDataRequest,
    SignCertificateRequest,
    SignDataRequest,
    VerifyDataRequest,
    EncryptDataRequest,
    DecryptDataRequest,
    GenerateKeyPairRequest,
    GenerateKeyRequest,
    EncapsulateRequest,
    DecapsulateRequest
);

impl Message for v1::GetInfoRequest {
    fn metadata(&self) -> Option<v1::Metadata> {
        None
    }
}

/// Returns the metadata of a response. The profile `Old` is deprecated.
fn metadata(profile: &str, metadata: Option<v1::Metadata>) -> Option<v1::Metadata> {
    let mut metadata = metadata?;
    metadata.deprecation = (profile == "Old").then(|| v1::DeprecationWarning {
        profile: "Old".into(),
        replaced_by: Some("New".into()),
        ..Default::default()
    });
    Some(metadata)
}

fn descriptor(profile: &str, operation: &str) -> Option<v1::CryptoDescriptor> {
    Some(v1::CryptoDescriptor {
        profile: profile.into(),
        operation: operation.into(),
        algorithm: "identity".into(),
    })
}

/// Returns the input as the hash.
pub(super) fn hash(request: v1::HashDataRequest) -> v1::HashDataResponse {
    use v1::hash_data_response::HashValue;
    let value = match request.output_format() {
        v1::HashOutputFormat::Raw => HashValue::HashValueRaw(request.input),
        _ => HashValue::HashValueHex(request.input.iter().map(|byte| format!("{byte:02x}")).collect()),
    };
    v1::HashDataResponse {
        metadata: metadata(&request.profile, request.metadata),
        hash_value: Some(value),
        descriptor: descriptor(&request.profile, "HashData"),
    }
}

/// Returns the CSR as the certificate.
pub(super) fn certificate(request: v1::SignCertificateRequest) -> v1::SignCertificateResponse {
    use v1::sign_certificate_response::SignedCertificate;
    let certificate = match request.output_format() {
        v1::SignOutputFormat::Pem => SignedCertificate::Pem(request.csr.clone()),
        _ => SignedCertificate::Der(request.csr.clone().into()),
    };
    v1::SignCertificateResponse {
        ignored_extensions: Vec::new(),
        metadata: metadata(&request.profile, request.metadata.clone()),
        signed_certificate: Some(certificate),
        descriptor: None,
    }
}

/// Returns the input with a suffix as the signature.
pub(super) fn sign(request: v1::SignDataRequest) -> v1::SignDataResponse {
    v1::SignDataResponse {
        signature: signature(&request.input),
        descriptor: descriptor(&request.profile, "SignData"),
        metadata: metadata(&request.profile, request.metadata),
    }
}

pub(super) fn verify(request: v1::VerifyDataRequest) -> v1::VerifyDataResponse {
    v1::VerifyDataResponse {
        valid: request.signature == signature(&request.input),
        metadata: metadata(&request.profile, request.metadata),
    }
}

fn signature(input: &[u8]) -> Vec<u8> {
    [input, b"!"].concat()
}

/// Returns the reversed plaintext as the ciphertext.
pub(super) fn encrypt(request: v1::EncryptDataRequest) -> v1::EncryptDataResponse {
    let given = request.encrypt_metadata.clone().unwrap_or_default();
    let nonce = if given.nonce.is_empty() { b"made by the ".to_vec() } else { given.nonce };
    v1::EncryptDataResponse {
        ciphertext: request.plaintext.iter().rev().copied().collect(),
        cipher_metadata: Some(v1::CipherMetadata {
            key_id: None,
            nonce,
            aad: given.aad,
            tag: Some(b"sixteen bytes...".to_vec()),
        }),
        metadata: metadata(&request.profile, request.metadata.clone()),
        descriptor: descriptor(&request.profile, "EncryptData"),
    }
}

pub(super) fn decrypt(request: v1::DecryptDataRequest) -> v1::DecryptDataResponse {
    v1::DecryptDataResponse {
        plaintext: request.ciphertext.iter().rev().copied().collect(),
        metadata: metadata(&request.profile, request.metadata),
        padding: vec![0; 4096],
    }
}

pub(super) fn symmetric_key(request: v1::GenerateKeyRequest) -> v1::GenerateKeyResponse {
    v1::GenerateKeyResponse {
        key: b"random key".to_vec(),
        descriptor: descriptor(&request.profile, "GenerateKey"),
        metadata: metadata(&request.profile, request.metadata),
        padding: vec![0; 4096],
    }
}

pub(super) fn kem_key_pair(request: v1::GenerateKeyPairRequest) -> v1::GenerateKeyPairResponse {
    key_pair(request, "encapsulation key")
}

pub(super) fn signature_key_pair(request: v1::GenerateKeyPairRequest) -> v1::GenerateKeyPairResponse {
    key_pair(request, "verification key")
}

/// Returns the seed as the private key.
fn key_pair(request: v1::GenerateKeyPairRequest, public: &str) -> v1::GenerateKeyPairResponse {
    v1::GenerateKeyPairResponse {
        public_key: public.into(),
        private_key: request.seed.clone().unwrap_or_else(|| b"random".to_vec()),
        descriptor: descriptor(&request.profile, "GenerateKeyPair"),
        metadata: metadata(&request.profile, request.metadata.clone()),
        padding: vec![0; 4096],
    }
}

/// Returns the key with a prefix as both the ciphertext and the shared secret.
pub(super) fn encapsulate(request: v1::EncapsulateRequest) -> v1::EncapsulateResponse {
    let ciphertext = [b"for ", &*raw_key(request.key_source)].concat();
    v1::EncapsulateResponse {
        shared_secret: ciphertext.clone(),
        ciphertext,
        descriptor: descriptor(&request.profile, "Encapsulate"),
        metadata: metadata(&request.profile, request.metadata),
        padding: vec![0; 4096],
    }
}

pub(super) fn decapsulate(request: v1::DecapsulateRequest) -> v1::DecapsulateResponse {
    v1::DecapsulateResponse {
        shared_secret: request.ciphertext,
        descriptor: descriptor(&request.profile, "Decapsulate"),
        metadata: metadata(&request.profile, request.metadata),
        padding: vec![0; 4096],
    }
}

pub(super) fn info(_: v1::GetInfoRequest) -> v1::GetInfoResponse {
    v1::GetInfoResponse {
        version: "1.2.3".into(),
        profiles: vec!["Default".into()],
        started_at: Some(prost_types::Timestamp { seconds: 7, nanos: 5 }),
        ..Default::default()
    }
}

/// Returns the bytes of a key that was sent by value.
pub(crate) fn raw_key(source: Option<v1::KeySource>) -> Vec<u8> {
    match source.unwrap().source.take().unwrap() {
        v1::key_source::Source::RawKey(key) => key,
        other => panic!("{other:?}"),
    }
}

// A stream is answered like the unary call with the same fields.

pub(super) fn hash_request(header: v1::HashStreamHeader, input: Bytes) -> v1::HashDataRequest {
    let v1::HashStreamHeader { profile, metadata, output_format } = header;
    v1::HashDataRequest { profile, input, metadata, output_format }
}

pub(super) fn sign_request(header: v1::SignStreamHeader, input: Bytes) -> v1::SignDataRequest {
    let v1::SignStreamHeader { profile, key_source, signature_format, metadata, context } = header;
    v1::SignDataRequest { profile, key_source, input, signature_format, metadata, context }
}

pub(super) fn verify_request(header: v1::VerifyStreamHeader, input: Bytes) -> v1::VerifyDataRequest {
    let v1::VerifyStreamHeader { profile, key_source, signature, signature_format, metadata, context } =
        header;
    v1::VerifyDataRequest { profile, key_source, input, signature, signature_format, metadata, context }
}
