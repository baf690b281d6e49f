//! What other programs write: signed data, requests and keys in the forms of their tools, and files with what surrounds them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, path::Path};

use broker_proto::v1;
use support::{
    Broker,
    pki::{Ca, openssl, try_openssl},
    private_folder,
    signing::*,
    tree::Node,
};
use tonic::{Code, Status};
use v1::{
    sign_certificate_response::SignedCertificate, stream_service_client::StreamServiceClient,
    verify_stream_request::Part,
};

type Outcome = Result<bool, (Code, String, String)>;

/// The path of the signer in SignedData without certificates.
const SIGNER: [usize; 4] = [1, 0, 3, 0];
const DATA: &[u8] = b"content";

fn refused(reason: &str) -> Outcome {
    Err((Code::InvalidArgument, reason.into(), "signature".into()))
}

/// Verifies a signature in CMS over a stream.
async fn stream(broker: &Broker, profile: &str, key: &[u8], data: &[u8], cms: &[u8]) -> Outcome {
    let header = v1::VerifyStreamHeader {
        profile: profile.to_owned(),
        key_source: source(key),
        signature: cms.to_vec().into(),
        signature_format: CMS,
        metadata: None,
        context: None,
    };
    let parts: Vec<_> = data.chunks(3).map(|part| Part::Data(part.to_vec().into())).collect();
    let parts = [Part::Header(header)].into_iter().chain(parts);
    let parts: Vec<_> = parts.map(|part| v1::VerifyStreamRequest { part: Some(part) }).collect();
    let mut streams = StreamServiceClient::new(broker.channel().await);
    let answer = streams.verify_stream(tokio_stream::iter(parts)).await;
    answer.map(|answer| answer.into_inner().valid).map_err(|status| facts(&status))
}

/// Verifies a signature in CMS, at once and over a stream, which must have the same result.
async fn outcome(broker: &Broker, profile: &str, key: &[u8], cms: &[u8]) -> Outcome {
    let unary = verify(&mut broker.crypto().await, profile, key, DATA, cms, CMS).await;
    let unary = unary.map_err(|status| facts(&status));
    let streamed = stream(broker, profile, key, DATA, cms).await;
    if !matches!(&streamed, Err((_, reason, _)) if reason == "NOT_STREAMABLE") {
        assert_eq!(streamed, unary);
    }
    unary
}

#[tokio::test]
async fn signer_by_issuer_and_serial_number_needs_its_certificate() {
    let (broker, folder) = broker("", &[]);
    let folder = folder.path();
    fs::write(folder.join("content"), DATA).unwrap();
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    for (kind, scheme, hash, options) in [
        ("rsa-2048", "rsa", "sha-256", "-md sha256"),
        (
            "rsa-2048",
            "rsa-pss",
            "sha-256",
            "-md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:32",
        ),
        ("p-256", "ecdsa", "sha-256", "-md sha256"),
        ("p-384", "ecdsa", "sha-512", "-md sha512"),
    ] {
        key(folder, kind);
        // The same key and names with another serial number, and with another issuer.
        openssl(folder, &format!("req -x509 -new -key {kind}.key -subj /CN=x -days 9 -out serial.crt"));
        openssl(folder, &format!("req -x509 -new -key {kind}.key -subj /CN=y -days 9 -out issuer.crt"));
        let profile = profile("native", scheme, hash);
        for form in ["", "-noattr", "-stream", "-nodetach -noattr", "-nocerts -nosmimecap"] {
            if form == "-stream" && scheme == "rsa-pss" {
                continue; // `openssl` fails: the parameters are set after the AlgorithmIdentifier is written
            }
            let case = format!("{kind} {options} {form}");
            let sign = format!("cms -sign -binary -in content -signer {kind}.crt -inkey {kind}.key");
            openssl(folder, &format!("{sign} {options} {form} -outform DER -out cms"));
            let (cms, certificate) = (read("cms"), read(&format!("{kind}.crt")));
            assert_eq!(outcome(&broker, &profile, &certificate, &cms).await, Ok(true), "{case}");
            for other in ["serial.crt", "issuer.crt"] {
                assert_eq!(
                    outcome(&broker, &profile, &read(other), &cms).await,
                    Ok(false),
                    "{case}: {other}"
                );
            }
            let public = read(&format!("{kind}.pub"));
            assert_eq!(
                outcome(&broker, &profile, &public, &cms).await,
                refused("FIELD_UNSUPPORTED"),
                "{case}"
            );
            let mut client = broker.crypto().await;
            let status = verify(&mut client, &profile, &public, DATA, &cms, CMS).await.unwrap_err();
            assert!(status.message().contains("send the signer's certificate"), "{status}");
            for other in [&b"other"[..], b"", b"conten", b"contents"] {
                let valid = verify(&mut client, &profile, &certificate, other, &cms, CMS).await.unwrap();
                assert!(!valid, "{case}");
                assert_eq!(stream(&broker, &profile, &certificate, other, &cms).await, Ok(false), "{case}");
            }
            openssl(folder, &format!("{sign} {options} {form} -keyid -outform DER -out cms"));
            for key in [&certificate, &public, &read("issuer.crt")] {
                assert_eq!(outcome(&broker, &profile, key, &read("cms")).await, Ok(true), "{case} -keyid");
            }
        }
    }
}

