//! `.zkey` files.

use crate::pieces::{Pieces, data};
use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fq, Fr};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, Field, PrimeField};
use broker_groth16::{
    curve::{Curve, CurveName},
    field::Montgomery,
    file::{
        FileError,
        zkey::{self, Zkey},
    },
    interrupt::{Interrupted, Never},
    key::{CircuitKey, KeyError, KeyPoint},
    point::PointError,
};

/// The offsets of points in section 2 on BN254.
const ALPHA: usize = 84;
const BETA_G1: usize = 148;
const BETA_G2: usize = 212;
const GAMMA: usize = 340;
const DELTA_G1: usize = 468;
const DELTA_G2: usize = 532;

fn checked<E: Curve>(bytes: &[u8]) -> Result<CircuitKey<E>, FileError> {
    Zkey::open(bytes)?.load_checked(&Never, &mut |_| ())
}

fn pinned<E: Curve>(bytes: &[u8]) -> Result<CircuitKey<E>, FileError> {
    Zkey::open(bytes)?.load_pinned(&Never)
}

fn error(bytes: &[u8]) -> FileError {
    let error = checked::<Bn254>(bytes).unwrap_err();
    assert!(error.to_string().len() < 250, "{error}");
    error
}

#[test]
fn a_key_of_snarkjs_is_read() {
    let bytes = data("multiply.zkey");
    assert_eq!(zkey::curve(&bytes), Ok(CurveName::Bn254));
    let zkey = Zkey::<Bn254>::open(&bytes).unwrap();
    assert_eq!((zkey.signals(), zkey.public(), zkey.domain_size()), (4, 1, 4));
    assert!(zkey.contributions().is_some_and(|contributions| contributions.len() > 64));
    let key = checked::<Bn254>(&bytes).unwrap();
    let rows = |matrix: &broker_groth16::matrix::Matrix<Fr>| -> Vec<Vec<_>> {
        matrix.iter().map(|row| row.entries().collect()).collect()
    };
    // circom writes a · b = c as (-a) · b = -c.
    assert_eq!(rows(&key.constraints.a), [[(2, -Fr::ONE)]]);
    assert_eq!(rows(&key.constraints.b), [[(3, Fr::ONE)]]);
    assert_eq!(key.constraints.c, None);
    assert_eq!(key.constraints.domain_size(), key.proving.h_query.len());
    assert_eq!((key.proving.l_query.len(), key.proving.b_g2_query.len()), (2, 4));
    assert_eq!(pinned::<Bn254>(&bytes).unwrap(), key);
}

#[test]
fn the_larger_circuit_is_read_on_both_curves() {
    let key = checked::<Bn254>(&data("several.zkey")).unwrap();
    assert_eq!((key.constraints.constraints(), key.constraints.signals, key.constraints.public), (6, 10, 4));
    let key = checked::<Bls12_381>(&data("several-bls.zkey")).unwrap();
    assert_eq!((key.constraints.constraints(), key.constraints.signals, key.constraints.public), (6, 10, 4));
    assert_eq!(zkey::curve(&data("several-bls.zkey")), Ok(CurveName::Bls12381));
}

#[test]
fn a_key_for_another_curve_is_refused() {
    let expected = FileError::Curve { found: CurveName::Bls12381, expected: CurveName::Bn254 };
    assert_eq!(error(&data("several-bls.zkey")), expected);
}

#[test]
fn an_unfinished_setup_is_refused() {
    assert_eq!(error(&data("multiply.unfinished.zkey")), FileError::Key(KeyError::GammaIsDelta));
    // The same with a γ of its own.
    let gamma = g2_bytes(&(ark_bn254::G2Affine::generator() * Fr::from(7)).into());
    let bytes = Pieces::of("multiply.unfinished.zkey").set(2, GAMMA, &gamma).bytes();
    assert_eq!(error(&bytes), FileError::Key(KeyError::DeltaIsGenerator));
    // And with δ = -γ.
    let minus_gamma = g2_bytes(&(-ark_bn254::G2Affine::generator().into_group()).into());
    let bytes = Pieces::of("multiply.zkey").set(2, DELTA_G2, &minus_gamma).bytes();
    assert_eq!(error(&bytes), FileError::Key(KeyError::GammaIsDelta));
}

