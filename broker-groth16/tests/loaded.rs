//! Circuits with their keys, as the broker uses them: bytes and texts go in, proofs, verdicts and errors come out.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "files/pieces.rs"]
mod pieces;

use std::{
    fs::File,
    io::Read,
    sync::{Arc, OnceLock},
};

use ark_bn254::Bn254;
use ark_serialize::Compress;
use broker_groth16::{
    bytes::ProofError,
    circuit::BuiltIn,
    curve::CurveName,
    field::FieldError,
    file::{FileError, zkey::Zkey},
    interrupt::Never,
    kernel::Kernel,
    key::{KeyError, KeyPoint, VerifyingKey},
    loaded::{
        CircuitError, InputValue, Item, LoadError, Loaded, OperatorFiles, Pin, ProofFormat, Proved,
        Randomness, VerifierTime, VerifyingKeyFormat, WitnessSource, operator, set_up, verify_built_in,
    },
    point::PointError,
    prove::ProveError,
    verify::PublicInputsError,
};

use crate::pieces::{Pieces, data};

const MODULUS: &str = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
const TIME: VerifierTime = VerifierTime { now: 0, skew: 0 };

/// Randomness from the system: two calls never get the same.
fn randomness() -> Randomness {
    static SYSTEM: OnceLock<File> = OnceLock::new();
    Randomness(|bytes| {
        let mut system = SYSTEM.get_or_init(|| File::open("/dev/urandom").unwrap());
        system.read_exact(bytes).unwrap();
    })
}

fn multiply() -> Arc<dyn Loaded> {
    set_up(BuiltIn::Multiply, CurveName::Bn254, Kernel::detect(), randomness(), &Never).unwrap()
}

fn load(zkey: &[u8], r1cs: Option<&[u8]>, pin: Pin<'_>) -> Result<Arc<dyn Loaded>, LoadError> {
    let files = OperatorFiles { zkey, r1cs, wasm: None, sym: None, calculator_memory: 0, calculator_fuel: 0 };
    operator(files, CurveName::Bn254, Kernel::detect(), pin, &Never, &mut |_, _| ())
}

/// Proves that 33 is 3 times 11.
fn prove(circuit: &dyn Loaded) -> Vec<u8> {
    let numbers = ["3", "11"].map(|number| vec![number.to_owned()]);
    let inputs = [("a", InputValue::Numbers(&numbers[0])), ("b", InputValue::Numbers(&numbers[1]))];
    let witness = WitnessSource::Inputs(&inputs);
    let Proved { proof, checked, .. } =
        circuit.prove(witness, ProofFormat::Arkworks, randomness(), &Never).unwrap();
    assert_eq!(checked.public, ["33"]);
    proof
}

/// Returns the verdict, and whether the circuit's key has given it.
fn verify(
    circuit: &dyn Loaded,
    proof: &[u8],
    public: &[&str],
    key: Option<&[u8]>,
) -> Result<(bool, bool), CircuitError> {
    let public: Vec<String> = public.iter().map(|value| (*value).to_owned()).collect();
    let item = Item { proof, format: ProofFormat::Arkworks, public: &public, expected: &[] };
    let (verified, fingerprint) = circuit.verify(item, key, TIME)?;
    assert_eq!(verified.public, public);
    Ok((verified.valid, fingerprint == circuit.info().fingerprint))
}

/// A cache under the public signals, or under the inputs, would return the first proof again.
#[test]
fn no_proof_is_returned_twice() {
    let circuit = multiply();
    let [first, second] = [(); 2].map(|()| prove(&*circuit));
    assert_ne!(first, second);
    for proof in [first, second] {
        assert_eq!(verify(&*circuit, &proof, &["33"], None), Ok((true, true)));
    }
}

#[test]
fn the_points_of_a_file_are_checked_unless_they_have_been() {
    // Each point here is on no curve: one of A, of B in both groups, of C and of H.
    for (section, index, at) in [(5, 1, 64), (6, 3, 192), (7, 3, 384), (8, 1, 64), (9, 3, 192)] {
        let bytes = Pieces::of("multiply.zkey").set(section, at, &[1]).bytes();
        let Err(LoadError::Zkey(FileError::Point { place, reason })) = load(&bytes, None, Pin::UNCHECKED)
        else {
            panic!("section {section} was not checked");
        };
        assert_eq!((place.section.number, place.index, reason), (section, index, PointError::OffCurve));
        assert!(load(&bytes, None, Pin::CHECKED).is_ok(), "section {section} was checked again");
    }
}

/// The key of a payment is large enough for two threads.
#[test]
fn two_threads_read_what_one_reads() {
    let made = set_up(BuiltIn::Payment, CurveName::Bn254, Kernel::detect(), randomness(), &Never).unwrap();
    let mut bytes = Vec::new();
    made.write_zkey(&mut bytes).unwrap();
    let pieces = Pieces::parse(&bytes);
    let read_by_two: usize = pieces
        .sections
        .iter()
        .filter(|(number, _)| [7, 9].contains(number))
        .map(|(_, content)| content.len())
        .sum();
    assert!(read_by_two > 256 << 10, "one thread reads it");
    let zkey = Zkey::<Bn254>::open(&bytes).unwrap();
    assert_eq!(zkey.load_pinned(&Never).unwrap(), zkey.load_checked(&Never, &mut |_| ()).unwrap());
    // Each of them finds what is wrong, and so do both.
    for sections in [&[5][..], &[7], &[9], &[8, 9]] {
        let broken =
            sections.iter().fold(pieces.clone(), |pieces, section| pieces.set(*section, 0, &[0xff; 32]));
        let broken = broken.bytes();
        let Err(FileError::Point { place, reason }) =
            Zkey::<Bn254>::open(&broken).unwrap().load_pinned(&Never)
        else {
            panic!("sections {sections:?} were not read");
        };
        assert_eq!((place.section.number, place.index, reason), (sections[0], 0, PointError::NotCanonical));
    }
}