/// The command line of `openssl` 3.0 signs neither with Ed25519 nor with ML-DSA. Signed attributes do not cover the signer
/// identifier, so that the broker's own signatures can have another one.
#[tokio::test]
async fn signer_by_issuer_and_serial_number_of_every_scheme() {
    let (broker, folder) = broker("", &[]);
    let folder = folder.path();
    for (kind, scheme, hash) in [("ed25519", "ed25519", ""), ("p-521", "ecdsa", "sha-512")] {
        key(folder, kind);
        openssl(folder, &format!("x509 -in {kind}.crt -outform DER -out certificate"));
        let read = |name: &str| fs::read(folder.join(name)).unwrap();
        let profile = profile("aws-lc", scheme, hash);
        let mut client = broker.crypto().await;
        let private = read(&format!("{kind}.key"));
        let cms = sign(&mut client, &profile, &private, DATA, CMS).await.unwrap().signature;
        let mut tree = Node::parse(&cms);
        let mut certificate = Node::parse(&read("certificate"));
        let [serial_number, issuer] = [1, 3].map(|at| certificate.at(&[0, at]).clone());
        tree.at(&[1, 0]).parts[0].octets = vec![1];
        tree.at(&SIGNER).parts[0].octets = vec![1];
        tree.at(&SIGNER).parts[1] = Node::of(0x30, vec![issuer, serial_number]);
        assert_eq!(outcome(&broker, &profile, &read("certificate"), &tree.der()).await, Ok(true));
        let public = read(&format!("{kind}.pub"));
        assert_eq!(outcome(&broker, &profile, &public, &tree.der()).await, refused("FIELD_UNSUPPORTED"));
        tree.at(&SIGNER).parts[1].parts[1].octets.push(7);
        assert_eq!(outcome(&broker, &profile, &read("certificate"), &tree.der()).await, Ok(false));
    }
}

/// Makes `p-256.key` with the certificate `p-256.crt` of a certain issuer name, and signs. Returns the certificate and
/// SignedData without certificates.
fn signed_with_issuer(folder: &Path, subject: &str) -> (Vec<u8>, Node) {
    key(folder, "p-256");
    fs::write(folder.join("content"), DATA).unwrap();
    let arguments =
        ["req", "-x509", "-new", "-key", "p-256.key", "-utf8", "-subj", subject, "-out", "p-256.crt"];
    let made = std::process::Command::new("openssl").args(arguments).current_dir(folder).status().unwrap();
    assert!(made.success());
    openssl(
        folder,
        "cms -sign -binary -nocerts -in content -signer p-256.crt -inkey p-256.key -md sha256 -outform DER -out cms",
    );
    let cms = Node::parse(&fs::read(folder.join("cms")).unwrap());
    (fs::read(folder.join("p-256.crt")).unwrap(), cms)
}

