//! A circuit with a large witness and few constraints, so that its key is made, checked and used in a moment.

use std::fs;

use ark_bn254::{Bn254, Fr};
use broker_groth16::{
    constraint_system::ConstraintSystem, file::zkey, interrupt::Never, loaded::Randomness, matrix::Matrix,
    setup::single_party,
};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::{service::Service, support::private_folder};

/// The number of signals. The witness exceeds the default limit of a message, which is 2 MiB.
const SIGNALS: usize = 70_000;
/// The number of bytes in front of the values of a `.wtns` file.
const HEAD: usize = 76;

/// A broker with the circuit `wide`: c = a · b, and signals without constraints.
pub struct Wide {
    pub service: Service,
    _folder: TempDir,
}

impl Wide {
    pub async fn start(arguments: &[&str]) -> Self {
        let folder = private_folder();
        let path = folder.path().join("wide.zkey");
        let key = zkey();
        fs::write(&path, &key).unwrap();
        let hash = hex::encode(Sha256::digest(&key));
        let profiles = format!(
            "Profiles:\n  - {{ Name: wide, API: {{ Groth16: {{ Curve: bn254, Circuits: [{{ Name: wide, Zkey: \
             {{ Path: {path:?}, Sha256: \"{hash}\" }} }}] }} }} }}\n"
        );
        Self { service: Service::with(&profiles, arguments).await, _folder: folder }
    }
}

fn zkey() -> Vec<u8> {
    let matrix = |signal: u32| {
        let mut matrix = Matrix::default();
        matrix.push(signal, Fr::from(1));
        matrix.end_row();
        matrix
    };
    let constraints =
        ConstraintSystem { public: 1, signals: SIGNALS, a: matrix(2), b: matrix(3), c: Some(matrix(1)) };
    let mut randomness = Randomness(|bytes| aws_lc_rs::rand::fill(bytes).unwrap());
    let key = single_party::<Bn254>(constraints, &mut randomness, &Never).unwrap();
    let mut bytes = Vec::new();
    zkey::write(&key, None, &mut bytes).unwrap();
    bytes
}

/// Returns the `.wtns` file of 33 = 3 · 11.
pub fn witness() -> Vec<u8> {
    let several = fs::read("../broker-groth16/tests/data/several.wtns").unwrap();
    let mut file = several[..HEAD].to_vec();
    let [count, length] = [SIGNALS as u32, 32 * SIGNALS as u32];
    file[HEAD - 16..HEAD - 12].copy_from_slice(&count.to_le_bytes());
    file[HEAD - 8..].copy_from_slice(&u64::from(length).to_le_bytes());
    for value in [1, 33, 3, 11].into_iter().chain(std::iter::repeat(7)).take(SIGNALS) {
        let mut bytes = [0; 32];
        bytes[0] = value;
        file.extend(bytes);
    }
    file
}
