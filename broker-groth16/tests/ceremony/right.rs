//! Files that snarkjs verifies, too.

use std::sync::atomic::{AtomicUsize, Ordering};

use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_groth16::{
    ceremony::{self, Beacon, Ceremony, CeremonyError, Files, Progress, Step},
    curve::CurveName,
    interrupt::{Interrupted, Never},
};

use crate::{
    pieces::{Pieces, data},
    verify,
};

/// What `snarkjs zkey verify` prints: the beginnings of the hashes of the circuit and of the contributions.
const BN254: [&str; 4] = ["e6b963a27410c14f", "2d730ca5781bcb16", "73ceabb003dec26a", "8eec27208d58e7c5"];
const BLS12_381: [&str; 4] = ["fe0c8883242abcfe", "fcbbda5aa56a02b0", "21831e274d80ec0d", "abad19bc017b54cd"];

fn expect(ceremony: &Ceremony, curve: CurveName, hashes: [&str; 4]) {
    let begin = |hash: &[u8; 64]| hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(ceremony.curve, curve);
    assert_eq!(begin(&ceremony.circuit_hash), hashes[0]);
    let found: Vec<_> = ceremony.contributions.iter().map(|contribution| begin(&contribution.hash)).collect();
    assert_eq!(found, hashes[1..]);
    let names: Vec<_> = ceremony.contributions.iter().map(|c| c.name.as_deref()).collect();
    assert_eq!(names, [Some("first"), Some("zwei"), Some("beacon")]);
    assert_eq!(ceremony.contributors(), 2);
    let beacon = Beacon { value: (1..=31).collect(), log_iterations: 10 };
    assert_eq!(ceremony.final_beacon(), Some(&beacon));
}

#[test]
fn setups_of_snarkjs_are_verified_on_both_curves() {
    for (name, curve, hashes) in
        [("several", CurveName::Bn254, BN254), ("several-bls", CurveName::Bls12381, BLS12_381)]
    {
        let file = |extension| data(&format!("{name}.{extension}"));
        let ceremony = verify(&file("r1cs"), &file("ptau"), &file("ceremony.zkey")).unwrap();
        expect(&ceremony, curve, hashes);
        assert_eq!(ceremony::read(&file("ceremony.zkey")), Ok(ceremony));
    }
}

#[test]
fn progress_goes_through_all_steps_in_their_order_and_the_work_can_be_stopped() {
    let [r1cs, ptau, zkey] = ["several.r1cs", "several.ptau", "several.ceremony.zkey"].map(data);
    let files = Files { r1cs: &r1cs, ptau: &ptau, zkey: &zkey };
    let rng = || StdRng::seed_from_u64(91);
    let mut steps = Vec::new();
    ceremony::verify(files, &mut rng(), &Never, &mut |Progress { step, done, all }| {
        assert!(done <= all, "{step:?}: {done} of {all}");
        steps.push(step);
    })
    .unwrap();
    assert!(steps.is_sorted());
    steps.dedup();
    assert_eq!(steps, Step::ALL);
    let stopped = ceremony::verify(files, &mut rng(), &|| true, &mut |_| ());
    assert_eq!(stopped, Err(CeremonyError::Interrupted(Interrupted)));
    // It is asked in every step that takes long.
    for step in [Step::Contributions, Step::PowersOfTau, Step::Ic, Step::C, Step::A, Step::BG2, Step::H] {
        let reached = std::sync::atomic::AtomicBool::new(false);
        let relaxed = Ordering::Relaxed;
        let stop = || reached.load(relaxed);
        let stopped = ceremony::verify(files, &mut rng(), &stop, &mut |progress| {
            reached.store(progress.step == step, relaxed);
            assert!(progress.step <= step, "the work went on after {step:?}");
        });
        assert_eq!(stopped, Err(CeremonyError::Interrupted(Interrupted)), "{step:?}");
    }
}

/// A beacon of 2^20 iterations tells its progress, and stops after the first 2^16 of them.
#[test]
fn a_long_beacon_can_be_stopped() {
    let [r1cs, ptau] = ["several.r1cs", "several.ptau"].map(data);
    let mut pieces = Pieces::of("several.ceremony.zkey");
    let iterations = pieces.section(10).len() - 34;
    let zkey = pieces.set(10, iterations, &[20]).bytes();
    let last = AtomicUsize::new(0);
    let stop = || last.load(Ordering::Relaxed) == 3;
    let files = Files { r1cs: &r1cs, ptau: &ptau, zkey: &zkey };
    let stopped = ceremony::verify(files, &mut StdRng::seed_from_u64(92), &stop, &mut |progress| {
        if progress.step == Step::Contributions {
            assert_eq!(progress.all, 3 + 16);
            last.store(progress.done, Ordering::Relaxed);
        }
    });
    assert_eq!(stopped, Err(CeremonyError::Interrupted(Interrupted)));
}

/// The powers of tau may be for larger circuits.
#[test]
fn a_key_with_a_single_contribution_is_verified() {
    let zkey = data("several.first.zkey");
    let ceremony = verify(&data("several.r1cs"), &data("several.ptau"), &zkey).unwrap();
    assert_eq!((ceremony.contributors(), ceremony.final_beacon()), (1, None));
}
