//! What reads files from outside, each as one function of bytes. The fuzz targets in `fuzz/` call the same functions.
//!
//! What is accepted is also used: keys prove, constraints join a key, witnesses are checked, proofs are verified, and
//! JSON is written and read again, and setups are verified.

use std::{
    path::Path,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use ark_bls12_381::Bls12_381;
use ark_bn254::{Bn254, Fr};
use ark_serialize::Compress;
use ark_std::rand::{SeedableRng as _, rngs::StdRng};
use broker_groth16::{
    ceremony::{self, Ceremony, Files, Progress, Step},
    curve::{Curve, CurveName},
    file::{
        ptau::{self, Ptau},
        r1cs::R1cs,
        sym::SignalNames,
        wtns,
        zkey::{self, Zkey},
    },
    interrupt::Never,
    json,
    kernel::Kernel,
    key::{CircuitKey, VerifyingKey},
    loaded::{CircuitError, Loaded, OperatorFiles, Pin, ProofFormat, Randomness, WitnessSource, operator},
    proof::Proof,
    prove::{Blinding, Tier},
    verify::PreparedVerifyingKey,
};

/// No error says more than this, whatever the file says.
const LONGEST_ERROR: usize = 1500;
/// The most contributions, and 2^16 iterations of beacons, that are verified. No hash binds the number of iterations, so an
/// altered file can have 2^32.
const MOST_CONTRIBUTIONS: usize = 100;
/// With which a `.zkey` begins.
const ZKEY_MAGIC: &[u8] = b"zkey\x01\0\0\0";

/// A reader of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Zkey,
    R1cs,
    Wtns,
    Sym,
    VerifyingKeyJson,
    ProofJson,
    PublicJson,
    InputJson,
    VerifyingKeyBytes,
    ProofBytes,
    Ptau,
    /// Section 10 of a `.zkey`.
    Contributions,
    /// A `.ptau`, and a `.zkey` after it in the same file.
    Ceremony,
}

impl Reader {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Zkey,
        Self::R1cs,
        Self::Wtns,
        Self::Sym,
        Self::VerifyingKeyJson,
        Self::ProofJson,
        Self::PublicJson,
        Self::InputJson,
        Self::VerifyingKeyBytes,
        Self::ProofBytes,
        Self::Ptau,
        Self::Contributions,
        Self::Ceremony,
    ];

    /// The name, which is also that of the fuzz target.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zkey => "zkey",
            Self::R1cs => "r1cs",
            Self::Wtns => "wtns",
            Self::Sym => "sym",
            Self::VerifyingKeyJson => "verifying_key_json",
            Self::ProofJson => "proof_json",
            Self::PublicJson => "public_json",
            Self::InputJson => "input_json",
            Self::VerifyingKeyBytes => "verifying_key_bytes",
            Self::ProofBytes => "proof_bytes",
            Self::Ptau => "ptau",
            Self::Contributions => "contributions",
            Self::Ceremony => "ceremony",
        }
    }

    /// Reads a file, and uses what is in it. Returns whether the file was accepted.
    pub fn read(self, bytes: &[u8]) -> bool {
        let result = match self {
            Self::Zkey => read_zkey(bytes),
            Self::R1cs => read_r1cs(bytes),
            Self::Wtns => read_wtns(bytes),
            Self::Sym => SignalNames::read(bytes, 10).map(drop).map_err(text),
            Self::VerifyingKeyJson => read_verifying_key_json::<Bn254>(bytes)
                .or_else(|_| read_verifying_key_json::<Bls12_381>(bytes)),
            Self::ProofJson => {
                read_proof_json::<Bn254>(bytes).or_else(|_| read_proof_json::<Bls12_381>(bytes))
            }
            Self::PublicJson => read_public_json(bytes),
            Self::InputJson => read_input_json(bytes),
            Self::VerifyingKeyBytes => read_verifying_key_bytes(bytes),
            Self::ProofBytes => read_proof_bytes(bytes),
            Self::Ptau => read_ptau(bytes),
            Self::Contributions => read_contributions(bytes),
            Self::Ceremony => {
                let (ptau, zkey) = split_ceremony(bytes);
                verify_ceremony(ptau, zkey)
            }
        };
        if let Err(error) = &result {
            assert!(
                !error.is_empty() && error.len() < LONGEST_ERROR,
                "{self:?}: {} bytes: {error}",
                error.len()
            );
        }
        result.is_ok()
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("broker-groth16/tests/data"))
        .find(|folder| folder.is_dir());
    std::fs::read(path.unwrap().join(name)).unwrap()
}

