//! HashML-DSA (FIPS 204 5.4).

use super::{HashAlgorithm, MlDsa};

/// ML-DSA over the digest of a message. The digest has at least the collision resistance of the parameter set
/// (FIPS 204 5.4), which is why not every hash function is allowed with every set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HashMlDsa {
    set: MlDsa,
    pre_hash: HashAlgorithm,
    name: &'static str,
}

macro_rules! algorithms {
    ($($set:ident, $pre_hash:ident: $name:literal;)+) => {
        /// Every allowed pair of parameter set and hash function, in the order of the documentation.
        pub const ALL: [Self; 17] =
            [$(Self { set: MlDsa::$set, pre_hash: HashAlgorithm::$pre_hash, name: $name }),+];
    };
}

impl HashMlDsa {
    algorithms! {
        MlDsa44, Sha256: "hash-ml-dsa-44-with-sha-256";
        MlDsa44, Sha384: "hash-ml-dsa-44-with-sha-384";
        MlDsa44, Sha512: "hash-ml-dsa-44-with-sha-512";
        MlDsa44, Sha512_256: "hash-ml-dsa-44-with-sha-512/256";
        MlDsa44, Sha3_256: "hash-ml-dsa-44-with-sha3-256";
        MlDsa44, Sha3_384: "hash-ml-dsa-44-with-sha3-384";
        MlDsa44, Sha3_512: "hash-ml-dsa-44-with-sha3-512";
        MlDsa44, Shake128: "hash-ml-dsa-44-with-shake-128";
        MlDsa44, Shake256: "hash-ml-dsa-44-with-shake-256";
        MlDsa65, Sha384: "hash-ml-dsa-65-with-sha-384";
        MlDsa65, Sha512: "hash-ml-dsa-65-with-sha-512";
        MlDsa65, Sha3_384: "hash-ml-dsa-65-with-sha3-384";
        MlDsa65, Sha3_512: "hash-ml-dsa-65-with-sha3-512";
        MlDsa65, Shake256: "hash-ml-dsa-65-with-shake-256";
        MlDsa87, Sha512: "hash-ml-dsa-87-with-sha-512";
        MlDsa87, Sha3_512: "hash-ml-dsa-87-with-sha3-512";
        MlDsa87, Shake256: "hash-ml-dsa-87-with-shake-256";
    }

    /// Returns the algorithm of a pair; `None` if collisions of the hash are easier to find than forgeries of the parameter
    /// set are meant to be.
    pub fn new(set: MlDsa, pre_hash: HashAlgorithm) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| (algorithm.set, algorithm.pre_hash) == (set, pre_hash))
    }

    /// The parameter set.
    pub const fn set(self) -> MlDsa {
        self.set
    }

    /// The hash function that is applied to the message.
    pub const fn pre_hash(self) -> HashAlgorithm {
        self.pre_hash
    }

    /// The name in descriptors, such as `hash-ml-dsa-65-with-sha-512`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The length in bytes of the digest that is signed.
    pub const fn digest_length(self) -> usize {
        digest_length(self.pre_hash)
    }

    /// The DER of the hash function's object identifier, which precedes the digest in what is signed (FIPS 204
    /// algorithm 4).
    pub const fn oid(self) -> [u8; 11] {
        let arc = match self.pre_hash {
            HashAlgorithm::Sha256 => 1,
            HashAlgorithm::Sha384 => 2,
            HashAlgorithm::Sha512 => 3,
            HashAlgorithm::Sha512_256 => 6,
            HashAlgorithm::Sha3_256 => 8,
            HashAlgorithm::Sha3_384 => 9,
            HashAlgorithm::Sha3_512 => 10,
            HashAlgorithm::Shake128 => 11,
            HashAlgorithm::Shake256 => 12,
        };
        // The arcs of NIST's hash functions are below 2.16.840.1.101.3.4.2.
        [0x06, 9, 0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2, arc]
    }

    /// The collision resistance in bits of the digests of a hash function: half of their length (FIPS 204 5.4).
    pub const fn collision_strength(pre_hash: HashAlgorithm) -> usize {
        8 * digest_length(pre_hash) / 2
    }
}

/// The length in bytes of a digest that HashML-DSA signs. Those of SHAKE have twice their usual length, which is what
/// collision resistance needs (FIPS 204 algorithm 4).
const fn digest_length(pre_hash: HashAlgorithm) -> usize {
    let length = pre_hash.default_output_length();
    if pre_hash.is_extendable() { 2 * length } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allows_exactly_the_hashes_with_the_strength_of_the_set() {
        for set in [MlDsa::MlDsa44, MlDsa::MlDsa65, MlDsa::MlDsa87] {
            for pre_hash in HashAlgorithm::ALL {
                let is_strong = HashMlDsa::collision_strength(pre_hash) >= set.collision_strength();
                assert_eq!(HashMlDsa::new(set, pre_hash).is_some(), is_strong, "{set:?} {pre_hash:?}");
            }
        }
    }

    #[test]
    fn names_are_those_of_set_and_hash() {
        for algorithm in HashMlDsa::ALL {
            let (set, pre_hash) = (algorithm.set().name(), algorithm.pre_hash().name());
            assert_eq!(algorithm.name(), format!("hash-{set}-with-{pre_hash}"));
        }
    }
}
