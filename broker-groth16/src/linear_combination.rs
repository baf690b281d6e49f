//! Linear combinations of signals, as values and as terms.

use ark_ff::PrimeField;
use zeroize::Zeroize;

/// A linear combination of the signals of a circuit.
///
/// What is written once for this trait makes the witness if the combination is a value (a field element), and the
/// constraints if it is a sum of [`Terms`].
pub trait LinearCombination<F: PrimeField>: Clone + Zeroize {
    /// A combination of the signal 1 alone.
    fn constant(value: F) -> Self;

    /// Adds `factor` times `other`.
    fn add_scaled(&mut self, factor: F, other: &Self);

    /// The sum of two combinations.
    #[must_use]
    fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.add_scaled(F::one(), other);
        sum
    }

    /// The difference of two combinations.
    #[must_use]
    fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        difference.add_scaled(-F::one(), other);
        difference
    }
}

impl<F: PrimeField> LinearCombination<F> for F {
    fn constant(value: F) -> Self {
        value
    }

    fn add_scaled(&mut self, factor: F, other: &Self) {
        *self += factor * other;
    }
}

/// A linear combination as a sum of signals with coefficients. It contains no values of signals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms<F> {
    /// The signal's index and its coefficient, which is not zero. The indices ascend.
    terms: Vec<(u32, F)>,
}

impl<F: PrimeField> Terms<F> {
    /// One signal.
    pub(crate) fn signal(index: u32) -> Self {
        Self { terms: vec![(index, F::one())] }
    }

    /// The signals' indices, which ascend, and their coefficients, which are not zero.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, F)> {
        self.terms.iter().copied()
    }
}

impl<F: PrimeField> LinearCombination<F> for Terms<F> {
    fn constant(value: F) -> Self {
        Self { terms: if value.is_zero() { Vec::new() } else { vec![(0, value)] } }
    }

    fn add_scaled(&mut self, factor: F, other: &Self) {
        if factor.is_zero() {
            return;
        }
        let mut sum = Vec::with_capacity(self.terms.len() + other.terms.len());
        let mut mine = self.terms.iter().copied().peekable();
        for &(index, coefficient) in &other.terms {
            while let Some(term) = mine.next_if(|(before, _)| *before < index) {
                sum.push(term);
            }
            let mut total = coefficient * factor;
            if let Some((_, same)) = mine.next_if(|(at, _)| *at == index) {
                total += same;
            }
            if !total.is_zero() {
                sum.push((index, total));
            }
        }
        sum.extend(mine);
        self.terms = sum;
    }
}

impl<F> Zeroize for Terms<F> {
    fn zeroize(&mut self) {
        self.terms.clear();
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::{AdditiveGroup, Field};

    use super::*;

    fn terms(terms: &[(u32, i64)]) -> Terms<Fr> {
        let mut sum = Terms::constant(Fr::ZERO);
        for (index, coefficient) in terms {
            sum.add_scaled(Fr::from(*coefficient), &Terms::signal(*index));
        }
        sum
    }

    #[test]
    fn terms_stay_sorted_and_zeros_are_left_out() {
        let mut sum = terms(&[(7, 2), (0, 1), (3, 5)]);
        assert_eq!(sum.iter().map(|(index, _)| index).collect::<Vec<_>>(), [0, 3, 7]);
        sum.add_scaled(Fr::from(3), &terms(&[(1, 1), (3, 2), (9, 1)]));
        assert_eq!(sum, terms(&[(0, 1), (1, 3), (3, 11), (7, 2), (9, 3)]));
        assert_eq!(sum.minus(&sum), terms(&[]));
        assert_eq!(sum.minus(&terms(&[(3, 11)])), terms(&[(0, 1), (1, 3), (7, 2), (9, 3)]));
        sum.add_scaled(Fr::ZERO, &terms(&[(5, 1)]));
        assert_eq!(sum, terms(&[(0, 1), (1, 3), (3, 11), (7, 2), (9, 3)]));
    }

    #[test]
    fn values_and_terms_agree() {
        let signals = [Fr::ONE, Fr::from(11), Fr::from(13)];
        let value =
            |terms: &Terms<Fr>| terms.iter().map(|(index, c)| signals[index as usize] * c).sum::<Fr>();
        let (x, y) = (terms(&[(1, 3), (0, 4)]), terms(&[(2, 1), (1, -3)]));
        assert_eq!(value(&x.plus(&y)), value(&x).plus(&value(&y)));
        assert_eq!(value(&x.minus(&y)), value(&x).minus(&value(&y)));
        assert_eq!(Fr::constant(Fr::from(5)), value(&Terms::constant(Fr::from(5))));
    }
}
