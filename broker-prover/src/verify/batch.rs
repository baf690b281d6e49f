//! Verification of many proofs under one key, with a verdict for each.
//!
//! For secret random coefficients zᵢ, all items are right if
//! ∏ e(zᵢ·Aᵢ, Bᵢ) = e(α, β)^Σzᵢ · e(Σ zᵢ·inputsᵢ, γ) · e(Σ zᵢ·Cᵢ, δ), and if one is wrong, the equation holds with a
//! probability of 2⁻¹²⁸. The items exist before the coefficients are drawn, so none can be chosen to fit them.
//!
//! If the equation does not hold, halves of the batch are checked with the same coefficients. This is sound: each of
//! the fewer than 2n possible parts that contain a wrong item is accepted with that probability. What does not depend
//! on the part has been computed: the Miller loops of each group of items, and their sums.

use std::ops::Range;

use ark_ec::pairing::MillerLoopOutput;
use ark_ff::{One, Zero};
use ark_std::rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::{PreparedVerifyingKey, PublicInputsError};
use crate::{
    curve::Curve,
    interrupt::{Interrupt, Interrupted},
    proof::Proof,
};

/// Items whose Miller loops are computed together, because arkworks shares squarings among this many.
const GROUP: usize = 4;

/// A proof and its public inputs.
#[derive(Clone, Copy, Debug)]
pub struct BatchItem<'a, E: Curve> {
    /// The proof.
    pub proof: &'a Proof<E>,
    /// The public inputs, without the constant 1.
    pub public: &'a [E::ScalarField],
}

/// Bounds on the work for one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// The largest number of items.
    pub items: usize,
    /// How many parts of a batch may be checked together, after the whole batch has failed. Items that are undecided
    /// then are verified one by one. A part costs about as much as one item, whatever its size.
    pub parts: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { items: 256, parts: 32 }
    }
}

impl<E: Curve> PreparedVerifyingKey<E> {
    /// Verifies a batch and returns the verdict on each item, in order.
    ///
    /// # Errors
    ///
    /// [`BatchError`] if the batch is too large, an item has the wrong number of public inputs, or the interrupt is
    /// requested.
    pub fn verify_batch(
        &self,
        items: &[BatchItem<'_, E>],
        limits: BatchLimits,
        rng: &mut (impl RngCore + CryptoRng),
        interrupt: &dyn Interrupt,
    ) -> Result<Vec<bool>, BatchError> {
        if items.len() > limits.items {
            return Err(BatchError::TooManyItems { found: items.len(), limit: limits.items });
        }
        for (index, item) in items.iter().enumerate() {
            self.inputs.check(item.public).map_err(|error| BatchError::PublicInputs { index, error })?;
        }
        let coefficients = Zeroizing::new(items.iter().map(|_| coefficient(rng)).collect::<Vec<_>>());
        let mut groups = Vec::with_capacity(items.len().div_ceil(GROUP));
        for (items, coefficients) in items.chunks(GROUP).zip(coefficients.chunks(GROUP)) {
            interrupt.check()?;
            groups.push(Group::new(self, items, coefficients));
        }
        Search { key: self, items, groups, parts: limits.parts, interrupt }.run()
    }
}

/// A random value from 1 to 2^128 − 1.
fn coefficient(rng: &mut (impl RngCore + CryptoRng)) -> u128 {
    loop {
        let value = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
        if value != 0 {
            return value;
        }
    }
}

/// What the equation needs of a few items.
struct Group<E: Curve> {
    /// The Miller loop of ∏ e(zᵢ·Aᵢ, Bᵢ).
    pairs: MillerLoopOutput<E>,
    /// Σ zᵢ·Cᵢ.
    c: E::G1,
    /// Σ zᵢ.
    one: E::ScalarField,
    /// Σ zᵢ·xᵢⱼ for each public input j.
    public: Vec<E::ScalarField>,
}

impl<E: Curve> Group<E> {
    fn new(key: &PreparedVerifyingKey<E>, items: &[BatchItem<'_, E>], coefficients: &[u128]) -> Self {
        let mut c = E::G1::zero();
        let mut one = E::ScalarField::zero();
        let mut public = vec![E::ScalarField::zero(); key.public()];
        let mut a = Vec::with_capacity(items.len());
        for (item, coefficient) in items.iter().zip(coefficients) {
            let scalar = E::ScalarField::from(*coefficient);
            a.push(E::G1Prepared::from(item.proof.a * scalar));
            c += item.proof.c * scalar;
            one += scalar;
            public.iter_mut().zip(item.public).for_each(|(sum, value)| *sum += scalar * value);
        }
        let b = items.iter().map(|item| E::G2Prepared::from(item.proof.b));
        Self { pairs: E::multi_miller_loop(a, b), c, one, public }
    }
}

/// The search for the wrong items.
struct Search<'a, E: Curve> {
    key: &'a PreparedVerifyingKey<E>,
    items: &'a [BatchItem<'a, E>],
    groups: Vec<Group<E>>,
    /// How many more parts may be checked.
    parts: usize,
    interrupt: &'a dyn Interrupt,
}

