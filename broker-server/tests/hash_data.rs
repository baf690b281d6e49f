//! `HashData` through the socket, compared with `openssl`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, process::Command};

use broker_proto::v1;
use support::Broker;
use tonic::Code;
use v1::hash_data_response::HashValue;

/// The profile's name of the algorithm, the options of `openssl dgst`, and the block size in bytes.
const ALGORITHMS: [(&str, &str, usize); 9] = [
    ("sha-256", "sha256", 64),
    ("sha-384", "sha384", 128),
    ("sha-512", "sha512", 128),
    ("sha-512/256", "sha512-256", 128),
    ("sha3-256", "sha3-256", 136),
    ("sha3-384", "sha3-384", 104),
    ("sha3-512", "sha3-512", 72),
    ("shake-128", "shake128 -xoflen 16", 168),
    ("shake-256", "shake256 -xoflen 32", 136),
];

/// Writes a document with one profile per algorithm and library.
fn profiles() -> tempfile::TempDir {
    let folder = support::private_folder();
    let mut text = String::from("Profiles:\n");
    for library in ["native", "aws-lc"] {
        for (name, _, _) in ALGORITHMS {
            text += &format!(
                "  - Name: {library} {name}\n    Settings: {{ CryptoLibrary: {library} }}\n    API:\n      HashData: {{ HashAlg: {name} }}\n"
            );
        }
    }
    fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    folder
}

#[tokio::test]
async fn digests_equal_openssl() {
    let profiles = profiles();
    let broker = Broker::start(&["--profiles-dir", profiles.path().to_str().unwrap()]);
    let mut client = broker.crypto().await;
    for (name, openssl_name, block) in ALGORITHMS {
        for length in [0, 1, block - 1, block, block + 1, 1 << 20] {
            let input: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            let file = profiles.path().join("input");
            fs::write(&file, &input).unwrap();
            let expected = openssl_digest(openssl_name, &file);
            for library in ["native", "aws-lc"] {
                let case = format!("{library} {name}, {length} bytes");
                let hex = hash(&mut client, &format!("{library} {name}"), &input, 0).await.unwrap();
                assert_eq!(hex.descriptor.unwrap().algorithm, name, "{case}");
                assert_eq!(hex.hash_value, Some(HashValue::HashValueHex(expected.clone())), "{case}");
                let raw = hash(&mut client, &format!("{library} {name}"), &input, 2).await.unwrap();
                assert_eq!(
                    raw.hash_value,
                    Some(HashValue::HashValueRaw(hex::decode(&expected).unwrap().into())),
                    "{case}"
                );
            }
        }
    }
}

#[tokio::test]
async fn response_echoes_metadata_and_describes_the_profile() {
    let broker = Broker::start(&[]);
    let metadata = v1::Metadata {
        id: "call-1".into(),
        deprecation: None,
        trace_context: Some(v1::TraceContext { correlation_id: "c".into(), ..Default::default() }),
    };
    let request = v1::HashDataRequest {
        profile: "Default".into(),
        input: "x".into(),
        metadata: Some(metadata.clone()),
        output_format: 0,
    };
    let answer = broker.crypto().await.hash_data(request).await.unwrap().into_inner();
    assert_eq!(answer.metadata, Some(metadata));
    let descriptor = answer.descriptor.unwrap();
    assert_eq!(
        [descriptor.profile, descriptor.operation, descriptor.algorithm],
        ["Default", "HashData", "sha3-512"]
    );
}

#[tokio::test]
async fn enforces_limits_exactly() {
    let broker = Broker::start(&[]);
    let mut client = broker.crypto().await;
    let full = vec![7; 1 << 20];
    hash(&mut client, "Default", &full[1..], 0).await.unwrap();
    hash(&mut client, "Default", &full, 0).await.unwrap();
    let status = hash(&mut client, "Default", &vec![7; (1 << 20) + 1], 0).await.unwrap_err();
    assert_eq!((status.code(), support::reason(&status).as_str()), (Code::InvalidArgument, "FIELD_TOO_LONG"));
    // The message exceeds the limit of messages, for which tonic's own error would be OUT_OF_RANGE.
    let status = hash(&mut client, "Default", &vec![7; 3 << 20], 0).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let status = hash(&mut client, "Default", b"x", 9).await.unwrap_err();
    assert_eq!(
        (status.code(), support::reason(&status).as_str()),
        (Code::InvalidArgument, "FIELD_UNKNOWN_VALUE")
    );
    for profile in ["", "default", "Nobody", &"x".repeat(64)] {
        let status = hash(&mut client, profile, b"x", 0).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound, "{profile}: {status}");
    }
    let status = hash(&mut client, &"x".repeat(65), b"x", 0).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let mut request = v1::HashDataRequest {
        profile: "Default".into(),
        input: "x".into(),
        metadata: None,
        output_format: 0,
    };
    for (id, code) in [("a".repeat(128), Code::Ok), ("a".repeat(129), Code::InvalidArgument)]
        .into_iter()
        .chain([("new\nline".to_owned(), Code::InvalidArgument), ("ü".to_owned(), Code::InvalidArgument)])
    {
        request.metadata = Some(v1::Metadata { id, ..Default::default() });
        let code_found =
            client.hash_data(request.clone()).await.map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(code_found, code, "{:?}", request.metadata);
    }
}

async fn hash(
    client: &mut v1::crypto_service_client::CryptoServiceClient<tonic::transport::Channel>,
    profile: &str,
    input: &[u8],
    output_format: i32,
) -> Result<v1::HashDataResponse, tonic::Status> {
    let request = v1::HashDataRequest {
        profile: profile.to_owned(),
        input: input.to_vec().into(),
        metadata: None,
        output_format,
    };
    Ok(client.hash_data(request).await?.into_inner())
}

fn openssl_digest(name: &str, file: &std::path::Path) -> String {
    let output = Command::new("openssl")
        .arg("dgst")
        .args(format!("-{name}").split_whitespace())
        .arg(file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.rsplit("= ").next().unwrap().trim().to_owned()
}
