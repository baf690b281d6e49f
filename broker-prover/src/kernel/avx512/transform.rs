//! Transforms over the roots of unity of a scalar field, eight values at a time.
//!
//! A vector has eight neighbours. Butterflies of blocks of 16 values and more take whole vectors; those of blocks of 8, 4
//! and 2 exchange lanes, and multiply all lanes, half of them by 1.
//!
//! Values keep arkworks' form, with R = 2^256, and roots have R = 2^260, so that their products have the form of values.
#![allow(clippy::indexing_slicing)] // of vectors whose length the domain has checked

use ark_ff::{BigInt, Fp, MontBackend, MontConfig};
use zeroize::Zeroizing;

use super::{
    Token,
    field::{Elements, Loaded},
};
use crate::{
    interrupt::{Interrupt, Interrupted},
    kernel::Transform,
};

/// Vectors that are transformed as a whole, so that they stay in the second-level cache (160 KiB).
const BLOCK: usize = 1 << 9;

type Field4<T> = Fp<MontBackend<T, 4>, 4>;

/// The domain's tables.
pub(crate) struct Transform8<T> {
    token: Token,
    /// For each length m = 16, 32 … n of a butterfly block in values, the first m/2 powers of the m-th root, from vector
    /// m/16.
    roots: Vec<Elements<T>>,
    /// The roots for blocks of 8 and of 4, in the lanes that are multiplied by them; the others have 1.
    inner: [Elements<T>; 2],
    shifts: Vec<Elements<T>>,
    /// 2^264: what makes a value of a product of two values.
    restore: Elements<T>,
}

impl<T> std::fmt::Debug for Transform8<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Transform8").finish_non_exhaustive()
    }
}

impl<T: MontConfig<4>> Transform8<T> {
    /// The smallest domain for which there is a transform.
    pub(crate) const SMALLEST: usize = 64;

