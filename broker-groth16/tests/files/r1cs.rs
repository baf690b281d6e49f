//! `.r1cs` files, and their keys.

use crate::pieces::{Pieces, data};
use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fr};
use ark_ff::{BigInteger, PrimeField};
use broker_groth16::{
    assignment::Assignment,
    constraint_system::Unsatisfied,
    curve::{Curve, CurveName},
    file::{
        FileError,
        r1cs::{Mismatch, R1cs},
        sym::SignalNames,
        wtns,
        zkey::Zkey,
    },
    interrupt::{Interrupted, Never},
    key::CircuitKey,
};

fn read<E: Curve>(bytes: &[u8]) -> Result<R1cs<E>, FileError> {
    R1cs::read(bytes, &Never)
}

fn error(bytes: &[u8]) -> FileError {
    read::<Bn254>(bytes).unwrap_err()
}

fn key<E: Curve>(name: &str) -> CircuitKey<E> {
    Zkey::open(&data(name)).unwrap().load_pinned(&Never).unwrap()
}

#[test]
fn the_files_of_a_circuit_belong_together_and_the_witness_satisfies_them() {
    fn check<E: Curve>(name: &str, outputs: usize, public_inputs: usize, private_inputs: usize) {
        let r1cs = read::<E>(&data(&format!("{name}.r1cs"))).unwrap();
        assert_eq!(
            (r1cs.outputs, r1cs.public_inputs, r1cs.private_inputs),
            (outputs, public_inputs, private_inputs)
        );
        let mut key = key::<E>(&format!("{name}.zkey"));
        let witness = wtns::read::<E>(&data(&format!("{name}.wtns")), key.constraints.signals).unwrap();
        assert_eq!(key.constraints.check(&witness, &Never), Err(Unsatisfied::UnknownC));
        key.add_c(r1cs.constraints).unwrap();
        assert_eq!(key.constraints.check(&witness, &Never), Ok(()));
        // Each signal that is used is bound by a constraint.
        let bound = (1..key.constraints.signals).filter(|signal| {
            let mut values = witness.values().to_vec();
            values[*signal] += E::ScalarField::from(1_u64);
            let changed = Assignment::new(values, key.constraints.signals).unwrap();
            matches!(key.constraints.check(&changed, &Never), Err(Unsatisfied::Constraint { .. }))
        });
        assert_eq!(bound.count(), key.constraints.signals - 1 - usize::from(name != "multiply"));
    }
    check::<Bn254>("multiply", 1, 0, 2);
    check::<Bn254>("several", 2, 2, 2);
    check::<Bls12_381>("several-bls", 2, 2, 2);
}

#[test]
fn the_names_of_signals_are_read() {
    let names = SignalNames::read(&data("several.sym"), 10).unwrap();
    let found: Vec<_> = (0..10).map(|signal| names.name(signal).unwrap_or_default()).collect();
    let expected = [
        "",
        "main.sum",
        "main.square",
        "main.b",
        "main.unused",
        "main.a[0]",
        "main.a[1]",
        "main.s",
        "main.t",
    ];
    assert_eq!(found[..9], expected);
    assert_eq!(found[9], "main.product.out");
}

#[test]
fn files_of_different_circuits_are_refused() {
    let several = read::<Bn254>(&data("several.r1cs")).unwrap();
    let expected = Mismatch::Count { what: "signals", zkey: 4, r1cs: 10 };
    assert_eq!(key::<Bn254>("multiply.zkey").add_c(several.constraints), Err(expected));
}

#[test]
fn each_value_of_a_and_b_is_compared_with_the_key() {
    // In `multiply.r1cs`: one entry of A at 4, of B at 44, of C at 84; the signal is followed by the value.
    for (at, matrix) in [(4, "A"), (44, "B")] {
        for (offset, byte) in [(0, 1), (35, 0x2f)] {
            let bytes = Pieces::of("multiply.r1cs").set(2, at + offset, &[byte]).bytes();
            let mut key = key::<Bn254>("multiply.zkey");
            let unchanged = key.clone();
            let expected = Mismatch::Row { matrix, constraint: 0 };
            assert_eq!(key.add_c(read::<Bn254>(&bytes).unwrap().constraints), Err(expected), "{at} {offset}");
            assert_eq!(key, unchanged);
        }
    }
}

