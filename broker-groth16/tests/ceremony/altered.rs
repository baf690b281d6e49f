//! Files that do not belong together, and files that were altered.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use broker_groth16::{
    ceremony::{CeremonyError, Flaw, Step},
    field::Montgomery,
    file::FileError,
    key::{KeyError, KeyPoint},
    point::PointError,
};

use crate::{
    flaw,
    pieces::{Pieces, data},
    verify,
};

/// The lengths of a point in G1, in G2 and of a contribution without parameters.
const G1: usize = 64;
const G2: usize = 128;
const CONTRIBUTION: usize = 3 * G1 + G2 + 64 + 4 + 4;
/// Where the contributions of `several.ceremony.zkey` begin in section 10: after the hash and the number.
const FIRST: usize = 64 + 4;
const SECOND: usize = FIRST + CONTRIBUTION + 7;

fn zkey() -> Pieces {
    Pieces::of("several.ceremony.zkey")
}

fn flaw_of(zkey: &Pieces) -> Flaw {
    flaw(&data("several.r1cs"), &data("several.ptau"), &zkey.bytes())
}

fn error_of(zkey: &Pieces) -> CeremonyError {
    verify(&data("several.r1cs"), &data("several.ptau"), &zkey.bytes()).unwrap_err()
}

/// A point of G1 that is none of the files'.
fn g1() -> Vec<u8> {
    let point: G1Affine = (G1Affine::generator() * Fr::from(77)).into();
    [point.x, point.y].map(|c| c.into_montgomery().to_bytes_le()).concat()
}

fn g2() -> Vec<u8> {
    let point: G2Affine = (G2Affine::generator() * Fr::from(77)).into();
    [point.x.c0, point.x.c1, point.y.c0, point.y.c1].map(|c| c.into_montgomery().to_bytes_le()).concat()
}

/// snarkjs 0.7.6 says that such a key is OK, and that proofs that anybody forges with it are.
#[test]
fn a_setup_without_a_contribution_is_refused() {
    let unfinished = data("several.unfinished.zkey");
    let found = flaw(&data("several.r1cs"), &data("several.ptau"), &unfinished);
    assert_eq!(found, Flaw::Key(KeyError::GammaIsDelta));
    assert_eq!(found.step(), Step::Key);
}

/// Everybody can compute the secret of a beacon. snarkjs 0.7.6 says that such a key is OK.
#[test]
fn a_setup_of_beacons_alone_is_refused() {
    let found = flaw(&data("several.r1cs"), &data("several.ptau"), &data("several.beacon.zkey"));
    assert_eq!(found, Flaw::NoContributor);
    assert_eq!(found.step(), Step::Contributions);
}

/// The contributor's secret is 1, and a beacon follows.
#[test]
fn a_contribution_that_changes_nothing_is_none() {
    let found = flaw(&data("several.r1cs"), &data("several.ptau"), &data("several.one.zkey"));
    assert_eq!(found, Flaw::NoContributor);
}

#[test]
fn another_circuit_is_refused() {
    let ptau = data("several.ptau");
    let found = flaw(&data("multiply.r1cs"), &ptau, &data("several.ceremony.zkey"));
    assert!(matches!(found, Flaw::Domain { zkey: 16, r1cs: 4 }), "{found:?}");
    // The same sizes, and another coefficient of each matrix. The value of an entry is the last of its 36 bytes.
    let r1cs = Pieces::of("several.r1cs");
    let constraints = r1cs.clone().section(2).clone();
    let mut at = 0;
    for matrix in 0..3 {
        let entries = u32::from_le_bytes(constraints[at..at + 4].try_into().unwrap()) as usize;
        at += 4;
        assert!(entries > 0);
        let altered = r1cs.clone().set(2, at + 4, &Fr::from(5).into_bigint().to_bytes_le()).bytes();
        let found = flaw(&altered, &ptau, &data("several.ceremony.zkey"));
        // C is not in the key, and so only the points show it.
        let step = if matrix == 2 { [Step::Ic, Step::C] } else { [Step::Constraints; 2] };
        assert!(step.contains(&found.step()), "{matrix}: {found:?}");
        at += 36 * entries;
    }
}