#[test]
fn a_witness_is_checked_before_it_is_proven() {
    let (zkey, r1cs) = (data("several.zkey"), data("several.r1cs"));
    let mut wrong = data("several.wtns");
    let last = wrong.len() - 32;
    wrong[last] ^= 1;
    let prove = |r1cs| {
        let circuit = load(&zkey, r1cs, Pin::UNCHECKED).unwrap();
        circuit.prove(WitnessSource::File(&wrong), ProofFormat::Arkworks, randomness(), &Never).map(drop)
    };
    let Err(CircuitError::Unsatisfied { constraint, .. }) = prove(Some(r1cs.as_slice())) else {
        panic!("no constraint was named");
    };
    assert_eq!(constraint, "4");
    // Without the constraints only the proof can tell.
    assert_eq!(prove(None), Err(CircuitError::Prove(ProveError::WitnessUnsatisfied)));
}

#[test]
fn what_is_malformed_is_an_error_and_no_verdict() {
    let circuit = multiply();
    let proof = prove(&*circuit);
    let verify = |proof: &[u8], public: &[&str]| verify(&*circuit, proof, public, None);
    assert_eq!(verify(&proof, &["34"]), Ok((false, true)));
    for public in [&[][..], &["33", "0"]] {
        assert!(verify(&proof, public).is_err(), "{public:?}");
    }
    for value in ["-33", "33 ", "033", MODULUS] {
        assert!(verify(&proof, &[value]).is_err(), "{value}");
    }
    assert!(verify(&proof[..127], &["33"]).is_err());
    assert!(verify(&[&proof[..], &[0]].concat(), &["33"]).is_err());
    let mut identity = proof.clone();
    identity[..31].fill(0);
    identity[31] = 0x40;
    let error = ProofError::Point { point: "A", reason: PointError::Identity };
    assert_eq!(verify(&identity, &["33"]), Err(error.into()));

    // The same for the statement of an operator's circuit, whose signals have no description.
    let circuit = load(&data("multiply.zkey"), None, Pin::UNCHECKED).unwrap();
    let verify = |public: &[&str]| self::verify(&*circuit, &proof, public, None);
    assert_eq!(verify(&["33"]), Ok((false, true)));
    let error = CircuitError::PublicNumber { index: 0, reason: FieldError::NotCanonical };
    assert_eq!(verify(&[MODULUS]), Err(error));
    let error = PublicInputsError { found: 2, expected: 1 };
    assert_eq!(verify(&["33", "7"]), Err(error.into()));
}

/// A caller's key takes the place of the circuit's, in the verdict and in the name that it is given.
#[test]
fn a_callers_key_is_the_one_that_verifies() {
    let [ours, theirs] = [multiply(), multiply()];
    let key = theirs.verifying_key(VerifyingKeyFormat::Arkworks).unwrap();
    let json = theirs.verifying_key(VerifyingKeyFormat::SnarkjsJson).unwrap();
    for key in [&key, &json] {
        assert_eq!(verify(&*ours, &prove(&*theirs), &["33"], Some(key)), Ok((true, false)));
        assert_eq!(verify(&*ours, &prove(&*ours), &["33"], Some(key)), Ok((false, false)));
    }
    assert_eq!(verify(&*ours, &prove(&*theirs), &["33"], None), Ok((false, true)));

    // The circuit needs no key of its own for that.
    let public = ["33".to_owned()];
    for (circuit, valid) in [(&ours, false), (&theirs, true)] {
        let proof = &prove(&**circuit);
        let item = Item { proof, format: ProofFormat::Arkworks, public: &public, expected: &[] };
        let verified = verify_built_in(BuiltIn::Multiply, CurveName::Bn254, &item, &key, TIME);
        let (verified, fingerprint) = verified.unwrap();
        assert_eq!((verified.valid, fingerprint), (valid, theirs.info().fingerprint));
    }

    // It is checked like every other, and has as many points as the circuit has public signals.
    let parsed = VerifyingKey::<Bn254>::from_bytes(&key, Compress::No).unwrap();
    let with = |change: fn(&mut VerifyingKey<Bn254>)| {
        let mut key = parsed.clone();
        change(&mut key);
        verify(&*ours, &prove(&*ours), &["33"], Some(&key.to_bytes(Compress::No)))
    };
    let unfinished = with(|key| key.delta_g2 = key.gamma_g2);
    assert_eq!(unfinished, Err(CircuitError::Key(KeyError::GammaIsDelta)));
    let more = with(|key| key.gamma_abc_g1.push(key.alpha_g1));
    assert_eq!(more, Err(CircuitError::Key(KeyError::Public { found: 3, expected: 2 })));
    let identity = with(|key| key.gamma_abc_g1[1] = ark_bn254::G1Affine::identity());
    let error = KeyError::Point { point: KeyPoint::Ic(1), reason: PointError::Identity };
    assert_eq!(identity, Err(CircuitError::Key(error)));
}
