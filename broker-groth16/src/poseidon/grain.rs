//! The Grain LFSR that makes Poseidon's constants (Poseidon, Grassi et al., USENIX Security 2021, appendix E).

use ark_ff::{BigInteger, PrimeField};

use super::shape::{FULL_ROUNDS, Shape};

/// The length of the register in bits.
const LENGTH: u32 = 80;
/// The register's bits whose sum is the next bit. Bit 0 is the oldest.
const TAPS: u128 = 1 << 62 | 1 << 51 | 1 << 38 | 1 << 23 | 1 << 13 | 1;
/// The number of bits that are thrown away first.
const WARM_UP: u32 = 160;

/// A generator of field elements.
pub(super) struct Grain {
    /// Bit 0 is the oldest.
    register: u128,
}

impl Grain {
    /// Starts the generator for an instance over the prime field `F` with the S-box x^α.
    pub(super) fn new<F: PrimeField>(shape: Shape) -> Self {
        let mut grain = Self { register: 0 };
        let mut length = 0;
        // Each number begins with its highest bit: a prime field is 1, an S-box x^α is 0.
        let numbers = [
            (1, 2),
            (0, 4),
            (u128::from(F::MODULUS_BIT_SIZE), 12),
            (shape.width as u128, 12),
            (FULL_ROUNDS as u128, 10),
            (shape.partial_rounds as u128, 10),
            ((1 << 30) - 1, 30),
        ];
        for (number, bits) in numbers {
            for bit in (0..bits).rev() {
                grain.register |= (number >> bit & 1) << length;
                length += 1;
            }
        }
        debug_assert_eq!(length, LENGTH);
        for _ in 0..WARM_UP {
            grain.step();
        }
        grain
    }

    /// A field element, by rejection of integers that are not below the modulus.
    pub(super) fn element<F: PrimeField>(&mut self) -> F {
        loop {
            if let Some(element) = F::from_bigint(self.integer::<F>()) {
                return element;
            }
        }
    }

    /// A field element, by reduction of an integer of as many bits as the modulus has.
    pub(super) fn reduced<F: PrimeField>(&mut self) -> F {
        F::from_le_bytes_mod_order(&self.integer::<F>().to_bytes_le())
    }

    fn integer<F: PrimeField>(&mut self) -> F::BigInt {
        let mut integer = F::BigInt::default();
        for _ in 0..F::MODULUS_BIT_SIZE {
            integer <<= 1;
            if self.bit()
                && let Some(lowest) = integer.as_mut().first_mut()
            {
                *lowest |= 1;
            }
        }
        integer
    }

    /// The next bit that is kept: of each pair the second one, if the first is 1.
    fn bit(&mut self) -> bool {
        while !self.step() {
            self.step();
        }
        self.step()
    }

    fn step(&mut self) -> bool {
        let bit = (self.register & TAPS).count_ones() & 1;
        self.register = self.register >> 1 | u128::from(bit) << (LENGTH - 1);
        bit == 1
    }
}
