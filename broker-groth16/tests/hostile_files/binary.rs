//! Alters circom's binary files with knowledge of their structure: sections, counts, indices, field elements, points.

use std::sync::LazyLock;

use ark_bls12_381::{Fq as BlsFq, Fr as BlsFr};
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr as _;
use ark_ff::{BigInteger as _, PrimeField};
use ark_std::rand::Rng;
use broker_groth16::field::Montgomery;

use crate::{pieces::Pieces, points::of_cofactor_order};

/// Alters a file once to four times. `others` are further files of its format, from which parts are taken.
pub fn alter(file: &[u8], others: &[Vec<u8>], rng: &mut impl Rng) -> Vec<u8> {
    let mut pieces = Pieces::parse(file);
    for _ in 0..rng.gen_range(0..4) {
        alter_pieces(&mut pieces, others, rng);
    }
    let mut bytes = pieces.bytes();
    if rng.gen_ratio(1, 2) {
        alter_bytes(&mut bytes, rng);
    }
    bytes
}

fn alter_pieces(pieces: &mut Pieces, others: &[Vec<u8>], rng: &mut impl Rng) {
    let Some(at) = random_index(pieces.sections.len(), rng) else { return };
    match rng.gen_range(0..11) {
        // The table of sections.
        0 => drop(pieces.sections.remove(at)),
        1 => pieces.sections.push(pieces.sections[at].clone()),
        2 => pieces.sections[at].0 = number(rng),
        3 => {
            let other = rng.gen_range(0..pieces.sections.len());
            pieces.sections.swap(at, other);
        }
        4 => {
            let other = Pieces::parse(&others[rng.gen_range(0..others.len())]);
            let (section, content) = other.sections[rng.gen_range(0..other.sections.len())].clone();
            pieces.sections.retain(|(found, _)| *found != section);
            pieces.sections.push((section, content));
        }
        // The content of a section, whose length in the table follows.
        5 => {
            let content = &mut pieces.sections[at].1;
            let unit = [1, 4, 8, 12, 32, 36, 44, 64, 96, 128][rng.gen_range(0..10)];
            let length = if rng.r#gen() { content.len() + unit } else { content.len().saturating_sub(unit) };
            content.resize(length, 0);
        }
        6 => set(&mut pieces.sections[at].1, 4, &number(rng).to_le_bytes(), rng),
        7 => set(&mut pieces.sections[at].1, 32, &integer(rng), rng),
        8 => set(&mut pieces.sections[at].1, 64, &point(rng), rng),
        // A point or value of the same section.
        9 => {
            let content = &mut pieces.sections[at].1;
            let unit = [4, 32, 64, 128][rng.gen_range(0..4)];
            if let Some(from) = random_index(content.len() / unit, rng) {
                let copied = content[from * unit..(from + 1) * unit].to_vec();
                set(content, unit, &copied, rng);
            }
        }
        _ => alter_bytes(&mut pieces.sections[at].1, rng),
    }
}

pub fn alter_bytes(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let Some(at) = random_index(bytes.len(), rng) else { return };
    match rng.gen_range(0..6) {
        0 => bytes[at] ^= 1 << rng.gen_range(0..8),
        1 => bytes[at] = rng.r#gen(),
        2 => bytes.truncate(at),
        3 => bytes.extend(std::iter::repeat_n(0, rng.gen_range(1..100))),
        4 => set(bytes, 4, &number(rng).to_le_bytes(), rng),
        _ => set(bytes, 4, &u64::from(number(rng)).rotate_left(32 * rng.gen_range(0..2)).to_le_bytes(), rng),
    }
}

/// Overwrites a place that is a multiple of `unit` behind a header of 0, 4, 8 or 12 bytes, or of any other length.
fn set(bytes: &mut [u8], unit: usize, value: &[u8], rng: &mut impl Rng) {
    let start = if rng.gen_ratio(1, 8) { rng.gen_range(0..unit) } else { 4 * rng.gen_range(0..4) };
    let Some(index) = random_index(bytes.len().saturating_sub(start) / unit, rng) else { return };
    for (to, from) in bytes.iter_mut().skip(start + index * unit).zip(value) {
        *to = *from;
    }
}

fn random_index(length: usize, rng: &mut impl Rng) -> Option<usize> {
    (length > 0).then(|| rng.gen_range(0..length))
}

/// A number that is small, or at an end of what a count, an index or a length can be.
pub fn number(rng: &mut impl Rng) -> u32 {
    match rng.gen_range(0..6) {
        0..=2 => rng.gen_range(0..12),
        3 => u32::MAX - rng.gen_range(0..2),
        4 => (1_u32 << rng.gen_range(0..32)).wrapping_sub(rng.gen_range(0..2)),
        _ => rng.r#gen(),
    }
}