/// A key that has been checked proves from a witness of the right length.
fn read_zkey(bytes: &[u8]) -> Result<(), String> {
    match zkey::curve(bytes).map_err(text)? {
        CurveName::Bn254 => read_zkey_over::<Bn254>(bytes, "multiply.wtns"),
        CurveName::Bls12381 => read_zkey_over::<Bls12_381>(bytes, "several-bls.wtns"),
    }
}

fn read_zkey_over<E: Curve>(bytes: &[u8], original: &str) -> Result<(), String> {
    let zkey = Zkey::<E>::open(bytes).map_err(text)?;
    let key = zkey.load_checked(&Never, &mut |_| ()).map_err(text)?;
    assert_eq!(zkey.load_pinned(&Never), Ok(key.clone()));
    assert_eq!(key.validate(), Ok(()));
    let witness = witness(original, zkey.signals());
    let assignment = wtns::read::<E>(&witness, zkey.signals()).map_err(text)?;
    // A proof takes longer than all checks, and the tables of the service's own way much longer, so their bytes choose a few
    // of the keys. Nothing satisfies the constraints of most altered keys, so any result will do.
    let chosen = bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    if chosen.is_multiple_of(8) {
        let prover = Tier::Buckets.prover(&Arc::new(key), Kernel::detect(), &Never).map_err(text)?;
        let _any = prover.prove(&assignment, &Blinding::random(&mut Randomness(fixed)), &Never);
    }
    if chosen == 0 {
        let files = OperatorFiles {
            zkey: bytes,
            r1cs: None,
            wasm: None,
            sym: None,
            calculator_memory: 0,
            calculator_fuel: 0,
        };
        let circuit = operator(files, E::NAME, Kernel::detect(), Pin::UNCHECKED, &Never, &mut |_, _| ())
            .map_err(text)?;
        let _any =
            circuit.prove(WitnessSource::File(&witness), ProofFormat::Arkworks, Randomness(fixed), &Never);
    }
    Ok(())
}

