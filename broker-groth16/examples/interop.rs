//! What `interop/groth16` asks of this crate.
//!
//! ```text
//! interop witness CURVE FILE.wasm SIGNALS    inputs {"name": ["1", …], …} on standard input; one decimal value per line
//! interop solidity VK.json                   the contract
//! ```
#![allow(clippy::indexing_slicing)] // A member that a JSON value lacks reads as null.
use std::{collections::BTreeMap, error::Error, fs, io, process::ExitCode};

use ark_bn254::{Bn254, Fq2, Fr, G1Affine, G2Affine};
use ark_ff::PrimeField;
use broker_groth16::{
    field::{self, FieldError, parse_decimal},
    interrupt::Never,
    key::{SetupClass, VerifyingKey},
    solidity::{SinglePartyKeys, verifier},
    witness_calculator::{Limits, WitnessCalculator},
};
use serde::Deserialize;

const LIMITS: Limits = Limits { memory: 1 << 30, fuel: 100_000_000_000 };

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["witness", "bn254", wasm, signals] => witness::<Fr>(wasm, signals),
        ["witness", "bls12-381", wasm, signals] => witness::<ark_bls12_381::Fr>(wasm, signals),
        ["solidity", key] => solidity(key),
        _ => Err("the arguments are in the documentation of the example".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn witness<F: PrimeField>(wasm: &str, signals: &str) -> Result<(), Box<dyn Error>> {
    let inputs: BTreeMap<String, Vec<String>> = serde_json::from_reader(io::stdin())?;
    let mut named = Vec::new();
    for (name, texts) in inputs {
        named.push((name, texts.iter().map(|text| field::parse(text)).collect::<Result<Vec<F>, _>>()?));
    }
    let calculator = WitnessCalculator::<F>::load(&fs::read(wasm)?, signals.parse()?, LIMITS)?;
    let inputs = named.iter().map(|(name, values)| (name.as_str(), values.as_slice()));
    for value in calculator.calculate(inputs, &Never)?.values() {
        println!("{value}");
    }
    Ok(())
}

fn solidity(key: &str) -> Result<(), Box<dyn Error>> {
    let key: Key = serde_json::from_slice(&fs::read(key)?)?;
    let key = VerifyingKey::<Bn254> {
        alpha_g1: g1(&key.vk_alpha_1)?,
        beta_g2: g2(&key.vk_beta_2)?,
        gamma_g2: g2(&key.vk_gamma_2)?,
        delta_g2: g2(&key.vk_delta_2)?,
        gamma_abc_g1: key.ic.iter().map(g1).collect::<Result<_, _>>()?,
    };
    print!("{}", verifier(&key, SetupClass::SingleParty, SinglePartyKeys::Forced)?);
    Ok(())
}

/// snarkjs' verifying key.
#[derive(Deserialize)]
struct Key {
    vk_alpha_1: [String; 3],
    vk_beta_2: [[String; 2]; 3],
    vk_gamma_2: [[String; 2]; 3],
    vk_delta_2: [[String; 2]; 3],
    #[serde(rename = "IC")]
    ic: Vec<[String; 3]>,
}

fn g1([x, y, _]: &[String; 3]) -> Result<G1Affine, FieldError> {
    Ok(G1Affine::new(parse_decimal(x)?, parse_decimal(y)?))
}

fn g2([[x0, x1], [y0, y1], _]: &[[String; 2]; 3]) -> Result<G2Affine, FieldError> {
    let x = Fq2::new(parse_decimal(x0)?, parse_decimal(x1)?);
    Ok(G2Affine::new(x, Fq2::new(parse_decimal(y0)?, parse_decimal(y1)?)))
}
