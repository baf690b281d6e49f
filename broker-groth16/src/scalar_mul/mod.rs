//! Multiples of points: the boundary behind which the arithmetic of the provers is exchanged.
//!
//! Everything that multiplies many points by many scalars goes through this module. Kernels for a particular
//! instruction set can therefore replace its types without a change in the provers, which are differential-tested
//! against each other. Every addition here is complete: equal points, opposite points and the point at infinity need no
//! care from callers.

mod digits;
mod fixed_base;

pub(crate) use self::fixed_base::FixedBase;
