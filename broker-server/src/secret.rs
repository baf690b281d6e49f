//! Key material: wiped when dropped, never printed, never copied by accident.

use std::fmt;

use zeroize::{Zeroize as _, Zeroizing};

/// Bytes that nobody but a crypto library should see. No `Clone`; `Debug` prints nothing of them.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over. The vector's own buffer is the one that is wiped, so it must not have been reallocated.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the one call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, for a crypto library that works in place.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// The bytes without a copy, for what is no secret any more or has an owner that wipes it.
    pub fn into_exposed(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes([redacted])")
    }
}

/// Does `work`, then wipes the stack below: what computes on arrays moves them about, and each move leaves a copy where
/// the array was. What `work` gives back must not be secret bytes themselves.
pub fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    let done = call(work);
    wipe_stack();
    done
}

/// The frame in which `work` runs, and all that it calls, lie where [`wipe_stack`] has its own.
#[inline(never)]
fn call<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe_stack() {
    let mut stack = [0_u64; DEEP];
    stack.zeroize();
}

/// How much of the stack is wiped, in words of 8 bytes: 128 KiB, more than the deepest of what runs on it needs.
const DEEP: usize = (128 << 10) / 8;
