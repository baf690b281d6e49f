//! snarkjs' JSON files of verifying keys, proofs and public signals.

use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fq, Fr, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use broker_groth16::{
    curve::Curve,
    field::{FieldError, parse_decimal},
    file::{wtns, zkey::Zkey},
    json::{JsonError, proof, public, verifying_key},
    key::KeyError,
    point::PointError,
    proof::Proof,
    verify::PreparedVerifyingKey,
};
use serde_json::{Value, json};

use crate::pieces::data;

const FIELD_NAMES: [&str; 5] = ["pi_a", "pi_b", "pi_c", "protocol", "curve"];

fn value(name: &str) -> Value {
    serde_json::from_slice(&data(name)).unwrap()
}

/// Reads a verifying key in which `change` changed something.
fn changed_key(change: impl FnOnce(&mut Value)) -> JsonError {
    let mut key = value("several.vk.json");
    change(&mut key);
    verifying_key::read::<Bn254>(key.to_string().as_bytes()).unwrap_err()
}

/// Reads a proof in which `change` changed something.
fn changed_proof(change: impl FnOnce(&mut Value)) -> JsonError {
    let mut proof = value("several.proof.json");
    change(&mut proof);
    proof::read::<Bn254>(proof.to_string().as_bytes()).unwrap_err()
}

fn point(field: &str, reason: PointError) -> JsonError {
    JsonError::Point { field: field.to_owned(), reason }
}

#[test]
fn files_of_snarkjs_are_read_verified_and_written_as_they_were() {
    fn check<E: Curve>(name: &str) {
        let file = |kind: &str| data(&format!("{name}.{kind}"));
        let key = verifying_key::read::<E>(&file("vk.json")).unwrap();
        let proof = proof::read::<E>(&file("proof.json")).unwrap();
        let public = public::read::<E::ScalarField>(&file("public.json")).unwrap();
        // The same values as in snarkjs' binary files.
        let zkey = file("zkey");
        let zkey = Zkey::<E>::open(&zkey).unwrap();
        assert_eq!(&key, zkey.verifying_key());
        let witness = wtns::read::<E>(&file("wtns"), zkey.signals()).unwrap();
        assert_eq!(public, witness.public(key.public()));
        let verifier = PreparedVerifyingKey::new(key.clone()).unwrap();
        assert!(verifier.verify(&proof, &public).unwrap());
        let mut others = public.clone();
        others[0] += E::ScalarField::from(1_u64);
        assert!(!verifier.verify(&proof, &others).unwrap());
        // snarkjs writes no newline at the end; a version before wrote one.
        let text = |kind| String::from_utf8(file(kind)).unwrap().trim_end().to_owned();
        assert_eq!(verifying_key::write(&key), text("vk.json"));
        assert_eq!(public::write(&public), text("public.json"));
        assert_eq!(proof::write(&proof), text("proof.json"));
    }
    check::<Bn254>("multiply");
    check::<Bn254>("several");
    check::<Bls12_381>("several-bls");
}

#[test]
fn no_public_signals_are_an_empty_array() {
    assert_eq!(public::read::<Fr>(b"[]"), Ok(Vec::new()));
    assert_eq!(public::write::<Fr>(&[]), "[]");
}

#[test]
fn fields_that_are_missing_surplus_or_double_are_refused() {
    let text = String::from_utf8(data("several.proof.json")).unwrap();
    let refused = |text: &str, part: &str| {
        let error = proof::read::<Bn254>(text.as_bytes()).unwrap_err();
        assert!(matches!(error, JsonError::Syntax { .. }) && error.to_string().contains(part), "{error}");
    };
    for name in FIELD_NAMES {
        let mut proof = value("several.proof.json");
        let field = proof.as_object_mut().unwrap().remove(name).unwrap();
        refused(&proof.to_string(), &format!("missing field `{name}`"));
        let double = text.replacen('{', &format!("{{\"{name}\": {field},"), 1);
        refused(&double, &format!("duplicate field `{name}`"));
    }
    refused(&text.replacen('{', "{\"more\": 1,", 1), "unknown field `more`");
    refused(&text.replacen("curve", &format!("\\u001b{}", "x".repeat(500)), 1), "\u{fffd}xxx");
    refused(&format!("{text}{text}"), "not JSON: trailing characters");
    refused("", "not JSON: EOF");
    let long = text.replacen("curve", &"x".repeat(100_000), 1);
    assert!(proof::read::<Bn254>(long.as_bytes()).unwrap_err().to_string().len() < 300);
    for length in 0..text.len() {
        assert!(proof::read::<Bn254>(&text.as_bytes()[..length]).is_err(), "{length}");
    }
}

