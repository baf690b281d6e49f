//! How circom names inputs.

/// The 64-bit FNV-1a hash of an input's name (draft-eastlake-fnv 2), by which circom's WebAssembly knows inputs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hash(u64);

impl Hash {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    /// The hash of `name`, or `None` if no signal can have that name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let hash = name
            .bytes()
            .fold(Self::OFFSET_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(Self::PRIME));
        name.is_ascii().then_some(Self(hash))
    }

    /// The upper and the lower half, as WebAssembly's untyped words.
    pub(super) const fn halves(self) -> (u32, u32) {
        ((self.0 >> 32) as u32, self.0 as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of draft-eastlake-fnv, appendix C.
    #[test]
    fn the_hash_is_fnv_1a() {
        for (name, halves) in [
            ("", (0xcbf2_9ce4, 0x8422_2325)),
            ("a", (0xaf63_dc4c, 0x8601_ec8c)),
            ("foobar", (0x8594_4171, 0xf739_67e8)),
        ] {
            assert_eq!(Hash::of(name).map(Hash::halves), Some(halves), "{name}");
        }
        assert!(Hash::of("ä").is_none());
    }
}
