//! `proof verify`, `proof batch-verify` and `proof export`.

use serde_json::json;

use crate::{
    PROFILES,
    support::{Broker, json, stderr, stdout},
    with_proof, words,
};

const VERIFY: &str = "proof verify --circuit multiply --proof proof.json";

#[test]
fn verdict_is_printed_and_is_the_exit_code() {
    let broker = with_proof();
    let verify = format!("{VERIFY} --public public.json");
    let output = broker.run(&words(&verify));
    assert_eq!((output.status.code(), &*stdout(&output)), (Some(0), "valid\n"));
    for expected in ["single-party, EPHEMERAL", "c             33"] {
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
    broker.write("wrong.json", r#"["34"]"#);
    let wrong = format!("{VERIFY} --public wrong.json");
    let output = broker.run(&words(&wrong));
    assert_eq!((output.status.code(), &*stdout(&output)), (Some(4), "invalid\n"), "{}", stderr(&output));
    let output = broker.run(&[&words(&verify)[..], &["--quiet"]].concat());
    assert_eq!((&*stdout(&output), &*stderr(&output)), ("valid\n", ""));

    let valid = broker.json(&words(&verify));
    assert_eq!(
        (&valid["valid"], &valid["publicSignals"]),
        (&json!(true), &json!([{ "name": "c", "value": "33" }]))
    );
    assert_eq!(valid["key"]["setupClass"], "single-party");
    let output = broker.run(&[&words(&wrong)[..], &["--json"]].concat());
    assert_eq!((output.status.code(), &json(&output.stdout)["valid"]), (Some(4), &json!(false)));
}

#[test]
fn files_may_come_from_standard_input() {
    let broker = with_proof();
    let proof = broker.read("proof.json");
    let output =
        broker.run_with(&words("proof verify --circuit multiply --proof - --public public.json"), &proof);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let both = words("proof verify --circuit multiply --proof - --public -");
    assert_eq!(broker.run_with(&both, &proof).status.code(), Some(2));
}

#[test]
fn arkworks_bytes_are_a_format_on_both_curves() {
    let broker = Broker::with(PROFILES);
    broker.json(&words("proof setup --circuit multiply --profile Other"));
    for (profile, length) in [("Proofs", 128), ("Other", 192)] {
        let command = format!(
            "proof prove --circuit multiply --input a=3 --input b=11 --format arkworks --proof-out proof.bin --public-out public.json --profile {profile}"
        );
        broker.json(&words(&command));
        // Two points of G1 and one of G2, compressed.
        assert_eq!(broker.read("proof.bin").len(), length, "{profile}");
        let command = format!(
            "proof verify --circuit multiply --proof proof.bin --public public.json --format arkworks --profile {profile}"
        );
        assert_eq!(broker.json(&words(&command))["valid"], true);
        let error = broker.error(1, &words(&command.replace(" --format arkworks", "")));
        assert_eq!((&error["reason"], &error["field"]), (&json!("FIELD_MALFORMED"), &json!("proof")));
    }
}

#[test]
fn batch_has_a_verdict_on_each_item() {
    let broker = with_proof();
    broker.write("wrong.json", r#"["34"]"#);
    let right =
        "proof batch-verify --circuit multiply --item proof.json,public.json --item proof.json,public.json";
    let output = broker.run(&words(right));
    let expected = "valid   proof.json, public.json\nvalid   proof.json, public.json\n";
    assert_eq!((output.status.code(), &*stdout(&output)), (Some(0), expected), "{}", stderr(&output));
    assert!(stderr(&output).contains("single-party, EPHEMERAL"));
    let wrong = format!("{right} --item proof.json,wrong.json");
    let output = broker.run(&words(&wrong));
    assert_eq!(output.status.code(), Some(4));
    assert!(stdout(&output).ends_with("invalid proof.json, wrong.json\n"), "{}", stdout(&output));
    let output = broker.run(&[&words(&wrong)[..], &["--json"]].concat());
    let result = json(&output.stdout);
    assert_eq!((output.status.code(), &result["valid"]), (Some(4), &json!(false)));
    let item = |public: &str, valid: bool| json!({ "proof": "proof.json", "public": public, "valid": valid });
    let expected = json!([item("public.json", true), item("public.json", true), item("wrong.json", false)]);
    assert_eq!(result["items"], expected);
    let error = broker.error(1, &words(&format!("{right} --profile Small")));
    assert_eq!(error["reason"], "LIMIT_EXCEEDED");
}

#[test]
fn exported_key_verifies_under_a_profile_that_takes_callers_keys() {
    let broker = with_proof();
    let made = broker.json(&words("proof export --circuit multiply --out vk.json"));
    assert_eq!(made["verifyingKey"]["bytes"], broker.read("vk.json").len());
    assert_eq!(json(&broker.read("vk.json"))["nPublic"], 1);
    let export =
        |format: &str| format!("proof export --circuit multiply --format {format} --out vk.{format}");
    broker.json(&words(&export("arkworks")));
    for key in ["vk.json", "vk.arkworks"] {
        let verify = format!("{VERIFY} --public public.json --verifying-key {key} --profile CallerKey");
        let verified = broker.json(&words(&verify));
        assert_eq!(
            (&verified["valid"], &verified["key"]["setupClass"]),
            (&json!(true), &json!("unknown")),
            "{key}"
        );
        assert_eq!(verified["key"]["fingerprint"], made["key"]["fingerprint"]);
        let error = broker.error(1, &words(&format!("{VERIFY} --public public.json --verifying-key {key}")));
        assert_eq!(error["reason"], "VERIFYING_KEY_NOT_ALLOWED");
    }
    let error = broker.error(1, &words(&export("solidity")));
    assert_eq!(error["reason"], "SINGLE_PARTY_KEY");
    assert!(!broker.path("vk.solidity").exists());
    broker.json(&words(&(export("solidity") + " --allow-single-party")));
    assert!(String::from_utf8(broker.read("vk.solidity")).unwrap().contains("function verifyProof("));
}

#[test]
fn another_key_than_the_expected_one_is_refused() {
    let broker = with_proof();
    let listed = broker.json(&words("proof circuits --circuit multiply"));
    let right = listed["circuits"][0]["key"]["fingerprint"].as_str().unwrap().to_owned();
    let wrong = format!("{}{}", &right[1..], &right[..1]);
    for command in [
        format!("{VERIFY} --public public.json"),
        "proof batch-verify --circuit multiply --item proof.json,public.json".to_owned(),
        "proof prove --circuit multiply --inputs input.json --proof-out p2.json".to_owned(),
    ] {
        broker.json(&words(&format!("{command} --fingerprint {right}")));
        let error = broker.error(1, &words(&format!("{command} --fingerprint {wrong}")));
        assert_eq!(error["reason"], "FINGERPRINT_MISMATCH", "{command}");
    }
}
