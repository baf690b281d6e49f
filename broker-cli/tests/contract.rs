//! The contract of `cryptobroker` that needs no broker: exit codes, shapes of output, profiles.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{
    fs::OpenOptions,
    path::Path,
    process::{Command, Output, Stdio},
};

use support::{cryptobroker, entries, json, stderr, stdout};

const GOOD: &str = "\
Profiles:
  - Name: Plain
    API:
      HashData:
        HashAlg: sha3-384
";

fn run(arguments: &[&str]) -> Output {
    cryptobroker().args(arguments).output().unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_wrong_command_line_is_2_in_both_languages() {
    let wrong: [&[&str]; 12] = [
        &["no-such-command"],
        &["hash-data"],
        &["hash-data", "x", "--file", "y"],
        &["kem", "encapsulate", "--public-key", "x"],
        &["hash-data", "x", "--format", "octal"],
        &["hash-data", "x", "--verbose", "--quiet"],
        &["sign-certificate", "--csr", "x"],
        &["health", "--timeout", "soon"],
        &["health", "--watch", "--loop", "5"],
        &["completions", "cobol"],
        &["profiles", "explain", "--issuer-key-type", "rot13"],
        &["profiles", "explain", "--second-key-type", "ml-dsa-65"],
    ];
    for arguments in wrong {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).starts_with("error: "), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
        let output = cryptobroker().args(arguments).args(["--output", "json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(json(&output.stderr)["error"]["code"], "USAGE", "{arguments:?}");
    }
}

#[test]
fn no_broker_is_3_and_the_error_tells_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("none.sock");
    let socket = socket.to_str().unwrap();
    let calls: [&[&str]; 5] =
        [&["health"], &["hash", "x"], &["version"], &["profiles", "list"], &["health", "--watch"]];
    for arguments in calls {
        let output = cryptobroker().args(arguments).args(["--socket", socket]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", stderr(&output));
        let text = stderr(&output);
        assert!(text.contains(socket) && text.contains("cryptobroker-server"), "{text}");
        let as_grpc_writes_it = format!("unix://{socket}");
        let output = cryptobroker().args(arguments).args(["--socket", &as_grpc_writes_it]).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(3), text), "{arguments:?}");
        let output = cryptobroker().args(arguments).args(["--socket", "unix://host/s"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("unix:///PATH"), "{}", stderr(&output));
        let output = cryptobroker()
            .args(arguments)
            .args(["--output", "json"])
            .env("CRYPTO_BROKER_SOCKET", format!("{socket},/other"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        let error = json(&output.stderr);
        assert_eq!(error["error"]["code"], "UNAVAILABLE");
        assert!(error["error"]["message"].as_str().unwrap().contains(socket));
    }
}

#[test]
fn a_file_that_is_not_there_is_1() {
    for arguments in [
        &["hash", "--file", "/no/such/file"][..],
        &["sign", "--csr", "/no/such", "--caCert", "/no/such", "--caKey", "/no/such"],
        &["profiles", "validate", "/no/such/file"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains("/no/such"), "{}", stderr(&output));
    }
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["profiles", "validate", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/Profiles.yaml"), "{}", stderr(&output));
}

#[test]
fn help_and_versions_are_0() {
    for arguments in [&["--help"][..], &["--version"], &["hash", "--help"], &["version", "--client"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty());
    }
    let output = run(&["version", "--client", "--output", "json"]);
    assert_eq!(json(&output.stdout)["client"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_command_has_an_example() {
    for command in [
        "health",
        "hash-data",
        "sign-data",
        "verify-data",
        "encrypt-data",
        "decrypt-data",
        "keygen",
        "kem keygen",
        "kem encapsulate",
        "kem decapsulate",
        "sign-certificate",
        "profiles validate",
        "profiles list",
        "profiles show",
        "profiles explain",
        "profiles diff",
        "version",
        "completions",
        "man",
        "demo",
    ] {
        let help = stdout(&cryptobroker().args(command.split(' ')).arg("--help").output().unwrap());
        let (_, examples) = help.split_once("Example").unwrap_or_else(|| panic!("{command}: {help}"));
        assert!(examples.contains(&format!("cryptobroker {command}")), "{command}: {help}");
    }
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(stdout(&output).contains("CRYPTO_BROKER_COMPLETE"), "{shell}: {}", stdout(&output));
        let server = stdout(&run(&["completions", shell, "--server"]));
        for word in ["socket-mode", "profiles-dir", "max-connections"] {
            assert!(server.contains(word), "{shell}: {word}");
        }
    }
}

/// What the shell's script would be told for the last of these words.
fn completed(socket: &Path, words: &[&str]) -> Vec<String> {
    let output = cryptobroker()
        .args(["--", "cryptobroker"])
        .args(words)
        .env("CRYPTO_BROKER_COMPLETE", "fish")
        .env("CRYPTO_BROKER_SOCKET", socket)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn commands_options_and_profiles_are_completed() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = folder.path().join("s");
    let complete = |words: &[&str]| completed(&nobody, words);
    assert_eq!(complete(&["decrypt"]), ["decrypt-data"]);
    assert_eq!(complete(&["kem", "enc"]), ["encapsulate"]);
    assert!(complete(&["encrypt-data", "--nonce"]).contains(&"--nonce-out".to_owned()));
    assert_eq!(complete(&["keygen", "--format", "d"]), ["der"]);
    // Without a broker the bundled profiles are offered.
    for option in [&["--profile"][..], &["-p"]] {
        assert_eq!(complete(&[&["hash-data"], option, &["Hyb"]].concat()), ["Hybrid-PQC-2026"]);
    }
    assert_eq!(complete(&["profiles", "show", "PQC"]), ["PQC-ML-DSA-65"]);
    // With one, its own.
    let broker = support::Broker::with(GOOD);
    assert_eq!(completed(&broker.path("s"), &["hash-data", "--profile", ""]), ["Plain"]);
}

#[test]
fn every_command_has_a_manual_page() {
    for (words, name) in [
        (&["man"][..], "cryptobroker"),
        (&["man", "encrypt-data"], "encrypt\\-data"),
        (&["man", "kem", "encapsulate"], "encapsulate"),
        (&["man", "--server"], "cryptobroker\\-server"),
    ] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
        let text = stdout(&output);
        assert!(text.contains(".TH") && text.contains(name), "{words:?}: {text}");
    }
    assert_eq!(run(&["man", "encrypt"]).status.code(), Some(2));
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["man", "--out-dir", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for page in
        ["cryptobroker", "cryptobroker-server", "cryptobroker-kem-encapsulate", "cryptobroker-hash-data"]
    {
        let text = std::fs::read_to_string(folder.path().join(format!("{page}.1"))).unwrap();
        assert!(text.contains(".SH OPTIONS"), "{page}");
    }
    assert_eq!(stdout(&output), format!("{} pages in {}\n", entries(folder.path()), folder.path().display()));
}

#[test]
fn a_reader_who_leaves_makes_the_exit_code_1_and_no_message() {
    let mut child = cryptobroker()
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
}

#[test]
fn a_result_that_cannot_be_written_is_1_and_said() {
    for words in ["--help", "--version", "completions bash", "profiles list --bundled", "version --client"] {
        for format in ["human", "json"] {
            let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
            let mut command = cryptobroker();
            command.args(words.split(' ')).args(["--output", format]).stdout(full);
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{words}: {}", stderr(&output));
            let why = "cannot write the result: No space left on device";
            let said = match format {
                "json" => json(&output.stderr)["error"]["message"].as_str().unwrap().to_owned(),
                _ => stderr(&output),
            };
            assert!(said.contains(why), "{words}: {said}");
        }
    }
}

#[test]
fn a_good_document_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "good.yaml", GOOD);
    let output = run(&["profiles", "validate", &file]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains(": 1 profile, digest "), "{}", stdout(&output));
    let mut piped = cryptobroker();
    piped.args(["profiles", "validate", "-"]);
    let piped = support::feed(piped, GOOD.as_bytes());
    assert_eq!(stdout(&piped), stdout(&output).replace(&format!("valid {file}:"), "valid -:"));
    let output = run(&["profiles", "validate", &file, "--output", "json"]);
    let value = json(&output.stdout);
    assert_eq!(value["valid"], true);
    assert_eq!(value["catalogueDigest"].as_str().unwrap().len(), 64);
    let output = run(&["profiles", "list", "--profiles", &file, "--output", "json"]);
    assert_eq!(json(&output.stdout)["profiles"], serde_json::json!(["Plain"]));
}

#[test]
fn a_bad_document_is_1_with_all_its_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(
        folder.path(),
        "bad.yaml",
        &GOOD.replace("HashAlg: sha3-384", "HashAlgo: sha3-384").replace("Plain", "Plain\n    Colour: red"),
    );
    let output = run(&["profiles", "validate", &file]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("HashAlg") && text.contains("Colour") && text.contains(":3:"), "{text}");
    let output = run(&["profiles", "validate", &file, "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let value = json(&output.stdout);
    assert_eq!(value["valid"], false);
    let mistakes = value["mistakes"].as_array().unwrap();
    assert!(mistakes.len() >= 2, "{value}");
    assert!(mistakes.iter().all(|mistake| mistake["line"].is_u64() && mistake["message"].is_string()));
}

#[test]
fn the_bundled_profiles_are_listed_and_shown() {
    let output = run(&["profiles", "list", "--bundled", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let value = json(&output.stdout);
    assert!(value["profiles"].as_array().unwrap().contains(&"Default".into()));
    let output = run(&["profiles", "show", "Default", "--output", "json"]);
    let value = json(&output.stdout);
    assert_eq!(value["hashData"]["hashAlg"], "sha3-512");
    assert_eq!(value["signCertificate"]["keyConstraints"]["issuer"]["ecdsa"]["minKeySize"], 384);
    let output = run(&["profiles", "show", "Defualt", "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output.stderr)["error"]["code"], "NOT_FOUND");
}

#[test]
fn explain_names_the_rule_and_its_line() {
    let allowed = run(&["profiles", "explain", "--subject-key-type", "p-256", "--issuer-key-type", "p-384"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", stdout(&allowed));
    let arguments = [
        "profiles",
        "explain",
        "--subject-key-type",
        "rsa-1024",
        "--issuer-key-type",
        "p-256",
        "--output",
        "json",
    ];
    let refused = run(&arguments);
    assert_eq!(refused.status.code(), Some(1));
    let value = json(&refused.stdout);
    assert_eq!(value["allowed"], false);
    let reasons: Vec<&str> = value["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| refusal["reason"].as_str().unwrap())
        .collect();
    assert!(
        reasons.contains(&"SUBJECT_KEY_NOT_ALLOWED") && reasons.contains(&"ISSUER_KEY_NOT_ALLOWED"),
        "{value}"
    );
    assert!(value["refusals"][0]["line"].is_u64());
    let absent = run(&["profiles", "explain", "--operation", "Groth16", "--output", "json"]);
    assert_eq!(absent.status.code(), Some(1));
    assert_eq!(json(&absent.stdout)["refusals"][0]["reason"], "OPERATION_NOT_ALLOWED");
}

#[test]
fn explain_judges_keys_that_sign_data() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "      SignData:
        SigningMode: legacy
        SignAlg: ecdsa
        HashAlg: sha-512
        SignatureFormat: DER
        KeyConstraints: { ECDSA: { MinKeySize: 384, MaxKeySize: 521 } }
";
    let profiles = write(folder.path(), "data.yaml", &format!("{GOOD}{rule}"));
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let key = write(folder.path(), "key.pem", &key.serialize_pem());
    let explain = |more: &[&str]| {
        let fixed =
            ["profiles", "explain", "--profiles", &profiles, "--profile", "Plain", "--output", "json"];
        let output = cryptobroker().args(fixed).args(more).output().unwrap();
        (output.status.code().unwrap(), json(&output.stdout))
    };
    for small in [&["--key", key.as_str()][..], &["--key-type", "p-256", "--operation", "VerifyData"]] {
        let (code, value) = explain(small);
        assert_eq!(code, 1, "{value}");
        assert_eq!(value["refusals"][0]["reason"], "KEY_NOT_ALLOWED");
        assert_eq!(value["refusals"][0]["rule"], "API.SignData.KeyConstraints.ECDSA");
        assert_eq!(value["refusals"][0]["line"], 11);
    }
    let (code, value) = explain(&["--key-type", "p-384"]);
    assert_eq!((code, &value["operation"]), (0, &"SignData".into()), "{value}");
    let (_, value) = explain(&["--key-type", "rsa-3072"]);
    assert_eq!(value["refusals"][0]["reason"], "ALGORITHM_MISMATCH", "{value}");
    let hybrid = |first: &str, second: &str| {
        let explain = ["profiles", "explain", "--profile", "Hybrid-PQC-2026", "--output", "json"];
        let keys = ["--key-type", first, "--second-key-type", second];
        json(&run(&[&explain[..], &keys].concat()).stdout)["allowed"] == true
    };
    assert!(hybrid("p-384", "ml-dsa-65") && !hybrid("ml-dsa-65", "p-384") && !hybrid("p-256", "ml-dsa-65"));
    for (operation, rule) in [("DecryptData", "API.EncryptData"), ("Decapsulate", "API.KEM")] {
        let (_, value) = explain(&["--operation", operation]);
        assert_eq!(value["refusals"][0]["rule"], rule, "{value}");
    }
}

#[test]
fn explain_judges_every_operation_by_its_options() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "      SignData:
        SigningMode: legacy
        SignAlg: ed25519
        SignatureFormat: RAW
        KeyConstraints: { Ed25519: {} }
      EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 128 }
      KEM: { KemAlg: ml-kem-768 }
  - Name: Chosen
    API:
      SignData: { SigningMode: hybrid, SignAlg: MLDSA65-Ed25519-SHA512, SignatureFormat: RAW, KeyConstraints: { Ed25519: {}, ML-DSA-65: {} } }
      EncryptData: { EncryptAlg: aes-gcm, KeySize: 128, NonceStrategy: user-provided, TagLength: 128 }
";
    let profiles = write(folder.path(), "all.yaml", &format!("{GOOD}{rules}"));
    let bytes = |name: &str, length: usize| {
        let path = folder.path().join(name);
        std::fs::write(&path, vec![7; length]).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (aes128, aes256) = (bytes("aes128", 16), bytes("aes256", 32));
    let (kem_public, xwing, kem_private) =
        (bytes("kem.pub", 1184), bytes("x.pub", 1216), bytes("kem.key", 64));
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let private = write(folder.path(), "sign.key", &key.serialize_pem());
    let public = write(folder.path(), "sign.pub", &key.public_key_pem());
    let explain = |words: &[&str]| {
        let output = cryptobroker()
            .args(["profiles", "explain", "--profiles", &profiles, "--output", "json"])
            .args(words)
            .output()
            .unwrap();
        (output.status.code().unwrap(), json(&output.stdout))
    };
    // Each with the reason of the refusal, if there is one, and what is not judged.
    let questions: [(&[&str], Option<&str>, Option<&str>); 27] = [
        (&["HashData"], None, None),
        (&["HashStream"], None, None),
        (&["SignData", "--key", &private], None, None),
        (&["SignData", "--key-type", "p-256"], Some("ALGORITHM_MISMATCH"), None),
        (&["SignData"], None, Some("the key (--key FILE or --key-type TYPE)")),
        (&["VerifyData", "--key", &public, "--format", "cms"], None, None),
        (&["SignStream", "--key", &private], Some("NOT_STREAMABLE"), None),
        (&["SignStream", "--key", &private, "--format", "cms"], None, None),
        (&["VerifyStream", "--key", &public], Some("NOT_STREAMABLE"), None),
        (&["GenerateSignatureKeyPair"], None, None),
        (&["GenerateSignatureKeyPair", "--seed"], Some("SEED_NOT_ALLOWED"), None),
        (&["EncryptData", "--key", &aes256], None, None),
        (&["EncryptData", "--key-type", "aes-256", "--nonce"], Some("NONCE_NOT_ALLOWED"), None),
        (&["EncryptData", "--key", &aes128], Some("KEY_NOT_ALLOWED"), None),
        (&["DecryptData", "--key", &aes128], Some("KEY_NOT_ALLOWED"), None),
        (&["DecryptData"], None, Some("the key (--key FILE or --key-type TYPE)")),
        (&["GenerateKemKeyPair"], None, None),
        (&["GenerateKemKeyPair", "--seed"], Some("SEED_NOT_ALLOWED"), None),
        (&["KEM", "--seed"], Some("SEED_NOT_ALLOWED"), None),
        (&["Encapsulate", "--key", &kem_public], None, None),
        (&["Encapsulate", "--key", &xwing], Some("ALGORITHM_MISMATCH"), None),
        (&["Encapsulate", "--key-type", "x-wing"], Some("ALGORITHM_MISMATCH"), None),
        (&["Decapsulate", "--key", &kem_private], None, None),
        (&["Decapsulate", "--key-type", "ml-kem-512"], Some("ALGORITHM_MISMATCH"), None),
        (&["Decapsulate"], None, Some("the key (--key FILE or --key-type TYPE)")),
        (&["GenerateSignatureKeyPair", "--profile", "Chosen"], Some("KEY_NOT_ALLOWED"), None),
        (
            &["EncryptData", "--profile", "Chosen", "--key", &aes128],
            None,
            Some("the nonce, which a request under this profile must bring (--nonce)"),
        ),
    ];
    for (words, reason, open) in questions {
        let profile: &[&str] = if words.contains(&"--profile") { &[] } else { &["--profile", "Plain"] };
        let (code, value) = explain(&[&["--operation"], words, profile].concat());
        assert_eq!(value["refusals"][0]["reason"].as_str(), reason, "{words:?}: {value}");
        assert_eq!(value["notJudged"][0].as_str(), open, "{words:?}: {value}");
        assert_eq!((code, &value["allowed"]), (i32::from(reason.is_some()), &reason.is_none().into()));
    }
    let keys = ["--key-type", "ed25519", "--second-key-type", "ml-dsa-65", "--format", "cms"];
    let (_, value) = explain(&[&["--profile", "Chosen"][..], &keys].concat());
    assert_eq!(value["refusals"][0]["reason"], "FORMAT_NOT_ALLOWED", "{value}");
}

/// What is not judged must not look as if it were.
#[test]
fn explain_refuses_an_option_that_says_nothing_about_the_operation() {
    for words in [
        &["HashData", "--key-type", "p-256"][..],
        &["DecryptData", "--nonce"],
        &["SignData", "--seed"],
        &["EncryptData", "--format", "cms"],
        &["Encapsulate", "--second-key-type", "ml-dsa-65"],
        &["KEM", "--csr", "app.csr"],
        &["SignCertificate", "--key-type", "p-256"],
        &["Decapsulate", "--key-type", "aes-256"],
    ] {
        let output = run(&[&["profiles", "explain", "--operation"], words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?} {}", stdout(&output));
        let name = words.iter().rev().find(|word| word.starts_with("--")).unwrap();
        let text = stderr(&output);
        assert!(text.contains(name) || text.contains("aes-256"), "{words:?}: {text}");
    }
}

#[test]
fn explain_reads_requests_and_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let cert = write(folder.path(), "ca.pem", &ca.self_signed(&key).unwrap().pem());
    let csr =
        rcgen::CertificateParams::new(vec!["a.example".into()]).unwrap().serialize_request(&key).unwrap();
    let csr = write(folder.path(), "csr.pem", &csr.pem().unwrap());
    let ca_key = write(folder.path(), "ca.key", &key.serialize_pem());
    for issuer in [["--ca-cert", cert.as_str()], ["--ca-key", ca_key.as_str()], ["--caKey", ca_key.as_str()]]
    {
        let output = cryptobroker()
            .args(["profiles", "explain", "--output", "json", "--csr", &csr])
            .args(issuer)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let value = json(&output.stdout);
        assert_eq!(value["refusals"].as_array().unwrap().len(), 1, "{value}");
        assert_eq!(value["refusals"][0]["reason"], "ISSUER_KEY_NOT_ALLOWED");
    }
}

/// A second parser would take what the broker refuses.
#[test]
fn explain_refuses_what_the_brokers_parser_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let openssl = |words: &str| {
        let output = Command::new("openssl").args(words.split(' ')).current_dir(folder.path()).output();
        assert!(output.unwrap().status.success(), "{words}");
    };
    openssl(
        "req -new -newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3 -nodes -keyout three.key -out three.csr -subj /CN=x",
    );
    openssl("ecparam -name secp384r1 -genkey -noout -out ca.key");
    openssl("req -x509 -new -key ca.key -out ca.pem -subj /CN=ca");
    openssl("ecparam -name secp521r1 -genkey -noout -out other.key");
    write(folder.path(), "empty", "");
    write(folder.path(), "huge", &"x".repeat((64 << 10) + 1));
    let refused: [(&[&str], &str); 4] = [
        (&["--csr", &path("three.csr")], "65537"),
        (&["--ca-cert", &path("ca.pem"), "--ca-key", &path("other.key")], "belong together"),
        (&["--csr", &path("empty")], "is empty"),
        (&["--ca-cert", &path("huge")], "at most 65536"),
    ];
    for (arguments, why) in refused {
        let output = cryptobroker().args(["profiles", "explain"]).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    let output = run(&["profiles", "explain", "--ca-cert", &path("ca.pem"), "--ca-key", &path("ca.key")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// Proofs are the one part of the language that no operation stands behind.
#[test]
fn only_what_is_not_served_is_said_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let proofs = "  - { Name: Proofs, API: { Groth16: { Curve: bn254, Circuits: [multiply] } } }\n";
    let file = write(folder.path(), "proofs.yaml", &format!("{GOOD}{proofs}"));
    let arguments =
        ["profiles", "explain", "--profiles", &file, "--profile", "Proofs", "--operation", "Groth16"];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stderr(&output).contains("does not serve Groth16"), "{}", stderr(&output));
    // Two services have an operation of this name.
    let pair = run(&["profiles", "explain", "--operation", "GenerateKeyPair"]);
    assert_eq!(pair.status.code(), Some(2), "{}", stdout(&pair));
    let names = "GenerateSignatureKeyPair or GenerateKemKeyPair";
    assert!(stderr(&pair).contains(names), "{}", stderr(&pair));
    let listed = stdout(&run(&["profiles", "list", "--profiles", &file]));
    assert!(listed.contains("Groth16 (not served yet)"), "{listed}");
    let shown = run(&["profiles", "show", "Proofs", "--profiles", &file, "--output", "json"]);
    assert_eq!(json(&shown.stdout)["notServedYet"], serde_json::json!(["Groth16"]));
    let bundled = stdout(&run(&["profiles", "list", "--bundled"]));
    assert!(bundled.contains("EncryptData") && !bundled.contains("not served"), "{bundled}");
}

/// A document that the broker takes leniently can be asked about as the broker reads it.
#[test]
fn a_lenient_reading_is_the_broker_s() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "Profiles.yaml", &format!("{GOOD}        Colour: red\n"));
    let path = folder.path().to_str().unwrap();
    for place in [file.as_str(), path] {
        assert_eq!(run(&["profiles", "validate", place]).status.code(), Some(1));
        let output = run(&["profiles", "validate", place, "--profiles-lenient"]);
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        assert!(
            stdout(&output).contains("warning:") && stdout(&output).contains("Colour"),
            "{}",
            stdout(&output)
        );
        let output = run(&["profiles", "validate", place, "--profiles-lenient", "--output", "json"]);
        let value = json(&output.stdout);
        assert_eq!((&value["valid"], &value["warnings"][0]["line"]), (&true.into(), &6.into()), "{value}");

        let explain = ["profiles", "explain", "--profile", "Plain", "--operation", "HashData"];
        let source = ["--profiles", place, "--profiles-lenient"];
        assert_eq!(run(&[&explain[..], &source[..2]].concat()).status.code(), Some(1));
        assert_eq!(run(&[&explain[..], &source[..]].concat()).status.code(), Some(0));
    }
    assert_eq!(run(&["profiles", "list", "--profiles-lenient"]).status.code(), Some(2));
}

#[test]
fn the_rules_for_data_are_shown_with_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "      SignData:
        SigningMode: legacy
        SignAlg: ecdsa
        HashAlg: sha-512
        SignatureFormat: DER
        KeyConstraints: { ECDSA: { MinKeySize: 384, MaxKeySize: 521 } }
      EncryptData: { EncryptAlg: aes-gcm, KeySize: 256, NonceStrategy: random, TagLength: 128 }
      KEM: { KemAlg: ml-kem-768, AllowSeed: true }
";
    let file = write(folder.path(), "data.yaml", &format!("{GOOD}{rules}"));
    let shown = run(&["profiles", "show", "Plain", "--profiles", &file, "--output", "json"]);
    let value = json(&shown.stdout);
    let keys =
        serde_json::json!({ "line": 11, "ecdsa": { "line": 11, "minKeySize": 384, "maxKeySize": 521 } });
    assert_eq!(
        value["signData"],
        serde_json::json!({ "line": 6, "signingMode": "legacy", "algorithm": "ecdsa-with-sha-512",
            "signatureFormat": "DER", "keyConstraints": keys, "allowSeed": false })
    );
    assert_eq!(
        value["encryptData"],
        serde_json::json!({ "line": 12, "encryptAlg": "aes-gcm", "keySize": 256, "tagLength": 128,
            "nonceStrategy": "random" })
    );
    assert_eq!(value["kem"], serde_json::json!({ "line": 13, "kemAlg": "ml-kem-768", "allowSeed": true }));
    let text = stdout(&run(&["profiles", "show", "Plain", "--profiles", &file]));
    assert!(text.contains("  encryptData  line 12\n    encryptAlg: aes-gcm\n"), "{text}");
}

#[test]
fn colour_only_where_it_is_wanted() {
    let list = ["profiles", "list", "--bundled"];
    let plain = run(&list);
    assert!(!stdout(&plain).contains('\u{1b}'));
    let always = cryptobroker().args(list).args(["--color", "always"]).output().unwrap();
    assert!(stdout(&always).contains('\u{1b}'));
    let forced = cryptobroker().args(list).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(stdout(&forced).contains('\u{1b}'));
    let both = cryptobroker().args(list).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!stdout(&both).contains('\u{1b}'));
    for (variable, flag) in [("NO_COLOR", "auto"), ("CLICOLOR_FORCE", "never")] {
        let output = cryptobroker().args(list).args(["--color", flag]).env(variable, "1").output().unwrap();
        assert!(!stdout(&output).contains('\u{1b}'), "{variable} {flag}");
    }
    // Help and mistakes in the command line are no exception.
    let help = cryptobroker().args(["--color", "always", "--help"]).output().unwrap();
    assert!(stdout(&help).contains('\u{1b}'));
    let never = ["hash", "--color=never"];
    let mistake = cryptobroker().args(never).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(
        stderr(&mistake).contains("--in") && !stderr(&mistake).contains('\u{1b}'),
        "{}",
        stderr(&mistake)
    );
}

const DYING: &str = "\
Settings: { EnforceSunset: true }
Profiles:
  - Name: Old
    Deprecation: { ReplacedBy: New, DeprecatedSince: 2026-01-01, RemoveAfter: 2099-12-31, Reason: too short }
    API: { HashData: { HashAlg: sha-256 } }
  - Name: New
    API: { HashData: { HashAlg: sha-512 } }
";

#[test]
fn validate_and_list_tell_which_profiles_end_and_when() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "dying.yaml", DYING);
    let enforced = "deprecated since 2026-01-01, refused after 2099-12-31, use New: too short";
    for words in [&["validate", &file][..], &["list", "--profiles", &file]] {
        let text = stdout(&run(&[&["profiles"], words].concat()));
        assert!(text.contains(enforced), "{text}");
        let value = json(&run(&[&["profiles"], words, &["--json"]].concat()).stdout);
        assert_eq!(
            value["deprecations"],
            serde_json::json!([{ "profile": "Old", "line": 4, "replacedBy": "New", "deprecatedSince": "2026-01-01",
                "removeAfter": "2099-12-31", "reason": "too short", "enforced": true }]),
            "{value}"
        );
    }
    let file = write(folder.path(), "announced.yaml", &DYING.replace("true", "false"));
    let text = stdout(&run(&["profiles", "list", "--profiles", &file]));
    assert!(text.contains("deprecated since 2026-01-01, to be removed after 2099-12-31"), "{text}");
}

#[test]
fn diff_names_the_rules_that_differ_and_not_the_spelling() {
    let folder = tempfile::tempdir().unwrap();
    let old = write(folder.path(), "old.yaml", GOOD);
    let spelt = "# the same\nProfiles: [{ API: { HashData: { HashAlg: SHA3-384 } }, Name: Plain }]\n";
    let spelt = write(folder.path(), "spelt.yaml", spelt);
    let new = write(folder.path(), "new.yaml", &GOOD.replace("sha3-384", "sha3-512"));
    let same = run(&["profiles", "diff", &old, &spelt]);
    assert_eq!(same.status.code(), Some(0), "{}{}", stdout(&same), stderr(&same));
    let other = run(&["profiles", "diff", &old, &new]);
    assert_eq!(other.status.code(), Some(1), "{}", stderr(&other));
    assert_eq!(
        stdout(&other),
        "Plain\n  - HashData.HashAlg=sha3-384\n  + HashData.HashAlg=sha3-512\n  \
         - HashData.OutputLength=48\n  + HashData.OutputLength=64\n2 differences\n"
    );
    let value = json(&run(&["profiles", "diff", &old, &new, "--json"]).stdout);
    assert_eq!((&value["same"], &value["changes"][0]["new"]), (&false.into(), &"sha3-512".into()), "{value}");
    let more = GOOD.replace("Plain", "More").replace("Profiles:\n", "");
    let twice = write(folder.path(), "twice.yaml", &format!("{GOOD}{more}"));
    let value = json(&run(&["profiles", "diff", &old, &twice, "--json"]).stdout);
    let changes = value["changes"].as_array().unwrap();
    assert!(
        changes.iter().all(|change| change["profile"] == "More" && change.get("old").is_none()),
        "{value}"
    );
    let text = stdout(&run(&["profiles", "diff", &old, &twice]));
    assert!(text.starts_with("More  only in B\n  + "), "{text}");
    assert_eq!(run(&["profiles", "diff", &old, "/no/such"]).status.code(), Some(1));
}

#[test]
fn a_document_that_demands_fips_is_checked_as_the_fips_build_checks_it() {
    let folder = tempfile::tempdir().unwrap();
    let required = format!("Settings: {{ CryptoLibrary: aws-lc, Fips: required }}\n{GOOD}");
    let sound = write(folder.path(), "sound.yaml", &required);
    let output = run(&["profiles", "validate", "--as-fips", &sound]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let native = write(folder.path(), "native.yaml", &required.replace("aws-lc", "native"));
    let output = run(&["profiles", "validate", "--as-fips", &native]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(stdout(&output).contains("the library must be aws-lc"), "{}", stdout(&output));
    if !cfg!(feature = "fips") {
        let output = run(&["profiles", "validate", &sound]);
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert!(stdout(&output).contains("no FIPS 140-3 module"), "{}", stdout(&output));
    }
}

#[test]
fn operations_have_two_spellings() {
    for (words, operation) in [
        ("HashData", "HashData"),
        ("hash-data", "HashData"),
        ("hash", "HashData"),
        ("sign-stream", "SignStream"),
        ("keygen", "GenerateSignatureKeyPair"),
        ("kem-keygen", "GenerateKemKeyPair"),
        ("generate-kem-key-pair", "GenerateKemKeyPair"),
        ("kem-decapsulate", "Decapsulate"),
    ] {
        let output = run(&["profiles", "explain", "--json", "-p", "PQC-ML-DSA-65", "--operation", words]);
        assert_eq!(json(&output.stdout)["operation"], operation, "{words}: {}", stderr(&output));
    }
}