#[test]
fn an_array_of_the_fields_is_not_an_object() {
    let proof = value("several.proof.json");
    let fields = FIELD_NAMES.map(|name| proof[name].clone());
    let text = Value::from(fields.to_vec()).to_string();
    assert_eq!(proof::read::<Bn254>(text.as_bytes()), Err(JsonError::Object));
    assert_eq!(verifying_key::read::<Bn254>(b" \n[]"), Err(JsonError::Object));
}

#[test]
fn other_protocols_and_curves_are_refused() {
    assert_eq!(changed_key(|key| key["protocol"] = "plonk".into()), JsonError::Protocol);
    assert_eq!(changed_proof(|proof| proof["protocol"] = "Groth16".into()), JsonError::Protocol);
    let expected = JsonError::Curve { expected: "bn128" };
    assert_eq!(changed_key(|key| key["curve"] = "bn254".into()), expected);
    assert_eq!(proof::read::<Bn254>(&data("several-bls.proof.json")), Err(expected));
    let expected = JsonError::Curve { expected: "bls12381" };
    assert_eq!(verifying_key::read::<Bls12_381>(&data("several.vk.json")), Err(expected));
}

#[test]
fn numbers_that_are_not_canonical_are_refused() {
    let number = |field: &str, reason| JsonError::Number { field: field.to_owned(), reason };
    for text in ["-1", "+1", "01", "0x1", "", " 1", "1e3", "1.0"] {
        let expected = |field| number(field, FieldError::Syntax);
        assert_eq!(changed_proof(|proof| proof["pi_a"][0] = text.into()), expected("pi_a[0]"));
        assert_eq!(changed_proof(|proof| proof["pi_b"][1][0] = text.into()), expected("pi_b[1][0]"));
        assert_eq!(changed_key(|key| key["IC"][3][2] = text.into()), expected("IC[3][2]"));
        let target = changed_key(|key| key["vk_alphabeta_12"][1][2][0] = text.into());
        assert_eq!(target, expected("vk_alphabeta_12[1][2][0]"));
        let public = json!(["1", text]).to_string();
        assert_eq!(public::read::<Fr>(public.as_bytes()), Err(expected("[1]")));
    }
    // x + q, x + r instead of x.
    let not_canonical = |field| number(field, FieldError::NotCanonical);
    let plus_modulus = |text: &Value| {
        let mut integer = parse_decimal::<Fq>(text.as_str().unwrap()).unwrap().into_bigint();
        integer.add_with_carry(&Fq::MODULUS);
        integer.to_string()
    };
    let found = changed_proof(|proof| proof["pi_c"][1] = plus_modulus(&proof["pi_c"][1]).into());
    assert_eq!(found, not_canonical("pi_c[1]"));
    let found = changed_key(|key| {
        let number = plus_modulus(&key["vk_alphabeta_12"][0][1][1]);
        key["vk_alphabeta_12"][0][1][1] = number.into();
    });
    assert_eq!(found, not_canonical("vk_alphabeta_12[0][1][1]"));
    let modulus = json!([Fr::MODULUS.to_string()]).to_string();
    assert_eq!(public::read::<Fr>(modulus.as_bytes()), Err(not_canonical("[0]")));
    // Numbers that are not strings.
    assert!(matches!(public::read::<Fr>(b"[1]"), Err(JsonError::Syntax { .. })));
    assert!(matches!(changed_proof(|proof| proof["pi_a"][2] = 1.into()), JsonError::Syntax { .. }));
}

