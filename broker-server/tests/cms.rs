//! Detached SignedData: its structure, and which changes make it malformed, unsupported or invalid.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use broker_proto::v1::crypto_service_client::CryptoServiceClient;
use support::{pki::openssl, signing::*, tree::Node};
use tonic::{Code, transport::Channel};

/// The paths of values in the broker's SignedData.
const SIGNED_DATA: [usize; 2] = [1, 0];
const SIGNER: [usize; 4] = [1, 0, 3, 0];
const ATTRIBUTES: [usize; 5] = [1, 0, 3, 0, 3];
const SIGNATURE: [usize; 5] = [1, 0, 3, 0, 5];

#[tokio::test]
async fn signed_data_has_documented_structure() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    for (kind, scheme, hash, algorithm, digest) in [
        ("p-256", "ecdsa", "sha-256", "06082a8648ce3d040302", "sha256"),
        ("ed25519", "ed25519", "", "06032b6570", "sha512"),
        ("ml-dsa-44", "ml-dsa-44", "", "0609608648016503040311", "sha512"),
    ] {
        let profile = profile("native", scheme, hash);
        let (private, spki) = if kind == "ml-dsa-44" {
            let pair = key_pair(&broker, &profile, None, 2).await.unwrap();
            (pair.private_key.clone(), pair.public_key.clone())
        } else {
            key(folder, kind);
            openssl(folder, &format!("pkey -in {kind}.key -pubout -outform DER -out spki"));
            (fs::read(folder.join(format!("{kind}.key"))).unwrap(), fs::read(folder.join("spki")).unwrap())
        };
        let cms = sign(&mut client, &profile, &private, b"content", CMS).await.unwrap().signature;
        fs::write(folder.join("cms"), &cms).unwrap();
        let printed = openssl(folder, "cms -cmsout -print -inform DER -in cms -noout");
        for part in [
            "eContent: <ABSENT>",
            "certificates:\n      <ABSENT>",
            "crls:\n      <ABSENT>",
            "d.subjectKeyIdentifier",
        ] {
            assert!(printed.contains(part), "{part}: {printed}");
        }
        let mut tree = Node::parse(&cms);
        assert_eq!(tree.at(&SIGNED_DATA).parts.len(), 4);
        let signer = tree.at(&SIGNER).clone();
        assert_eq!(signer.parts.len(), 6);
        assert_eq!((&signer.parts[0].octets, signer.parts[1].tag), (&vec![3], 0x80));
        // Computes the identifier by method 1 of RFC 5280 4.2.1.2 with `openssl`.
        let bits = Node::parse(&spki).parts[1].octets[1..].to_vec();
        fs::write(folder.join("bits"), bits).unwrap();
        let id = openssl(folder, "dgst -sha1 -r bits");
        assert!(id.starts_with(&hex::encode(&signer.parts[1].octets)), "{id}");
        assert_eq!(hex::encode(signer.parts[4].parts[0].der()), algorithm);
        assert_eq!(signer.parts[4].parts.len(), 1, "{kind}: parameters are absent");
        assert_eq!(signer.parts[2].parts.len(), 1, "{kind}: parameters are absent");
        let attributes = signer.parts[3].clone();
        assert_eq!(attributes.parts.len(), 2);
        fs::write(folder.join("content"), b"content").unwrap();
        let found = openssl(folder, &format!("dgst -{digest} -r content"));
        assert!(found.starts_with(&hex::encode(&attributes.parts[1].parts[1].parts[0].octets)));
        if kind == "ed25519" {
            fs::write(folder.join("set"), Node::of(0x31, attributes.parts).der()).unwrap();
            fs::write(folder.join("signature"), &signer.parts[5].octets).unwrap();
            openssl(folder, "pkeyutl -verify -rawin -pubin -inkey ed25519.pub -in set -sigfile signature");
        }
    }
}

type Outcome = Result<bool, (Code, String, String)>;
type Change = Box<dyn Fn(&mut Node)>;

/// Verifies a signature in CMS. Returns whether it is valid, or the code, reason and field of the error.
async fn outcome(
    client: &mut CryptoServiceClient<Channel>,
    profile: &str,
    key: &[u8],
    cms: &[u8],
) -> Outcome {
    verify(client, profile, key, b"content", cms, CMS).await.map_err(|status| facts(&status))
}

