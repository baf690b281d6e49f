//! Points with coordinates in the quadratic extension of BN254's base field, a + b·u with u² = −1.
//!
//! This modulus is below 2^253.6, so a product of a < m·p and b < n·p with m·n ≤ 84 is less than 2·p.
#![allow(clippy::indexing_slicing)] // of chunks that are not empty

use ark_bn254::{Fq2, FqConfig, G2Affine, G2Projective};
use ark_ff::AdditiveGroup;

use super::{lanes, to_256, to_260, words};
use crate::kernel::{
    Coordinates,
    avx512::{
        Token,
        field::{self, Loaded},
        pairs::element,
    },
};

type Elements = field::Elements<FqConfig>;

/// The sum of at least eight points, if no addition is of equal, opposite or infinite points.
pub(crate) fn sum_g2(token: Token, points: &[Coordinates<G2Affine>]) -> Option<G2Projective> {
    let Token(()) = token;
    // SAFETY: The token shows that the processor has the instructions.
    unsafe { sum(points) }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn sum(points: &[Coordinates<G2Affine>]) -> Option<G2Projective> {
    let (first, rest) = points.split_first_chunk::<8>()?;
    let scale = to_260::<FqConfig>();
    let zero = Elements::splat([0; 4]);
    let first = lanes!(first);
    let x = [Loaded::load(words!(first, x.c0)), Loaded::load(words!(first, x.c1))];
    let mut infinite = x[0].zero() & x[1].zero();
    let mut x1 = [x[0].split().mul(scale), x[1].split().mul(scale)];
    let mut y1 = [
        Loaded::load(words!(first, y.c0)).split().mul(scale),
        Loaded::load(words!(first, y.c1)).split().mul(scale),
    ];
    let (mut zz, mut zzz) = ([scale, zero], [scale, zero]);
    for points in rest.chunks(8) {
        let mask = 0xff >> (8 - points.len());
        let lanes = lanes!(points);
        let x2 = [Loaded::load(words!(lanes, x.c0)), Loaded::load(words!(lanes, x.c1))];
        infinite |= x2[0].zero() & x2[1].zero();
        let y2 = [Loaded::load(words!(lanes, y.c0)).split(), Loaded::load(words!(lanes, y.c1)).split()];
        let u2 = mul([x2[0].split(), x2[1].split()], zz);
        let s2 = mul(y2, zzz);
        let p = [u2[0].sub::<2>(x1[0]), u2[1].sub::<2>(x1[1])];
        let r = [s2[0].sub::<2>(y1[0]), s2[1].sub::<2>(y1[1])];
        let pp = square(p);
        let ppp = mul(p, pp);
        let q = mul(x1, pp);
        let rr = square(r);
        let x3 = [
            rr[0].sub_both::<6>(ppp[0], q[0].add(q[0])).reduce::<4>().reduce::<2>(),
            rr[1].sub_both::<6>(ppp[1], q[1].add(q[1])).reduce::<4>().reduce::<2>(),
        ];
        // R·(Q − X₃) − Y₁·PPP.
        let t = [q[0].sub::<2>(x3[0]), q[1].sub::<2>(x3[1])];
        let minus_y = [y1[0].negate::<2>(), y1[1].negate::<2>()];
        let y3 = [
            Elements::sum_of_products([
                [r[0], t[0]],
                [r[1], t[1].negate::<4>()],
                [minus_y[0], ppp[0]],
                [y1[1], ppp[1]],
            ]),
            Elements::sum_of_products([
                [r[0], t[1]],
                [r[1], t[0]],
                [minus_y[0], ppp[1]],
                [minus_y[1], ppp[0]],
            ]),
        ];
        x1 = blend(x1, mask, x3);
        y1 = blend(y1, mask, y3);
        zz = blend(zz, mask, mul(zz, pp));
        zzz = blend(zzz, mask, mul(zzz, ppp));
    }
    // In Jacobian coordinates with Z = ZZZ: X·ZZ² and Y·ZZZ². The products with 2^256 take the factors of 16 out first,
    // and then change the form.
    let one = to_256::<FqConfig>();
    let zz = [zz[0].mul(one), zz[1].mul(one)];
    let zzz = [zzz[0].mul(one), zzz[1].mul(one)];
    let lanes_are_zero = zz[0].to_words().into_iter().zip(zz[1].to_words());
    if infinite != 0 || lanes_are_zero.into_iter().any(|zz| zz == ([0; 4], [0; 4])) {
        return None;
    }
    let [x, y, z] = [mul(x1, square(zz)), mul(y1, square(zzz)), zzz];
    let words = [
        x[0].mul(one).to_words(),
        x[1].mul(one).to_words(),
        y[0].mul(one).to_words(),
        y[1].mul(one).to_words(),
        z[0].mul(one).to_words(),
        z[1].mul(one).to_words(),
    ];
    let mut total = G2Projective::ZERO;
    for lane in 0..8 {
        let [x0, x1, y0, y1, z0, z1] = words.map(|lanes| element(lanes[lane]));
        total += G2Projective::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1), Fq2::new(z0, z1));
    }
    Some(total)
}

/// The product of a with components below 4·p and b with components below 2·p; its components are below 2·p.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn mul(a: [Elements; 2], b: [Elements; 2]) -> [Elements; 2] {
    [
        Elements::sum_of_products([[a[0], b[0]], [a[1], b[1].negate::<2>()]]),
        Elements::sum_of_products([[a[0], b[1]], [a[1], b[0]]]),
    ]
}

/// The square, for components below 4·p; its components are below 2·p.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn square(a: [Elements; 2]) -> [Elements; 2] {
    [a[0].add(a[1]).mul(a[0].sub::<4>(a[1])), a[0].add(a[0]).mul(a[1])]
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn blend(a: [Elements; 2], mask: u8, b: [Elements; 2]) -> [Elements; 2] {
    [a[0].blend(mask, b[0]), a[1].blend(mask, b[1])]
}
