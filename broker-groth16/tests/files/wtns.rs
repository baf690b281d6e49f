//! `.wtns` files.

use crate::pieces::{Pieces, data};
use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fr};
use ark_ff::{BigInteger, PrimeField};
use broker_groth16::{
    assignment::AssignmentError,
    curve::CurveName,
    file::{FileError, wtns},
};

fn error(bytes: &[u8]) -> FileError {
    wtns::read::<Bn254>(bytes, 4).map(drop).unwrap_err()
}

#[test]
fn a_witness_of_snarkjs_is_read() {
    let witness = wtns::read::<Bn254>(&data("multiply.wtns"), 4).unwrap();
    assert_eq!(witness.values(), [1, 33, 3, 11].map(Fr::from));
    assert_eq!(witness.public(1), [Fr::from(33)]);
    assert_eq!(wtns::read::<Bls12_381>(&data("several-bls.wtns"), 10).unwrap().values().len(), 10);
}

#[test]
fn the_number_of_values_must_be_that_of_the_signals() {
    for signals in [0, 3, 5] {
        let error = wtns::read::<Bn254>(&data("multiply.wtns"), signals).map(drop).unwrap_err();
        assert_eq!(error, AssignmentError::Length { found: 4, expected: signals }.into());
    }
}

#[test]
fn a_count_without_values_allocates_nothing() {
    let bytes = Pieces::of("multiply.wtns").set(1, 36, &u32::MAX.to_le_bytes()).bytes();
    let FileError::SectionLength { found: 128, expected, .. } = error(&bytes) else { panic!() };
    assert_eq!(expected, u32::MAX as usize * 32);
    let error = wtns::read::<Bn254>(&bytes, u32::MAX as usize).map(drop).unwrap_err();
    assert!(matches!(error, FileError::SectionLength { .. }));
}

#[test]
fn the_first_value_must_be_one() {
    let bytes = Pieces::of("multiply.wtns").set(2, 0, &[2]).bytes();
    assert_eq!(error(&bytes), AssignmentError::One.into());
}

#[test]
fn values_must_be_less_than_the_modulus_and_are_not_shown() {
    let mut value = Fr::MODULUS;
    value.add_with_carry(&33_u64.into());
    for value in [value.to_bytes_le(), Fr::MODULUS.to_bytes_le(), vec![0xff; 32]] {
        let bytes = Pieces::of("multiply.wtns").set(2, 32, &value).bytes();
        let error = error(&bytes);
        assert!(matches!(error, FileError::NotCanonical { place } if place.index == 1));
        let text = "element 1 of section 2 (values) is not less than the modulus of the field";
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn other_curves_and_fields_are_refused() {
    let expected = FileError::Curve { found: CurveName::Bls12381, expected: CurveName::Bn254 };
    assert_eq!(error(&data("several-bls.wtns")), expected);
    let other = Pieces::of("multiply.wtns").set(1, 4, &[3]).bytes();
    assert!(matches!(error(&other), FileError::Modulus { .. }));
    let longer = Pieces::of("multiply.wtns").set(1, 0, &[33]).bytes();
    assert!(matches!(error(&longer), FileError::Modulus { .. }));
}

#[test]
fn every_truncation_and_surplus_is_refused() {
    let bytes = data("multiply.wtns");
    for length in 0..bytes.len() {
        assert!(wtns::read::<Bn254>(&bytes[..length], 4).is_err(), "{length}");
    }
    assert_eq!(error(&[bytes, vec![0]].concat()), FileError::TrailingBytes { bytes: 1 });
}
