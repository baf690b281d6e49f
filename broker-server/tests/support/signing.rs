//! Profiles that sign, keys made by the `openssl` command, and functions for the calls.

use std::{fs, path::Path};

use broker_proto::v1;
use tempfile::TempDir;
use tonic::{Status, transport::Channel};
use v1::{crypto_service_client::CryptoServiceClient, sign_key_source::Source};

use super::{Broker, pki::openssl, private_folder};

pub const RAW: i32 = 1;
pub const DER: i32 = 2;
pub const PEM: i32 = 3;
pub const CMS: i32 = 4;
pub const FORMATS: [i32; 4] = [RAW, DER, PEM, CMS];
pub const LIBRARIES: [&str; 2] = ["native", "aws-lc"];

/// `SignAlg` and `HashAlg` of every profile, with the kinds of keys to test.
pub const SCHEMES: [(&str, &str, &[&str]); 13] = [
    ("rsa", "sha-256", &["rsa-2048", "rsa-3072"]),
    ("rsa", "sha-384", &["rsa-2048"]),
    ("rsa", "sha-512", &["rsa-2048"]),
    ("rsa-pss", "sha-256", &["rsa-2048", "rsa-3072"]),
    ("rsa-pss", "sha-384", &["rsa-2048"]),
    ("rsa-pss", "sha-512", &["rsa-2048"]),
    ("ecdsa", "sha-256", &["p-224", "p-256", "p-384", "p-521"]),
    ("ecdsa", "sha-384", &["p-224", "p-256", "p-384", "p-521"]),
    ("ecdsa", "sha-512", &["p-224", "p-256", "p-384", "p-521"]),
    ("ed25519", "", &["ed25519"]),
    ("ml-dsa-44", "", &["ml-dsa-44"]),
    ("ml-dsa-65", "", &["ml-dsa-65"]),
    ("ml-dsa-87", "", &["ml-dsa-87"]),
];

/// Returns the name of the profile of a scheme.
pub fn profile(library: &str, scheme: &str, hash: &str) -> String {
    format!("{library} {scheme} {hash}").trim_end().to_owned()
}

/// Starts a broker with a profile for every scheme and library, and with the profiles in `more`.
pub fn broker(more: &str, arguments: &[&str]) -> (Broker, TempDir) {
    let folder = private_folder();
    let mut text = String::from("Profiles:\n");
    for library in LIBRARIES {
        for (scheme, hash, _) in SCHEMES {
            let keys = match scheme {
                "rsa" | "rsa-pss" => "RSA: { MinKeySize: 2048, MaxKeySize: 8192 }",
                "ecdsa" => "ECDSA: { MinKeySize: 224, MaxKeySize: 521 }",
                other => &format!(
                    "{}: {{}}",
                    if other == "ed25519" { "Ed25519".into() } else { other.to_uppercase() }
                ),
            };
            let mode = if scheme.starts_with("ml-dsa") { "post-quantum" } else { "legacy" };
            let hash_line =
                if hash.is_empty() { "AllowSeed: true".into() } else { format!("HashAlg: {hash}") };
            text += &format!(
                "  - Name: {}\n    CryptoLibrary: {library}\n    API:\n      SignData: {{ SigningMode: {mode}, SignAlg: {scheme}, \
                 {hash_line}, SignatureFormat: DER, KeyConstraints: {{ {keys} }} }}\n",
                profile(library, scheme, hash)
            );
        }
    }
    fs::write(folder.path().join("Profiles.yaml"), text + more).unwrap();
    let arguments = [&["--profiles-dir", folder.path().to_str().unwrap()], arguments].concat();
    (Broker::start(&arguments), folder)
}

/// Makes a key with `openssl`: writes `KIND.key` (PKCS#8), `KIND.pub`, and a certificate `KIND.crt` with its SKI.
pub fn key(folder: &Path, kind: &str) {
    let options = match kind.split_once('-') {
        Some(("rsa", bits)) => format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}"),
        Some(("p", bits)) => format!("-algorithm EC -pkeyopt ec_paramgen_curve:P-{bits}"),
        _ => format!("-algorithm {kind}"),
    };
    openssl(folder, &format!("genpkey {options} -out {kind}.key"));
    openssl(folder, &format!("pkey -in {kind}.key -pubout -out {kind}.pub"));
    openssl(folder, &format!("req -x509 -new -key {kind}.key -subj /CN=x -days 9 -out {kind}.crt"));
}

pub fn source(key: &[u8]) -> Option<v1::SignKeySource> {
    let mut single = v1::KeySource::default();
    single.source = Some(v1::key_source::Source::RawKey(key.to_vec()));
    Some(v1::SignKeySource { source: Some(Source::Single(single)) })
}

pub async fn sign(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    key: &[u8],
    input: &[u8],
    format: i32,
) -> Result<v1::SignDataResponse, Status> {
    let request = v1::SignDataRequest {
        profile: profile.to_owned(),
        key_source: source(key),
        input: input.to_vec().into(),
        signature_format: format,
        metadata: None,
        context: None,
    };
    Ok(client.sign_data(request).await?.into_inner())
}

pub async fn verify(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    key: &[u8],
    input: &[u8],
    signature: &[u8],
    format: i32,
) -> Result<bool, Status> {
    let request = v1::VerifyDataRequest {
        profile: profile.to_owned(),
        key_source: source(key),
        input: input.to_vec().into(),
        signature: signature.to_vec().into(),
        signature_format: format,
        metadata: None,
        context: None,
    };
    Ok(client.verify_data(request).await?.into_inner().valid)
}

/// Generates a key pair with the broker.
pub async fn key_pair(
    broker: &Broker,
    profile: &str,
    seed: Option<&[u8]>,
    encoding: i32,
) -> Result<v1::GenerateKeyPairResponse, Status> {
    let mut client = v1::signature_key_service_client::SignatureKeyServiceClient::new(broker.channel().await);
    let mut request = v1::GenerateKeyPairRequest::default();
    request.profile = profile.to_owned();
    request.seed = seed.map(<[u8]>::to_vec);
    request.key_encoding = encoding;
    Ok(client.generate_key_pair(request).await?.into_inner())
}

/// Returns the code, the reason, and the field or rule of an error.
pub fn facts(status: &Status) -> (tonic::Code, String, String) {
    use tonic_types::StatusExt as _;
    let Some(info) = status.get_error_details().error_info().cloned() else {
        panic!("no ErrorInfo: {status}");
    };
    let at = info.metadata.get("field").or(info.metadata.get("rule")).cloned().unwrap_or_default();
    (status.code(), info.reason, at)
}