#[test]
fn other_powers_of_tau_are_refused() {
    let (r1cs, zkey) = (data("several.r1cs"), data("several.ceremony.zkey"));
    let replaced = |section, at, bytes: &[u8]| Pieces::of("several.ptau").set(section, at, bytes).bytes();
    assert_eq!(flaw(&r1cs, &replaced(4, 0, &g1()), &zkey), Flaw::PowersOfTau(KeyPoint::Alpha));
    assert_eq!(flaw(&r1cs, &replaced(5, 0, &g1()), &zkey), Flaw::PowersOfTau(KeyPoint::BetaG1));
    assert_eq!(flaw(&r1cs, &replaced(6, 0, &g2()), &zkey), Flaw::PowersOfTau(KeyPoint::Beta));
    // Any power of tau that the circuit uses (all but the 15th), and Lagrange polynomials: of 16 elements, and in section 12 of
    // 32 too.
    for index in [0, 1, 7, 14, 16, 30] {
        let found = flaw(&r1cs, &replaced(2, index * G1, &g1()), &zkey);
        assert_eq!(found.step(), Step::H, "{index}: {found:?}");
    }
    let lagrange = flaw(&r1cs, &replaced(12, 15 * G1, &g1().repeat(6)), &zkey);
    assert!([Step::Ic, Step::C].contains(&lagrange.step()), "{lagrange:?}");
    assert_eq!(flaw(&r1cs, &replaced(12, (31 + 1) * G1, &g1()), &zkey).step(), Step::H);
    // Not every row of B has an entry, so those of all six constraints are replaced.
    assert_eq!(flaw(&r1cs, &replaced(13, 15 * G2, &g2().repeat(6)), &zkey).step(), Step::BG2);
    let alpha = flaw(&r1cs, &replaced(14, 15 * G1, &g1().repeat(6)), &zkey);
    assert!([Step::Ic, Step::C].contains(&alpha.step()), "{alpha:?}");
    let beta = flaw(&r1cs, &replaced(15, 15 * G1, &g1().repeat(6)), &zkey);
    assert!([Step::Ic, Step::C].contains(&beta.step()), "{beta:?}");
}

#[test]
fn powers_of_tau_that_are_malformed_are_errors() {
    let (r1cs, zkey) = (data("several.r1cs"), data("several.ceremony.zkey"));
    let error = |ptau: &Pieces| match verify(&r1cs, &ptau.bytes(), &zkey) {
        Err(CeremonyError::Ptau(error)) => error,
        other => panic!("{other:?}"),
    };
    for number in [12, 13, 14, 15] {
        let mut unprepared = Pieces::of("several.ptau");
        unprepared.sections.retain(|(found, _)| *found != number);
        let FileError::Unprepared { section } = error(&unprepared) else { panic!("{number}") };
        assert_eq!(section.number, number);
    }
    for number in [1, 2, 3, 4, 5, 6, 12, 13, 14, 15] {
        let mut short = Pieces::of("several.ptau");
        short.section(number).pop();
        let found = error(&short);
        assert!(found.to_string().contains(&format!("section {number} ")), "{found}");
        let mut long = Pieces::of("several.ptau");
        long.section(number).push(0);
        error(&long);
    }
    for power in [0, 3, 5, 28, 63, u32::MAX] {
        let altered = Pieces::of("several.ptau").set(1, 36, &power.to_le_bytes());
        error(&altered);
    }
    for (section, at, length) in [(2, 0, G1), (4, 0, G1), (12, 15 * G1, G1), (13, 15 * G2, G2)] {
        let mut bytes = Pieces::of("several.ptau").section(section)[at..at + length].to_vec();
        bytes[length / 2] ^= 1;
        let FileError::Point { place, reason } = error(&Pieces::of("several.ptau").set(section, at, &bytes))
        else {
            panic!("{section}")
        };
        assert_eq!((place.section.number, reason), (section, PointError::OffCurve));
    }
    let other_curve = verify(&r1cs, &data("several-bls.ptau"), &zkey).unwrap_err();
    assert!(matches!(other_curve, CeremonyError::Ptau(FileError::Curve { .. })), "{other_curve}");
    let other_curve = verify(&data("several-bls.r1cs"), &data("several.ptau"), &zkey).unwrap_err();
    assert!(matches!(other_curve, CeremonyError::R1cs(FileError::Curve { .. })), "{other_curve}");
}

