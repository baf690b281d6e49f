//! What a contract contains. `interop/groth16` executes contracts.

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use broker_groth16::{
    key::{Fingerprint, SetupClass, VerifyingKey},
    solidity::{SinglePartyKeys, SolidityError, verifier},
};

#[test]
fn a_contract_says_which_key_it_is_for() {
    let key = key(2);
    let text = export(&key, SetupClass::CeremonyVerified).unwrap();
    assert!(text.starts_with("// SPDX-License-Identifier: Apache-2.0\n"));
    assert!(text.contains(&format!("// Key: {}\n// Setup: ceremony-verified\n", Fingerprint::from(&key))));
    assert!(text.contains("uint256[2] calldata c,\n        uint256[2] calldata input\n"));
    assert!(text.contains("msg.data.length != 324)"));
}

#[test]
fn every_point_of_the_key_is_in_the_contract() {
    let key = key(2);
    let text = export(&key, SetupClass::CeremonyVerified).unwrap();
    let (alpha_x, alpha_y) = (-key.alpha_g1).xy().unwrap();
    assert!(
        text.contains(&format!("MINUS_ALPHA_X = {alpha_x};"))
            && text.contains(&format!("MINUS_ALPHA_Y = {alpha_y};"))
    );
    for (name, point) in
        [("BETA", key.beta_g2), ("MINUS_GAMMA", -key.gamma_g2), ("MINUS_DELTA", -key.delta_g2)]
    {
        let (x, y) = point.xy().unwrap();
        for (part, value) in
            [("X_REAL", x.c0), ("X_IMAGINARY", x.c1), ("Y_REAL", y.c0), ("Y_IMAGINARY", y.c1)]
        {
            assert!(text.contains(&format!("{name}_{part} = {value};")), "{name}_{part}");
        }
    }
    for (offset, point) in [(0, key.gamma_abc_g1[1]), (32, key.gamma_abc_g1[2])] {
        let (x, y) = point.xy().unwrap();
        assert!(text.contains(&format!("accumulate(sum, {x}, {y}, calldataload(add(input, {offset})))")));
    }
}

#[test]
fn a_circuit_without_public_signals_has_no_parameter_for_them() {
    let text = export(&key(0), SetupClass::CeremonyClaimed).unwrap();
    assert!(text.contains("uint256[2] calldata c\n    ) external"));
    assert!(text.contains("msg.data.length != 260)"));
}

#[test]
fn a_key_of_one_party_is_exported_only_by_force() {
    assert_eq!(export(&key(1), SetupClass::SingleParty), Err(SolidityError::SingleParty));
    let text = verifier(&key(1), SetupClass::SingleParty, SinglePartyKeys::Forced).unwrap();
    assert!(text.contains("// Setup: single-party\n"));
}

#[test]
fn a_key_with_an_identity_element_is_refused() {
    let identity = |change: fn(&mut VerifyingKey<Bn254>)| {
        let mut key = key(1);
        change(&mut key);
        export(&key, SetupClass::CeremonyVerified).unwrap_err()
    };
    let error = |point| SolidityError::Identity { point };
    assert_eq!(identity(|key| key.alpha_g1 = G1Affine::zero()), error("α"));
    assert_eq!(identity(|key| key.beta_g2 = G2Affine::zero()), error("β"));
    assert_eq!(identity(|key| key.gamma_g2 = G2Affine::zero()), error("γ"));
    assert_eq!(identity(|key| key.delta_g2 = G2Affine::zero()), error("δ"));
    assert_eq!(identity(|key| key.gamma_abc_g1[0] = G1Affine::zero()), error("IC"));
    assert_eq!(identity(|key| key.gamma_abc_g1[1] = G1Affine::zero()), error("IC"));
    assert_eq!(identity(|key| key.gamma_abc_g1.clear()), error("IC"));
}

fn export(key: &VerifyingKey<Bn254>, class: SetupClass) -> Result<String, SolidityError> {
    verifier(key, class, SinglePartyKeys::Refused)
}

/// A key of different points, which belongs to no circuit.
fn key(public: u64) -> VerifyingKey<Bn254> {
    let g1 = |scalar: u64| (G1Affine::generator() * Fr::from(scalar)).into();
    let g2 = |scalar: u64| (G2Affine::generator() * Fr::from(scalar)).into();
    VerifyingKey {
        alpha_g1: g1(2),
        beta_g2: g2(3),
        gamma_g2: g2(1),
        delta_g2: g2(5),
        gamma_abc_g1: (0..=public).map(|index| g1(7 + index)).collect(),
    }
}
