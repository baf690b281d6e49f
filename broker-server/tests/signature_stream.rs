//! `SignStream` and `VerifyStream` through the socket, compared with the unary calls.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use broker_proto::v1;
use support::{pki::openssl, private_folder, signing::*, tree::Node};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status, transport::Channel};
use v1::stream_service_client::StreamServiceClient;

fn sign_header(profile: &str, key: &[u8], signature_format: i32) -> v1::SignStreamRequest {
    use v1::sign_stream_request::Part;
    let header = v1::SignStreamHeader {
        profile: profile.into(),
        key_source: source(key),
        signature_format,
        metadata: None,
        context: None,
    };
    v1::SignStreamRequest { part: Some(Part::Header(header)) }
}

async fn sign_stream(
    client: &mut StreamServiceClient<Channel>,
    profile: &str,
    key: &[u8],
    data: &[u8],
    format: i32,
    cut: usize,
) -> Result<v1::SignDataResponse, Status> {
    use v1::sign_stream_request::Part;
    let parts =
        data.chunks(cut).map(|part| v1::SignStreamRequest { part: Some(Part::Data(part.to_vec().into())) });
    let messages: Vec<_> = [sign_header(profile, key, format)].into_iter().chain(parts).collect();
    Ok(client.sign_stream(tokio_stream::iter(messages)).await?.into_inner())
}

fn verify_header(
    profile: &str,
    key: &[u8],
    signature: &[u8],
    signature_format: i32,
) -> v1::VerifyStreamRequest {
    use v1::verify_stream_request::Part;
    let header = v1::VerifyStreamHeader {
        profile: profile.into(),
        key_source: source(key),
        signature: signature.to_vec().into(),
        signature_format,
        metadata: None,
        context: None,
    };
    v1::VerifyStreamRequest { part: Some(Part::Header(header)) }
}

async fn verify_stream(
    client: &mut StreamServiceClient<Channel>,
    header: v1::VerifyStreamRequest,
    data: &[u8],
    cut: usize,
) -> Result<bool, Status> {
    use v1::verify_stream_request::Part;
    let parts =
        data.chunks(cut).map(|part| v1::VerifyStreamRequest { part: Some(Part::Data(part.to_vec().into())) });
    let messages: Vec<_> = [header].into_iter().chain(parts).collect();
    Ok(client.verify_stream(tokio_stream::iter(messages)).await?.into_inner().valid)
}

