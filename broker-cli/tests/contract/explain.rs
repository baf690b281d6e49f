//! `profiles explain`.

use std::process::Command;

use crate::{
    GOOD, run,
    support::{cryptobroker, json, stderr, stdout},
    write,
};

#[test]
fn names_the_rule_and_its_line() {
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
fn judges_keys_that_sign_data() {
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
fn judges_every_operation_by_its_options() {
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
    // Each request has the expected reason of a refusal, and what is not judged.
    let questions: [(&[&str], Option<&str>, Option<&str>); 29] = [
        (&["HashData"], None, None),
        (&["HashStream"], None, None),
        (&["SignData", "--key", &private], None, None),
        (&["SignData", "--key-type", "p-256"], Some("ALGORITHM_MISMATCH"), None),
        (&["SignData"], None, Some("the key (--key FILE or --key-type TYPE)")),
        (&["VerifyData", "--key", &public, "--format", "cms"], None, None),
        (&["SignStream", "--key", &private], Some("NOT_STREAMABLE"), None),
        (&["SignStream", "--key", &private, "--format", "cms"], None, None),
        (&["VerifyStream", "--key", &public], Some("NOT_STREAMABLE"), None),
        (&["SignData", "--key", &private, "--context"], Some("CONTEXT_NOT_ALLOWED"), None),
        (&["GenerateSignatureKeyPair"], None, None),
        (&["GenerateSignatureKeyPair", "--seed"], Some("SEED_NOT_ALLOWED"), None),
        (&["EncryptData", "--key", &aes256], None, None),
        (&["EncryptData", "--key-type", "aes-256", "--nonce"], Some("NONCE_NOT_ALLOWED"), None),
        (&["EncryptData", "--key", &aes128], Some("KEY_NOT_ALLOWED"), None),
        (&["DecryptData", "--key", &aes128], Some("KEY_NOT_ALLOWED"), None),
        (&["DecryptData"], None, Some("the key (--key FILE or --key-type TYPE)")),
        (&["GenerateKey"], None, None),
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

/// An ignored option would look as if it had been judged.
#[test]
fn rejects_options_that_do_not_apply_to_the_operation() {
    for words in [
        &["HashData", "--key-type", "p-256"][..],
        &["DecryptData", "--nonce"],
        &["SignData", "--seed"],
        &["EncryptData", "--format", "cms"],
        &["EncryptData", "--context"],
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
fn reads_requests_and_certificates() {
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
fn refuses_files_that_the_broker_refuses() {
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
        (&["--ca-cert", &path("ca.pem"), "--ca-key", &path("other.key")], "are not a pair"),
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

#[test]
fn accepts_both_spellings_of_an_operation() {
    for (words, operation) in [
        ("HashData", "HashData"),
        ("hash-data", "HashData"),
        ("hash", "HashData"),
        ("sign-stream", "SignStream"),
        ("keygen", "GenerateSignatureKeyPair"),
        ("key-generate", "GenerateKey"),
        ("kem-keygen", "GenerateKemKeyPair"),
        ("generate-kem-key-pair", "GenerateKemKeyPair"),
        ("kem-decapsulate", "Decapsulate"),
    ] {
        let output = run(&["profiles", "explain", "--json", "-p", "PQC-ML-DSA-65", "--operation", words]);
        assert_eq!(json(&output.stdout)["operation"], operation, "{words}: {}", stderr(&output));
    }
}

#[test]
fn judges_subjects_and_distribution_points() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "      SignCertificate:
        SignAlg: ecdsa
        HashAlg: sha-256
        Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }
        KeyConstraints: { Subject: { Ed25519: {} }, Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } } }
        SubjectAlternativeNames: { Allow: [dns], Suffixes: [.svc.example] }
        Subject: { Allow: [CN] }
        CRLDistributionPoints: [http://a.example/]
        CertificatePolicies: [{ OID: 1.2.3.4, CPS: http://a.example/cps }]
";
    let profiles = write(folder.path(), "rules.yaml", &format!("{GOOD}{rule}"));
    let fixed = ["--profiles", &profiles, "--output", "json"];
    let explain = |more: &[&str]| {
        let explain = ["profiles", "explain", "--profile", "Plain", "--subject-key-type", "ed25519"];
        json(&run(&[&explain[..], &fixed, more].concat()).stdout)
    };
    let unknown = explain(&[]);
    let not_judged = unknown["notJudged"].to_string();
    assert!(unknown["allowed"] == true && not_judged.contains("the subject (--csr FILE or --subject NAME)"));
    assert_eq!(
        explain(&["--subject", "CN=a.svc.example", "--crl-url", "http://a.example/"])["allowed"],
        true
    );
    let value = explain(&["--subject", "CN=www.bank.example,O=x", "--crl-url", "http://b.example/"]);
    let reasons: Vec<&str> = value["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refusal| refusal["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["NAME_NOT_ALLOWED", "SUBJECT_NOT_ALLOWED", "CRL_DISTRIBUTION_POINT_NOT_ALLOWED"]);
    let malformed = cryptobroker().args(["profiles", "explain", "--subject", "CN="]).output().unwrap();
    assert!(stderr(&malformed).contains("--subject: "), "{}", stderr(&malformed));
    // A broker refuses these before it judges them.
    for (urls, expected) in [
        (vec!["ldap://a.example/"], "entry 1 something other than an http or https URL with a host"),
        (vec!["http://a.example/", "http://127.1/"], "entry 2 something other than an http or https URL"),
        (vec![""], "entry 1"),
        (vec!["http://a.example/"; 17], "more than 16 entries"),
        (vec![&*format!("http://a.example/{}", "a".repeat(2048))], "at most 2048 are accepted"),
    ] {
        let mut command = cryptobroker();
        command.args(["profiles", "explain", "--profile", "Plain", "--profiles", &profiles]);
        urls.iter().for_each(|url| {
            command.args(["--crl-url", url]);
        });
        let output = command.output().unwrap();
        let text = stderr(&output);
        assert!(
            !output.status.success() && text.contains("--crl-url: ") && text.contains(expected),
            "{text}"
        );
    }

    let show = json(&run(&[&["profiles", "show", "Plain"][..], &fixed].concat()).stdout);
    let shown = &show["signCertificate"];
    assert_eq!(shown["subject"]["allow"][0], "CN", "{shown}");
    assert_eq!(shown["crlDistributionPoints"]["urls"][0], "http://a.example/");
    assert_eq!(shown["certificatePolicies"][0]["oid"], "1.2.3.4");
    assert!(shown["authorityInformationAccess"].is_null() && shown["basicConstraints"]["critical"] == false);
}

#[test]
fn judges_the_names_of_a_request_under_its_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let document = "- Name: P
  API:
    SignCertificate:
      SignAlg: ecdsa
      HashAlg: sha-256
      Validity: { ValidNotBeforeOffset: -1h, ValidNotAfterOffset: 24h }
      KeyConstraints:
        Subject: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } }
        Issuer: { ECDSA: { MinKeySize: 256, MaxKeySize: 256 } }
      IssuerChecks: { RequireCA: true }
";
    let profiles = write(folder.path(), "p.yaml", document);
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.name_constraints = Some(rcgen::NameConstraints {
        permitted_subtrees: vec![rcgen::GeneralSubtree::DnsName("a.example".into())],
        excluded_subtrees: Vec::new(),
    });
    let certificate = write(folder.path(), "ca.pem", &ca.self_signed(&key).unwrap().pem());
    let csr = |name: &str| {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        write(folder.path(), name, &params.serialize_request(&key).unwrap().pem().unwrap())
    };
    let explain = |more: &[&str]| {
        let fixed = ["profiles", "explain", "--profiles", &profiles, "--profile", "P", "--output", "json"];
        let output =
            cryptobroker().args(fixed).args(["--ca-cert", &certificate]).args(more).output().unwrap();
        json(&output.stdout)
    };
    let refused = explain(&["--csr", &csr("www.b.example")]);
    let refusal = &refused["refusals"][0];
    assert_eq!(refusal["reason"], "ISSUER_NOT_ALLOWED", "{refused}");
    assert_eq!(refusal["rule"], "API.SignCertificate.IssuerChecks.RequireCA");
    assert_eq!(refusal["line"], 10);
    assert!(refusal["message"].as_str().unwrap().contains("CN www.b.example"), "{refused}");
    assert_eq!(explain(&["--csr", &csr("www.a.example")])["allowed"], true);
    let unknown = explain(&["--subject-key-type", "p-256"]);
    assert!(unknown["notJudged"].to_string().contains("the subject (--csr FILE"), "{unknown}");
}
