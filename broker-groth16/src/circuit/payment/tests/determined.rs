//! The proof that the inputs determine all other signals, so that no prover has a choice.

use std::collections::BTreeSet;

use ark_ff::{Field, Zero};

use super::*;

type Terms = Vec<(usize, Fr)>;

/// Starts from the inputs and goes on to each signal that a constraint determines, until none is left over.
#[test]
fn the_inputs_determine_all_signals() {
    let system = &CONSTRAINTS.system;
    let rows: Vec<[Terms; 3]> = system
        .a
        .iter()
        .zip(system.b.iter())
        .zip(system.c.as_ref().unwrap().iter())
        .map(|((a, b), c)| [a, b, c].map(|row| row.entries().collect()))
        .collect();
    let bits: BTreeSet<usize> = rows.iter().filter_map(bit).collect();
    assert_eq!(bits.len(), 8 * 63);

    let mut known: BTreeSet<usize> = (0..=DESCRIPTION.inputs.len()).collect();
    loop {
        let before = known.len();
        for row in &rows {
            let determined = product(row, &known).or_else(|| sum_of_bits(row, &known, &bits));
            known.extend(determined.unwrap_or_default());
        }
        if known.len() == before {
            break;
        }
    }
    let free: Vec<_> = (0..system.signals).filter(|signal| !known.contains(signal)).collect();
    assert!(free.is_empty(), "free signals: {free:?}");
}

/// The signal s of a constraint s × (s − 1) = 0.
fn bit([a, b, c]: &[Terms; 3]) -> Option<usize> {
    let [(signal, one)] = a[..] else { return None };
    let is_bit = one == Fr::ONE && c.is_empty() && *b == [(0, -Fr::ONE), (signal, Fr::ONE)];
    is_bit.then_some(signal)
}

/// The only unknown signal of a constraint, if it is in C alone.
fn product([a, b, c]: &[Terms; 3], known: &BTreeSet<usize>) -> Option<Vec<usize>> {
    let unknown = |terms: &Terms| -> Vec<usize> {
        terms.iter().map(|(signal, _)| *signal).filter(|signal| !known.contains(signal)).collect()
    };
    let found = unknown(c);
    (unknown(a).is_empty() && unknown(b).is_empty() && found.len() == 1).then_some(found)
}

/// The bits b₀ … b₆₂ of a constraint (v − Σ 2^i·bᵢ) × (v − Σ 2^i·bᵢ − 2^63) = 0 with a known v. It has at most one solution
/// in bits, since the numbers Σ 2^i·bᵢ and 2^63 + Σ 2^i·bᵢ are all different and below the modulus.
fn sum_of_bits(
    [a, b, c]: &[Terms; 3],
    known: &BTreeSet<usize>,
    bits: &BTreeSet<usize>,
) -> Option<Vec<usize>> {
    let (of_bits, of_value): (Terms, Terms) = a.iter().partition(|(signal, _)| bits.contains(signal));
    let powers: BTreeSet<_> = of_bits.iter().map(|(_, factor)| (-*factor).into_bigint()).collect();
    let expected: BTreeSet<_> = (0..63).map(|place| Fr::from(1_u64 << place).into_bigint()).collect();
    let mut difference = a.clone();
    difference.extend(b.iter().map(|(signal, factor)| (*signal, -*factor)));
    let coefficient = |of: usize| -> Fr {
        difference.iter().filter(|(signal, _)| *signal == of).map(|(_, factor)| *factor).sum()
    };
    let is_sum = c.is_empty()
        && powers == expected
        && of_value.iter().all(|(signal, _)| known.contains(signal))
        && coefficient(0) == Fr::from(1_u64 << 63)
        && difference.iter().all(|(signal, _)| *signal == 0 || coefficient(*signal).is_zero());
    is_sum.then(|| of_bits.iter().map(|(signal, _)| *signal).collect())
}