/// A witness of as many signals: 1, 0, 1, 2, …
fn witness(original: &str, signals: usize) -> Vec<u8> {
    let original = data(original);
    let mut bytes = original[..24].to_vec();
    let header = u64::from_le_bytes(original[16..24].try_into().unwrap()) as usize;
    bytes.extend(&original[24..24 + header - 4]);
    bytes.extend((signals as u32).to_le_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend((32 * signals as u64).to_le_bytes());
    for signal in 0..signals as u64 {
        bytes.extend(if signal == 0 { 1 } else { signal - 1 }.to_le_bytes());
        bytes.extend([0; 24]);
    }
    bytes
}

/// Not random: the same file must be read in the same way again.
fn fixed(bytes: &mut [u8]) {
    bytes.fill(7);
}

/// Constraints that have been read join the keys of the fixtures.
fn read_r1cs(bytes: &[u8]) -> Result<(), String> {
    static KEYS: LazyLock<[CircuitKey<Bn254>; 2]> = LazyLock::new(|| {
        ["multiply.zkey", "several.zkey"]
            .map(|name| Zkey::open(&data(name)).unwrap().load_pinned(&Never).unwrap())
    });
    match R1cs::<Bls12_381>::read(bytes, &Never) {
        Ok(_) => return Ok(()),
        Err(error) => assert!(error.to_string().len() < LONGEST_ERROR),
    }
    let file = R1cs::<Bn254>::read(bytes, &Never).map_err(text)?;
    assert_eq!(file.constraints.validate(), Ok(()));
    for key in &*KEYS {
        let mut key = key.clone();
        if key.add_c(file.constraints.clone()).is_ok() {
            assert_eq!(key.validate(), Ok(()));
        }
    }
    Ok(())
}

/// Witnesses are checked by circuits with constraints.
fn read_wtns(bytes: &[u8]) -> Result<(), String> {
    static CIRCUITS: LazyLock<[Arc<dyn Loaded>; 2]> = LazyLock::new(|| {
        ["multiply", "several"].map(|name| {
            let (zkey, r1cs) = (data(&format!("{name}.zkey")), data(&format!("{name}.r1cs")));
            let files = OperatorFiles {
                zkey: &zkey,
                r1cs: Some(&r1cs),
                wasm: None,
                sym: None,
                calculator_memory: 0,
                calculator_fuel: 0,
            };
            operator(files, CurveName::Bn254, Kernel::detect(), Pin::CHECKED, &Never, &mut |_, _| ()).unwrap()
        })
    });
    let check = |circuit: &dyn Loaded| match circuit.check(WitnessSource::File(bytes), &Never) {
        Ok(_) | Err(CircuitError::Unsatisfied { .. }) => Ok(()),
        Err(error) => Err(text(error)),
    };
    CIRCUITS.iter().map(|circuit| check(&**circuit)).reduce(Result::or).unwrap()
}

fn read_verifying_key_json<E: Curve>(bytes: &[u8]) -> Result<(), String> {
    let key = json::verifying_key::read::<E>(bytes).map_err(text)?;
    assert_eq!(json::verifying_key::read::<E>(json::verifying_key::write(&key).as_bytes()), Ok(key));
    Ok(())
}

fn read_proof_json<E: Curve>(bytes: &[u8]) -> Result<(), String> {
    let proof = json::proof::read::<E>(bytes).map_err(text)?;
    assert_eq!(json::proof::read::<E>(json::proof::write(&proof).as_bytes()), Ok(proof));
    Ok(())
}

/// Public signals are those of a proof of `multiply`, whose only one is 33.
fn read_public_json(bytes: &[u8]) -> Result<(), String> {
    static VERIFIER: LazyLock<(PreparedVerifyingKey<Bn254>, Proof<Bn254>)> = LazyLock::new(|| {
        let key = json::verifying_key::read(&data("multiply.vk.json")).unwrap();
        let proof = json::proof::read(&data("multiply.proof.json")).unwrap();
        (PreparedVerifyingKey::new(key).unwrap(), proof)
    });
    let values: Vec<Fr> = json::public::read(bytes).map_err(text)?;
    assert_eq!(json::public::read(json::public::write(&values).as_bytes()), Ok(values.clone()));
    let (key, proof) = &*VERIFIER;
    match key.verify(proof, &values) {
        Ok(valid) => assert_eq!(valid, values == [Fr::from(33)]),
        Err(_) => assert_ne!(values.len(), 1),
    }
    Ok(())
}

fn read_input_json(bytes: &[u8]) -> Result<(), String> {
    let values = json::inputs::read::<Fr>(bytes).map_err(text);
    let texts = json::inputs::read_texts(bytes).map_err(text);
    if let Ok(values) = &values {
        // What is a number is also a text.
        assert_eq!(texts.as_ref().map(Vec::len), Ok(values.len()));
    }
    values.map(drop)
}

fn read_verifying_key_bytes(bytes: &[u8]) -> Result<(), String> {
    let read = |compress| {
        let key = VerifyingKey::<Bn254>::from_bytes(bytes, compress).map_err(text)?;
        assert_eq!(key.to_bytes(compress), bytes);
        Ok(())
    };
    read(Compress::No).or_else(|_: String| read(Compress::Yes))
}

fn read_proof_bytes(bytes: &[u8]) -> Result<(), String> {
    let read = |compress| {
        let proof = Proof::<Bn254>::from_bytes(bytes, compress).map_err(text)?;
        assert_eq!(proof.to_bytes(compress), bytes);
        Ok(())
    };
    read(Compress::No).or_else(|_: String| read(Compress::Yes))
}

/// Powers of tau are used to verify a right key.
fn read_ptau(bytes: &[u8]) -> Result<(), String> {
    let right = match ptau::curve(bytes).map_err(text)? {
        CurveName::Bn254 => Ptau::<Bn254>::open(bytes).map(|_| "several.ceremony.zkey"),
        CurveName::Bls12381 => Ptau::<Bls12_381>::open(bytes).map(|_| "several-bls.ceremony.zkey"),
    };
    let right = right.map_err(text)?;
    // Only a verification reads the points. It takes long, so the bytes choose a few of the files.
    if bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)).is_multiple_of(8) {
        let _any = verify_ceremony(bytes, &data(right));
    }
    Ok(())
}

