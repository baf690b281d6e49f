//! The hashes of a ceremony: BLAKE2b (RFC 7693) with 64 bytes over uncompressed points.

use ark_ff::{BigInteger, Field, PrimeField};
use blake2::{Blake2b512, Digest};

use crate::{
    curve::Curve,
    file::{points::FilePoint, zkey::contributions::Contribution},
};

/// A hash that is being computed.
#[derive(Clone)]
pub(super) struct Hasher(Blake2b512);

impl Hasher {
    pub(super) fn new() -> Self {
        Self(Blake2b512::new())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Hashes the big-endian coordinates of a point. Those of the field of G2 begin with the coefficient of the highest
    /// power, and the identity element is all zeros.
    pub(super) fn point<P: FilePoint>(&mut self, point: &P) {
        let Some((x, y)) = point.xy() else {
            let coordinates = 2 * P::BaseField::extension_degree();
            let element = vec![0; <Prime<P> as PrimeField>::BigInt::NUM_LIMBS * 8];
            (0..coordinates).for_each(|_| self.bytes(&element));
            return;
        };
        for coordinate in [x, y] {
            let elements: Vec<_> = coordinate.to_base_prime_field_elements().collect();
            for element in elements.iter().rev() {
                self.bytes(&element.into_bigint().to_bytes_be());
            }
        }
    }

    /// Hashes a number of points, which is not always that of the points that follow.
    pub(super) fn count(&mut self, count: usize) {
        // The numbers of a `.zkey` have 32 bits.
        self.bytes(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    /// Hashes a contribution.
    pub(super) fn contribution<E: Curve>(&mut self, contribution: &Contribution<E>) {
        self.point(&contribution.delta_after);
        self.point(&contribution.g1_s);
        self.point(&contribution.g1_sx);
        self.point(&contribution.g2_spx);
        self.bytes(&contribution.transcript);
    }

    pub(super) fn finish(self) -> [u8; 64] {
        self.0.finalize().into()
    }
}

type Prime<P> = <<P as ark_ec::AffineRepr>::BaseField as Field>::BasePrimeField;

/// The hash of a contribution, which its contributor publishes.
pub(super) fn contribution<E: Curve>(contribution: &Contribution<E>) -> [u8; 64] {
    let mut hasher = Hasher::new();
    hasher.contribution(contribution);
    hasher.finish()
}