fn refused(reason: &str) -> Outcome {
    Err((Code::InvalidArgument, reason.into(), "signature".into()))
}

#[tokio::test]
async fn each_change_of_structure_has_expected_outcome() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    key(folder, "p-256");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let (private, public) = (read("p-256.key"), read("p-256.pub"));
    let profile = profile("native", "ecdsa", "sha-256");
    let cms = sign(&mut client, &profile, &private, b"content", CMS).await.unwrap().signature;
    let original = Node::parse(&cms);
    assert_eq!(original.der(), cms);
    let null = Node::new(5, &[]);
    let octets = |bytes: &[u8]| Node::new(4, bytes);
    let changes: Vec<(&str, Outcome, Change)> = vec![
        ("unchanged", Ok(true), Box::new(|_| {})),
        ("digest with NULL parameters", Ok(true), {
            let null = null.clone();
            Box::new(move |cms| cms.at(&SIGNER).parts[2].parts.push(null.clone()))
        }),
        ("unsigned attributes", Ok(true), Box::new(|cms| cms.at(&SIGNER).parts.push(Node::of(0xa1, vec![])))),
        (
            "certificates",
            Ok(true),
            Box::new(|cms| cms.at(&SIGNED_DATA).parts.insert(3, Node::of(0xa0, vec![]))),
        ),
        ("another content type", refused("FIELD_UNSUPPORTED"), Box::new(|cms| cms.parts[0].octets[8] = 3)),
        (
            "version 1",
            refused("FIELD_MALFORMED"),
            Box::new(|cms| cms.at(&SIGNED_DATA).parts[0].octets = vec![1]),
        ),
        ("encapsulated content of another type", refused("FIELD_UNSUPPORTED"), {
            Box::new(|cms| cms.at(&SIGNED_DATA).parts[2].parts[0].octets[8] = 2)
        }),
        ("attached content", Ok(true), {
            let content = Node::of(0xa0, vec![octets(b"content")]);
            Box::new(move |cms| cms.at(&SIGNED_DATA).parts[2].parts.push(content.clone()))
        }),
        ("other attached content", Ok(false), {
            let content = Node::of(0xa0, vec![octets(b"contents")]);
            Box::new(move |cms| cms.at(&SIGNED_DATA).parts[2].parts.push(content.clone()))
        }),
        ("attached content that is not an OCTET STRING", refused("FIELD_MALFORMED"), {
            let content = Node::of(0xa0, vec![null.clone()]);
            Box::new(move |cms| cms.at(&SIGNED_DATA).parts[2].parts.push(content.clone()))
        }),
        (
            "no signer",
            refused("FIELD_UNSUPPORTED"),
            Box::new(|cms| cms.at(&SIGNED_DATA).parts[3].parts.clear()),
        ),
        ("two signers", refused("FIELD_UNSUPPORTED"), {
            Box::new(|cms| {
                let signer = cms.at(&SIGNER).clone();
                cms.at(&SIGNED_DATA).parts[3].parts.push(signer);
            })
        }),
        ("an additional value after the signers", refused("FIELD_MALFORMED"), {
            let null = null.clone();
            Box::new(move |cms| cms.at(&SIGNED_DATA).parts.push(null.clone()))
        }),
        ("issuer and serial number", refused("FIELD_UNSUPPORTED"), {
            Box::new(|cms| {
                cms.at(&SIGNER).parts[0].octets = vec![1];
                cms.at(&SIGNER).parts[1] = Node::of(0x30, vec![Node::of(0x30, vec![]), Node::new(2, &[1])]);
            })
        }),
        ("neither form of signer identifier", refused("FIELD_MALFORMED"), {
            let null = null.clone();
            Box::new(move |cms| cms.at(&SIGNER).parts[1] = Node::of(0x30, vec![null.clone()]))
        }),
        ("a version that does not fit the signer identifier", refused("FIELD_MALFORMED"), {
            Box::new(|cms| cms.at(&SIGNER).parts[0].octets = vec![1])
        }),
        ("another signer", Ok(false), Box::new(|cms| cms.at(&SIGNER).parts[1].octets[0] ^= 1)),
        ("another digest", Ok(false), Box::new(|cms| cms.at(&SIGNER).parts[2].parts[0].octets[8] = 3)),
        ("SHA-1", Ok(false), {
            Box::new(|cms| cms.at(&SIGNER).parts[2].parts[0].octets = vec![0x2b, 14, 3, 2, 26])
        }),
        (
            "another signature algorithm",
            Ok(false),
            Box::new(|cms| cms.at(&SIGNER).parts[4].parts[0].octets[7] = 3),
        ),
        ("an unknown signature algorithm", Ok(false), {
            Box::new(|cms| cms.at(&SIGNER).parts[4].parts[0].octets = vec![0x2a, 3])
        }),
        ("NULL parameters of ECDSA", Ok(true), {
            let null = null.clone();
            Box::new(move |cms| cms.at(&SIGNER).parts[4].parts.push(null.clone()))
        }),
        ("other parameters of ECDSA", refused("FIELD_MALFORMED"), {
            Box::new(|cms| cms.at(&SIGNER).parts[4].parts.push(Node::of(0x30, vec![])))
        }),
        ("no signed attributes", Ok(false), Box::new(|cms| _ = cms.at(&SIGNER).parts.remove(3))),
        (
            "no attribute in the set",
            refused("FIELD_MALFORMED"),
            Box::new(|cms| cms.at(&ATTRIBUTES).parts.clear()),
        ),
        (
            "no content type",
            refused("FIELD_MALFORMED"),
            Box::new(|cms| _ = cms.at(&ATTRIBUTES).parts.remove(0)),
        ),
        (
            "no message digest",
            refused("FIELD_MALFORMED"),
            Box::new(|cms| _ = cms.at(&ATTRIBUTES).parts.remove(1)),
        ),
        ("attributes in the wrong order", refused("FIELD_MALFORMED"), {
            Box::new(|cms| cms.at(&ATTRIBUTES).parts.reverse())
        }),
        ("a digest twice", refused("FIELD_MALFORMED"), {
            Box::new(|cms| {
                let digest = cms.at(&ATTRIBUTES).parts[1].clone();
                cms.at(&ATTRIBUTES).parts.push(digest);
            })
        }),
        ("two values of the digest", refused("FIELD_MALFORMED"), {
            Box::new(|cms| {
                let digest = cms.at(&ATTRIBUTES).parts[1].parts[1].parts[0].clone();
                cms.at(&ATTRIBUTES).parts[1].parts[1].parts.push(digest);
            })
        }),
        ("a digest that is not an OCTET STRING", refused("FIELD_MALFORMED"), {
            let null = null.clone();
            Box::new(move |cms| cms.at(&ATTRIBUTES).parts[1].parts[1].parts[0] = null.clone())
        }),
        ("another content type in the attributes", refused("FIELD_MALFORMED"), {
            Box::new(|cms| cms.at(&ATTRIBUTES).parts[0].parts[1].parts[0].octets[8] = 2)
        }),
        ("an additional attribute", Ok(false), {
            let attribute =
                Node::of(0x30, vec![Node::new(6, &[0x2a, 3]), Node::of(0x31, vec![null.clone()])]);
            Box::new(move |cms| cms.at(&ATTRIBUTES).parts.insert(0, attribute.clone()))
        }),
        ("another digest in the attributes", Ok(false), {
            Box::new(|cms| cms.at(&ATTRIBUTES).parts[1].parts[1].parts[0].octets[0] ^= 1)
        }),
        (
            "a truncated signature",
            refused("FIELD_MALFORMED"),
            Box::new(|cms| _ = cms.at(&SIGNATURE).octets.pop()),
        ),
        ("a wrong signature", Ok(false), Box::new(|cms| cms.at(&SIGNATURE).octets[20] ^= 1)),
        (
            "a signature that is not an OCTET STRING",
            refused("FIELD_MALFORMED"),
            Box::new(|cms| cms.at(&SIGNATURE).tag = 3),
        ),
    ];
    for (name, expected, change) in changes {
        let mut changed = original.clone();
        change(&mut changed);
        assert_eq!(outcome(&mut client, &profile, &public, &changed.der()).await, expected, "{name}");
    }
    for cut in 0..cms.len() {
        assert!(outcome(&mut client, &profile, &public, &cms[..cut]).await.is_err(), "{cut}");
    }
    let longer = [&cms[..], &[0]].concat();
    assert_eq!(outcome(&mut client, &profile, &public, &longer).await, refused("FIELD_MALFORMED"));
}

