//! Values that are refused, and what the errors say.

use crate::{
    PROFILES,
    support::{Broker, stderr},
    with_proof, words,
};

#[test]
fn error_names_what_is_wrong_with_the_inputs() {
    let broker = with_proof();
    broker.write("twice.json", r#"{"a": "3", "b": "11", "a": "4"}"#);
    broker.write("array.json", r#"{"a": ["3", "4"], "b": "11"}"#);
    broker.write("negative.json", r#"{"a": "-3", "b": "11"}"#);
    for (values, reason, parts) in [
        ("--input a=3 --input b=11 --input q=1", "INPUT_INVALID", &["no input `q`", "c, a, b"][..]),
        ("--input a=3", "INPUT_INVALID", &["the input `b` is missing"]),
        ("--inputs array.json", "INPUT_INVALID", &["`a` has 2 values", "expects 1"]),
        ("--input a=3,4 --input b=1", "INPUT_INVALID", &["`a` has 2 values"]),
        ("--inputs negative.json", "INPUT_INVALID", &["the input `a`"]),
        ("--input a= --input b=1", "INPUT_INVALID", &["the input `a`"]),
        ("--input a=text:x --input b=1", "INPUT_INVALID", &["the input `a` takes a number"]),
        ("--inputs input.json --input c=34", "WITNESS_UNSATISFIED", &["multiply: a * b = c"]),
        ("--inputs twice.json", "", &["twice.json: the input \"a\" is there twice"]),
    ] {
        for command in
            ["proof prove --circuit multiply --proof-out new.json", "proof check --circuit multiply"]
        {
            let error = broker.error(1, &words(&format!("{command} {values}")));
            assert_eq!(error["reason"].as_str().unwrap_or_default(), reason, "{values}: {error}");
            let message = error["message"].as_str().unwrap();
            assert!(parts.iter().all(|part| message.contains(part)), "{values}: {message}");
        }
        assert!(!broker.path("new.json").exists());
    }
}

#[test]
fn command_line_with_a_value_twice_is_wrong() {
    let broker = with_proof();
    for command in [
        "proof prove --circuit multiply --proof-out new.json --input a=3 --input a=3",
        "proof prove --circuit multiply --proof-out new.json --inputs input.json --input a=3",
        "proof prove --circuit multiply --proof-out new.json",
        "proof prove --circuit multiply --proof-out new.json --inputs input.json --witness w",
        "proof prove --circuit multiply --proof-out new.json --input a",
        "proof verify --circuit multiply --proof proof.json --public public.json --expect c=1 --expect c=1",
        "proof verify --circuit multiply --proof proof.json --public public.json --fingerprint 00",
        "proof batch-verify --circuit multiply",
        "proof batch-verify --circuit multiply --item proof.json",
    ] {
        let error = broker.error(2, &words(command));
        assert_eq!(error["code"], "USAGE", "{command}");
    }
}

#[test]
fn error_names_what_is_wrong_with_the_statement() {
    let broker = with_proof();
    broker.write("surplus.json", r#"["33", "1"]"#);
    broker.write("none.json", "[]");
    broker.write("text.json", r#"["x"]"#);
    broker.write("large.json", format!("[\"{}\"]", "9".repeat(77)));
    broker.write("object.json", r#"{"c": "33"}"#);
    broker.write("half.json", &broker.read("proof.json")[..300]);
    for (files, reason, part) in [
        ("--proof proof.json --public surplus.json", "STATEMENT_INVALID", "2 public signals"),
        ("--proof proof.json --public none.json", "STATEMENT_INVALID", "0 public signals"),
        ("--proof proof.json --public text.json", "STATEMENT_INVALID", "`c`"),
        ("--proof proof.json --public large.json", "STATEMENT_INVALID", "`c`"),
        ("--proof proof.json --public object.json", "", "object.json: must be an array of strings"),
        ("--proof half.json --public public.json", "FIELD_MALFORMED", ""),
        ("--proof public.json --public public.json", "FIELD_MALFORMED", ""),
        ("--proof proof.json --public public.json --expect c=33", "STATEMENT_INVALID", "verified as given"),
    ] {
        let error = broker.error(1, &words(&format!("proof verify --circuit multiply {files}")));
        assert_eq!(error["reason"].as_str().unwrap_or_default(), reason, "{files}: {error}");
        assert!(error["message"].as_str().unwrap().contains(part), "{files}: {error}");
    }
}

#[test]
fn error_says_why_there_is_no_circuit_or_no_key() {
    let broker = with_proof();
    for (options, reason) in [
        ("--circuit multipl", "UNKNOWN_CIRCUIT"),
        ("--circuit payment --profile Never", "UNKNOWN_CIRCUIT"),
        ("--circuit multiply --profile Never", "NO_KEY"),
        ("--circuit multiply --profile Other", "NO_KEY"),
        ("--circuit multiply --profile Hash", "OPERATION_NOT_ALLOWED"),
        ("--circuit multiply --profile Nobody", "UNKNOWN_PROFILE"),
    ] {
        for command in [
            "proof prove --proof-out new.json --inputs input.json",
            "proof verify --proof proof.json --public public.json",
            "proof batch-verify --item proof.json,public.json",
            "proof export --out new.json",
        ] {
            let error = broker.error(1, &words(&format!("{command} {options}")));
            assert_eq!(error["reason"], reason, "{command} {options}");
        }
        assert!(!broker.path("new.json").exists());
    }
    let output = broker.run(&words("proof export --circuit multiply --out new.json --profile Other"));
    assert!(stderr(&output).contains("`cryptobroker proof setup` makes one"), "{}", stderr(&output));
}

#[test]
fn missing_broker_and_missing_file_are_told_apart() {
    let broker = Broker::with(PROFILES);
    let error = broker.error(1, &words("proof verify --circuit multiply --proof none --public none"));
    assert_eq!(error["code"], "IO");
    let mut command = crate::support::cryptobroker();
    let output = command.args(["proof", "circuits", "--socket", "/nonexistent/s"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}
