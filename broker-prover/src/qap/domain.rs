//! The evaluation domain, and the way from it to its odd coset.

use std::sync::Arc;

use ark_ff::PrimeField;
use zeroize::Zeroizing;

use super::root::root_of_unity;
use crate::{
    field::TransformField,
    interrupt::{Interrupt, Interrupted},
    kernel::{Kernel, Transform},
};

/// Values that are transformed as a whole, so that they stay in the second-level cache (4,096 values are 128 KiB).
const BLOCK: usize = 1 << 12;

/// The n-th roots of unity, for n a power of two, with what the transforms over them need.
#[derive(Clone, Debug)]
pub struct Domain<F> {
    size: usize,
    tables: Tables<F>,
}

#[derive(Clone, Debug)]
enum Tables<F> {
    Portable(Portable<F>),
    Kernel(Arc<dyn Transform<F>>),
}

/// The tables of the portable transforms.
#[derive(Clone, Debug)]
struct Portable<F> {
    /// For each length m = 2, 4, … n of a butterfly block the first m/2 powers of the m-th root, from position m/2.
    roots: Vec<F>,
    /// What the coefficients are multiplied by between the transforms, in the order that the first one leaves.
    shifts: Vec<F>,
}

impl<F: TransformField> Domain<F> {
    /// The domain of `size` elements, a power of two.
    ///
    /// # Errors
    ///
    /// [`DomainError`] if the field does not have 2·`size`-th roots of unity, or `size` is not a power of two.
    pub fn new(size: usize, kernel: Kernel) -> Result<Self, DomainError> {
        let error = DomainError { size };
        if !size.is_power_of_two() {
            return Err(error);
        }
        let double = u64::try_from(size).ok().and_then(|size| size.checked_mul(2)).ok_or(error)?;
        let odd = root_of_unity::<F>(double).ok_or(error)?;
        let mut root = odd.square();
        let mut roots = vec![F::one(); size];
        let mut length = size;
        while length > 1 {
            let level = roots.get_mut(length / 2..length).unwrap_or_default();
            fill_with_powers(level, F::one(), root);
            root.square_in_place();
            length /= 2;
        }
        // The first transform uses the roots, not their inverses, and so leaves n·cₖ at the place of index −k.
        let inverse = F::from(double / 2).inverse().ok_or(error)?;
        let mut shifts = vec![F::zero(); size];
        fill_with_powers(&mut shifts, inverse, odd);
        shifts.get_mut(1..).unwrap_or_default().reverse();
        reverse_bits(&mut shifts);
        let tables = match F::transform(kernel, &roots, &shifts) {
            Some(transform) => Tables::Kernel(transform),
            None => Tables::Portable(Portable { roots, shifts }),
        };
        Ok(Self { size, tables })
    }

    /// The number of elements.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The memory of the tables of a domain of `size` elements, in bytes.
    pub(crate) fn bytes_for(size: usize) -> usize {
        // A kernel's table has five limbs for each element, and the portable one four.
        size.saturating_mul(2 * (size_of::<F>() + size_of::<u64>()))
    }

    /// The memory that [`Domain::quotient`] takes, with its two arguments, in bytes.
    pub(crate) fn working_bytes(size: usize, kernel: Kernel) -> usize {
        let each = if F::has_transform(kernel, size) {
            2 * size_of::<F>() + 3 * (size_of::<F>() + size_of::<u64>())
        } else {
            3 * size_of::<F>()
        };
        size.saturating_mul(each)
    }

    /// The memory of the tables in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.tables {
            Tables::Portable(Portable { roots, shifts }) => {
                (roots.capacity() + shifts.capacity()) * size_of::<F>()
            }
            Tables::Kernel(transform) => transform.bytes(),
        }
    }

    /// For the values of A and B on the domain, replaces those of A by the values of A·B − C on the odd coset, where C
    /// is A·B on the domain: at place i that of η·ω⁻ⁱ, where η is the primitive 2n-th root of unity with η² = ω. Note the
    /// order: the exponents of ω descend. What is left in `b` is no result.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the interrupt is requested.
    ///
    /// # Panics
    ///
    /// If there are not as many values of each as the domain has elements.
    pub fn quotient(&self, a: &mut [F], b: &mut [F], interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
        assert!(
            a.len() == self.size && b.len() == self.size,
            "there is a value for each element of the domain"
        );
        match &self.tables {
            Tables::Portable(tables) => tables.quotient(a, b, interrupt),
            Tables::Kernel(transform) => transform.quotient(a, b, interrupt),
        }
    }
}

