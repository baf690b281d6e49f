//! Kernels: the arithmetic of provers for a particular instruction set.
//!
//! A [`Kernel`] names what the processor has and the program may use. Where it has nothing that helps, or a curve has no
//! kernel, the portable code does the same, and both give the same bits.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
mod coordinates;
mod pairs;
mod points;

pub use self::points::{KernelPoint, PointConfig};
pub(crate) use self::{
    coordinates::Coordinates,
    pairs::{AddPairs, Pair},
};

use crate::interrupt::{Interrupt, Interrupted};

/// The tables of an evaluation domain for a kernel.
pub trait Transform<F>: Send + Sync + std::fmt::Debug {
    /// The memory of the tables in bytes.
    fn bytes(&self) -> usize;

    /// Replaces the values of A on the domain by those of A·B − C on its odd coset, for C = A·B on the domain, in the
    /// order that [`Domain::quotient`](crate::qap::Domain::quotient) describes.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] if the interrupt is requested.
    fn quotient(&self, a: &mut [F], b: &[F], interrupt: &dyn Interrupt) -> Result<(), Interrupted>;
}

/// Which instructions a prover uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::Token),
}

impl Kernel {
    /// The portable code alone.
    pub const PORTABLE: Self = Self(Instructions::Portable);

    /// The fastest kernel that the processor has: with AVX-512 and its multiplication of 52-bit integers (IFMA), which
    /// Intel's servers have since 2021 and AMD's since 2022.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = avx512::Token::detect() {
            return Self(Instructions::Avx512(token));
        }
        Self::PORTABLE
    }

    /// The name of the instructions, for benchmarks and messages of tests. Answers have the name of the prover.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Instructions::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512(_) => "avx512-ifma",
        }
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn avx512(self) -> Option<avx512::Token> {
        match self.0 {
            Instructions::Portable => None,
            Instructions::Avx512(token) => Some(token),
        }
    }
}

/// Brings a value that will be read soon into the cache.
#[inline]
#[allow(unsafe_code)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = std::ptr::from_ref(value).cast::<i8>();
        // SAFETY: A prefetch reads nothing, so it may be of any address; the second is of the value's next line.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(address);
            _mm_prefetch::<_MM_HINT_T0>(address.wrapping_add(64));
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

impl Default for Kernel {
    fn default() -> Self {
        Self::detect()
    }
}
