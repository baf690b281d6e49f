//! The altered files of each reader.

use std::sync::LazyLock;

use ark_bn254::Bn254;
use ark_serialize::Compress;
use ark_std::rand::Rng;
use broker_groth16::json;

use crate::{
    binary, ceremonies,
    readers::{Reader, data, split_ceremony},
    text,
};

/// The files that are altered, for each reader. The first ones are over BN254.
pub fn originals(reader: Reader) -> &'static [Vec<u8>] {
    fn load(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| data(name)).collect()
    }
    macro_rules! files {
        ($($name:literal),*) => {{
            static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| load(&[$($name),*]));
            &FILES
        }};
    }
    match reader {
        Reader::Zkey => files!("multiply.zkey", "several.zkey", "several-bls.zkey"),
        Reader::R1cs => files!("several.r1cs", "multiply.r1cs", "several-bls.r1cs"),
        Reader::Wtns => files!("multiply.wtns", "several.wtns", "several-bls.wtns"),
        Reader::Sym => files!("several.sym"),
        Reader::VerifyingKeyJson => files!("multiply.vk.json", "several.vk.json", "several-bls.vk.json"),
        Reader::ProofJson => files!("multiply.proof.json", "several.proof.json", "several-bls.proof.json"),
        Reader::PublicJson => files!("multiply.public.json", "several.public.json"),
        Reader::InputJson => files!("several.input.json"),
        Reader::VerifyingKeyBytes => {
            static BYTES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
                let key = json::verifying_key::read::<Bn254>(&data("several.vk.json")).unwrap();
                [Compress::No, Compress::Yes].map(|compress| key.to_bytes(compress)).to_vec()
            });
            &BYTES
        }
        Reader::ProofBytes => {
            static BYTES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
                let proof = json::proof::read::<Bn254>(&data("several.proof.json")).unwrap();
                [Compress::No, Compress::Yes].map(|compress| proof.to_bytes(compress)).to_vec()
            });
            &BYTES
        }
        Reader::Ptau => files!("several.ptau", "several-bls.ptau"),
        Reader::Contributions => files!(
            "several.ceremony.zkey",
            "several.first.zkey",
            "several.beacon.zkey",
            "several-bls.ceremony.zkey"
        ),
        Reader::Ceremony => {
            static PAIRS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
                [
                    ("several.ptau", "several.ceremony.zkey"),
                    ("several.ptau", "several.first.zkey"),
                    ("several-bls.ptau", "several-bls.ceremony.zkey"),
                ]
                .map(|(ptau, zkey)| [data(ptau), data(zkey)].concat())
                .to_vec()
            });
            &PAIRS
        }
    }
}

/// One altered file.
pub fn altered(reader: Reader, rng: &mut impl Rng) -> Vec<u8> {
    let all = originals(reader);
    let file = &all[rng.gen_range(0..all.len())];
    match reader {
        Reader::Zkey | Reader::R1cs | Reader::Wtns | Reader::Ptau | Reader::Contributions => {
            let reshaped = rng.gen_ratio(1, 8).then(|| match reader {
                Reader::Zkey => binary::reshape_zkey(&all[0], rng),
                Reader::R1cs => binary::reshape_r1cs(&all[0], rng),
                Reader::Ptau => ceremonies::reshape_ptau(&all[0], rng),
                Reader::Contributions => ceremonies::reshape_contributions(&all[0], rng),
                _ => file.clone(),
            });
            match reshaped {
                Some(file) if rng.gen_ratio(1, 4) => file,
                Some(file) => binary::alter(&file, all, rng),
                None => binary::alter(file, all, rng),
            }
        }
        Reader::Ceremony => {
            let (ptau, zkey) = split_ceremony(file);
            let (ptau, zkey) = match rng.gen_range(0..3) {
                0 => (binary::alter(ptau, originals(Reader::Ptau), rng), zkey.to_vec()),
                1 => (ptau.to_vec(), binary::alter(zkey, originals(Reader::Contributions), rng)),
                _ => (
                    binary::alter(ptau, originals(Reader::Ptau), rng),
                    binary::alter(zkey, originals(Reader::Contributions), rng),
                ),
            };
            [ptau, zkey].concat()
        }
        Reader::Sym | Reader::VerifyingKeyBytes | Reader::ProofBytes => {
            let mut bytes = file.clone();
            for _ in 0..rng.gen_range(0..4) {
                if reader == Reader::Sym && rng.r#gen() {
                    text::alter_bytes(&mut bytes, rng);
                } else {
                    binary::alter_bytes(&mut bytes, rng);
                }
            }
            bytes
        }
        Reader::VerifyingKeyJson | Reader::ProofJson | Reader::PublicJson | Reader::InputJson => {
            text::alter(file, rng)
        }
    }
}