/// RFC 5280 7.1: the comparison ignores case, the type of string, and the number of spaces.
#[tokio::test]
async fn issuer_is_compared_as_a_name() {
    let (broker, folder) = broker("", &[]);
    let (certificate, cms) = signed_with_issuer(folder.path(), "/C=DE/O=An Example/CN=Füchse");
    // Each attribute of the issuer: a set with a sequence of type and value.
    type Change = fn(&mut Vec<Node>);
    let value = |rdns: &mut Vec<Node>, at: usize, tag: u8, text: &[u8]| {
        rdns[at].parts[0].parts[1] = Node::new(tag, text);
    };
    let profile = profile("native", "ecdsa", "sha-256");
    let mut cases: Vec<(&str, Node, bool)> = Vec::new();
    let mut case = |name: &'static str, expected: bool, change: &dyn Fn(&mut Vec<Node>)| {
        let mut cms = cms.clone();
        change(&mut cms.at(&SIGNER).parts[1].parts[0].parts);
        cases.push((name, cms, expected));
    };
    let unchanged: Change = |_| {};
    case("unchanged", true, &unchanged);
    case("PrintableString", true, &|rdns| value(rdns, 1, 0x13, b"An Example"));
    case("case and spaces", true, &|rdns| value(rdns, 1, 0x0c, b" AN   example "));
    case("BMPString", true, &|rdns| {
        let units: Vec<u8> = "FüCHSE".encode_utf16().flat_map(u16::to_be_bytes).collect();
        value(rdns, 2, 0x1e, &units);
    });
    case("another value", false, &|rdns| value(rdns, 1, 0x0c, b"AnExample"));
    case("another type", false, &|rdns| rdns[1].parts[0].parts[0].octets[2] = 11);
    case("another order", false, &|rdns| rdns.swap(0, 1));
    case("fewer", false, &|rdns| _ = rdns.pop());
    case("not a string", false, &|rdns| value(rdns, 1, 0x05, b""));
    case("none", false, &|rdns| rdns.clear());
    for (name, cms, expected) in &cases {
        assert_eq!(outcome(&broker, &profile, &certificate, &cms.der()).await, Ok(*expected), "{name}");
    }
    let mut padded = cms.clone();
    padded.at(&SIGNER).parts[1].parts[1].octets.insert(0, 0);
    assert_eq!(outcome(&broker, &profile, &certificate, &padded.der()).await, Ok(true));
    padded.at(&SIGNER).parts[1].parts[1].octets[1] ^= 1;
    assert_eq!(outcome(&broker, &profile, &certificate, &padded.der()).await, Ok(false));
}

/// Encodes a tree as BER: all lengths indefinite, and OCTET STRINGs in segments. Leaves values in [0] as they are, which are
/// signed attributes.
fn ber(node: &Node) -> Vec<u8> {
    if node.tag == 0xa0 && node.parts.len() > 1 {
        return node.der();
    }
    let constructed = |tag: u8, contents: Vec<u8>| [&[tag | 0x20, 0x80], &contents[..], &[0, 0]].concat();
    if node.tag & 0x20 != 0 {
        return constructed(node.tag, node.parts.iter().flat_map(ber).collect());
    }
    if node.tag == 0x04 {
        let segments = node.octets.chunks(20).flat_map(|segment| Node::new(4, segment).der());
        return constructed(4, segments.collect());
    }
    // A length with leading zeros.
    let length = u32::try_from(node.octets.len()).unwrap().to_be_bytes();
    [&[node.tag, 0x84], &length[..], &node.octets].concat()
}

