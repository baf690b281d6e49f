use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, PrimeField};
use sha2::{Digest, Sha256};

use super::*;
use crate::field;

fn element(text: &str) -> Fr {
    field::parse(text).unwrap()
}

/// The whole permutation.
fn permute<const N: usize>(inputs: [u64; N]) -> Vec<Fr>
where
    [Fr; N]: Inputs,
{
    let parameters = <[Fr; N]>::parameters();
    let mut state = rounds(parameters, &inputs.map(Fr::from), |x| *x = permutation::fifth_power(*x));
    let hash = permutation::finish(parameters, &mut state);
    let state = permutation::mix(parameters, &state).to_vec();
    assert_eq!(state[0], hash);
    state
}

/// `poseidonperm_x5_254_3` and `poseidonperm_x5_254_5` of the authors' `test_vectors.txt`, whose inputs are 0, 1, 2, …
#[test]
fn permutes_as_the_papers_authors() {
    let state = [
        "0x115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a",
        "0x0fca49b798923ab0239de1c9e7a4a9a2210312b6a2f616d18b5a87f9b628ae29",
        "0x0e7ae82e40091e63cbd4f16a6d16310b3729d4b6e138fcf54110e2867045a30c",
    ];
    assert_eq!(permute([1, 2]), state.map(element));
    let state = [
        "0x299c867db6c1fdd79dcefa40e4510b9837e60ebb1ce0663dbaa525df65250465",
        "0x1148aaef609aa338b27dafd89bb98862d8bb2b429aceac47d86206154ffe053d",
        "0x24febb87fed7462e23f6665ff9a0111f4044c38ee1672c1ac6b0637d34f24907",
        "0x0eb08f6d809668a981c186beaf6110060707059576406b248e5d9cf6e78b3d3e",
        "0x07748bc6877c9b82c8b98666ee9d0626ec7f5be4205f79ee8528ef1c4a376fc7",
    ];
    assert_eq!(permute([1, 2, 3, 4]), state.map(element));
}

/// Values that circomlib's and circomlibjs' own tests expect.
#[test]
fn hashes_as_circomlibs_tests_expect() {
    let hash_of = |inputs: &[u64]| {
        hash_slice(&inputs.iter().map(|input| Fr::from(*input)).collect::<Vec<_>>()).unwrap()
    };
    let expected = [
        (&[1][..], "18586133768512220936620570745912940619677854269274689475585506675881198879027"),
        (&[1, 2], "7853200120776062878684798364095072458815029376092732009249414926327459813530"),
        (&[1, 0, 0], "16319005924338521988144249782199320915969277491928916027259324394544057385749"),
        (&[0, 0, 0], "5317387130258456662214331362918410991734007599705406860481038345552731150762"),
        (&[1, 2, 3, 4, 5], "6183221330272524995739186171720101788151706631170188140075976616310159254464"),
    ];
    for (inputs, hash) in expected {
        assert_eq!(hash_of(inputs), element(hash), "{inputs:?}");
    }
}

/// The vectors' README says how they were made.
#[test]
fn hashes_as_circomlibjs() {
    let vectors = include_str!("../../tests/vectors/poseidon/circomlibjs.txt");
    let mut counts = [0; 17];
    for line in vectors.lines() {
        let [inputs, index, hash] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let inputs: usize = inputs.parse().unwrap();
        let values: Vec<Fr> = (0..inputs)
            .map(|position| Sha256::digest(format!("poseidon/{inputs}/{index}/{position}")))
            .map(|digest| Fr::from_be_bytes_mod_order(&digest))
            .collect();
        assert_eq!(hash_slice(&values), Ok(element(&format!("0x{hash}"))), "{line}");
        counts[inputs] += 1;
    }
    assert_eq!(counts, [0, 10, 100, 10, 10, 10, 10, 100, 10, 10, 10, 10, 10, 10, 10, 10, 10]);
}

#[test]
fn other_numbers_of_inputs_are_refused() {
    assert_eq!(hash_slice(&[]), Err(InputCount { found: 0 }));
    assert_eq!(hash_slice(&[Fr::ZERO; 17]), Err(InputCount { found: 17 }));
    assert_eq!(hash_slice(&[Fr::ONE; 2]), Ok(hash(&[Fr::ONE; 2])));
}
