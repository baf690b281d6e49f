//! Points with coordinates in the prime field.
#![allow(clippy::indexing_slicing)] // of chunks that are not empty

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ff::{AdditiveGroup, Fp, MontBackend, MontConfig};

use super::{lanes, to_256, to_260, words};
use crate::kernel::{
    Coordinates,
    avx512::{
        Token,
        field::{Elements, Loaded},
        pairs::element,
    },
};

type Field4<T> = Fp<MontBackend<T, 4>, 4>;

/// The sum of at least eight points, if no addition is of equal, opposite or infinite points.
pub(crate) fn sum_g1<T: MontConfig<4>, P: SWCurveConfig<BaseField = Field4<T>>>(
    token: Token,
    points: &[Coordinates<Affine<P>>],
) -> Option<Projective<P>> {
    let Token(()) = token;
    // SAFETY: The token shows that the processor has the instructions.
    unsafe { sum(points) }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn sum<T: MontConfig<4>, P: SWCurveConfig<BaseField = Field4<T>>>(
    points: &[Coordinates<Affine<P>>],
) -> Option<Projective<P>> {
    let (first, rest) = points.split_first_chunk::<8>()?;
    let scale = to_260::<T>();
    let mut infinite = 0;
    let first = lanes!(first);
    let x = Loaded::load(words!(first, x));
    infinite |= x.zero();
    let mut x1 = x.split::<T>().mul(scale);
    let mut y1 = Loaded::load(words!(first, y)).split::<T>().mul(scale);
    let (mut zz, mut zzz) = (scale, scale);
    for points in rest.chunks(8) {
        let mask = 0xff >> (8 - points.len());
        let lanes = lanes!(points);
        let x2 = Loaded::load(words!(lanes, x));
        infinite |= x2.zero();
        let u2 = x2.split::<T>().mul(zz);
        let s2 = Loaded::load(words!(lanes, y)).split::<T>().mul(zzz);
        let p = u2.sub::<2>(x1);
        let r = s2.sub::<2>(y1);
        let pp = p.square();
        let ppp = p.mul(pp);
        let q = x1.mul(pp);
        let x3 = r.square().sub_both::<6>(ppp, q.add(q)).reduce::<4>().reduce::<2>();
        let y3 = Elements::sum_of_products([[r, q.sub::<2>(x3)], [y1.negate::<2>(), ppp]]);
        x1 = x1.blend(mask, x3);
        y1 = y1.blend(mask, y3);
        zz = zz.blend(mask, zz.mul(pp));
        zzz = zzz.blend(mask, zzz.mul(ppp));
    }
    // In Jacobian coordinates with Z = ZZZ: X·ZZ² and Y·ZZZ². The products with 2^256 take the factors of 16 out first,
    // and then change the form.
    let one = to_256::<T>();
    let (zz, zzz) = (zz.mul(one), zzz.mul(one));
    if infinite != 0 || zz.to_words().contains(&[0; 4]) {
        return None;
    }
    let x = x1.mul(zz.square()).mul(one).to_words();
    let y = y1.mul(zzz.square()).mul(one).to_words();
    let mut total = Projective::ZERO;
    for ((x, y), z) in x.into_iter().zip(y).zip(zzz.mul(one).to_words()) {
        total += Projective::new_unchecked(element(x), element(y), element(z));
    }
    Some(total)
}
