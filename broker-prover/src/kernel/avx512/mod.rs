//! AVX-512 with IFMA: eight field elements at a time, in limbs of 52 bits.
//!
//! Functions with `#[target_feature]` may be called only where the processor has the features. [`Token`] shows that it
//! has, so the functions that take one are safe. The only other `unsafe` code reads and writes vectors through references.
#![allow(unsafe_code)] // the reason is above

mod field;
mod pairs;
mod sum;
mod transform;

pub(crate) use self::{
    pairs::{PairsG1, PairsG2},
    sum::{sum_g1, sum_g2},
    transform::Transform8,
};

/// The processor has the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token(());

impl Token {
    /// A token, if the processor has the instructions and the operating system saves their registers.
    pub(super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma");
        has.then_some(Self(()))
    }
}