impl<F: PrimeField> Portable<F> {
    fn quotient(&self, a: &mut [F], b: &mut [F], interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
        let mut c = Zeroizing::new(a.iter().zip(b.iter()).map(|(a, b)| *a * b).collect::<Vec<_>>());
        self.to_odd_coset(a, interrupt)?;
        self.to_odd_coset(b, interrupt)?;
        self.to_odd_coset(&mut c, interrupt)?;
        for ((a, b), c) in a.iter_mut().zip(b.iter()).zip(c.iter()) {
            *a = *a * b - c;
        }
        Ok(())
    }

    /// Replaces the values p(ωⁱ) of a polynomial of degree below n by its values on the odd coset, p(η·ω⁻ⁱ).
    ///
    /// It is an inverse transform, which decimates in frequency, a multiplication by the powers of η, and a transform
    /// that decimates in time. The first leaves the order in which the last begins, so nothing is permuted.
    fn to_odd_coset(&self, values: &mut [F], interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
        self.decimate_in_frequency(values, interrupt)?;
        for (values, shifts) in values.chunks_mut(BLOCK).zip(self.shifts.chunks(BLOCK)) {
            interrupt.check()?;
            values.iter_mut().zip(shifts).for_each(|(value, shift)| *value *= shift);
        }
        self.decimate_in_time(values, interrupt)
    }

    /// From natural order to bit-reversed order.
    fn decimate_in_frequency(&self, values: &mut [F], interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
        if values.len() <= BLOCK {
            interrupt.check()?;
            let mut length = values.len();
            while length > 1 {
                let roots = self.level(length);
                for block in values.chunks_exact_mut(length) {
                    let (low, high) = block.split_at_mut(length / 2);
                    butterflies_in_frequency(low, high, roots);
                }
                length /= 2;
            }
            return Ok(());
        }
        let roots = self.level(values.len());
        let (low, high) = values.split_at_mut(values.len() / 2);
        for ((low, high), roots) in low.chunks_mut(BLOCK).zip(high.chunks_mut(BLOCK)).zip(roots.chunks(BLOCK))
        {
            interrupt.check()?;
            butterflies_in_frequency(low, high, roots);
        }
        self.decimate_in_frequency(low, interrupt)?;
        self.decimate_in_frequency(high, interrupt)
    }

    /// From bit-reversed order to natural order.
    fn decimate_in_time(&self, values: &mut [F], interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
        if values.len() <= BLOCK {
            interrupt.check()?;
            let mut length = 2;
            while length <= values.len() {
                let roots = self.level(length);
                for block in values.chunks_exact_mut(length) {
                    let (low, high) = block.split_at_mut(length / 2);
                    butterflies_in_time(low, high, roots);
                }
                length *= 2;
            }
            return Ok(());
        }
        let roots = self.level(values.len());
        let (low, high) = values.split_at_mut(values.len() / 2);
        self.decimate_in_time(low, interrupt)?;
        self.decimate_in_time(high, interrupt)?;
        for ((low, high), roots) in low.chunks_mut(BLOCK).zip(high.chunks_mut(BLOCK)).zip(roots.chunks(BLOCK))
        {
            interrupt.check()?;
            butterflies_in_time(low, high, roots);
        }
        Ok(())
    }

    fn level(&self, length: usize) -> &[F] {
        self.roots.get(length / 2..length).unwrap_or_default()
    }
}

fn butterflies_in_frequency<F: PrimeField>(low: &mut [F], high: &mut [F], roots: &[F]) {
    for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
        let difference = *low - *high;
        *low += *high;
        *high = difference * root;
    }
}

