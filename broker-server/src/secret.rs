//! Key material: it is wiped when dropped, never printed, and not copied by accident.

use std::{cell::Cell, fmt};

use zeroize::{Zeroize as _, Zeroizing};

use crate::telemetry::audit::KeyUse;

/// Secret bytes, which are wiped when dropped. The type has no `Clone`, and its `Debug` prints nothing of them.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes ownership of the bytes. Only the vector's current buffer is wiped, so it must not have been reallocated.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns the bytes, for the call that needs them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes for a crypto library that works in place.
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Returns the bytes without a copy, where they are no longer secret or the caller wipes them.
    pub fn into_exposed(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes([redacted])")
    }
}

/// The bytes of a secret key that a caller sent. They are accessible only with the token of a recorded key use.
#[derive(Debug)]
pub struct SecretKey(SecretBytes);

impl SecretKey {
    /// Wraps the bytes.
    pub const fn new(bytes: SecretBytes) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, for the use that `_key_use` records.
    pub fn expose(&self, _key_use: &KeyUse) -> &[u8] {
        self.0.expose()
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> usize {
        self.0.expose().len()
    }

    /// Reports whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Runs `work` and then wipes the stack that it used, even if it panics: code that moves arrays leaves copies of them on the
/// stack. The result of `work` must not contain secret bytes by value.
pub fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    DEPTH.set(Depth::Unknown);
    wiped_by(|| if DEPTH.get() == Depth::Shallow { SHALLOW } else { DEEP }, work)
}

/// Runs `work` like [`on_wiped_stack`], for symmetric encryption and decryption: they use little stack, and wiping as much as
/// for other work would take longer than the work itself.
pub fn on_lightly_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    wiped_by(|| LIGHT, work)
}

/// Notes that the work on this thread has loaded a key that needs little stack (`shallow`), or one that may need more. Once a
/// key of the second kind is loaded, the stack counts as deep.
pub(crate) fn stack_is_shallow(shallow: bool) {
    DEPTH.set(match (DEPTH.get(), shallow) {
        (Depth::Deep, _) | (_, false) => Depth::Deep,
        (_, true) => Depth::Shallow,
    });
}

thread_local! {
    static DEPTH: Cell<Depth> = const { Cell::new(Depth::Unknown) };
}

/// How much stack the work on this thread uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// No key is loaded yet. Counts as deep.
    Unknown,
    Shallow,
    Deep,
}

/// The number of bytes that are wiped. ML-KEM-1024 of RustCrypto uses most of the stack, 152 KiB without optimisation;
/// ML-DSA-87 of AWS-LC uses 123 KiB in any build, and that of the FIPS module 233 KiB. A test (`rpc/stack_usage_tests.rs`) measures
/// every operation and fails where less than a quarter of this would be left.
const DEEP: usize = if cfg!(feature = "fips") { 352 << 10 } else { 224 << 10 };
/// The number of bytes that are wiped where all keys are RSA, ECDSA or Ed25519, which use less than 32 KiB.
const SHALLOW: usize = 64 << 10;
/// The number of bytes that are wiped after symmetric encryption and decryption, which use 12 KiB.
const LIGHT: usize = 32 << 10;

fn wiped_by<T>(bytes: fn() -> usize, work: impl FnOnce() -> T) -> T {
    let _guard = WipeOnDrop(bytes);
    #[cfg(test)]
    let _measurement = depth::Measurement::begin(bytes);
    call(work)
}

/// Wipes this number of bytes of the stack when it is dropped.
struct WipeOnDrop(fn() -> usize);

impl Drop for WipeOnDrop {
    fn drop(&mut self) {
        match (self.0)() {
            LIGHT => wipe_stack::<{ LIGHT / 8 }>(),
            SHALLOW => wipe_stack::<{ SHALLOW / 8 }>(),
            _ => wipe_stack::<{ DEEP / 8 }>(),
        }
    }
}

/// Runs `work` in a frame of its own, which lies, like all frames below it, where [`wipe_stack`] has its array.
#[inline(never)]
fn call<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe_stack<const WORDS: usize>() {
    let mut stack = [0_u64; WORDS];
    stack.zeroize();
}

#[cfg(test)]
pub(crate) mod depth;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{fs::File, hint::black_box, os::unix::fs::FileExt as _, panic::catch_unwind, thread};

    use super::*;

    /// Returns a pattern that is not a constant of the program.
    fn pattern(byte: u8) -> [u8; 64] {
        std::array::from_fn(|index| byte ^ (index as u8).wrapping_mul(37))
    }

    /// Leaves copies of the pattern on the stack, as code that moves arrays does.
    #[inline(never)]
    fn leave_copies(byte: u8, depth: usize) {
        let copy = black_box(pattern(byte));
        let room = black_box([0_u8; 2048]);
        if depth > 0 {
            leave_copies(byte, depth - 1);
        }
        black_box((copy, room));
    }

    /// Counts the copies below `top` on this thread's stack. The stack is read before the pattern to search for is made.
    fn count_copies(byte: u8, top: usize) -> usize {
        const DEPTH: usize = 256 << 10;
        let mut stack = vec![0; DEPTH];
        File::open("/proc/thread-self/mem").unwrap().read_exact_at(&mut stack, (top - DEPTH) as u64).unwrap();
        let pattern = pattern(byte);
        stack.windows(pattern.len()).filter(|window| *window == pattern).count()
    }

    /// Runs `work` on a thread of its own and counts the copies that are left.
    fn copies_after(work: fn()) -> usize {
        // Only pages of the stack that have been used can be read.
        let thread = thread::Builder::new().stack_size(2 << 20).spawn(move || {
            let top = 0_u8;
            leave_copies(0x11, 150);
            work();
            count_copies(0x5a, std::ptr::from_ref(black_box(&top)).addr())
        });
        thread.unwrap().join().unwrap()
    }

    #[test]
    fn copies_on_the_stack_are_wiped() {
        assert!(copies_after(|| leave_copies(0x5a, 8)) > 4, "the test finds no copies without wiping");
        assert_eq!(copies_after(|| on_wiped_stack(|| leave_copies(0x5a, 8))), 0);
        assert_eq!(copies_after(|| on_lightly_wiped_stack(|| leave_copies(0x5a, 2))), 0);
        let panics = || {
            let work = || {
                leave_copies(0x5a, 8);
                std::panic::resume_unwind(Box::new(()));
            };
            catch_unwind(|| on_wiped_stack(work)).unwrap_err();
        };
        assert_eq!(copies_after(panics), 0);
    }
}
