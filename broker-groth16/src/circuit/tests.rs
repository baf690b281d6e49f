use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fr};
use ark_ff::{BigInteger, PrimeField, UniformRand};
use sha2::{Digest, Sha256};

use super::*;
use crate::{curve::CurveName, interrupt::Never, text};

fn circuit(circuit: BuiltIn) -> Circuit<Fr> {
    Bn254::circuit(circuit).unwrap()
}

fn assign<'a, F: PrimeField>(
    circuit: &Circuit<F>,
    given: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<F>, WitnessError> {
    let mut inputs = circuit.inputs();
    for (name, value) in given {
        inputs.set(name, Value::from(value))?;
    }
    Ok(inputs.assign()?.public(circuit.description().public().count()).to_vec())
}

/// A hash of the constraints: the numbers of signals, and each row's entries.
fn digest<F: PrimeField>(circuit: &Circuit<F>) -> String {
    let system = circuit.constraints().system;
    let mut hash = Sha256::new();
    let number = |hash: &mut Sha256, number: usize| hash.update((number as u64).to_le_bytes());
    number(&mut hash, system.public);
    number(&mut hash, system.signals);
    for matrix in [&system.a, &system.b, system.c.as_ref().unwrap()] {
        number(&mut hash, matrix.rows());
        for row in matrix.iter() {
            number(&mut hash, row.entries().len());
            for (column, value) in row.entries() {
                number(&mut hash, column);
                hash.update(value.into_bigint().to_bytes_le());
            }
        }
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A difference here is a change of a circuit: it needs a new version in the description, since keys made for the old
/// one do not fit.
#[test]
fn constraints_are_those_of_the_version() {
    let all = |circuit: BuiltIn| (circuit.description().name, circuit.description().version);
    assert_eq!(BuiltIn::ALL.map(all), [("multiply", 1), ("cube_root", 1), ("payment", 1)]);
    let digests = ["0174bc00f091d337", "bd728f81a7b3caca", "6b6ae32ea2940ab0"];
    assert_eq!(BuiltIn::ALL.map(|circuit| digest(&Bn254::circuit(circuit).unwrap())), digests);
    let bls12_381 =
        [BuiltIn::Multiply, BuiltIn::CubeRoot].map(|circuit| Bls12_381::circuit(circuit).unwrap());
    assert_eq!(bls12_381.map(|circuit| digest(&circuit)), digests[..2]);
}

fn describes_itself<F: PrimeField>(circuit: &Circuit<F>) {
    let description = circuit.description();
    let named = circuit.constraints();
    assert_eq!(named.system.constraints(), description.constraints);
    assert_eq!(named.constraints.len(), description.constraints);
    assert_eq!(named.system.signals, description.signals);
    assert_eq!(named.signals.len(), description.signals);
    assert_eq!(named.system.public, description.public().count());
    // The first signals are 1 and the inputs, public ones first.
    let names: Vec<_> =
        (0..=description.inputs.len()).map(|signal| named.signals.get(signal).unwrap().to_string()).collect();
    assert_eq!(names[0], "1");
    assert!(names[1..].iter().eq(description.inputs.iter().map(|input| input.name)));
    assert!(description.inputs.is_sorted_by_key(|input| input.visibility == Visibility::Private));
    // No two names differ in case alone, and none needs quotes in a shell or in JSON.
    let lower = names[1..].iter().map(|name| name.to_lowercase());
    assert_eq!(lower.collect::<std::collections::BTreeSet<_>>().len(), description.inputs.len());
    assert!(names[1..].concat().chars().all(|character| character.is_ascii_alphanumeric()));
}

#[test]
fn descriptions_describe_the_constraints() {
    for built_in in BuiltIn::ALL {
        let description = built_in.description();
        assert_eq!(BuiltIn::from_name(description.name), Some(built_in));
        let bn254 = Bn254::circuit(built_in);
        let bls12_381 = Bls12_381::circuit(built_in);
        assert_eq!(bn254.is_some(), description.curves.contains(&CurveName::Bn254));
        assert_eq!(bls12_381.is_some(), description.curves.contains(&CurveName::Bls12381));
        bn254.iter().for_each(describes_itself);
        bls12_381.iter().for_each(describes_itself);
    }
    assert_eq!(BuiltIn::from_name("Multiply"), None);
}

#[test]
fn outputs_are_computed_if_they_are_left_out_and_checked_if_not() {
    let multiply = circuit(BuiltIn::Multiply);
    assert_eq!(assign(&multiply, [("a", "3"), ("b", "0xb")]), Ok(vec![33.into()]));
    assert_eq!(assign(&multiply, [("a", "3"), ("c", "33"), ("b", "11")]), Ok(vec![33.into()]));
    let unsatisfied =
        |circuit, index, constraint| Err(WitnessError::Unsatisfied { circuit, index, constraint });
    assert_eq!(
        assign(&multiply, [("a", "3"), ("b", "11"), ("c", "34")]),
        unsatisfied("multiply", 0, "a * b = c")
    );
    let cube_root = circuit(BuiltIn::CubeRoot);
    assert_eq!(assign(&cube_root, [("x", "3")]), Ok(vec![27.into()]));
    assert_eq!(assign(&cube_root, [("x", "3"), ("y", "28")]), unsatisfied("cube_root", 1, "x * x * x = y"));
    let bls12_381 = Bls12_381::circuit(BuiltIn::CubeRoot).unwrap();
    assert_eq!(assign(&bls12_381, [("x", "3")]), Ok(vec![27.into()]));
}

const PAYMENT: [(&str, &str); 11] = [
    ("minAmount", "100"),
    ("recipient", "text:shop"),
    ("maxAge", "60"),
    ("currentTime", "1000"),
    ("context", "hex:00ff"),
    ("amount", "100"),
    ("sender", "text:alice"),
    ("transaction", "7"),
    ("paymentTime", "940"),
    ("secret", "8"),
    ("salt", "9"),
];

#[test]
fn a_payment_takes_text_and_bytes_and_computes_its_hashes() {
    let payment = circuit(BuiltIn::Payment);
    let public = assign(&payment, PAYMENT).unwrap();
    let (shop, alice) = (text::to_field(b"shop"), text::to_field(b"alice"));
    let number = Fr::from;
    let commitment =
        crate::poseidon::hash(&[number(100), alice, shop, number(7), number(940), number(8), number(9)]);
    let nullifier = crate::poseidon::hash(&[number(7), number(8)]);
    let context = text::to_field(&[0, 0xff]);
    let expected = [number(100), shop, number(60), number(1000), commitment, nullifier, context];
    assert_eq!(public, expected);
}

#[test]
fn the_first_constraint_that_is_not_satisfied_is_named() {
    let payment = circuit(BuiltIn::Payment);
    for (name, value, constraint) in [
        ("amount", "99", "amount >= minAmount"),
        ("paymentTime", "1001", "paymentTime <= currentTime"),
        ("paymentTime", "939", "currentTime - paymentTime <= maxAge"),
    ] {
        let given = PAYMENT.map(|input| if input.0 == name { (name, value) } else { input });
        let error = assign(&payment, given).unwrap_err();
        let expected = format!("the inputs do not satisfy the constraint `payment: {constraint}`");
        assert_eq!(error.to_string(), expected);
    }
    let given = PAYMENT.into_iter().chain([("nullifier", "0")]);
    let error = assign(&payment, given).unwrap_err();
    assert!(error.to_string().ends_with("`payment: nullifier = Poseidon(transaction, secret)`"), "{error}");
}

fn error(built_in: BuiltIn, given: &[(&str, &str)]) -> String {
    assign(&circuit(built_in), given.iter().copied()).unwrap_err().to_string()
}

#[test]
fn errors_name_the_input_and_not_its_value() {
    use BuiltIn::{Multiply, Payment};
    let modulus = Fr::MODULUS.to_string();
    let beyond = "18446744073709551616";
    let number =
        "must be a decimal number, or a hexadecimal one that begins with 0x, without sign or leading zeros";
    type Case<'a> = (BuiltIn, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        (Multiply, &[("a", "3")], "the input `b` is missing"),
        (Multiply, &[("c", "3")], "the input `a` is missing"),
        (Payment, &[("amount", "3")], "the input `minAmount` is missing"),
        (Multiply, &[("a", "3"), ("a", "3")], "the input `a` is given twice"),
        (Multiply, &[("d", "3")], "the circuit `multiply` has no input `d`, but c, a, b"),
        (Multiply, &[("a\n", "3")], "the circuit `multiply` has no input `a\\n`, but c, a, b"),
        (Multiply, &[("a", "-7")], &format!("the input `a`: {number}")),
        (Multiply, &[("a", "")], &format!("the input `a`: {number}")),
        (Multiply, &[("a", &modulus)], "the input `a` must be less than the modulus of the field"),
        (Multiply, &[("a", "text:7")], "the input `a` takes a number, not text or bytes"),
        (Multiply, &[("a", "hex:07")], "the input `a` takes a number, not text or bytes"),
        (Payment, &[("amount", beyond)], "the input `amount` must be less than 2^64"),
        (Payment, &[("amount", &modulus)], "the input `amount` must be less than 2^64"),
        (Payment, &[("amount", "text:7")], "the input `amount` takes a number, not text or bytes"),
        (Payment, &[("secret", "text:7")], "the input `secret` takes a number, not text or bytes"),
        (Payment, &[("sender", &modulus)], "the input `sender` must be less than the modulus of the field"),
        (Payment, &[("sender", "hex:7")], "the input `sender`: `hex:` takes pairs of hexadecimal digits"),
        (Payment, &[("sender", "hex:0g")], "the input `sender`: `hex:` takes pairs of hexadecimal digits"),
        (Payment, &[("sender", "hex:é")], "the input `sender`: `hex:` takes pairs of hexadecimal digits"),
    ];
    for (built_in, given, expected) in cases {
        assert_eq!(error(*built_in, given), *expected, "{given:?}");
    }
    let long = "x".repeat(1000);
    assert!(error(Multiply, &[(&long, "3")]).len() < 150);
    let mut inputs = circuit(Payment).inputs();
    inputs.set("amount", Value::from("18446744073709551615")).unwrap();
    inputs.set("sender", Value::Bytes(b"alice")).unwrap();
}

#[test]
fn a_witness_has_the_declared_length_without_growing() {
    let payment = circuit(BuiltIn::Payment);
    let mut inputs = payment.inputs();
    for (name, value) in PAYMENT {
        inputs.set(name, Value::from(value)).unwrap();
    }
    let witness = inputs.assign().unwrap();
    assert_eq!(witness.values().len(), payment.description().signals);
    assert_eq!(payment.constraints().system.check(&witness, &Never), Ok(()));
}

#[test]
fn random_factors_and_roots_satisfy_the_matrices() {
    let mut rng = ark_std::test_rng();
    let [multiply, cube_root] = [BuiltIn::Multiply, BuiltIn::CubeRoot].map(circuit);
    for (circuit, names) in [(multiply, &["a", "b"][..]), (cube_root, &["x"])] {
        let system = circuit.constraints().system;
        for _ in 0..100 {
            let mut inputs = circuit.inputs();
            for name in names {
                let value = Fr::rand(&mut rng).to_string();
                inputs.set(name, Value::from(value.as_str())).unwrap();
            }
            assert_eq!(system.check(&inputs.assign().unwrap(), &Never), Ok(()));
        }
    }
}

#[test]
fn the_documentation_has_the_circuits_and_inputs_of_the_descriptions() {
    let page = include_str!("../../../docs/circuits.md");
    let plain = page.replace('`', "");
    for Description { name, version, statement, constraints, inputs, curves, .. } in
        BuiltIn::ALL.map(|circuit| *circuit.description())
    {
        let curves: Vec<_> = curves.iter().map(|curve| curve.as_str()).collect();
        let row = format!("| `{name}` | {version} | {} | {constraints} | ", curves.join(", "));
        assert!(page.contains(&row), "{row}");
        if name == "payment" {
            assert!(plain.contains(&format!("| {constraints} | {statement} |")), "{statement}");
            for Input { name, kind, description, .. } in inputs {
                let row = format!("| {name} | {kind} | {description} |");
                assert!(plain.contains(&row), "{row}");
            }
        }
    }
}
