//! How deep work on a wiped stack goes, where a thread has asked for it.
//!
//! Before the work the stack below is filled with zeros, and after it read: the deepest byte that is not zero has been
//! written by the work. Bytes that were reserved and never written hold no secret.

use std::{cell::Cell, fs::File, hint::black_box, os::unix::fs::FileExt as _};

use zeroize::Zeroize as _;

use super::DEEP;

/// How far down is looked, in bytes. A thread whose work is measured needs more than that.
const FAR: usize = 1 << 20;

/// The size of what is wiped, in bytes.
pub(crate) const WIPED: usize = DEEP * 8;

thread_local! {
    /// The deepest so far, in bytes; `None` where nothing is measured.
    static DEEPEST: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Measures what this thread does from now on, and gives what was measured before.
pub(crate) fn restart() -> usize {
    DEEPEST.replace(Some(0)).unwrap_or_default()
}

/// Stands in the frame below which the work runs.
pub(super) struct Measured;

impl Measured {
    pub(super) fn begin() -> Self {
        if DEEPEST.get().is_some() {
            clear();
        }
        Self
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        if let Some(before) = DEEPEST.get() {
            let top = std::ptr::from_ref(self).addr();
            DEEPEST.set(Some(before.max(used(top))));
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
