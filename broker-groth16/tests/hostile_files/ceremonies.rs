//! The files of ceremonies in other shapes.

use ark_std::rand::Rng;

use crate::{binary::number, pieces::Pieces};

/// The lengths of a point of BN254 in G1 and in G2.
const G1: usize = 64;
const G2: usize = 128;

/// A `.ptau` of another power whose sections agree with each other. Its points come from `file`, a prepared file over BN254.
pub fn reshape_ptau(file: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut pieces = Pieces::parse(file);
    let power: u32 = rng.gen_range(0..7);
    let count = 1_usize << power;
    for at in [36, 40] {
        pieces.section(1)[at..at + 4].copy_from_slice(&power.to_le_bytes());
    }
    for (section, points, size) in [
        (2, 2 * count - 1, G1),
        (3, count, G2),
        (4, count, G1),
        (5, count, G1),
        (12, 4 * count - 1, G1),
        (13, 2 * count - 1, G2),
        (14, 2 * count - 1, G1),
        (15, 2 * count - 1, G1),
    ] {
        let content = pieces.section(section);
        *content = content.iter().copied().cycle().take(points * size).collect();
    }
    pieces.bytes()
}

/// A `.zkey` over BN254 that lists other contributions, with any parameters.
pub fn reshape_contributions(file: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut pieces = Pieces::parse(file);
    let hash = 64;
    let mut content = pieces.section(10)[..hash].to_vec();
    let first = hash + 4;
    let points = pieces.section(10)[first..first + 3 * G1 + G2].to_vec();
    let count: u32 = rng.gen_range(0..6);
    let stated = if rng.gen_ratio(1, 10) { number(rng) } else { count };
    content.extend(stated.to_le_bytes());
    for _ in 0..count {
        content.extend(&points);
        content.extend([rng.r#gen::<u8>(); 64]);
        let beacon: bool = rng.r#gen();
        let mut parameters = Vec::new();
        for number in 1..=3 {
            // A contribution has a name or none; a beacon also has iterations and a value.
            let expected = if number == 1 { rng.r#gen() } else { beacon };
            if expected == rng.gen_ratio(1, 20) {
                continue;
            }
            parameters.push(number);
            if number == 2 {
                parameters.push(rng.r#gen());
            } else {
                let length: u8 = if rng.gen_ratio(1, 10) { rng.r#gen() } else { rng.gen_range(0..40) };
                parameters.push(length);
                parameters.extend((0..length).map(|_| rng.r#gen::<u8>()));
            }
        }
        content.extend(u32::from(beacon).to_le_bytes());
        content.extend((parameters.len() as u32).to_le_bytes());
        content.extend(parameters);
    }
    *pieces.section(10) = content;
    pieces.bytes()
}