#[test]
fn points_of_the_verifying_key_must_be_in_their_groups_and_not_the_identity() {
    let points = [
        (ALPHA, 64, KeyPoint::Alpha),
        (BETA_G2, 128, KeyPoint::Beta),
        (GAMMA, 128, KeyPoint::Gamma),
        (DELTA_G2, 128, KeyPoint::Delta),
        (BETA_G1, 64, KeyPoint::BetaG1),
        (DELTA_G1, 64, KeyPoint::DeltaG1),
    ];
    for (at, length, point) in points {
        let identity = Pieces::of("multiply.zkey").set(2, at, &vec![0; length]).bytes();
        let expected = KeyError::Point { point, reason: PointError::Identity };
        assert_eq!(error(&identity), expected.into(), "{point}");
        let off_curve = Pieces::of("multiply.zkey").set(2, at, &[1]).bytes();
        let expected = KeyError::Point { point, reason: PointError::OffCurve };
        assert_eq!(error(&off_curve), expected.into(), "{point}");
        if length == 128 {
            for order in [10069, 5_864_401] {
                let small = g2_bytes(&crate::points::of_cofactor_order(order));
                let bytes = Pieces::of("multiply.zkey").set(2, at, &small).bytes();
                let expected = KeyError::Point { point, reason: PointError::Subgroup };
                assert_eq!(error(&bytes), expected.into(), "{point} {order}");
            }
        }
    }
    let identity = Pieces::of("multiply.zkey").set(3, 64, &[0; 64]).bytes();
    let expected = KeyError::Point { point: KeyPoint::Ic(1), reason: PointError::Identity };
    assert_eq!(error(&identity), expected.into());
}

#[test]
fn beta_and_delta_must_be_the_same_in_both_groups() {
    for (at, point) in [(BETA_G1, KeyPoint::BetaG1), (DELTA_G1, KeyPoint::DeltaG1)] {
        let other = Pieces::of("multiply.zkey").section(3)[..64].to_vec();
        let bytes = Pieces::of("multiply.zkey").set(2, at, &other).bytes();
        assert_eq!(error(&bytes), FileError::Key(KeyError::Pair { point }));
    }
}

#[test]
fn points_of_the_queries_are_checked_at_registration_alone() {
    for (section, index, at) in [(5, 1, 64), (6, 3, 192), (7, 3, 384), (8, 1, 64), (9, 3, 192)] {
        let bytes = Pieces::of("multiply.zkey").set(section, at, &[1]).bytes();
        let FileError::Point { place, reason } = error(&bytes) else { panic!("section {section}") };
        assert_eq!((place.section.number, place.index, reason), (section, index, PointError::OffCurve));
        assert!(pinned::<Bn254>(&bytes).is_ok());
    }
    for order in [10069, 5_864_401] {
        let small = g2_bytes(&crate::points::of_cofactor_order(order));
        let bytes = Pieces::of("multiply.zkey").set(7, 256, &small).bytes();
        let FileError::Point { place, reason } = error(&bytes) else { panic!("{order}") };
        assert_eq!((place.section.number, place.index, reason), (7, 2, PointError::Subgroup));
    }
}

#[test]
fn coordinates_and_values_must_be_less_than_their_modulus_in_every_load() {
    let modulus = Fq::MODULUS.to_bytes_le();
    for section in [5, 6, 7, 8, 9] {
        let bytes = Pieces::of("multiply.zkey").set(section, 0, &modulus).bytes();
        let FileError::Point { place, reason } = pinned::<Bn254>(&bytes).unwrap_err() else {
            panic!("{section}")
        };
        assert_eq!((place.section.number, place.index, reason), (section, 0, PointError::NotCanonical));
    }
    let bytes = Pieces::of("multiply.zkey").set(4, 4 + 12, &Fr::MODULUS.to_bytes_le()).bytes();
    let FileError::NotCanonical { place } = pinned::<Bn254>(&bytes).unwrap_err() else { panic!() };
    assert_eq!((place.section.number, place.index), (4, 0));
}