/// There are no more contributions than their points fit into the file.
fn read_contributions(bytes: &[u8]) -> Result<(), String> {
    let ceremony = ceremony::read(bytes).map_err(text)?;
    let points = match ceremony.curve {
        CurveName::Bn254 => 3 * 64 + 128,
        CurveName::Bls12381 => 3 * 96 + 192,
    };
    assert!(ceremony.contributions.len() * points < bytes.len());
    assert!(
        ceremony.contributors() + usize::from(ceremony.final_beacon().is_some())
            <= ceremony.contributions.len()
    );
    Ok(())
}

/// The two files of [`Reader::Ceremony`]: the second one begins with its magic.
pub fn split_ceremony(bytes: &[u8]) -> (&[u8], &[u8]) {
    let found = bytes.windows(ZKEY_MAGIC.len()).position(|window| window == ZKEY_MAGIC);
    bytes.split_at(found.unwrap_or(bytes.len()))
}

/// Verifies the setup of a key for the constraints of the fixtures. If it is verified, its contributions are those of a
/// fixture, because nobody makes one by altering bytes. Names, and the beacon that follows them, may be others.
fn verify_ceremony(ptau: &[u8], zkey: &[u8]) -> Result<(), String> {
    type Hashes = ([u8; 64], Vec<[u8; 64]>);
    static RIGHT: LazyLock<Vec<Hashes>> = LazyLock::new(|| {
        ["several.ceremony.zkey", "several.first.zkey", "several.beacon.zkey", "several-bls.ceremony.zkey"]
            .map(|name| hashes(&ceremony::read(&data(name)).unwrap()))
            .to_vec()
    });
    static CONSTRAINTS: LazyLock<[Vec<u8>; 2]> =
        LazyLock::new(|| ["several.r1cs", "several-bls.r1cs"].map(data));
    fn hashes(ceremony: &Ceremony) -> Hashes {
        (ceremony.circuit_hash, ceremony.contributions.iter().map(|contribution| contribution.hash).collect())
    }
    let r1cs = match zkey::curve(zkey).map_err(text)? {
        CurveName::Bn254 => &CONSTRAINTS[0],
        CurveName::Bls12381 => &CONSTRAINTS[1],
    };
    let stop = AtomicBool::new(false);
    let found = ceremony::verify(
        Files { r1cs, ptau, zkey },
        &mut StdRng::seed_from_u64(1),
        &|| stop.load(Ordering::Relaxed),
        &mut |Progress { step, all, .. }| {
            if step == Step::Contributions && all > MOST_CONTRIBUTIONS {
                stop.store(true, Ordering::Relaxed);
            }
        },
    );
    let found = found.map_err(text)?;
    assert!(RIGHT.contains(&hashes(&found)), "another setup is verified: {found:?}");
    assert_eq!(ceremony::read(zkey), Ok(found));
    Ok(())
}