#[test]
fn the_third_coordinate_must_be_one() {
    let z = |field: &str| JsonError::Z { field: field.to_owned() };
    assert_eq!(changed_proof(|proof| proof["pi_a"][2] = "2".into()), z("pi_a"));
    assert_eq!(changed_proof(|proof| proof["pi_b"][2] = json!(["0", "1"])), z("pi_b"));
    assert_eq!(changed_key(|key| key["vk_gamma_2"][2] = json!(["1", "1"])), z("vk_gamma_2"));
    // Four coordinates, and two.
    let four = changed_proof(|proof| proof["pi_a"].as_array_mut().unwrap().push("1".into()));
    assert!(matches!(four, JsonError::Syntax { .. }));
    let two = changed_proof(|proof| proof["pi_a"].as_array_mut().unwrap().truncate(2));
    assert!(matches!(two, JsonError::Syntax { .. }));
}

#[test]
fn points_must_be_in_their_groups_and_not_the_identity() {
    let (g1, g2) = (json!(["0", "1", "0"]), json!([["0", "0"], ["1", "0"], ["0", "0"]]));
    let identity = |field| point(field, PointError::Identity);
    assert_eq!(changed_proof(|proof| proof["pi_a"] = g1.clone()), identity("pi_a"));
    assert_eq!(changed_proof(|proof| proof["pi_b"] = g2.clone()), identity("pi_b"));
    assert_eq!(changed_proof(|proof| proof["pi_c"] = g1.clone()), identity("pi_c"));
    assert_eq!(changed_key(|key| key["vk_alpha_1"] = g1.clone()), identity("vk_alpha_1"));
    assert_eq!(changed_key(|key| key["IC"][4] = g1.clone()), identity("IC[4]"));
    for name in ["vk_beta_2", "vk_gamma_2", "vk_delta_2"] {
        assert_eq!(changed_key(|key| key[name] = g2.clone()), identity(name));
    }
    let off = changed_proof(|proof| proof["pi_c"] = json!(["1", "3", "1"]));
    assert_eq!(off, point("pi_c", PointError::OffCurve));
    let off = changed_proof(|proof| proof["pi_a"][0] = "0".into());
    assert_eq!(off, point("pi_a", PointError::OffCurve));
    for order in [10069, 5_864_401] {
        let small: G2Affine = crate::points::of_cofactor_order(order);
        let proof = Proof::<Bn254> { b: small, ..proof::read(&data("several.proof.json")).unwrap() };
        let refused = proof::read::<Bn254>(proof::write(&proof).as_bytes());
        assert_eq!(refused, Err(point("pi_b", PointError::Subgroup)));
    }
}

#[test]
fn keys_with_which_anybody_can_forge_are_refused() {
    let gamma_is_delta = changed_key(|key| key["vk_delta_2"] = key["vk_gamma_2"].clone());
    assert_eq!(gamma_is_delta, JsonError::Key(KeyError::GammaIsDelta));
    let mut key = verifying_key::read::<Bn254>(&data("several.vk.json")).unwrap();
    assert_eq!(key.gamma_g2, G2Affine::generator());
    std::mem::swap(&mut key.gamma_g2, &mut key.delta_g2);
    let refused = verifying_key::read::<Bn254>(verifying_key::write(&key).as_bytes());
    assert_eq!(refused, Err(JsonError::Key(KeyError::DeltaIsGenerator)));
}

#[test]
fn the_parts_of_a_key_must_belong_together() {
    let public = |found, expected| JsonError::Key(KeyError::Public { found, expected });
    assert_eq!(changed_key(|key| key["nPublic"] = 3.into()), public(5, 4));
    assert_eq!(changed_key(|key| key["nPublic"] = u64::MAX.into()), public(5, usize::MAX));
    assert_eq!(changed_key(|key| key["IC"].as_array_mut().unwrap().truncate(4)), public(4, 5));
    assert_eq!(changed_key(|key| (key["IC"], key["nPublic"]) = (json!([]), 0.into())), public(0, 1));
    for negative in [json!(-1), json!(4.0), json!("4")] {
        assert!(matches!(changed_key(|key| key["nPublic"] = negative), JsonError::Syntax { .. }));
    }
    // A verifier that uses the pairing of the file would accept other proofs.
    let other = changed_key(|key| key["vk_alphabeta_12"][0][0][0] = "1".into());
    assert_eq!(other, JsonError::AlphaBeta);
    let other = changed_key(|key| key["vk_alpha_1"] = key["IC"][0].clone());
    assert_eq!(other, JsonError::AlphaBeta);
}