#[test]
fn an_altered_contribution_is_refused() {
    let hash = zkey().set(10, 0, &[0; 8]);
    assert_eq!(flaw_of(&hash), Flaw::Transcript { contribution: 1 });
    let points = [
        (0, g1(), Flaw::DeltaAfter { contribution: 2 }),
        (G1, g1(), Flaw::Transcript { contribution: 2 }),
        (2 * G1, g1(), Flaw::Transcript { contribution: 2 }),
        (3 * G1, g2(), Flaw::PublicKey { contribution: 2 }),
        (3 * G1 + G2, vec![7; 64], Flaw::Transcript { contribution: 2 }),
    ];
    for (at, bytes, expected) in points {
        assert_eq!(flaw_of(&zkey().set(10, SECOND + at, &bytes)), expected, "{at}");
    }
    let identity = Flaw::Point { contribution: 1, point: "s in G1", reason: PointError::Identity };
    assert_eq!(flaw_of(&zkey().set(10, FIRST + G1, &[0; G1])), identity);
    let mut off_curve = zkey();
    off_curve.section(10)[FIRST] ^= 1;
    let expected = Flaw::Point { contribution: 1, point: "delta", reason: PointError::OffCurve };
    assert_eq!(flaw_of(&off_curve), expected);
}

#[test]
fn a_contribution_that_is_left_out_is_refused() {
    let mut without_second = zkey();
    let section = without_second.section(10);
    section.drain(SECOND..SECOND + CONTRIBUTION + 6);
    section[64] = 2;
    assert_eq!(flaw_of(&without_second), Flaw::Transcript { contribution: 2 });
    let mut without_last = zkey();
    let section = without_last.section(10);
    section.truncate(SECOND + CONTRIBUTION + 6);
    section[64] = 2;
    assert_eq!(flaw_of(&without_last), Flaw::LastDelta);
    let mut none = zkey();
    none.section(10).truncate(FIRST);
    none.section(10)[64] = 0;
    assert_eq!(flaw_of(&none), Flaw::LastDelta);
}

#[test]
fn a_beacon_follows_from_its_value() {
    let end = zkey().section(10).len();
    // The parameters end with the value of 31 bytes, before which are its length, 3, the iterations and 2.
    assert_eq!(flaw_of(&zkey().set(10, end - 1, &[0])), Flaw::Beacon { contribution: 3 });
    assert_eq!(flaw_of(&zkey().set(10, end - 34, &[11])), Flaw::Beacon { contribution: 3 });
    let endless = CeremonyError::BeaconIterations { contribution: 3, log_iterations: 63 };
    assert_eq!(error_of(&zkey().set(10, end - 34, &[63])), endless);
    // Each of two beacons has as many as are computed.
    let third = SECOND + CONTRIBUTION + 6;
    let mut two = zkey().set(10, end - 34, &[32]);
    let section = two.section(10);
    section.extend_from_within(third..);
    section[64] = 4;
    assert_eq!(error_of(&two), CeremonyError::TotalIterations { contribution: 4 });
    // A contribution that is called a beacon, and the opposite.
    let first_type = FIRST + CONTRIBUTION - 8;
    for (at, kind) in [(first_type, 1), (SECOND + CONTRIBUTION + 6 + CONTRIBUTION - 8, 0), (first_type, 2)] {
        let error = error_of(&zkey().set(10, at, &[kind]));
        assert!(matches!(error, CeremonyError::Zkey(_)), "{error:?}");
        assert!(error.to_string().contains("section 10"), "{error}");
    }
}