    /// The tables from those of the portable transforms, if the domain is large enough.
    pub(crate) fn new(token: Token, roots: &[Field4<T>], shifts: &[Field4<T>]) -> Option<Self> {
        if roots.len() < Self::SMALLEST {
            return None;
        }
        let Token(()) = token;
        // SAFETY: The token shows that the processor has the instructions.
        Some(unsafe { Self::convert(token, roots, shifts) })
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn convert(token: Token, roots: &[Field4<T>], shifts: &[Field4<T>]) -> Self {
        // The integer of 16 in arkworks' form is 2^260, and that of 2^8 is 2^264.
        let one = Elements::splat(Field4::<T>::from(16_u64).0.0);
        let restore = Elements::splat(Field4::<T>::from(1_u64 << 8).0.0);
        let mut inner = [one; 2];
        // roots[4..8] are for blocks of 8, and roots[2..4] for blocks of 4.
        for lane in 0..8 {
            if lane >= 4 {
                inner[0].replace(lane, (roots[lane] * Field4::<T>::from(16_u64)).0);
            }
            if lane & 2 != 0 {
                inner[1].replace(lane, (roots[2 + lane % 2] * Field4::<T>::from(16_u64)).0);
            }
        }
        let mut converted = [Vec::new(), Vec::new()];
        for (converted, table) in converted.iter_mut().zip([roots, shifts]) {
            let (vectors, _) = table.as_chunks();
            converted.reserve_exact(vectors.len());
            for values in vectors {
                converted.push(load(values).mul(restore).reduce::<1>());
            }
        }
        let [roots, shifts] = converted;
        Self { token, roots, inner, shifts, restore }
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn quotient_of_vectors(
        &self,
        a: &mut [Field4<T>],
        b: &[Field4<T>],
        interrupt: &dyn Interrupt,
    ) -> Result<(), Interrupted> {
        let count = self.shifts.len();
        let mut vectors = Zeroizing::new(Vec::with_capacity(3 * count));
        for values in [&*a, b] {
            let (chunks, _) = values.as_chunks();
            for (index, values) in chunks.iter().take(count).enumerate() {
                check_at(index, interrupt)?;
                vectors.push(load::<T>(values));
            }
        }
        for index in 0..count {
            check_at(index, interrupt)?;
            let product = vectors[index].mul(vectors[count + index]);
            vectors.push(product);
        }
        for values in vectors.chunks_exact_mut(count) {
            self.in_frequency(values, interrupt)?;
            for (values, shifts) in values.chunks_mut(BLOCK).zip(self.shifts.chunks(BLOCK)) {
                interrupt.check()?;
                for (value, shift) in values.iter_mut().zip(shifts) {
                    *value = value.mul(*shift);
                }
            }
            self.in_time(values, interrupt)?;
        }
        // The products of two values, c among them, have the form with R = 2^252.
        let (places, _) = a.as_chunks_mut::<8>();
        for (index, places) in places.iter_mut().enumerate().take(count) {
            check_at(index, interrupt)?;
            let product = vectors[index].mul(vectors[count + index]);
            let value = product.sub::<2>(vectors[2 * count + index]).mul(self.restore);
            for (place, words) in places.iter_mut().zip(value.reduce::<1>().join().store()) {
                *place = Fp::new_unchecked(BigInt(words));
            }
        }
        Ok(())
    }

    /// From natural order to bit-reversed order. Values are below 2·p before and after.
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn in_frequency(&self, values: &mut [Elements<T>], interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
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
            for value in values {
                let block8 = value.exchange::<4>().mul(self.inner[0]);
                let block4 = block8.exchange::<2>().mul(self.inner[1]);
                *value = block4.exchange::<1>().reduce::<2>();
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
        self.in_frequency(low, interrupt)?;
        self.in_frequency(high, interrupt)
    }

    /// From bit-reversed order to natural order. Values are below 2·p before and after.
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
    fn in_time(&self, values: &mut [Elements<T>], interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
        if values.len() <= BLOCK {
            interrupt.check()?;
            for value in values.iter_mut() {
                let block2 = value.exchange::<1>();
                let block4 = block2.mul(self.inner[1]).exchange::<2>();
                *value = block4.mul(self.inner[0]).exchange::<4>().reduce::<2>();
            }
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
        self.in_time(low, interrupt)?;
        self.in_time(high, interrupt)?;
        for ((low, high), roots) in low.chunks_mut(BLOCK).zip(high.chunks_mut(BLOCK)).zip(roots.chunks(BLOCK))
        {
            interrupt.check()?;
            butterflies_in_time(low, high, roots);
        }
        Ok(())
    }

    /// The roots for blocks of `length` vectors.
    fn level(&self, length: usize) -> &[Elements<T>] {
        self.roots.get(length / 2..length).unwrap_or_default()
    }
}

impl<T: MontConfig<4>> Transform<Field4<T>> for Transform8<T> {
    fn bytes(&self) -> usize {
        (self.roots.capacity() + self.shifts.capacity()) * size_of::<Elements<T>>()
    }

    fn quotient(
        &self,
        a: &mut [Field4<T>],
        b: &[Field4<T>],
        interrupt: &dyn Interrupt,
    ) -> Result<(), Interrupted> {
        let Token(()) = self.token;
        // SAFETY: The token shows that the processor has the instructions.
        unsafe { self.quotient_of_vectors(a, b, interrupt) }
    }
}

/// Asks the interrupt once for each block of vectors.
fn check_at(index: usize, interrupt: &dyn Interrupt) -> Result<(), Interrupted> {
    if index.is_multiple_of(BLOCK) { interrupt.check() } else { Ok(()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn load<T: MontConfig<4>>(values: &[Field4<T>; 8]) -> Elements<T> {
    let [a, b, c, d, e, f, g, h] = values;
    Loaded::load([&a.0.0, &b.0.0, &c.0.0, &d.0.0, &e.0.0, &f.0.0, &g.0.0, &h.0.0]).split()
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn butterflies_in_frequency<T: MontConfig<4>>(
    low: &mut [Elements<T>],
    high: &mut [Elements<T>],
    roots: &[Elements<T>],
) {
    for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
        let difference = low.sub::<2>(*high);
        *low = low.add(*high).reduce::<2>();
        *high = difference.mul(*root);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn butterflies_in_time<T: MontConfig<4>>(
    low: &mut [Elements<T>],
    high: &mut [Elements<T>],
    roots: &[Elements<T>],
) {
    for ((low, high), root) in low.iter_mut().zip(high).zip(roots) {
        let product = high.mul(*root);
        *high = low.sub::<2>(product).reduce::<2>();
        *low = low.add(product).reduce::<2>();
    }
}