fn butterflies_in_time<F: PrimeField>(low: &mut [F], high: &mut [F], roots: &[F]) {
    for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
        let product = *high * root;
        *high = *low - product;
        *low += product;
    }
}

fn fill_with_powers<F: PrimeField>(places: &mut [F], first: F, ratio: F) {
    let mut power = first;
    for place in places {
        *place = power;
        power *= ratio;
    }
}

/// Moves each value to the index that has the bits of its own in reverse.
fn reverse_bits<F>(values: &mut [F]) {
    let unused = values.len().leading_zeros() + 1;
    for index in 1..values.len() {
        let reversed = index.reverse_bits() >> unused;
        if index < reversed {
            values.swap(index, reversed);
        }
    }
}

/// The field has no evaluation domain of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field has no evaluation domain of {size} elements with an odd coset")]
pub struct DomainError {
    /// The size that was asked for.
    pub size: usize,
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::FftField;
    use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
    use ark_std::rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::interrupt::Never;

    const KERNELS: [fn() -> Kernel; 2] = [|| Kernel::PORTABLE, Kernel::detect];

    #[test]
    fn the_quotient_agrees_with_ark_poly() {
        let mut rng = StdRng::seed_from_u64(3);
        for log_size in [0, 1, 2, 3, 5, 6, 7, 12, 13, 14] {
            let size = 1 << log_size;
            let [a, b] = [(); 2].map(|()| random::<Fr>(size, &mut rng));
            let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
            let reference = Radix2EvaluationDomain::<Fr>::new(size).unwrap();
            let odd = Fr::get_root_of_unity(2 * size as u64).unwrap();
            let odd_coset = reference.get_coset(odd).unwrap();
            let [on_a, on_b, on_c] = [&a, &b, &c].map(|values| odd_coset.fft(&reference.ifft(values)));
            let mut expected: Vec<_> =
                on_a.iter().zip(&on_b).zip(&on_c).map(|((a, b), c)| *a * b - c).collect();
            expected[1..].reverse();
            for kernel in KERNELS {
                let (mut a, mut b) = (a.clone(), b.clone());
                Domain::new(size, kernel()).unwrap().quotient(&mut a, &mut b, &Never).unwrap();
                assert_eq!(a, expected, "size {size}, {}", kernel().name());
            }
        }
    }

    /// arkworks' roots of unity on BLS12-381 are not those of circom's tools.
    #[test]
    fn kernels_agree_on_bls12_381() {
        type F = ark_bls12_381::Fr;
        let mut rng = StdRng::seed_from_u64(4);
        for size in [64, 128, 1 << 13] {
            let values = [(); 2].map(|()| random::<F>(size, &mut rng));
            let [portable, detected] = KERNELS.map(|kernel| {
                let [mut a, mut b] = values.clone();
                Domain::new(size, kernel()).unwrap().quotient(&mut a, &mut b, &Never).unwrap();
                a
            });
            assert_eq!(portable, detected);
        }
    }

    fn random<F: PrimeField>(size: usize, rng: &mut StdRng) -> Vec<F> {
        (0..size).map(|_| F::rand(rng)).collect()
    }

    #[test]
    fn sizes_without_roots_of_unity_are_refused() {
        assert!(Domain::<Fr>::new(0, Kernel::PORTABLE).is_err());
        assert!(Domain::<Fr>::new(3, Kernel::PORTABLE).is_err());
        assert!(Domain::<Fr>::new(1 << 28, Kernel::PORTABLE).is_err());
        assert!(Domain::<Fr>::new(1 << 63, Kernel::PORTABLE).is_err());
    }

    #[test]
    fn an_interrupt_ends_the_work() {
        for (size, kernel) in [(2, Kernel::PORTABLE), (64, Kernel::detect())] {
            let domain = Domain::new(size, kernel).unwrap();
            let mut values = vec![Fr::from(1); size];
            let mut others = values.clone();
            assert_eq!(domain.quotient(&mut values, &mut others, &|| true), Err(Interrupted));
        }
    }
}
