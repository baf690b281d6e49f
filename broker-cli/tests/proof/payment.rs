//! The circuit `payment`, whose statement is verified against the verifier's own values.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::{PROFILES, support::Broker, words};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn input(amount: u64, context: &str) -> Value {
    json!({
        "minAmount": "2500", "recipient": "text:alice", "maxAge": 3600, "currentTime": now(), "context": context,
        "amount": amount.to_string(), "sender": "hex:00ff", "transaction": "text:tx-1", "paymentTime": now() - 60,
        "secret": "0x1f", "salt": "4711",
    })
}

/// Proves a payment into `NAME-proof.json` and `NAME-public.json`, and writes what its verifier expects to `NAME.json`.
/// Returns the nullifier.
fn prove(broker: &Broker, name: &str, amount: u64, context: &str) -> String {
    broker.write("input.json", input(amount, context).to_string());
    let command = format!(
        "proof prove --circuit payment --inputs input.json --proof-out {name}-proof.json --public-out {name}-public.json"
    );
    let proved = broker.json(&words(&command));
    let signal = |signal: &str| {
        let signals = proved["publicSignals"].as_array().unwrap();
        signals.iter().find(|found| found["name"] == signal).unwrap()["value"].clone()
    };
    broker.write(
        &format!("{name}.json"),
        json!({ "commitment": signal("commitment"), "context": context }).to_string(),
    );
    signal("nullifier").as_str().unwrap().to_owned()
}

const COMMON: &str = "--expect minAmount=2500 --expect recipient=text:alice --expect maxAge=3600";

#[test]
fn payment_is_verified_against_the_verifiers_own_values() {
    let broker = Broker::with(PROFILES);
    let nullifier = prove(&broker, "a", 3000, "text:order-1");
    let verify =
        "proof verify --circuit payment --proof a-proof.json --public a-public.json --expect-file a.json";
    let verified = broker.json(&words(&format!("{verify} {COMMON}")));
    assert_eq!(verified["valid"], true);
    let signals = verified["publicSignals"].as_array().unwrap();
    assert_eq!(signals.len(), 7);
    assert!(signals.contains(&json!({ "name": "nullifier", "value": nullifier })));
    // Of the prover's other signals none counts.
    let mut public: Vec<String> = serde_json::from_slice(&broker.read("a-public.json")).unwrap();
    public[0] = "1".to_owned();
    broker.write("lie.json", json!(public).to_string());
    let lied = verify.replace("a-public.json", "lie.json");
    assert_eq!(broker.json(&words(&format!("{lied} {COMMON}")))["valid"], true);

    for wrong in
        [COMMON.replace("2500", "2501"), COMMON.replace("alice", "mallory"), COMMON.replace("3600", "3601")]
    {
        let output = broker.run(&words(&format!("{verify} {wrong}")));
        assert_eq!(output.status.code(), Some(4), "{wrong}");
    }
    let error = broker.error(1, &words(&format!("{verify} {}", COMMON.replace("--expect maxAge=3600", ""))));
    assert_eq!((&error["reason"], &error["field"]), (&json!("STATEMENT_INVALID"), &json!("expect")));
    assert!(error["message"].as_str().unwrap().contains("maxAge"), "{error}");
    // The clock of the verifier, or the one that it states.
    let late = format!("{verify} {COMMON} --expect now={}", now() + 100);
    let error = broker.error(1, &words(&late));
    assert_eq!(error["reason"], "STATEMENT_REFUSED");
    assert_eq!(broker.json(&words(&format!("{late} --expect skew=200")))["valid"], true);
}

#[test]
fn underpayment_is_refused_with_the_constraint() {
    let broker = Broker::with(PROFILES);
    broker.write("input.json", input(2499, "1").to_string());
    for command in ["proof check", "proof prove --proof-out p.json"] {
        let error = broker.error(1, &words(&format!("{command} --circuit payment --inputs input.json")));
        assert_eq!(error["reason"], "WITNESS_UNSATISFIED");
        assert!(error["message"].as_str().unwrap().contains("amount >= minAmount"), "{error}");
    }
}

#[test]
fn items_of_a_batch_have_common_values_and_their_own() {
    let broker = Broker::with(PROFILES);
    prove(&broker, "a", 3000, "text:order-1");
    prove(&broker, "b", 2500, "text:order-2");
    let items = "--item a-proof.json,a-public.json,a.json --item b-proof.json,b-public.json,b.json";
    let batch = format!("proof batch-verify --circuit payment {COMMON}");
    let verified = broker.json(&words(&format!("{batch} {items}")));
    assert_eq!(verified["valid"], true);
    // Each item's own values are for it alone.
    let swapped = items.replace(",a.json", ",x").replace(",b.json", ",a.json").replace(",x", ",b.json");
    let output = broker.run(&words(&format!("{batch} {swapped}")));
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(output.stdout, b"invalid a-proof.json, a-public.json\ninvalid b-proof.json, b-public.json\n");
    // A value that is both common and the item's own would be one of the two.
    let error = broker.error(2, &words(&format!("{batch} {items} --expect context=1")));
    assert!(error["message"].as_str().unwrap().contains("\"context\" is given twice"), "{error}");
}
