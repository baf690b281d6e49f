#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::{collections::HashMap, sync::Arc, thread};

use proptest::prelude::*;

use super::*;

fn ledger(per_key: u64, keys: usize) -> NonceLedger {
    NonceLedger::with_bounds(per_key, keys).unwrap()
}

fn key(number: u32) -> [u8; 32] {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    key
}

impl NonceLedger {
    fn counted(&self, key: &[u8]) -> Option<u64> {
        self.lock().by_key.get(&self.identify(key).unwrap()).copied()
    }

    /// Checks that both collections agree.
    fn check(&self) {
        let counts = self.lock();
        assert!(counts.by_key.len() <= self.keys);
        let mut listed: Vec<_> = counts.by_key.iter().map(|(id, count)| (*count, *id)).collect();
        listed.sort_unstable();
        assert_eq!(listed, counts.by_count.iter().copied().collect::<Vec<_>>());
    }
}

#[test]
fn rejects_key_at_its_limit() {
    let ledger = ledger(5, 8);
    for _ in 0..5 {
        ledger.count(&key(1)).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(ledger.count(&key(1)), Err(AeadError::KeyExhausted));
        ledger.check();
    }
    assert_eq!(ledger.counted(&key(1)), Some(5));
    // Other keys are not affected, not even a prefix of this one.
    ledger.count(&key(2)).unwrap();
    ledger.count(&key(1)[..16]).unwrap();
}

#[test]
fn default_limits_are_those_of_the_standard() {
    let ledger = NonceLedger::new().unwrap();
    assert_eq!((ledger.per_key, ledger.keys), (4_294_967_296, 65_536));
}

#[test]
fn replaced_key_is_never_counted_too_low() {
    // The ledger tracks three keys, and many new keys are used between the uses of an old one.
    let ledger = ledger(100, 3);
    let mut used = 0;
    for other in 2..10_000 {
        match ledger.count(&key(1)) {
            Ok(()) => used += 1,
            Err(AeadError::KeyExhausted) => break,
            Err(error) => panic!("{error}"),
        }
        // Once every tracked key has reached the limit, new keys are rejected, too.
        let _ = ledger.count(&key(other));
        ledger.check();
    }
    assert!(used > 0 && used <= 100, "{used}");
}

#[test]
fn full_ledger_replaces_smallest_count() {
    let ledger = ledger(100, 2);
    for _ in 0..10 {
        ledger.count(&key(1)).unwrap();
    }
    ledger.count(&key(2)).unwrap();
    ledger.count(&key(3)).unwrap();
    // The third key replaced the second and inherited its count; the first is unchanged.
    assert_eq!([1, 2, 3].map(|number| ledger.counted(&key(number))), [Some(10), None, Some(2)]);
    ledger.count(&key(2)).unwrap();
    assert_eq!([1, 2, 3].map(|number| ledger.counted(&key(number))), [Some(10), Some(3), None]);
}

#[test]
fn concurrent_threads_do_not_exceed_the_limit() {
    let ledger = Arc::new(ledger(1000, 4));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let ledger = Arc::clone(&ledger);
            thread::spawn(move || (0..500).filter(|_| ledger.count(&key(1)).is_ok()).count())
        })
        .collect();
    let granted: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(granted, 1000);
    ledger.check();
}

#[test]
fn full_ledger_does_not_grow() {
    let ledger = ledger(PER_KEY, 1 << 10);
    for number in 0..5_000 {
        ledger.count(&key(number)).unwrap();
    }
    ledger.check();
    assert_eq!(ledger.lock().by_key.len(), 1 << 10);
}

#[test]
fn ledgers_identify_the_same_key_differently() {
    let (one, other) = (ledger(1, 1), ledger(1, 1));
    assert_ne!(one.identify(&key(1)).unwrap(), other.identify(&key(1)).unwrap());
    assert_eq!(one.identify(&key(1)).unwrap(), one.identify(&key(1)).unwrap());
    assert!(!format!("{one:?}").contains("mac"));
}

proptest! {
    /// Compares the two guarantees of the space-saving algorithm with an exact count.
    #[test]
    fn count_is_never_too_low_and_exceeds_exact_count_by_at_most_the_average(
        uses in proptest::collection::vec(0_u32..40, 0..600),
        keys in 1_usize..20,
    ) {
        let ledger = ledger(u64::MAX, keys);
        let mut exact: HashMap<u32, u64> = HashMap::new();
        for number in &uses {
            ledger.count(&key(*number)).unwrap();
            *exact.entry(*number).or_default() += 1;
            let counted = ledger.counted(&key(*number)).unwrap();
            prop_assert!(counted >= exact[number]);
            prop_assert!(counted - exact[number] <= uses.len() as u64 / keys as u64);
        }
        ledger.check();
    }
}
