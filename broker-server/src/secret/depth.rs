//! Measures how much stack the work on a wiped stack uses, on threads that ask for it.
//!
//! The stack below is filled with zeros before the work and read after it: the deepest byte that is not zero was written by
//! the work. Bytes that were reserved and never written hold no secret.

use std::{cell::Cell, fs::File, hint::black_box, os::unix::fs::FileExt as _};

use zeroize::Zeroize as _;

/// The number of bytes that are filled and read. A thread whose work is measured needs a larger stack.
const MEASURED_BYTES: usize = 1 << 20;

/// The number of bytes of the stack that were used, and of those that are wiped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StackUse {
    pub(crate) used: usize,
    pub(crate) wiped: usize,
}

impl StackUse {
    pub(crate) const NONE: Self = Self { used: 0, wiped: 1 };

    /// Returns the use that leaves the smaller part of the wiped bytes unused.
    pub(crate) fn with_less_spare(self, other: Self) -> Self {
        if self.used * other.wiped > other.used * self.wiped { self } else { other }
    }
}

thread_local! {
    /// The tightest use so far; `None` where nothing is measured.
    static TIGHTEST: Cell<Option<StackUse>> = const { Cell::new(None) };
}

/// Restarts the measurement on this thread and returns the previous result.
pub(crate) fn restart() -> StackUse {
    TIGHTEST.replace(Some(StackUse::NONE)).unwrap_or(StackUse::NONE)
}

/// Measures the work that runs below the frame of this value when it is dropped.
pub(super) struct Measurement {
    wiped: fn() -> usize,
}

impl Measurement {
    pub(super) fn begin(wiped: fn() -> usize) -> Self {
        if TIGHTEST.get().is_some() {
            clear();
        }
        Self { wiped }
    }
}

impl Drop for Measurement {
    fn drop(&mut self) {
        if let Some(before) = TIGHTEST.get() {
            let used = used(std::ptr::from_ref(self).addr());
            TIGHTEST.set(Some(before.with_less_spare(StackUse { used, wiped: (self.wiped)() })));
        }
    }
}

#[inline(never)]
fn clear() {
    let mut stack = [0_u64; MEASURED_BYTES / 8];
    stack.zeroize();
    black_box(&stack);
}

/// Returns the distance from `top` to the deepest byte that is not zero.
fn used(top: usize) -> usize {
    let mut stack = vec![0; MEASURED_BYTES];
    let memory = File::open("/proc/thread-self/mem");
    let read = memory.and_then(|memory| memory.read_exact_at(&mut stack, (top - MEASURED_BYTES) as u64));
    assert!(read.is_ok(), "this thread's stack cannot be read: {read:?}");
    stack.iter().position(|byte| *byte != 0).map_or(0, |unused| MEASURED_BYTES - unused)
}
