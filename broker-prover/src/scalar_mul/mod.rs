//! Multiples of points: the boundary behind which the arithmetic of the provers is exchanged.
//!
//! Everything that multiplies many points by many scalars goes through this module, and almost all of its work is done
//! by [`Sums`], which adds up groups of affine points: in pairs, by the portable code or a kernel for the processor
//! ([`AddPairs`](crate::kernel::AddPairs)), or in lanes ([`KernelPoint::sum`]). Every addition here is complete: equal points,
//! opposite points and the point at infinity need no care from callers.

mod buckets;
mod digits;
mod few;
mod fixed_base;
mod shifted;
mod sums;

pub(crate) use self::{
    buckets::{Bases, Cut, sum_in_buckets},
    digits::Windows,
    few::multiply,
    fixed_base::FixedBase,
    shifted::Shifted,
    sums::Sums,
};
