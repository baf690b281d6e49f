//! Alters snarkjs' JSON with knowledge of its structure, and text by bytes.

use ark_std::rand::{Rng, seq::SliceRandom as _};
use serde_json::{Map, Value, json};

/// BN254's moduli and numbers near them.
const NUMBERS: &[&str] = &[
    "21888242871839275222246405745257275088548364400416034343698204186575808495616",
    "21888242871839275222246405745257275088548364400416034343698204186575808495617",
    "21888242871839275222246405745257275088548364400416034343698204186575808495650",
    "21888242871839275222246405745257275088696311157297823662689037894645226208582",
    "21888242871839275222246405745257275088696311157297823662689037894645226208583",
    "52435875175126190479447740508185965837690552500527637822603658699938581184513",
    "115792089237316195423570985008687907853269984665640564039457584007913129639936",
    "-1",
    "-0",
    "+1",
    "00",
    "01",
    "0",
    "1",
    "2",
    "0x",
    "0x0",
    "0x1F",
    "0X1",
    "1e3",
    "1.0",
    " 1",
    "1 ",
    "1_0",
    "",
    "١",
    "１",
    "groth16",
    "plonk",
    "bn128",
    "bls12381",
    "\u{0}",
];

/// Bytes that mean something in JSON or in text.
const SIGNS: &[u8] = b"\"\\{}[]:,0-. \n\xff\x00eE";

/// Alters a file once to four times.
pub fn alter(file: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(file).unwrap();
    for _ in 0..rng.gen_range(0..4) {
        let root = rng.gen_ratio(1, 20);
        let node = if root { &mut value } else { descend(&mut value, rng) };
        alter_value(node, rng);
    }
    let mut bytes =
        if rng.r#gen() { serde_json::to_vec(&value) } else { serde_json::to_vec_pretty(&value) }.unwrap();
    match rng.gen_range(0..8) {
        0 | 1 => alter_bytes(&mut bytes, rng),
        2 => nest(&mut bytes, rng),
        3 => twice(&mut bytes, rng),
        _ => {}
    }
    bytes
}

/// A random value in the tree.
fn descend<'v>(value: &'v mut Value, rng: &mut impl Rng) -> &'v mut Value {
    let children = match value {
        Value::Array(values) => values.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    if children == 0 || rng.gen_ratio(1, 8) {
        return value;
    }
    let at = rng.gen_range(0..children);
    match value {
        Value::Array(values) => descend(&mut values[at], rng),
        Value::Object(members) => descend(members.values_mut().nth(at).unwrap(), rng),
        _ => value,
    }
}

fn alter_value(value: &mut Value, rng: &mut impl Rng) {
    let other = match rng.gen_range(0..9) {
        0 => json!(rng.gen_range(0..100_u64)),
        1 => [
            json!(null),
            json!(true),
            json!(-1),
            json!(1.5),
            json!(u64::MAX),
            json!(1_u64 << 53),
            json!([]),
            json!({}),
        ][rng.gen_range(0..8)]
        .clone(),
        2 => json!("9".repeat(rng.gen_range(1..300))),
        3 => json!([value.clone()]),
        _ => json!(NUMBERS.choose(rng).unwrap()),
    };
    match value {
        Value::Array(values) if !values.is_empty() && rng.gen_ratio(3, 4) => {
            let at = rng.gen_range(0..values.len());
            match rng.gen_range(0..4) {
                0 => drop(values.remove(at)),
                1 => values.push(values[at].clone()),
                2 => values.swap(0, at),
                _ => values.resize(rng.gen_range(0..2000), values[at].clone()),
            }
        }
        Value::Object(members) if !members.is_empty() && rng.gen_ratio(3, 4) => {
            let name = members.keys().nth(rng.gen_range(0..members.len())).unwrap().clone();
            match rng.gen_range(0..3) {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert((*NUMBERS.choose(rng).unwrap()).to_owned(), other)),
                _ => {
                    *members =
                        Map::from_iter(members.clone().into_iter().map(|(name, value)| (name + "_", value)))
                }
            }
        }
        value => *value = other,
    }
}

/// Puts the beginning of an array that is nested deeply into the text, or objects within objects.
fn nest(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let at = rng.gen_range(0..=bytes.len());
    let depth = [2, 100, 130, 20_000][rng.gen_range(0..4)];
    let open: &[u8] = if rng.r#gen() { b"[" } else { b"{\"a\":" };
    bytes.splice(at..at, open.repeat(depth));
}

/// Repeats a part of the text, so that members are there twice.
fn twice(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    let commas: Vec<_> =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b',').map(|(at, _)| at).collect();
    if commas.len() > 1 {
        let first = rng.gen_range(0..commas.len() - 1);
        let last = rng.gen_range(first + 1..commas.len());
        let part = bytes[commas[first]..commas[last]].to_vec();
        bytes.splice(commas[last]..commas[last], part);
    }
}

pub fn alter_bytes(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.gen_range(0..bytes.len());
    match rng.gen_range(0..5) {
        0 => bytes[at] ^= 1 << rng.gen_range(0..8),
        1 => bytes[at] = *SIGNS.choose(rng).unwrap(),
        2 => bytes.truncate(at),
        3 => drop(bytes.remove(at)),
        _ => bytes.insert(at, *SIGNS.choose(rng).unwrap()),
    }
}