/// An integer of 32 bytes (48 for the base field of BLS12-381) at an end of what is canonical.
fn integer(rng: &mut impl Rng) -> Vec<u8> {
    fn at_the_end<F: PrimeField>(rng: &mut impl Rng) -> Vec<u8> {
        let mut modulus = F::MODULUS;
        match rng.gen_range(0..3) {
            0 => drop(modulus.sub_with_borrow(&1_u64.into())),
            1 => drop(modulus.add_with_carry(&1_u64.into())),
            _ => {}
        }
        modulus.to_bytes_le()
    }
    match rng.gen_range(0..7) {
        0 => vec![0; 32],
        1 => vec![0xff; 32],
        2 => Fr::from(rng.gen_range(0..3)).into_montgomery().to_bytes_le(),
        3 => at_the_end::<Fr>(rng),
        4 => at_the_end::<Fq>(rng),
        5 => at_the_end::<BlsFr>(rng),
        _ => at_the_end::<BlsFq>(rng),
    }
}

/// A point of BN254 in the form of a `.zkey`: the identity element, generators, and points of small order.
fn point(rng: &mut impl Rng) -> Vec<u8> {
    let g2 = |point: G2Affine| {
        [point.x.c0, point.x.c1, point.y.c0, point.y.c1].map(|c| c.into_montgomery().to_bytes_le()).concat()
    };
    let g1 = |point: G1Affine| [point.x, point.y].map(|c| c.into_montgomery().to_bytes_le()).concat();
    match rng.gen_range(0..6) {
        0 => vec![0; 64],
        1 => vec![0; 128],
        2 => g1(G1Affine::generator()),
        3 => g1((G1Affine::generator() * Fr::from(rng.r#gen::<u64>())).into()),
        4 => g2(G2Affine::generator()),
        _ => {
            static SMALL: LazyLock<[G2Affine; 2]> =
                LazyLock::new(|| [10069, 5_864_401].map(of_cofactor_order));
            g2(SMALL[rng.gen_range(0..2)])
        }
    }
}

/// A `.zkey` of another shape whose sections agree with each other: it may be used, and has any number of signals, public
/// signals, constraints and elements of the domain. Its points and some values come from `file`, a key over BN254.
pub fn reshape_zkey(file: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut pieces = Pieces::parse(file);
    let public: u32 = rng.gen_range(0..6);
    let signals = public + 1 + rng.gen_range(0..6) - u32::from(rng.gen_ratio(1, 10)).min(public);
    let domain: u32 = 1 << rng.gen_range(0..5);
    for (at, value) in [(72, signals), (76, public), (80, domain)] {
        pieces.section(2)[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    let private = signals.saturating_sub(public + 1);
    for (section, count, size) in [
        (3, public + 1, 64),
        (5, signals, 64),
        (6, signals, 64),
        (7, signals, 128),
        (8, private, 64),
        (9, domain, 64),
    ] {
        let content = pieces.section(section);
        *content = content.iter().copied().cycle().take(count as usize * size).collect();
    }
    // The rows of the public signals follow those of the constraints.
    let constraints = match domain.checked_sub(public + 1) {
        Some(most) if rng.gen_ratio(9, 10) => most.saturating_sub(rng.gen_range(0..2)),
        _ => rng.gen_range(0..4),
    };
    let values: Vec<_> =
        pieces.section(4)[4..].chunks(44).map(|coefficient| coefficient[12..].to_vec()).collect();
    // R² is the form of 1.
    let one = values.last().unwrap().clone();
    let mut coefficients: Vec<(u32, u32, u32, Vec<u8>)> = (0..constraints * rng.gen_range(1..4))
        .map(|_| {
            let value = values[rng.gen_range(0..values.len())].clone();
            (rng.gen_range(0..2), rng.gen_range(0..constraints), rng.gen_range(0..signals), value)
        })
        .collect();
    coefficients.extend((0..=public).map(|signal| (0, constraints + signal, signal, one.clone())));
    let mut content = (coefficients.len() as u32).to_le_bytes().to_vec();
    for (matrix, row, column, value) in coefficients {
        content.extend([matrix, row, column].map(u32::to_le_bytes).concat());
        content.extend(value);
    }
    *pieces.section(4) = content;
    pieces.bytes()
}

/// An `.r1cs` of another shape whose sections agree with each other.
pub fn reshape_r1cs(file: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut pieces = Pieces::parse(file);
    let counts: [u32; 3] = [rng.gen_range(0..4), rng.gen_range(0..4), rng.gen_range(0..4)];
    let signals = 1 + counts.iter().sum::<u32>() + rng.gen_range(0..4) - u32::from(rng.gen_ratio(1, 10));
    let constraints: u32 = rng.gen_range(0..10);
    let header = pieces.section(1);
    header.truncate(36);
    header.extend([signals, counts[0], counts[1], counts[2]].map(u32::to_le_bytes).concat());
    header.extend(u64::from(signals).to_le_bytes());
    header.extend(constraints.to_le_bytes());
    *pieces.section(3) = (0..u64::from(signals)).flat_map(u64::to_le_bytes).collect();
    let mut content = Vec::new();
    for _ in 0..3 * constraints {
        let entries: u32 = rng.gen_range(0..4);
        content.extend(entries.to_le_bytes());
        for _ in 0..entries {
            content.extend(rng.gen_range(0..signals.max(1)).to_le_bytes());
            content.extend(Fr::from(rng.r#gen::<u64>()).into_bigint().to_bytes_le());
        }
    }
    *pieces.section(2) = content;
    pieces.bytes()
}