#[tokio::test]
async fn signed_data_can_be_ber() {
    let (broker, folder) = broker("", &[]);
    let (certificate, cms) = signed_with_issuer(folder.path(), "/CN=x");
    let profile = profile("native", "ecdsa", "sha-256");
    let encoded = ber(&cms);
    fs::write(folder.path().join("ber"), &encoded).unwrap();
    openssl(
        folder.path(),
        "cms -verify -binary -inform DER -in ber -content content -certfile p-256.crt -noverify -out /dev/null",
    );
    assert_eq!(outcome(&broker, &profile, &certificate, &encoded).await, Ok(true));
    // Definite lengths outside, and indefinite ones inside.
    let mut mixed = cms.clone();
    let signer = ber(mixed.at(&SIGNER));
    let mut signers = Node::new(0x11, &signer).der();
    signers[0] = 0x31;
    let data = mixed.at(&[1, 0]);
    let inside: Vec<u8> = data.parts[..3].iter().flat_map(Node::der).chain(signers).collect();
    let data = Node::new(0x10, &inside).der();
    let data = [&[0x30], &data[1..]].concat();
    let content = Node::new(0x80, &data).der();
    let content = [&[0xa0], &content[1..]].concat();
    let info = Node::new(0x10, &[cms.parts[0].der(), content].concat()).der();
    let info = [&[0x30], &info[1..]].concat();
    assert_eq!(outcome(&broker, &profile, &certificate, &info).await, Ok(true));

    // Signed attributes must be DER (RFC 5652 5.3): other encodings are not what was signed.
    let mut attributes = cms.clone();
    let set = &mut attributes.at(&SIGNER).parts[3].parts;
    let with_long_length = [&[0x30, 0x81], &set[0].der()[1..]].concat();
    let rest: Vec<u8> = set[1..].iter().flat_map(Node::der).collect();
    attributes.at(&SIGNER).parts[3] = Node::new(0x80, &[with_long_length, rest].concat());
    let mut signer = attributes.der();
    let at = signer.windows(4).position(|part| part == [0x30, 0x81, 0x18, 0x06]).unwrap();
    let start = (at - 3..at).find(|index| signer[*index] == 0x80).unwrap();
    signer[start] = 0xa0;
    let found = outcome(&broker, &profile, &certificate, &signer).await;
    assert_eq!(found, refused("FIELD_MALFORMED"));

    let mut wrong = cms.clone();
    *wrong.at(&SIGNER).parts[5].octets.last_mut().unwrap() ^= 1;
    assert_eq!(outcome(&broker, &profile, &certificate, &ber(&wrong)).await, Ok(false));
    for cut in (0..encoded.len()).step_by(7) {
        assert!(outcome(&broker, &profile, &certificate, &encoded[..cut]).await.is_err(), "{cut}");
    }
    let longer = [&encoded[..], &[0, 0]].concat();
    assert_eq!(outcome(&broker, &profile, &certificate, &longer).await, refused("FIELD_MALFORMED"));
}

const REQUESTS: &str = "  - Name: requests
    API:
      SignCertificate:
        SignAlg: ecdsa
        HashAlg: sha-256
        Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }
        KeyConstraints:
          Subject: { ECDSA: { MinKeySize: 224, MaxKeySize: 521 }, RSA: { MinKeySize: 2048, MaxKeySize: 8192 }, Ed25519: {} }
          Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 521 } }
";

/// Requests a certificate and checks it with `openssl`.
async fn issue(broker: &Broker, ca: &Ca, request: v1::SignCertificateRequest) -> Result<(), Status> {
    let answer = broker.crypto().await.sign_certificate(request).await?.into_inner();
    let Some(SignedCertificate::Der(der)) = answer.signed_certificate else { panic!("expected DER") };
    fs::write(ca.folder.path().join("leaf.der"), der).unwrap();
    let pem = openssl(ca.folder.path(), "x509 -inform DER -in leaf.der");
    ca.verify_strictly(&pem);
    Ok(())
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64ct::Encoding as _;
    let base64 = base64ct::Base64::encode_string(der);
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
}

