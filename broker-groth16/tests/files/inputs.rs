//! `input.json`.

use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fr};
use ark_ff::PrimeField;
use broker_groth16::{
    curve::Curve,
    field::FieldError,
    file::wtns,
    json::inputs::{self, InputsError, ValueError},
};

use crate::pieces::data;

fn read(text: &str) -> Result<Vec<(String, Vec<Fr>)>, InputsError> {
    let inputs = inputs::read::<Fr>(text.as_bytes())?;
    Ok(inputs.into_iter().map(|input| (input.name, input.values.to_vec())).collect())
}

fn values(numbers: &[u64]) -> Vec<Fr> {
    numbers.iter().copied().map(Fr::from).collect()
}

#[test]
fn inputs_of_snarkjs_are_those_of_its_witness() {
    fn check<E: Curve>(name: &str) {
        let inputs = inputs::read::<E::ScalarField>(&data(&format!("{name}.input.json"))).unwrap();
        let names: Vec<_> = inputs.iter().map(|input| input.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "unused"]);
        // The witness: 1, the outputs, b, unused, a.
        let witness = wtns::read::<E>(&data(&format!("{name}.wtns")), 10).unwrap();
        let witness = witness.values();
        assert_eq!(inputs[0].values[..], witness[5..7]);
        assert_eq!(inputs[1].values[..], witness[3..4]);
        assert_eq!(inputs[2].values[..], witness[4..5]);
    }
    check::<Bn254>("several");
    check::<Bls12_381>("several-bls");
}

#[test]
fn arrays_are_flattened_in_the_order_of_the_file() {
    let inputs = read(r#" {"z": [[["1", 2], ["0x03"]], [], "4"], "a": 9007199254740991, "none": [[], []]} "#);
    let expected = [("z", values(&[1, 2, 3, 4])), ("a", values(&[(1 << 53) - 1])), ("none", Vec::new())];
    assert_eq!(inputs, Ok(expected.map(|(name, values)| (name.to_owned(), values)).to_vec()));
    assert_eq!(read("{}"), Ok(Vec::new()));
    let many: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
    let found = read(&format!("{{\"a\": {many:?}}}")).unwrap();
    assert_eq!(found[0].1, values(&(0..1000).collect::<Vec<_>>()));
}

#[test]
fn values_that_are_no_field_elements_are_refused_without_showing_them() {
    let modulus = format!("\"{}\"", Fr::MODULUS);
    let cases = [
        ("\"-1\"", FieldError::Syntax.into()),
        ("\"0012345\"", FieldError::Syntax.into()),
        ("\"\"", FieldError::Syntax.into()),
        ("\"12345 \"", FieldError::Syntax.into()),
        (modulus.as_str(), FieldError::NotCanonical.into()),
        ("9007199254740992", ValueError::Number),
        ("18446744073709551616", ValueError::Number),
        ("-12345", ValueError::Number),
        ("12345.0", ValueError::Number),
        ("12345e1", ValueError::Number),
        ("true", ValueError::Type),
        ("null", ValueError::Type),
        ("{\"12345\": 1}", ValueError::Type),
    ];
    for (text, reason) in cases {
        let error = InputsError::Value { name: "b".to_owned(), index: 2, reason };
        assert_eq!(
            read(&format!("{{\"a\": 1, \"b\": [1, [2, {text}]], \"c\": 1}}")),
            Err(error.clone()),
            "{text}"
        );
        assert!(!error.to_string().contains("12345"));
        assert!(!format!("{error:?}").contains("12345"));
    }
}

#[test]
fn text_that_is_no_object_is_refused_without_showing_it() {
    for text in [
        "",
        "[]",
        "\"12345\"",
        "12345",
        "{\"a\": 12345",
        "{\"a\": \"12345",
        "{\"a\": 1} 12345",
        "{\"a\" 12345}",
        "{1: 2}",
    ] {
        let error = read(text).unwrap_err();
        assert!(matches!(error, InputsError::Syntax { .. }), "{text}: {error}");
        assert!(!format!("{error} {error:?}").contains("12345"), "{error}");
    }
    let nested = format!("{{\"a\": {}", "[".repeat(1_000_000));
    assert!(matches!(read(&nested), Err(InputsError::Syntax { .. })));
}

#[test]
fn names_are_there_once_and_have_no_escapes() {
    let twice = InputsError::Twice { name: "a".to_owned() };
    assert_eq!(read(r#"{"a": 1, "b": 2, "a": 1}"#), Err(twice));
    assert_eq!(read(r#"{"a": 1, "\u0061": 1}"#), Err(InputsError::Escape));
    assert_eq!(read(r#"{"a": "\u0031"}"#), Err(InputsError::Escape));
    assert_eq!(read(&format!("{{\"{}\": 1}}", "a".repeat(1001))), Err(InputsError::Name));
}
