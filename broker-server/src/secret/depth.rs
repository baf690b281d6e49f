//! How deep work on a wiped stack goes, where a thread has asked for it.
//!
//! Before the work the stack below is filled with zeros, and after it read: the deepest byte that is not zero has been
//! written by the work. Bytes that were reserved and never written hold no secret.

use std::{cell::Cell, fs::File, hint::black_box, os::unix::fs::FileExt as _};

use zeroize::Zeroize as _;

/// How far down is looked, in bytes. A thread whose work is measured needs more than that.
const FAR: usize = 1 << 20;

/// How much of the stack was used, and how much of it is wiped, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) used: usize,
    pub(crate) wiped: usize,
}

impl Use {
    pub(crate) const NONE: Self = Self { used: 0, wiped: 1 };

    /// The one of the two that leaves the smaller part unused.
    pub(crate) fn tighter(self, other: Self) -> Self {
        if self.used * other.wiped > other.used * self.wiped { self } else { other }
    }
}

thread_local! {
    /// The tightest so far; `None` where nothing is measured.
    static TIGHTEST: Cell<Option<Use>> = const { Cell::new(None) };
}

/// Measures what this thread does from now on, and gives what was measured before.
pub(crate) fn restart() -> Use {
    TIGHTEST.replace(Some(Use::NONE)).unwrap_or(Use::NONE)
}

/// Stands in the frame below which the work runs, and of which so many bytes are wiped.
pub(super) struct Measured {
    wiped: fn() -> usize,
}

impl Measured {
    pub(super) fn begin(wiped: fn() -> usize) -> Self {
        if TIGHTEST.get().is_some() {
            clear();
        }
        Self { wiped }
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        if let Some(before) = TIGHTEST.get() {
            let used = used(std::ptr::from_ref(self).addr());
            TIGHTEST.set(Some(before.tighter(Use { used, wiped: (self.wiped)() })));
        }
    }
}

#[inline(never)]
fn clear() {
    let mut stack = [0_u64; FAR / 8];
    stack.zeroize();
    black_box(&stack);
}

/// How far below `top` the deepest byte is that is not zero.
fn used(top: usize) -> usize {
    let mut stack = vec![0; FAR];
    let memory = File::open("/proc/thread-self/mem");
    let read = memory.and_then(|memory| memory.read_exact_at(&mut stack, (top - FAR) as u64));
    assert!(read.is_ok(), "this thread's stack cannot be read: {read:?}");
    stack.iter().position(|byte| *byte != 0).map_or(0, |unused| FAR - unused)
}
