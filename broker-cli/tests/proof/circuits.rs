//! `proof circuits` and `proof setup`.

use serde_json::json;

use crate::{PROFILES, support::Broker, words};

#[test]
fn setup_makes_a_key_once() {
    let broker = Broker::with(PROFILES);
    let first = broker.json(&words("proof setup --circuit multiply --profile Other"));
    assert_eq!((&first["created"], &first["key"]["ephemeral"]), (&json!(true), &json!(true)));
    assert_eq!(first["descriptor"]["algorithm"], "groth16-bls12-381");
    let second = broker.json(&words("proof setup --circuit multiply --profile Other"));
    assert_eq!((&second["created"], &second["key"]), (&json!(false), &first["key"]));
    let text = broker.text(&words("proof setup --circuit multiply --profile Other"));
    assert!(text.contains("multiply: there was one"), "{text}");
    let error = broker.error(1, &words("proof setup --circuit multiply --profile Never"));
    assert_eq!(error["reason"], "SETUP_NOT_ALLOWED");
}

#[test]
fn list_has_circuits_with_inputs_and_keys() {
    let broker = Broker::with(PROFILES);
    broker.json(&words("proof setup --circuit multiply"));
    let listed = broker.json(&words("proof circuits"));
    let names: Vec<_> =
        listed["circuits"].as_array().unwrap().iter().map(|circuit| &circuit["name"]).collect();
    assert_eq!(names, ["multiply", "cube_root", "payment"]);
    let multiply = &listed["circuits"][0];
    assert_eq!(
        multiply["inputs"][0],
        json!({"name": "c", "kind": "field", "public": true, "optional": true, "description": multiply["inputs"][0]["description"]})
    );
    assert_eq!((&multiply["builtIn"], &multiply["version"]), (&json!(true), &json!(1)));
    assert_eq!(multiply["key"]["setupClass"], "single-party");
    let payment = &listed["circuits"][2];
    assert_eq!(payment["key"], json!(null));
    assert_eq!(
        payment["expectedSignals"],
        json!(["minAmount", "recipient", "maxAge", "commitment", "context"])
    );

    let text = broker.text(&words("proof circuits"));
    let fingerprint = &multiply["key"]["fingerprint"].as_str().unwrap()[..16];
    for expected in [fingerprint, "single-party, EPHEMERAL", "not in memory", "1134"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let text = broker.text(&words("proof circuits --circuit payment"));
    for expected in
        ["the prover knows a payment", "minAmount", "the prover", "everybody", "(may be left out)"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let one = broker.json(&words("proof circuits --circuit payment"));
    assert_eq!(one["circuits"].as_array().unwrap().len(), 1);
    let error = broker.error(1, &words("proof circuits --circuit nothing"));
    assert!(error["message"].as_str().unwrap().contains("\"nothing\""), "{error}");
}
