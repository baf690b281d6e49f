//! Eight elements at a time, compared with arkworks.

use ark_ff::{Field, Fp, MontBackend, PrimeField, UniformRand};
use ark_std::rand::{SeedableRng, rngs::StdRng};

use super::*;
use crate::kernel::avx512::Token;

type F<T> = Fp<MontBackend<T, 4>, 4>;

/// The integers from which combinations are tested: at the ends of the field and of limbs.
fn edges<T: MontConfig<4>>() -> Vec<F<T>> {
    let mut integers =
        vec![0, 1, 2, MASK - 1, MASK, MASK + 1, u64::MAX].into_iter().map(F::from).collect::<Vec<F<T>>>();
    for bits in [51, 52, 53, 103, 104, 105, 156, 207, 208, 209, 253] {
        let power = F::<T>::from(2_u64).pow([bits]);
        integers.extend([power - F::ONE, power, power + F::ONE]);
    }
    let opposite: Vec<_> = integers.iter().map(|integer| -*integer).collect();
    integers.extend(opposite);
    // The integers are what memory has, so that limbs and not values are at the edges.
    integers.into_iter().map(|value| F::new_unchecked(value.into_bigint())).collect()
}

/// What each function gives for eight triples.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn results<T: MontConfig<4>>(values: [[F<T>; 8]; 3]) -> [[Words; 8]; 9] {
    let words = values.map(|lanes| lanes.map(|value| value.0.0));
    let load = |words: &[Words; 8]| Loaded::load(words.each_ref());
    let [a, b, c] = [load(&words[0]), load(&words[1]), load(&words[2])];
    assert_eq!(a.store(), words[0]);
    for (lane, [a_lane, b_lane]) in words[0].iter().zip(&words[1]).map(|(a, b)| [a, b]).enumerate() {
        assert_eq!(a.equal(&b) >> lane & 1 == 1, a_lane == b_lane);
        assert_eq!(a.zero() >> lane & 1 == 1, *a_lane == [0; 4]);
    }
    let (a, b, c) = (a.split::<T>(), b.split::<T>(), c.split::<T>());
    assert_eq!(a.join().store(), words[0]);
    let mut replaced = a;
    replaced.replace(3, BigInt(words[1][3]));
    let expected: [Words; 8] = std::array::from_fn(|lane| words[usize::from(lane == 3)][lane]);
    assert_eq!(replaced.to_words(), expected);
    assert_eq!(a.blend(0b0000_1000, b).to_words(), expected);
    // The largest that the bounds allow: 8·p by 4·p, and twice 4·p by 4·p.
    let eight = |value: Elements<T>| {
        value.add(value).add(value.add(value)).add(value.add(value).add(value.add(value)))
    };
    let four = |value: Elements<T>| value.add(value).add(value.add(value));
    [
        a.mul(b).to_words(),
        a.square().to_words(),
        a.add(b).to_words(),
        a.sub::<1>(b).to_words(),
        a.negate::<1>().to_words(),
        a.sub_both::<2>(b, c).to_words(),
        a.four_times_difference(b).reduce::<4>().to_words(),
        eight(a).mul(four(b)).to_words(),
        Elements::sum_of_products([[four(a), four(b)], [four(c), four(a)]]).to_words(),
    ]
}

fn agrees<T: MontConfig<4>>(values: [[F<T>; 8]; 3]) {
    // SAFETY: The caller has a token.
    let found = unsafe { results(values) };
    let scale = F::<T>::from(16_u64).inverse().unwrap();
    let numbers = [4, 32, 16].map(|factor: u64| F::<T>::from(factor));
    for lane in 0..8 {
        let [a, b, c] = values.map(|lanes| lanes[lane]);
        let expected = [
            // 2^−260 instead of 2^−256.
            a * b * scale,
            a * a * scale,
            a + b,
            a - b,
            -a,
            a - b - c,
            (a - b) * numbers[0],
            a * b * scale * numbers[1],
            (a * b + c * a) * scale * numbers[2],
        ];
        for (number, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert_eq!(BigInt(found[lane]), expected.0, "result {number}, lane {lane}");
        }
    }
}

fn agrees_on<T: MontConfig<4>>(random: usize) {
    if Token::detect().is_none() {
        return;
    }
    let edges = edges::<T>();
    let pairs: Vec<_> = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b))).collect();
    for (number, pairs) in pairs.chunks_exact(8).enumerate() {
        let c = std::array::from_fn(|lane| edges[(number * 5 + lane * 7) % edges.len()]);
        agrees([std::array::from_fn(|lane| pairs[lane].0), std::array::from_fn(|lane| pairs[lane].1), c]);
    }
    let mut rng = StdRng::seed_from_u64(90);
    for _ in 0..random / 8 {
        agrees(std::array::from_fn(|_| std::array::from_fn(|_| F::<T>::rand(&mut rng))));
    }
}

#[test]
fn arithmetic_agrees_with_arkworks() {
    agrees_on::<ark_bn254::FqConfig>(100_000);
    agrees_on::<ark_bn254::FrConfig>(100_000);
    agrees_on::<ark_bls12_381::FrConfig>(100_000);
}