#[tokio::test]
async fn requests_of_old_tools_prove_possession() {
    let (broker, _profiles) = broker(REQUESTS, &[]);
    let (folder, ca) = (private_folder(), Ca::new("p-256"));
    let folder = folder.path();
    for (kind, options) in [
        ("p-224", "-sha224"),
        ("p-224", "-sha256"),
        ("p-256", "-sha224"),
        ("rsa-2048", "-sha224"),
        ("rsa-2048", "-sha224 -sigopt rsa_padding_mode:pss"),
        ("rsa-2048", "-sha224 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:0"),
    ] {
        key(folder, kind);
        openssl(folder, &format!("req -new -key {kind}.key -subj /CN=x {options} -outform DER -out csr"));
        let csr = fs::read(folder.join("csr")).unwrap();
        let mut tree = Node::parse(&csr);
        let mut forms = vec![csr.clone()];
        if kind.starts_with("p-") {
            // As the JDK before version 12 wrote it.
            tree.parts[1].parts.push(Node::new(5, &[]));
            forms.push(tree.der());
        }
        for form in forms {
            let request = ca.request("requests", &pem("CERTIFICATE REQUEST", &form));
            let issued = issue(&broker, &ca, request).await;
            issued.unwrap_or_else(|status| panic!("{kind} {options}: {status}"));
            let mut wrong = Node::parse(&form);
            *wrong.parts[2].octets.last_mut().unwrap() ^= 1;
            let request = ca.request("requests", &pem("CERTIFICATE REQUEST", &wrong.der()));
            let status = issue(&broker, &ca, request).await.unwrap_err();
            assert_eq!(facts(&status).1, "PROOF_OF_POSSESSION_FAILED", "{status}");
        }
    }
    // Other parameters, and SHA-224 with a key of another kind.
    key(folder, "ed25519");
    openssl(folder, "req -new -key ed25519.key -subj /CN=x -outform DER -out csr");
    let csr = fs::read(folder.join("csr")).unwrap();
    for (algorithm, reason) in [
        (Node::of(0x30, vec![Node::new(6, &[0x2b, 0x65, 0x70]), Node::new(5, &[])]), "FIELD_MALFORMED"),
        (
            Node::of(0x30, vec![Node::new(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1])]),
            "REQUEST_SIGNATURE_UNSUPPORTED",
        ),
    ] {
        let mut tree = Node::parse(&csr);
        tree.parts[1] = algorithm;
        let request = ca.request("requests", &pem("CERTIFICATE REQUEST", &tree.der()));
        let status = issue(&broker, &ca, request).await.unwrap_err();
        assert_eq!(facts(&status).1, reason, "{status}");
    }
}

#[tokio::test]
async fn files_have_marks_comments_and_other_blocks() {
    let (broker, profiles) = broker(REQUESTS, &[]);
    let (folder, ca) = (profiles.path(), Ca::new("p-256"));
    key(folder, "p-256");
    let csr = openssl(folder, "req -new -key p-256.key -subj /CN=x");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let parameters = openssl(folder, "genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048");
    let ec = openssl(folder, "ecparam -name P-256");
    let broken = "-----BEGIN DH PARAMETERS-----\n%%%\n-----END DH PARAMETERS-----\n";
    let unfinished = "-----BEGIN X509 CRL-----\nAAAA\n";
    let sec1 = openssl(folder, "ec -in p-256.key");
    for (before, after) in [
        ("\u{feff}", ""),
        ("Bag Attributes\r\n    friendlyName: Füchse\r\n", "\n# end"),
        (&*parameters, &*ec),
        ("", &*parameters),
        (broken, unfinished),
        (unfinished, broken),
        ("\u{feff}", broken),
    ] {
        let around = |text: &str| format!("{before}{text}{after}");
        let mut request = ca.request("requests", &around(&csr));
        request.ca_private_key = around(&request.ca_private_key);
        request.ca_cert = around(&request.ca_cert);
        let issued = issue(&broker, &ca, request).await;
        issued.unwrap_or_else(|status| panic!("{before}…{after}: {status}"));
        // Keys that sign and verify are bytes, so that comments can have any encoding.
        let mut client = broker.crypto().await;
        let profile = profile("native", "ecdsa", "sha-256");
        let bytes = |text: &str| [b"# \xff\xfe\n", around(text).as_bytes(), b"\xfc"].concat();
        let beside = format!("{}{}{csr}{}", read("p-256.key"), read("p-256.pub"), read("p-256.crt"));
        for private in [&read("p-256.key"), &sec1, &beside] {
            let signed = sign(&mut client, &profile, &bytes(private), DATA, DER).await;
            let signature = signed.unwrap_or_else(|status| panic!("{before}…{after}: {status}")).signature;
            for public in ["p-256.pub", "p-256.crt"] {
                let key = bytes(&read(public));
                assert!(verify(&mut client, &profile, &key, DATA, &signature, DER).await.unwrap());
            }
        }
    }
    let two = read("p-256.key") + &parameters + &ca.key;
    let mut client = broker.crypto().await;
    let profile = profile("native", "ecdsa", "sha-256");
    let status = sign(&mut client, &profile, two.as_bytes(), DATA, DER).await.unwrap_err();
    assert!(status.message().contains("more than one private key"), "{status}");
    let one_line = read("p-256.key").replace('\n', " ");
    sign(&mut client, &profile, one_line.as_bytes(), DATA, DER).await.unwrap();
}

