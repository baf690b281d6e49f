//! The kernels that there are for the points of each curve.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};

#[cfg(target_arch = "x86_64")]
use super::avx512::{PairsG1, PairsG2, sum_g1, sum_g2};
use super::{
    Kernel,
    coordinates::Coordinates,
    pairs::{AddPairs, PortablePairs},
};
use crate::point::Point;

/// A point that kernels add.
pub trait KernelPoint: Point {
    /// Adds up to `capacity` pairs of points at a time.
    #[doc(hidden)]
    fn pairs(kernel: Kernel, capacity: usize) -> Box<dyn AddPairs<Self>>;

    /// The memory of [`KernelPoint::pairs`] in bytes, with the kernel that takes the most.
    #[doc(hidden)]
    fn pairs_bytes(capacity: usize) -> usize;

    /// Whether the kernel has a way to the sum of some hundred points that is faster than pairs.
    #[doc(hidden)]
    fn has_sum(kernel: Kernel) -> bool;

    /// The sum of all points in that way, if it is for these points.
    #[doc(hidden)]
    fn sum(kernel: Kernel, points: &[Coordinates<Self>]) -> Option<Self::Group>;
}

impl<P: PointConfig> KernelPoint for Affine<P> {
    fn pairs(kernel: Kernel, capacity: usize) -> Box<dyn AddPairs<Self>> {
        P::pairs(kernel, capacity)
    }

    fn pairs_bytes(capacity: usize) -> usize {
        P::pairs_bytes(capacity)
    }

    fn has_sum(kernel: Kernel) -> bool {
        P::has_sum(kernel)
    }

    fn sum(kernel: Kernel, points: &[Coordinates<Self>]) -> Option<Projective<P>> {
        P::sum(kernel, points)
    }
}

/// A curve's equation, and the kernels that there are for its points.
pub trait PointConfig: SWCurveConfig {
    /// Adds up to `capacity` pairs of points at a time.
    #[doc(hidden)]
    fn pairs(_kernel: Kernel, capacity: usize) -> Box<dyn AddPairs<Affine<Self>>> {
        Box::new(PortablePairs::with_capacity(capacity))
    }

    /// The memory of [`PointConfig::pairs`] in bytes, with the kernel that takes the most.
    #[doc(hidden)]
    fn pairs_bytes(capacity: usize) -> usize {
        PortablePairs::<Affine<Self>>::bytes_for(capacity)
    }

    /// Whether the kernel has a way to the sum of some hundred points that is faster than pairs.
    #[doc(hidden)]
    fn has_sum(_kernel: Kernel) -> bool {
        false
    }

    /// The sum of all points in that way, if it is for these points.
    #[doc(hidden)]
    fn sum(_kernel: Kernel, _points: &[Coordinates<Affine<Self>>]) -> Option<Projective<Self>> {
        None
    }
}

impl PointConfig for ark_bls12_381::g1::Config {}
impl PointConfig for ark_bls12_381::g2::Config {}

impl PointConfig for ark_bn254::g1::Config {
    #[cfg(target_arch = "x86_64")]
    fn pairs(kernel: Kernel, capacity: usize) -> Box<dyn AddPairs<Affine<Self>>> {
        match kernel.avx512() {
            Some(token) => Box::new(PairsG1::<ark_bn254::FqConfig>::with_capacity(token, capacity)),
            None => Box::new(PortablePairs::with_capacity(capacity)),
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn pairs_bytes(capacity: usize) -> usize {
        PairsG1::<ark_bn254::FqConfig>::bytes_for(capacity)
            .max(PortablePairs::<Affine<Self>>::bytes_for(capacity))
    }

    #[cfg(target_arch = "x86_64")]
    fn has_sum(kernel: Kernel) -> bool {
        kernel.avx512().is_some()
    }

    #[cfg(target_arch = "x86_64")]
    fn sum(kernel: Kernel, points: &[Coordinates<Affine<Self>>]) -> Option<Projective<Self>> {
        sum_g1(kernel.avx512()?, points)
    }
}

impl PointConfig for ark_bn254::g2::Config {
    #[cfg(target_arch = "x86_64")]
    fn pairs(kernel: Kernel, capacity: usize) -> Box<dyn AddPairs<Affine<Self>>> {
        match kernel.avx512() {
            Some(token) => Box::new(PairsG2::with_capacity(token, capacity)),
            None => Box::new(PortablePairs::with_capacity(capacity)),
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn pairs_bytes(capacity: usize) -> usize {
        PairsG2::bytes_for(capacity).max(PortablePairs::<Affine<Self>>::bytes_for(capacity))
    }

    #[cfg(target_arch = "x86_64")]
    fn has_sum(kernel: Kernel) -> bool {
        kernel.avx512().is_some()
    }

    #[cfg(target_arch = "x86_64")]
    fn sum(kernel: Kernel, points: &[Coordinates<Affine<Self>>]) -> Option<Projective<Self>> {
        sum_g2(kernel.avx512()?, points)
    }
}