#[tokio::test]
async fn signed_data_of_openssl_has_expected_outcome() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    for kind in ["rsa-2048", "p-256"] {
        key(folder, kind);
    }
    fs::write(folder.join("content"), b"content").unwrap();
    let public = fs::read(folder.join("rsa-2048.pub")).unwrap();
    let signer = "-binary -nosmimecap -signer rsa-2048.crt -inkey rsa-2048.key";
    let pss = "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen";
    for (options, scheme, expected) in [
        (format!("-keyid -md sha256 {signer}"), "rsa", Ok(true)),
        (format!("-keyid -md sha384 {signer}"), "rsa", Ok(false)),
        (format!("-keyid -md sha1 {signer}"), "rsa", Ok(false)),
        (format!("-keyid -md sha256 {signer} {pss}:32"), "rsa", Ok(false)),
        (format!("-keyid -md sha256 {signer} {pss}:32"), "rsa-pss", Ok(true)),
        (format!("-keyid -md sha256 {signer} {pss}:20"), "rsa-pss", Ok(false)),
        (format!("-keyid -md sha256 {signer} {pss}:32 -keyopt rsa_mgf1_md:sha1"), "rsa-pss", Ok(false)),
        (format!("-keyid -md sha256 {signer}"), "rsa-pss", Ok(false)),
        (format!("-md sha256 {signer}"), "rsa", refused("FIELD_UNSUPPORTED")),
        (format!("-keyid -md sha256 -nodetach {signer}"), "rsa", Ok(true)),
        // The result is BER and holds the content.
        (format!("-keyid -md sha256 -stream {signer}"), "rsa", Ok(true)),
        (format!("-keyid -md sha256 -econtent_type 1.2.3 {signer}"), "rsa", refused("FIELD_UNSUPPORTED")),
        (
            format!("-keyid -md sha256 {signer} -signer p-256.crt -inkey p-256.key"),
            "rsa",
            refused("FIELD_UNSUPPORTED"),
        ),
        ("-keyid -md sha256 -binary -signer p-256.crt -inkey p-256.key".into(), "rsa", Ok(false)),
    ] {
        openssl(folder, &format!("cms -sign -in content -outform DER -out cms {options}"));
        let cms = fs::read(folder.join("cms")).unwrap();
        let profile = profile("native", scheme, "sha-256");
        assert_eq!(outcome(&mut client, &profile, &public, &cms).await, expected, "{options}");
    }
}