#[tokio::test]
async fn refusals_of_keys_name_the_true_reason() {
    let (broker, folder) = broker("", &[]);
    let folder = folder.path();
    let mut client = broker.crypto().await;
    for kind in ["rsa-2048", "p-256"] {
        key(folder, kind);
        openssl(folder, &format!("pkcs8 -topk8 -nocrypt -in {kind}.key -outform DER -out {kind}.der"));
        openssl(folder, &format!("pkey -in {kind}.key -pubout -outform DER -out {kind}.spki"));
    }
    openssl(folder, "x509 -in p-256.crt -outform DER -out p-256.crt.der");
    openssl(folder, "pkcs12 -export -in p-256.crt -inkey p-256.key -passout pass:x -out p-256.p12");
    openssl(
        folder,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3 -out primes.key",
    );
    openssl(folder, "rsa -traditional -in primes.key -outform DER -out primes.der");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let tree = |name: &str| Node::parse(&read(name));
    let mut without_null = tree("rsa-2048.der");
    without_null.parts[1].parts.pop();
    let mut other = tree("rsa-2048.der");
    other.parts[1].parts[1] = Node::of(0x30, vec![]);
    let mut uuid = tree("rsa-2048.der");
    uuid.parts[1].parts[0] = Node::new(6, &hex::decode("6983f8aaae9aa5b6ce83c7f4abd2cd8fd3dfcb02").unwrap());
    let mut version = tree("rsa-2048.der");
    version.parts[0].octets = vec![7];
    let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    let ber = ber(&tree("p-256.der"));
    let profile = profile("native", "rsa", "sha-256");
    for (name, key, texts) in [
        ("no NULL", without_null.der(), &["misses the NULL parameters", "RFC 3279 2.3.1"][..]),
        ("no NULL", pem("PRIVATE KEY", &without_null.der()).into(), &["misses the NULL parameters"]),
        ("another label", pem("EC PRIVATE KEY", &without_null.der()).into(), &["misses the NULL parameters"]),
        ("other parameters", other.der(), &["other than NULL", "RFC 3279 2.3.1"]),
        ("a long identifier", uuid.der(), &["unsupported algorithm 2.25."]),
        ("a later version", version.der(), &["is DER, but not a valid PrivateKeyInfo (RFC 5958)"]),
        ("BER", ber, &["in BER, not in DER"]),
        ("more primes", read("primes.key"), &["more than two primes"]),
        ("more primes", read("primes.der"), &["more than two primes"]),
        ("a public key", read("rsa-2048.spki"), &["is a public key"]),
        ("a certificate", read("p-256.crt.der"), &["is a certificate"]),
        ("PKCS#12", read("p-256.p12"), &["PKCS#12"]),
        ("OpenSSH", openssh.into(), &["OpenSSH"]),
        ("none", b"hello".to_vec(), &["not a private key in PKCS#8, SEC1 (EC) or PKCS#1 (RSA) form"]),
        ("a sequence", vec![0x30, 0], &["not a private key"]),
        ("another block", pem("PUBLIC KEY", &read("rsa-2048.spki")).into(), &["no PEM block `PRIVATE KEY`"]),
    ] {
        let status = sign(&mut client, &profile, &key, DATA, DER).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status}");
        for text in texts {
            assert!(status.message().contains(text), "{name}: {status}");
        }
        assert!(!status.message().contains("well-formed"), "{name}: {status}");
    }
    let mut without_null = tree("rsa-2048.spki");
    without_null.parts[0].parts.pop();
    for (key, text) in [
        (without_null.der(), "misses the NULL parameters"),
        (read("p-256.der"), "holds a private key"),
        (read("primes.der"), "holds a private key"),
        (b"\x30\x80\x00\x00".to_vec(), "in BER, not in DER"),
    ] {
        let status = verify(&mut client, &profile, &key, DATA, b"x", DER).await.unwrap_err();
        assert!(status.message().contains(text), "{status}");
    }
    // OpenSSL's own verdict on the key without NULL is not the broker's: it takes such keys.
    fs::write(folder.join("no-null.der"), Node::der(&without_null)).unwrap();
    assert!(try_openssl(folder, "pkey -pubin -inform DER -in no-null.der -noout").is_ok());
}