#[test]
fn every_section_must_have_the_length_that_the_header_demands() {
    for number in 1..=9 {
        for surplus in [1, 32, 64, 128, 44] {
            let mut pieces = Pieces::of("multiply.zkey");
            pieces.section(number).extend(vec![0; surplus]);
            assert!(Zkey::<Bn254>::open(&pieces.bytes()).is_err(), "{number} + {surplus}");
            let mut pieces = Pieces::of("multiply.zkey");
            let length = pieces.section(number).len().saturating_sub(surplus);
            pieces.section(number).truncate(length);
            assert!(Zkey::<Bn254>::open(&pieces.bytes()).is_err(), "{number} - {surplus}");
        }
        let mut pieces = Pieces::of("multiply.zkey");
        pieces.sections.retain(|(found, _)| *found != number);
        assert!(
            matches!(error(&pieces.bytes()), FileError::SectionMissing { section } if section.number == number)
        );
    }
    // Section 10 is for the verification of the ceremony alone.
    let mut pieces = Pieces::of("multiply.zkey");
    pieces.sections.retain(|(number, _)| *number != 10);
    assert_eq!(Zkey::<Bn254>::open(&pieces.bytes()).unwrap().contributions(), None);
}

#[test]
fn numbers_of_the_header_must_agree_with_the_sections() {
    // The numbers of signals, of public signals, and the size of the domain are at 72, 76, 80.
    for at in [72, 76, 80] {
        for value in [0, 1, 2, 3, 5, 8, 1 << 28, u32::MAX] {
            let original = Pieces::of("multiply.zkey");
            let changed = original.clone().set(2, at, &u32::to_le_bytes(value)).bytes();
            if changed != original.bytes() {
                assert!(Zkey::<Bn254>::open(&changed).is_err(), "{at}: {value}");
            }
        }
    }
}

#[test]
fn other_proof_systems_and_fields_are_refused() {
    let plonk = Pieces::of("multiply.zkey").set(1, 0, &[2]).bytes();
    assert_eq!(error(&plonk), FileError::Protocol { found: 2 });
    for at in [0, 4, 36, 40] {
        let bytes = Pieces::of("multiply.zkey").set(2, at, &[0xff]).bytes();
        assert!(matches!(error(&bytes), FileError::Modulus { .. } | FileError::Truncated { .. }), "{at}");
    }
}

#[test]
fn indices_of_coefficients_are_bounded() {
    for (at, field, limit) in [(4, "matrix", 2), (8, "row", 4), (12, "column", 4)] {
        for found in [limit, u64::from(u32::MAX)] {
            let index = u32::try_from(found).unwrap().to_le_bytes();
            let bytes = Pieces::of("multiply.zkey").set(4, at, &index).bytes();
            let FileError::Index { place, field: named, found: named_index, limit: named_limit } =
                error(&bytes)
            else {
                panic!("{field}")
            };
            assert_eq!((place.index, named, named_index, named_limit), (0, field, found, limit));
        }
    }
    let huge = Pieces::of("multiply.zkey").set(4, 0, &u32::MAX.to_le_bytes()).bytes();
    assert!(matches!(error(&huge), FileError::Truncated { .. }));
}