/// A signature over signed attributes covers their bytes. Without the attributes, an attacker could present these bytes as
/// the signed content; such a signature must not be valid.
#[tokio::test]
async fn rejects_attributes_as_content() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    key(folder, "p-256");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let profile = profile("native", "ecdsa", "sha-256");
    let cms = sign(&mut client, &profile, &read("p-256.key"), b"content", CMS).await.unwrap().signature;
    let mut tree = Node::parse(&cms);
    let attributes = tree.at(&SIGNER).parts.remove(3);
    let set = Node::of(0x31, attributes.parts).der();
    let public = read("p-256.pub");
    let valid = verify(&mut client, &profile, &public, &set, &tree.der(), CMS).await;
    assert!(!valid.unwrap());
    // The signature over these bytes itself is valid.
    let signature = tree.at(&[1, 0, 3, 0, 4]).octets.clone();
    assert!(verify(&mut client, &profile, &public, &set, &signature, DER).await.unwrap());
}

/// Certificates, including the broker's, can identify keys by another hash; both identifiers are accepted.
#[tokio::test]
async fn accepts_identifier_of_the_certificate() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    key(folder, "p-256");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    openssl(
        folder,
        "req -x509 -new -key p-256.key -subj /CN=x -days 9 -out other.crt -addext subjectKeyIdentifier=0102030405",
    );
    let profile = profile("native", "ecdsa", "sha-256");
    let cms = sign(&mut client, &profile, &read("p-256.key"), b"content", CMS).await.unwrap().signature;
    assert_eq!(outcome(&mut client, &profile, &read("other.crt"), &cms).await, Ok(true));
    let mut tree = Node::parse(&cms);
    tree.at(&SIGNER).parts[1].octets = vec![1, 2, 3, 4, 5];
    assert_eq!(outcome(&mut client, &profile, &read("other.crt"), &tree.der()).await, Ok(true));
    assert_eq!(outcome(&mut client, &profile, &read("p-256.crt"), &tree.der()).await, Ok(false));
    assert_eq!(outcome(&mut client, &profile, &read("p-256.pub"), &tree.der()).await, Ok(false));
}