#[tokio::test]
async fn streamed_and_unary_signatures_are_interchangeable() {
    let (broker, folder) = broker("", &[]);
    let (mut unary, folder) = (broker.crypto().await, folder.path());
    let mut streams = StreamServiceClient::new(broker.channel().await);
    let data: Vec<u8> = (0..300_000).map(|index| (index % 251) as u8).collect();
    let mut wrong = data.clone();
    wrong[299_999] ^= 1;
    for (scheme, hash, kinds) in SCHEMES {
        for library in LIBRARIES {
            let (profile, kind) = (profile(library, scheme, hash), kinds[0]);
            if !folder.join(format!("{kind}.key")).exists() {
                if kind.starts_with("ml-dsa") {
                    let pair = key_pair(&broker, &profile, None, 3).await.unwrap();
                    fs::write(folder.join(format!("{kind}.key")), &pair.private_key).unwrap();
                    fs::write(folder.join(format!("{kind}.pub")), &pair.public_key).unwrap();
                } else {
                    key(folder, kind);
                }
            }
            let read = |name: String| fs::read(folder.join(name)).unwrap();
            let (private, public) = (read(format!("{kind}.key")), read(format!("{kind}.pub")));
            for format in FORMATS.into_iter().filter(|format| scheme != "ed25519" || *format == CMS) {
                let case = format!("{profile}, format {format}");
                let complete = sign(&mut unary, &profile, &private, &data, format).await.unwrap().signature;
                let answer =
                    sign_stream(&mut streams, &profile, &private, &data, format, 70_001).await.unwrap();
                let descriptor = answer.descriptor.unwrap();
                assert_eq!(descriptor.operation, "SignStream", "{case}");
                if matches!(scheme, "rsa" | "ed25519") {
                    assert_eq!(answer.signature, complete, "{case}");
                }
                assert!(
                    verify(&mut unary, &profile, &public, &data, &answer.signature, format).await.unwrap(),
                    "{case}"
                );
                let header = || verify_header(&profile, &public, &complete, format);
                assert!(verify_stream(&mut streams, header(), &data, 33_333).await.unwrap(), "{case}");
                assert!(!verify_stream(&mut streams, header(), &wrong, 33_333).await.unwrap(), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn openssl_verifies_empty_and_large_streams() {
    let log = private_folder();
    let file = log.path().join("audit.log");
    let (broker, folder) = broker("", &["--audit-log", file.to_str().unwrap()]);
    let folder = folder.path();
    let mut streams = StreamServiceClient::new(broker.channel().await);
    key(folder, "p-256");
    let private = fs::read(folder.join("p-256.key")).unwrap();
    for (length, cut) in [(0, 1), (1, 1), (9 << 20, 1 << 20)] {
        let data = vec![7; length];
        let profile = "native ecdsa sha-512";
        let signature =
            sign_stream(&mut streams, profile, &private, &data, DER, cut).await.unwrap().signature;
        fs::write(folder.join("data"), data).unwrap();
        fs::write(folder.join("signature"), signature).unwrap();
        openssl(folder, "dgst -sha512 -verify p-256.pub -signature signature data");
    }
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let found = ["operation", "outcome", "algorithm"].map(|key| line[key].as_str().unwrap_or_default());
        assert_eq!(found, ["SignStream", "success", "ecdsa-with-sha-512"]);
    }
}

#[tokio::test]
async fn rejects_unstreamable_signatures_before_any_data() {
    let (broker, folder) = broker("", &[]);
    let (mut unary, folder) = (broker.crypto().await, folder.path());
    let mut streams = StreamServiceClient::new(broker.channel().await);
    key(folder, "ed25519");
    key(folder, "p-256");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let (private, public) = (read("ed25519.key"), read("ed25519.pub"));
    let profile = "native ed25519";
    let not_streamable = |at: &str| (Code::FailedPrecondition, "NOT_STREAMABLE".to_owned(), at.to_owned());
    for format in [0, RAW, DER, PEM] {
        // The stream stays open and sends nothing, so the response must not wait for data.
        let open =
            tokio_stream::iter([sign_header(profile, &private, format)]).chain(tokio_stream::pending());
        let status = streams.sign_stream(open).await.unwrap_err();
        assert_eq!(facts(&status), not_streamable("API.SignData.SignAlg"), "{status}");
        assert!(status.message().contains("use SignData"), "{status}");
        let header = verify_header(profile, &public, &[1; 64], format);
        let open = tokio_stream::iter([header]).chain(tokio_stream::pending());
        let status = streams.verify_stream(open).await.unwrap_err();
        assert_eq!(facts(&status), not_streamable("API.SignData.SignAlg"), "{status}");
    }
    // SignedData whose signature covers the content itself.
    let cms = sign(&mut unary, profile, &private, b"content", CMS).await.unwrap().signature;
    let mut tree = Node::parse(&cms);
    let signer = tree.at(&[1, 0, 3, 0]);
    signer.parts.remove(3);
    signer.parts[4].octets = sign(&mut unary, profile, &private, b"content", DER).await.unwrap().signature;
    let direct = tree.der();
    assert!(verify(&mut unary, profile, &public, b"content", &direct, CMS).await.unwrap());
    let open =
        tokio_stream::iter([verify_header(profile, &public, &direct, CMS)]).chain(tokio_stream::pending());
    let status = streams.verify_stream(open).await.unwrap_err();
    assert_eq!(facts(&status), not_streamable("signature"), "{status}");
    // A malformed signature and a key of another kind are rejected just as early.
    let open = tokio_stream::iter([verify_header("native ecdsa sha-256", &read("p-256.pub"), &[1; 9], DER)]);
    let status = streams.verify_stream(open.chain(tokio_stream::pending())).await.unwrap_err();
    assert_eq!(facts(&status), (Code::InvalidArgument, "FIELD_MALFORMED".into(), "signature".into()));
    let open = tokio_stream::iter([sign_header(profile, &read("p-256.key"), CMS)]);
    let status = streams.sign_stream(open.chain(tokio_stream::pending())).await.unwrap_err();
    assert_eq!(facts(&status).1, "ALGORITHM_MISMATCH");
}

/// Tests the same as `rejects_attributes_as_content` in `tests/cms.rs`, with streams.
#[tokio::test]
async fn rejects_attributes_as_content_of_a_stream() {
    let (broker, folder) = broker("", &[]);
    let (mut unary, folder) = (broker.crypto().await, folder.path());
    let mut streams = StreamServiceClient::new(broker.channel().await);
    key(folder, "p-256");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let profile = "aws-lc ecdsa sha-256";
    let cms = sign(&mut unary, profile, &read("p-256.key"), b"content", CMS).await.unwrap().signature;
    let mut tree = Node::parse(&cms);
    let attributes = tree.at(&[1, 0, 3, 0]).parts.remove(3);
    let set = Node::of(0x31, attributes.parts).der();
    let header = |signature: &[u8]| verify_header(profile, &read("p-256.pub"), signature, CMS);
    assert!(!verify_stream(&mut streams, header(&tree.der()), &set, 5).await.unwrap());
    // Other content is valid without attributes, even if it is longer than the maximum length of attributes.
    for content in [b"1 content".to_vec(), vec![0x31; 100_000]] {
        let plain = sign(&mut unary, profile, &read("p-256.key"), &content, DER).await.unwrap().signature;
        tree.at(&[1, 0, 3, 0, 4]).octets = plain;
        assert!(verify_stream(&mut streams, header(&tree.der()), &content, 4096).await.unwrap());
        assert!(verify(&mut unary, profile, &read("p-256.pub"), &content, &tree.der(), CMS).await.unwrap());
    }
}