#[test]
fn the_rows_of_the_public_signals_are_verified() {
    // The coefficients of `multiply` are A 0 2, B 0 3, A 1 0, A 2 1; 44 bytes each after their number.
    let coefficient = |index: usize| 4 + 44 * index;
    let row = |row, signal| move |error: &FileError| matches!(error, FileError::PublicRow { row: r, signal: s, .. } if (*r, *s) == (row, signal));
    // Another signal, another value, another row.
    let other_signal = Pieces::of("multiply.zkey").set(4, coefficient(3) + 8, &[3]).bytes();
    assert!(row(2, 1)(&error(&other_signal)));
    let other_value = Pieces::of("multiply.zkey").set(4, coefficient(3) + 12, &[0]).bytes();
    assert!(row(2, 1)(&error(&other_value)));
    let other_row = Pieces::of("multiply.zkey").set(4, coefficient(3) + 4, &[1]).bytes();
    assert!(error(&other_row).to_string().contains("domain"), "{}", error(&other_row));
    // A row of B beyond the constraints.
    let row_of_b = Pieces::of("multiply.zkey").set(4, coefficient(1) + 4, &[1]).bytes();
    assert!(matches!(error(&row_of_b), FileError::Index { field: "row of B", found: 1, limit: 1, .. }));
    // None at all.
    let mut none = Pieces::of("multiply.zkey");
    *none.section(4) = vec![0; 4];
    assert!(row(0, 0)(&error(&none.bytes())));
}

#[test]
fn coefficients_may_be_in_any_order() {
    let mut pieces = Pieces::of("several.zkey");
    let coefficients = pieces.section(4);
    let reversed: Vec<_> = coefficients[4..].chunks(44).rev().flatten().copied().collect();
    coefficients.splice(4.., reversed);
    let (key, original) =
        (checked::<Bn254>(&pieces.bytes()).unwrap(), checked::<Bn254>(&data("several.zkey")).unwrap());
    let sorted = |matrix: &broker_groth16::matrix::Matrix<Fr>| -> Vec<Vec<_>> {
        let rows = matrix.iter().map(|row| {
            let mut entries: Vec<_> = row.entries().collect();
            entries.sort_unstable();
            entries
        });
        rows.collect()
    };
    assert_eq!(sorted(&key.constraints.a), sorted(&original.constraints.a));
    assert_eq!(sorted(&key.constraints.b), sorted(&original.constraints.b));
}

#[test]
fn loading_tells_how_far_it_is_and_can_be_stopped() {
    let bytes = data("several.zkey");
    let zkey = Zkey::<Bn254>::open(&bytes).unwrap();
    let mut last = 0;
    zkey.load_checked(&Never, &mut |done| {
        assert!(done > last);
        last = done;
    })
    .unwrap();
    assert_eq!(last, zkey.points());
    assert_eq!(zkey.load_pinned(&|| true), Err(FileError::Interrupted(Interrupted)));
    assert_eq!(zkey.load_checked(&|| true, &mut |_| ()), Err(FileError::Interrupted(Interrupted)));
}

fn g2_bytes(point: &ark_bn254::G2Affine) -> Vec<u8> {
    [point.x.c0, point.x.c1, point.y.c0, point.y.c1].map(|c| c.into_montgomery().to_bytes_le()).concat()
}

#[test]
fn what_is_written_is_what_snarkjs_wrote() {
    fn check<E: Curve>(name: &str) {
        let bytes = data(name);
        let zkey = Zkey::<E>::open(&bytes).unwrap();
        let key = zkey.load_checked(&Never, &mut |_| ()).unwrap();
        let mut written = Vec::new();
        zkey::write(&key, zkey.contributions(), &mut written).unwrap();
        // snarkjs writes the sections in another order.
        let (mut ours, mut theirs) = (Pieces::parse(&written), Pieces::parse(&bytes));
        ours.sections.sort();
        theirs.sections.sort();
        for (ours, theirs) in ours.sections.iter().zip(&theirs.sections) {
            assert!(ours == theirs, "{name}: section {}", ours.0);
        }
        assert_eq!((ours.start, ours.sections.len()), (theirs.start, theirs.sections.len()));
    }
    check::<Bn254>("multiply.zkey");
    check::<Bn254>("several.zkey");
    check::<Bls12_381>("several-bls.zkey");
}
