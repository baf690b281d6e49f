//! Key material: wiped when dropped, never printed, never copied by accident.

use std::{cell::Cell, fmt};

use zeroize::{Zeroize as _, Zeroizing};

use crate::telemetry::audit::KeyUse;

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

/// The bytes of a secret key that a caller sent. They can be read only with the token of a use that is recorded.
#[derive(Debug)]
pub struct SecretKey(SecretBytes);

impl SecretKey {
    /// Takes the bytes over.
    pub const fn new(bytes: SecretBytes) -> Self {
        Self(bytes)
    }

    /// The bytes, for the use that `_key_use` records.
    pub fn expose(&self, _key_use: &KeyUse) -> &[u8] {
        self.0.expose()
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.expose().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Does `work`, then wipes the stack below, also where it panics: what computes on arrays moves them about, and each move
/// leaves a copy where the array was. What `work` gives back must not be secret bytes themselves.
pub fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    DEPTH.set(Depth::Unknown);
    wiped_by(|| if DEPTH.get() == Depth::Shallow { SHALLOW } else { DEEP }, work)
}

/// The same for symmetric encryption and decryption, which use little of the stack and take less time than to wipe all that
/// the others use.
pub fn on_lightly_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    wiped_by(|| LIGHT, work)
}

/// Says that the work on this thread has loaded a key of a kind that needs little of the stack, or one that may need more.
/// The first is believed only where nothing has said the second.
pub(crate) fn stack_is_shallow(shallow: bool) {
    DEPTH.set(match (DEPTH.get(), shallow) {
        (Depth::Deep, _) | (_, false) => Depth::Deep,
        (_, true) => Depth::Shallow,
    });
}

thread_local! {
    static DEPTH: Cell<Depth> = const { Cell::new(Depth::Unknown) };
}

/// What is known of the work on this thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Nothing: it counts as deep.
    Unknown,
    Shallow,
    Deep,
}

/// How much of the stack is wiped, in bytes. The deepest of what runs on it, ML-KEM-1024 of RustCrypto, takes 152 KiB without
/// optimisation, and ML-DSA-87 of AWS-LC 123 KiB in any build; that of the FIPS module takes 233 KiB. A test
/// (`rpc/stack.rs`) measures all that does, and fails where less than a quarter would be left.
const DEEP: usize = if cfg!(feature = "fips") { 352 << 10 } else { 224 << 10 };
/// The same where only RSA, ECDSA and Ed25519 keys are in use, which take less than 32 KiB.
const SHALLOW: usize = 64 << 10;
/// The same of light work, which takes 12 KiB.
const LIGHT: usize = 32 << 10;

fn wiped_by<T>(bytes: fn() -> usize, work: impl FnOnce() -> T) -> T {
    let _wiped = Wiped(bytes);
    #[cfg(test)]
    let _measured = depth::Measured::begin(bytes);
    call(work)
}

/// Wipes so many bytes when it is dropped.
struct Wiped(fn() -> usize);

impl Drop for Wiped {
    fn drop(&mut self) {
        match (self.0)() {
            LIGHT => wipe_stack::<{ LIGHT / 8 }>(),
            SHALLOW => wipe_stack::<{ SHALLOW / 8 }>(),
            _ => wipe_stack::<{ DEEP / 8 }>(),
        }
    }
}

/// The frame in which `work` runs, and all that it calls, lie where [`wipe_stack`] has its own.
#[inline(never)]
fn call<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe_stack<const WORDS: usize>() {
    let mut stack = [0_u64; WORDS];
    stack.zeroize();
}

/// Measures how deep the stack is used.
#[cfg(test)]
pub(crate) mod depth;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{fs::File, hint::black_box, os::unix::fs::FileExt as _, panic::catch_unwind, thread};

    use super::*;

    /// No program has it in itself: it is made as it is needed.
    fn mark(byte: u8) -> [u8; 64] {
        std::array::from_fn(|index| byte ^ (index as u8).wrapping_mul(37))
    }

    /// Leaves copies at some depths, as what computes on arrays does.
    #[inline(never)]
    fn leave(byte: u8, depth: usize) {
        let copy = black_box(mark(byte));
        let room = black_box([0_u8; 2048]);
        if depth > 0 {
            leave(byte, depth - 1);
        }
        black_box((copy, room));
    }

    /// How many there are below `top` on this thread's stack, which is read before one is made to look for.
    fn found(byte: u8, top: usize) -> usize {
        const DEPTH: usize = 256 << 10;
        let mut stack = vec![0; DEPTH];
        File::open("/proc/thread-self/mem").unwrap().read_exact_at(&mut stack, (top - DEPTH) as u64).unwrap();
        let mark = mark(byte);
        stack.windows(mark.len()).filter(|window| *window == mark).count()
    }

    fn after(work: fn()) -> usize {
        // All of the stack has been used before: it can be read.
        let thread = thread::Builder::new().stack_size(2 << 20).spawn(move || {
            let top = 0_u8;
            leave(0x11, 150);
            work();
            found(0x5a, std::ptr::from_ref(black_box(&top)).addr())
        });
        thread.unwrap().join().unwrap()
    }

    #[test]
    fn what_work_leaves_on_the_stack_is_wiped() {
        assert!(after(|| leave(0x5a, 8)) > 4, "the test would not see it");
        assert_eq!(after(|| on_wiped_stack(|| leave(0x5a, 8))), 0);
        assert_eq!(after(|| on_lightly_wiped_stack(|| leave(0x5a, 2))), 0);
        let panics = || {
            let work = || {
                leave(0x5a, 8);
                std::panic::resume_unwind(Box::new(()));
            };
            catch_unwind(|| on_wiped_stack(work)).unwrap_err();
        };
        assert_eq!(after(panics), 0);
    }
}
