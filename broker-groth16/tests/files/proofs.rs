//! Proofs with the keys and witnesses of snarkjs' files.

use std::sync::Arc;

use ark_bls12_381::Bls12_381;
use ark_bn254::Bn254;
use ark_std::rand::{SeedableRng, rngs::StdRng};
use broker_groth16::{
    curve::Curve,
    file::{r1cs::R1cs, wtns, zkey::Zkey},
    interrupt::Never,
    prove::{Arkworks, SelfVerified},
};

use crate::pieces::data;

#[test]
fn keys_of_snarkjs_prove_from_witnesses_of_circom() {
    fn check<E: Curve>(name: &str) {
        let mut key = Zkey::<E>::open(&data(&format!("{name}.zkey"))).unwrap().load_pinned(&Never).unwrap();
        key.add_c(R1cs::<E>::read(&data(&format!("{name}.r1cs")), &Never).unwrap().constraints).unwrap();
        assert_eq!(key.validate(), Ok(()));
        let witness = wtns::read::<E>(&data(&format!("{name}.wtns")), key.constraints.signals).unwrap();
        assert_eq!(key.constraints.check(&witness, &Never), Ok(()));
        let key = Arc::new(key);
        let prover = Box::new(Arkworks::new(Arc::clone(&key)).unwrap());
        let prover = SelfVerified::new(prover, &key).unwrap();
        // The proof has been verified with the key's verifying key before it is released.
        prover.prove(&witness, &mut StdRng::seed_from_u64(1), &Never).unwrap();
    }
    check::<Bn254>("multiply");
    check::<Bn254>("several");
    check::<Bls12_381>("several-bls");
}