impl<E: Curve> Search<'_, E> {
    fn run(mut self) -> Result<Vec<bool>, BatchError> {
        let mut verdicts = vec![true; self.items.len()];
        let all = 0..self.groups.len();
        if self.holds(all.clone())? {
            return Ok(verdicts);
        }
        // Parts that are known to contain a wrong item.
        let mut wrong = Vec::from([all]);
        while let Some(part) = wrong.pop() {
            if part.len() <= 1 || self.parts == 0 {
                self.verify_singly(part, &mut verdicts)?;
                continue;
            }
            let middle = part.start + part.len() / 2;
            let (low, high) = (part.start..middle, middle..part.end);
            self.parts -= 1;
            if self.holds(low.clone())? {
                wrong.push(high);
                continue;
            }
            wrong.push(low);
            if self.parts == 0 {
                wrong.push(high);
                continue;
            }
            self.parts -= 1;
            if !self.holds(high.clone())? {
                wrong.push(high);
            }
        }
        Ok(verdicts)
    }

    /// Whether the equation holds for these groups together.
    fn holds(&self, part: Range<usize>) -> Result<bool, BatchError> {
        self.interrupt.check()?;
        let mut pairs = E::TargetField::one();
        let mut c = E::G1::zero();
        let mut one = E::ScalarField::zero();
        let mut public = vec![E::ScalarField::zero(); self.key.public()];
        for group in self.groups.get(part).unwrap_or_default() {
            pairs *= group.pairs.0;
            c += group.c;
            one += group.one;
            public.iter_mut().zip(&group.public).for_each(|(sum, value)| *sum += value);
        }
        // The number of public inputs is that of the key.
        let inputs = self
            .key
            .inputs
            .combine_scaled(one, &public)
            .map_err(|error| BatchError::PublicInputs { index: 0, error })?;
        let rest = E::multi_miller_loop(
            [E::G1Prepared::from(inputs), E::G1Prepared::from(c)],
            [self.key.minus_gamma.clone(), self.key.minus_delta.clone()],
        );
        Ok(self.key.equals(MillerLoopOutput(pairs * rest.0), self.key.alpha_beta * one))
    }

    fn verify_singly(&self, part: Range<usize>, verdicts: &mut [bool]) -> Result<(), BatchError> {
        let range = part.start * GROUP..(part.end * GROUP).min(self.items.len());
        let items = self.items.get(range.clone()).unwrap_or_default();
        let verdicts = verdicts.get_mut(range.clone()).unwrap_or_default();
        for ((index, item), verdict) in range.zip(items).zip(verdicts) {
            self.interrupt.check()?;
            *verdict = self
                .key
                .verify(item.proof, item.public)
                .map_err(|error| BatchError::PublicInputs { index, error })?;
        }
        Ok(())
    }
}

/// Why a batch has no verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// There are more items than the caller allows.
    #[error("the batch has {found} items, and {limit} are allowed")]
    TooManyItems {
        /// The number of items.
        found: usize,
        /// The largest number that is allowed.
        limit: usize,
    },
    /// An item has too few or too many public inputs.
    #[error("item {index}: {error}")]
    PublicInputs {
        /// The index of the item, from 0.
        index: usize,
        /// What is wrong.
        error: PublicInputsError,
    },
    /// The caller ended the work.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
