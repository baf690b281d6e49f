//! `SignData` and `VerifyData` through the socket: every scheme in every format with both libraries, compared with
//! `openssl`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, path::Path};

use support::{
    Broker,
    pki::{openssl, try_openssl},
    signing::*,
};

/// Writes the private and the public key of a kind to `KIND.key` and `KIND.pub`, and a certificate to `KIND.crt` if
/// `openssl` supports the kind.
async fn keys(broker: &Broker, folder: &Path, kind: &str) {
    if folder.join(format!("{kind}.key")).exists() {
        return;
    }
    if !kind.starts_with("ml-dsa") {
        return key(folder, kind);
    }
    let pair = key_pair(broker, &format!("native {kind}"), None, 3).await.unwrap();
    fs::write(folder.join(format!("{kind}.key")), &pair.private_key).unwrap();
    fs::write(folder.join(format!("{kind}.pub")), &pair.public_key).unwrap();
}

/// Returns the options of `openssl dgst` for a scheme.
fn digest_options(scheme: &str, hash: &str) -> String {
    let hash = hash.replace('-', "");
    match scheme {
        "rsa-pss" => format!("-{hash} -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest"),
        _ => format!("-{hash}"),
    }
}

#[tokio::test]
async fn openssl_verifies_every_scheme_and_format() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let input: Vec<u8> = (0..70_000).map(|index| (index % 251) as u8).collect();
    fs::write(folder.join("data"), &input).unwrap();
    for (scheme, hash, kinds) in SCHEMES {
        for kind in kinds {
            keys(&broker, folder, kind).await;
            let (private, public) = (read(&format!("{kind}.key")), read(&format!("{kind}.pub")));
            for (library, other) in [("native", "aws-lc"), ("aws-lc", "native")] {
                let (signing_profile, other_profile) =
                    (profile(library, scheme, hash), profile(other, scheme, hash));
                for format in FORMATS {
                    let case = format!("{signing_profile}, {kind}, format {format}");
                    let answer = sign(&mut client, &signing_profile, &private, &input, format).await.unwrap();
                    let descriptor = answer.descriptor.unwrap();
                    let algorithm =
                        if hash.is_empty() { scheme.into() } else { format!("{scheme}-with-{hash}") };
                    assert_eq!([descriptor.operation, descriptor.algorithm], ["SignData".into(), algorithm]);
                    let signature = answer.signature;
                    let mut wrong = input.clone();
                    wrong[69_999] ^= 1;
                    for profile in [&signing_profile, &other_profile] {
                        let valid = verify(&mut client, profile, &public, &input, &signature, format).await;
                        assert!(valid.unwrap(), "{case}");
                        let valid = verify(&mut client, profile, &public, &wrong, &signature, format).await;
                        assert!(!valid.unwrap(), "{case}");
                    }
                    fs::write(folder.join("signature"), &signature).unwrap();
                    if !kind.starts_with("ml-dsa") {
                        openssl_verifies(folder, scheme, hash, kind, format, &case);
                    }
                }
            }
        }
    }
}

/// Verifies the file `signature` over the file `data` with `openssl`.
fn openssl_verifies(folder: &Path, scheme: &str, hash: &str, kind: &str, format: i32, case: &str) {
    let is_fixed_width = format == RAW && scheme == "ecdsa";
    if format == PEM {
        let text = fs::read_to_string(folder.join("signature")).unwrap();
        let body = text.strip_prefix("-----BEGIN SIGNATURE-----\n").unwrap();
        let body = body.strip_suffix("-----END SIGNATURE-----\n").unwrap();
        assert!(body.lines().all(|line| line.len() <= 64) && !body.contains('\r'), "{case}");
        fs::write(folder.join("base64"), body).unwrap();
        openssl(folder, "base64 -d -in base64 -out signature");
    }
    let command = match (format, scheme) {
        // The supported versions of the command lack Ed25519 in CMS, which `tests/cms.rs` tests separately.
        (CMS, "ed25519") => return,
        (CMS, _) => format!(
            "cms -verify -binary -inform DER -in signature -content data -certfile {kind}.crt -noverify -out /dev/null"
        ),
        (_, "ed25519") => {
            format!("pkeyutl -verify -rawin -pubin -inkey {kind}.pub -in data -sigfile signature")
        }
        _ => format!("dgst {} -verify {kind}.pub -signature signature data", digest_options(scheme, hash)),
    };
    if is_fixed_width {
        let bytes = fs::read(folder.join("signature")).unwrap();
        let width = [("p-224", 28), ("p-256", 32), ("p-384", 48), ("p-521", 66)];
        let width = width.into_iter().find(|(name, _)| *name == kind).unwrap().1;
        assert_eq!(bytes.len(), 2 * width, "{case}");
        let hex = |half: &[u8]| hex::encode(half);
        let config = format!(
            "asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x{}\ns=INTEGER:0x{}\n",
            hex(&bytes[..width]),
            hex(&bytes[width..])
        );
        fs::write(folder.join("signature.cnf"), config).unwrap();
        openssl(folder, "asn1parse -genconf signature.cnf -noout -out signature");
    }
    try_openssl(folder, &command).unwrap_or_else(|output| panic!("{case}: {command}\n{output}"));
}

#[tokio::test]
async fn verifies_signatures_of_openssl() {
    let (broker, folder) = broker("", &[]);
    let (mut client, folder) = (broker.crypto().await, folder.path());
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let input = b"signed by openssl";
    fs::write(folder.join("data"), input).unwrap();
    for (scheme, hash, kinds) in SCHEMES {
        for kind in kinds.iter().filter(|kind| !kind.starts_with("ml-dsa")) {
            keys(&broker, folder, kind).await;
            let options = digest_options(scheme, hash);
            let mut commands = match scheme {
                "ed25519" => {
                    vec![(DER, format!("pkeyutl -sign -rawin -inkey {kind}.key -in data -out signature"))]
                }
                _ => vec![(DER, format!("dgst {options} -sign {kind}.key -out signature data"))],
            };
            if scheme != "ed25519" {
                // Covers the attribute signing-time, messages with and without certificates, and messages without
                // attributes.
                for option in ["", "-nocerts", "-noattr"] {
                    let md = hash.replace('-', "");
                    let padding = match scheme {
                        "rsa-pss" => "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest",
                        _ => "",
                    };
                    commands.push((
                        CMS,
                        format!(
                            "cms -sign -keyid -binary -nosmimecap {option} -outform DER -md {md} -signer {kind}.crt \
                             -inkey {kind}.key {padding} -in data -out signature"
                        ),
                    ));
                }
            }
            for (format, command) in commands {
                openssl(folder, &command);
                let signature = read("signature");
                for library in LIBRARIES {
                    let profile = profile(library, scheme, hash);
                    for key in [read(&format!("{kind}.pub")), read(&format!("{kind}.crt"))] {
                        let valid = verify(&mut client, &profile, &key, input, &signature, format).await;
                        assert!(valid.unwrap(), "{profile}: {command}");
                        let valid = verify(&mut client, &profile, &key, b"other", &signature, format).await;
                        assert!(!valid.unwrap(), "{profile}: {command}");
                    }
                }
            }
        }
    }
}