#[test]
fn rows_that_are_written_differently_are_equal() {
    // B is 1·b. Write it as 2·b + 0·c - 1·b, with another order.
    let entry =
        |signal: u32, value: Fr| [signal.to_le_bytes().to_vec(), value.into_bigint().to_bytes_le()].concat();
    let mut pieces = Pieces::of("multiply.r1cs");
    let constraints = pieces.section(2);
    let row =
        [3_u32.to_le_bytes().to_vec(), entry(3, Fr::from(2)), entry(1, Fr::from(0)), entry(3, -Fr::from(1))];
    constraints.splice(40..80, row.concat());
    let mut key = key::<Bn254>("multiply.zkey");
    key.add_c(read::<Bn254>(&pieces.bytes()).unwrap().constraints).unwrap();
}

#[test]
fn custom_gates_are_refused_by_name() {
    let mut pieces = Pieces::of("multiply.r1cs");
    pieces.sections.push((4, vec![0; 4]));
    pieces.sections.push((5, vec![0; 4]));
    read::<Bn254>(&pieces.bytes()).unwrap();
    *pieces.section(4) = [&1_u32.to_le_bytes()[..], b"EvPol4\x1b\0", &[0; 4]].concat();
    assert_eq!(error(&pieces.bytes()), FileError::CustomGate { name: "EvPol4".to_owned() });
    *pieces.section(4) = vec![0; 4];
    *pieces.section(5) = vec![1, 0, 0, 0];
    assert_eq!(error(&pieces.bytes()), FileError::CustomGate { name: "unnamed".to_owned() });
}

#[test]
fn indices_and_values_are_bounded() {
    let signal = Pieces::of("multiply.r1cs").set(2, 4, &[4]).bytes();
    assert!(matches!(error(&signal), FileError::Index { field: "signal", found: 4, limit: 4, .. }));
    let value = Pieces::of("multiply.r1cs").set(2, 8, &Fr::MODULUS.to_bytes_le()).bytes();
    assert!(matches!(error(&value), FileError::NotCanonical { .. }));
    let label = Pieces::of("multiply.r1cs").set(3, 24, &[4]).bytes();
    assert!(matches!(error(&label), FileError::Index { field: "label", found: 4, limit: 4, .. }));
}

#[test]
fn counts_are_bounded_before_anything_is_allocated() {
    // In the header: signals at 36, outputs 40, public inputs 44, private inputs 48, labels 52, constraints 60.
    for at in [36, 40, 44, 48, 60] {
        let bytes = Pieces::of("multiply.r1cs").set(1, at, &u32::MAX.to_le_bytes()).bytes();
        assert!(read::<Bn254>(&bytes).is_err(), "{at}");
    }
    for at in [0, 40, 80] {
        let bytes = Pieces::of("multiply.r1cs").set(2, at, &u32::MAX.to_le_bytes()).bytes();
        assert!(matches!(error(&bytes), FileError::Truncated { .. }), "{at}");
    }
    let few = Pieces::of("multiply.r1cs").set(1, 60, &[0]).bytes();
    assert!(matches!(error(&few), FileError::SectionTrailing { .. }));
    for number in [1, 2] {
        let mut pieces = Pieces::of("multiply.r1cs");
        pieces.section(number).push(0);
        assert!(matches!(error(&pieces.bytes()), FileError::SectionTrailing { bytes: 1, .. }));
    }
    let mut pieces = Pieces::of("multiply.r1cs");
    pieces.section(3).push(0);
    assert!(matches!(error(&pieces.bytes()), FileError::SectionLength { found: 33, expected: 32, .. }));
}

#[test]
fn other_curves_and_fields_are_refused() {
    let expected = FileError::Curve { found: CurveName::Bls12381, expected: CurveName::Bn254 };
    assert_eq!(error(&data("several-bls.r1cs")), expected);
    let other = Pieces::of("multiply.r1cs").set(1, 4, &[3]).bytes();
    assert!(matches!(error(&other), FileError::Modulus { .. }));
}

#[test]
fn reading_can_be_stopped() {
    let error = R1cs::<Bn254>::read(&data("multiply.r1cs"), &|| true).unwrap_err();
    assert_eq!(error, FileError::Interrupted(Interrupted));
}
