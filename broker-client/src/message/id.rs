//! Generates ids for calls whose request sets none.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use uuid::{Builder, fmt::Hyphenated};

/// Returns a UUID of version 4. Its bits are pseudorandom (RFC 9562 5.4): a keyed hash of a counter, with a key of
/// 128 bits from the operating system. Reading random bits for each id would cost a system call per id.
pub(super) fn random() -> String {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(2, Ordering::Relaxed);
    let [high, low] = [number, number + 1].map(|number| u128::from(KEY.hash_one(number)));
    let bits = high << 64 | low;
    let mut text = [0; Hyphenated::LENGTH];
    Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().hyphenated().encode_lower(&mut text).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::collections::HashSet;

    use uuid::{Uuid, Variant, Version};

    use super::*;

    #[test]
    fn ids_are_distinct_uuids_of_version_4() {
        let ids: HashSet<_> = (0..10_000).map(|_| random()).collect();
        assert_eq!(10_000, ids.len());
        for id in ids {
            let id = Uuid::parse_str(&id).unwrap();
            assert_eq!((Some(Version::Random), Variant::RFC4122), (id.get_version(), id.get_variant()));
        }
    }

    #[test]
    fn each_random_bit_is_set_in_about_half_of_the_ids() {
        const IDS: u32 = 4096;
        let mut set = [0_u32; 128];
        for _ in 0..IDS {
            let bits = Uuid::parse_str(&random()).unwrap().as_u128();
            for (bit, count) in set.iter_mut().enumerate() {
                *count += u32::from(bits >> bit & 1 == 1);
            }
        }
        // 9 standard deviations; the four bits of the version and the two of the variant are always the same.
        let even = set.iter().filter(|count| count.abs_diff(IDS / 2) < 9 * 32).count();
        assert_eq!(122, even);
    }
}