#[test]
fn a_key_that_differs_from_the_initial_one_is_refused() {
    let ic = zkey().set(3, G1, &g1());
    assert_eq!(flaw_of(&ic).step(), Step::Ic);
    for (section, step) in [(5, Step::A), (6, Step::BG1), (8, Step::C), (9, Step::H)] {
        let points = zkey().section(section).len() / G1;
        for index in [0, points / 2, points - 1] {
            let found = flaw_of(&zkey().set(section, index * G1, &g1()));
            assert_eq!(found.step(), step, "{section} {index}: {found:?}");
        }
    }
    assert_eq!(flaw_of(&zkey().set(7, G2, &g2())).step(), Step::BG2);
    let mut off_curve = zkey();
    off_curve.section(9)[0] ^= 1;
    assert!(matches!(flaw_of(&off_curve), Flaw::Outside { reason: PointError::OffCurve, .. }));
    // Two points of C, or of H, that are exchanged: their sum stays.
    for (section, step) in [(8, Step::C), (9, Step::H)] {
        let mut exchanged = zkey();
        let content = exchanged.section(section);
        let (first, second) = (content[..G1].to_vec(), content[G1..2 * G1].to_vec());
        assert_ne!(first, second);
        content[..2 * G1].copy_from_slice(&[second, first].concat());
        assert_eq!(flaw_of(&exchanged).step(), step);
    }
    // The header: alpha, beta in G1 and G2 are at 84, 148, 212 and gamma at 340.
    let alpha = zkey().set(2, 84, &g1());
    assert_eq!(flaw_of(&alpha), Flaw::PowersOfTau(KeyPoint::Alpha));
    let gamma = zkey().set(2, 340, &g2());
    assert_eq!(flaw_of(&gamma), Flaw::Gamma);
    let coefficient = zkey().set(4, 4 + 12, &[1; 31]);
    assert_eq!(flaw_of(&coefficient).step(), Step::Constraints);
}

/// Whoever makes a key with another delta has no contributions that lead to it.
#[test]
fn a_delta_of_ones_own_is_refused() {
    let (delta_g1, delta_g2) = (g1(), g2());
    let altered = zkey().set(2, 468, &delta_g1).set(2, 532, &delta_g2);
    assert_eq!(flaw_of(&altered), Flaw::LastDelta);
}

/// Another hash need not be a lie where snarkjs hashes more than there is.
#[test]
fn the_hash_of_a_large_circuit_says_what_else_it_can_mean() {
    let next = "verify with the very .ptau of the setup";
    assert!(Flaw::CircuitHash { large: true }.to_string().contains(next));
    assert!(!Flaw::CircuitHash { large: false }.to_string().contains(next));
}

/// Two bits of every seventh byte of section 10: no panic, and never a verified setup. Names alone may be others, because no
/// hash covers them.
#[test]
fn every_seventh_byte_of_the_contributions_but_their_names_is_bound() {
    let (r1cs, ptau) = (data("several.r1cs"), data("several.ptau"));
    let original = zkey();
    let section = original.clone().section(10).clone();
    // The parameters of each contribution begin with 1 and the length of its name.
    let third = SECOND + CONTRIBUTION + 6;
    let names = [(FIRST, "first"), (SECOND, "zwei"), (third, "beacon")].map(|(start, name)| {
        let start = start + CONTRIBUTION + 2;
        assert_eq!(&section[start..start + name.len()], name.as_bytes());
        start..start + name.len()
    });
    let altered = |at: usize| {
        let altered = original.clone().set(10, at, &[section[at] ^ 0x11]);
        verify(&r1cs, &ptau, &altered.bytes())
    };
    for at in (0..section.len()).step_by(7).filter(|at| !names.iter().any(|name| name.contains(at))) {
        assert!(altered(at).is_err(), "{at}");
    }
    for name in &names {
        assert!(altered(name.start).is_ok(), "{name:?}");
    }
}

/// Every thirteenth of the beginnings of section 10, a number of contributions that it does not have, and no section 10.
#[test]
fn contributions_that_end_early_are_errors() {
    let original = zkey();
    let length = original.clone().section(10).len();
    for length in (0..length).step_by(13) {
        let mut cut = original.clone();
        cut.section(10).truncate(length);
        let error = error_of(&cut);
        assert!(matches!(error, CeremonyError::Zkey(_)), "{length}: {error:?}");
    }
    let endless = error_of(&original.clone().set(10, 64, &u32::MAX.to_le_bytes()));
    assert!(matches!(endless, CeremonyError::Zkey(FileError::Truncated { .. })), "{endless:?}");
    let mut none = original;
    none.sections.retain(|(number, _)| *number != 10);
    assert!(matches!(error_of(&none), CeremonyError::Zkey(FileError::SectionMissing { .. })));
}
