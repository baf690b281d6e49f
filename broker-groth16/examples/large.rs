//! Writes a circuit of a given size: its key, made by a single party, and a witness. Use it to measure what large circuits
//! do to a broker.
//!
//! ```text
//! cargo run --release -p broker-groth16 --example large -- CONSTRAINTS OUT.zkey OUT.wtns
//! ```
use std::{
    error::Error,
    fs::{self, File},
    io::BufWriter,
};

use ark_bn254::{Bn254, Fr};
use ark_ff::{BigInteger, Field as _, PrimeField};
use ark_std::{
    UniformRand as _,
    rand::{SeedableRng as _, rngs::StdRng},
};
use broker_groth16::{
    constraint_system::ConstraintSystem, file::zkey, interrupt::Never, matrix::Matrix, setup,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, key, witness] = arguments.as_slice() else {
        return Err("the arguments are in the documentation of the example".into());
    };
    let count: u32 = count.parse()?;
    let mut rng = StdRng::seed_from_u64(1);
    // The values are 1, the public output, and a chain: each is the square of the one before plus one.
    let mut chain = vec![Fr::rand(&mut rng)];
    for _ in 0..count {
        chain.push(chain.last().map_or(Fr::ONE, |last| last.square() + Fr::ONE));
    }
    let output = chain.last().copied().unwrap_or(Fr::ONE);
    let values: Vec<Fr> = [Fr::ONE, output].into_iter().chain(chain).collect();
    let (mut a, mut b, mut c) = (Matrix::default(), Matrix::default(), Matrix::default());
    for index in 2..count + 2 {
        a.push(index, Fr::ONE);
        b.push(index, Fr::ONE);
        c.push(index + 1, Fr::ONE);
        c.push(0, -Fr::ONE);
        for matrix in [&mut a, &mut b, &mut c] {
            matrix.end_row();
        }
    }
    // The last value is the output.
    a.push(count + 2, Fr::ONE);
    b.push(0, Fr::ONE);
    c.push(1, Fr::ONE);
    for matrix in [&mut a, &mut b, &mut c] {
        matrix.end_row();
    }
    let constraints = ConstraintSystem { public: 1, signals: values.len(), a, b, c: Some(c) };
    let made = setup::single_party::<Bn254>(constraints, &mut rng, &Never)?;
    zkey::write(&made, None, &mut BufWriter::new(File::create(key)?))?;

    let mut bytes = b"wtns".to_vec();
    bytes.extend([2_u32, 2, 1].map(u32::to_le_bytes).concat());
    bytes.extend(40_u64.to_le_bytes());
    bytes.extend(32_u32.to_le_bytes());
    bytes.extend(Fr::MODULUS.to_bytes_le());
    bytes.extend(u32::try_from(values.len())?.to_le_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend((32 * values.len() as u64).to_le_bytes());
    bytes.extend(values.iter().flat_map(|value| value.into_bigint().to_bytes_le()));
    fs::write(witness, bytes)?;
    Ok(())
}
