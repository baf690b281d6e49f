//! The sum of many affine points, with an accumulator in each lane.
//!
//! An accumulator has the coordinates X, Y, ZZ and ZZZ of x = X/ZZ and y = Y/ZZZ, with ZZ³ = ZZZ² (the formulas of
//! "madd-2008-s" in the Explicit-Formulas Database). It needs no inversion, so it is faster than sums of pairs for a few
//! hundred points.
//!
//! The formulas are not for equal or opposite points. Such an addition makes ZZ zero, and it stays zero; so one look at the
//! end finds it, and the caller adds the points in another way. Points at infinity are found when they are loaded.
//!
//! The integers of X and Y have R = 2^260. Those of points have R = 2^256, so ZZ and ZZZ are kept as 16 times their value,
//! and the products with coordinates of points are right.

mod g1;
mod g2;

pub(crate) use self::{g1::sum_g1, g2::sum_g2};

use ark_ff::{Fp, MontConfig};

use super::field::Elements;

/// 2^264, the product with which changes R = 2^256 into 2^260; it is also 16 for R = 2^260.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn to_260<T: MontConfig<4>>() -> Elements<T> {
    // The integer of 2^8 in memory is 2^8·2^256.
    Elements::splat(Fp::<ark_ff::MontBackend<T, 4>, 4>::from(1_u64 << 8).0.0)
}

/// 2^256, the product with which changes R = 2^260 into 2^256.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn to_256<T: MontConfig<4>>() -> Elements<T> {
    Elements::splat(Fp::<ark_ff::MontBackend<T, 4>, 4>::from(1_u64).0.0)
}

/// The points of the lanes: all eight, or the last of them with any in the lanes beyond.
macro_rules! lanes {
    ($points:expr) => {{
        let points = $points;
        let last = points.len() - 1;
        [
            &points[0],
            &points[last.min(1)],
            &points[last.min(2)],
            &points[last.min(3)],
            &points[last.min(4)],
            &points[last.min(5)],
            &points[last.min(6)],
            &points[last.min(7)],
        ]
    }};
}
use lanes;

/// The words of one coordinate of each lane. For the reason see [`super::pairs`].
macro_rules! words {
    ($lanes:ident, $($part:ident).+) => {
        [
            &$lanes[0].$($part).+.0.0,
            &$lanes[1].$($part).+.0.0,
            &$lanes[2].$($part).+.0.0,
            &$lanes[3].$($part).+.0.0,
            &$lanes[4].$($part).+.0.0,
            &$lanes[5].$($part).+.0.0,
            &$lanes[6].$($part).+.0.0,
            &$lanes[7].$($part).+.0.0,
        ]
    };
}
use words;
