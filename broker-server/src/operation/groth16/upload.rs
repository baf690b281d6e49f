//! A witness that arrives in parts.

use std::{mem, thread, time::Instant};

use aws_lc_rs::digest::{self, SHA256};
use broker_groth16::loaded::WitnessSource;
use zeroize::Zeroizing;

use super::{Context, KeyInfo, Proof, ProofError, Task, key_of, needed};
use crate::{
    circuits::Reservation,
    policy::{Permit, permit},
    request::ProveStream,
    telemetry::audit::KeyUse,
};

/// A witness while it arrives, and the memory of its proof. It is wiped when it is dropped, and never printed.
pub struct WitnessUpload {
    permit: Permit<permit::ProveStream>,
    key: KeyInfo,
    witness: Kept,
    hash: digest::Context,
}

/// The length in bytes up to which a witness is wiped by the thread that drops it, which may be one that serves connections.
const WIPED_INLINE: usize = 256 << 10;

/// The capacity with which the bytes of a witness begin.
const FIRST_CAPACITY: usize = 1 << 20;

/// The bytes of a witness, and their memory.
struct Kept {
    bytes: Zeroizing<Vec<u8>>,
    reserved: u64,
    /// Given back when the bytes are wiped.
    reservation: Option<Reservation>,
    /// The share in what all uploads may have together, until the witness has arrived.
    arriving: Option<Reservation>,
}

impl Kept {
    /// Adds a part of a witness of `length` bytes. The capacity follows what has arrived: memory that is merely announced would
    /// be touched when it is wiped, so that a caller who sends a header and leaves had a large witness wiped.
    fn add(&mut self, part: &[u8], length: usize) {
        let needed = self.bytes.len() + part.len();
        if needed > self.bytes.capacity() {
            let capacity = needed.max(2 * self.bytes.capacity()).max(FIRST_CAPACITY).min(length);
            let mut larger = Zeroizing::new(Vec::with_capacity(capacity));
            larger.extend_from_slice(&self.bytes);
            // What they were in before is wiped. The memory of the proof, which is reserved, is not used yet.
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(part);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.bytes.capacity() > WIPED_INLINE {
            let kept = (mem::take(&mut self.bytes), self.reservation.take(), self.arriving.take());
            // Without a thread they are wiped here. The reservations bound the number of threads.
            let _ = thread::Builder::new().name("witness-wipe".into()).spawn(move || drop(kept));
        }
    }
}

impl WitnessUpload {
    /// Checks what the header says against the circuit, and reserves the memory of the witness and of its proof.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn start(permit: Permit<permit::ProveStream>, context: Context<'_>) -> Result<Self, ProofError> {
        let request = permit.request();
        let key = key_of(&permit, context, request.fingerprint)?;
        let (length, expected) = (request.length, context.circuit.circuit.info().witness_bytes);
        if length != expected {
            let message = format!("is {length}; a witness of the circuit has {expected} bytes");
            return Err(ProveStream::wrong_length(message).into());
        }
        let reserved = needed(permit.rule(), context, length)?;
        // The share comes first, because a reservation may remove circuits that no call uses.
        let arriving = Some(context.circuits.reserve_upload(reserved)?);
        let reservation = Some(context.circuits.reserve(reserved).map_err(ProofError::from)?);
        let witness = Kept { bytes: Zeroizing::default(), reserved, reservation, arriving };
        Ok(Self { permit, key, witness, hash: digest::Context::new(&SHA256) })
    }

    /// Takes the next part.
    ///
    /// # Errors
    /// [`ProofError`] where the witness is longer than the header says.
    pub fn update(&mut self, part: &[u8]) -> Result<(), ProofError> {
        let length = self.permit.request().length;
        if part.len() > length - self.witness.bytes.len() {
            let message = format!("is {length}, and the stream has more bytes");
            return Err(ProveStream::wrong_length(message).into());
        }
        self.hash.update(part);
        self.witness.add(part, length);
        if self.witness.bytes.len() == length {
            // The proof may wait for its place, but no longer for its caller.
            self.witness.arriving = None;
        }
        Ok(())
    }
}

/// Makes a proof from a witness that has arrived. `key_use` begins the use of the witness, once it is known to be the one
/// that the header names.
///
/// # Errors
/// [`ProofError`], or the error of `key_use`.
pub fn prove_upload<E: From<ProofError>>(
    upload: WitnessUpload,
    context: Context<'_>,
    key_use: impl FnOnce() -> Result<KeyUse, E>,
) -> Result<Proof, E> {
    let began = Instant::now();
    let WitnessUpload { permit, key, mut witness, hash } = upload;
    // This thread serves no connections, so it wipes the witness itself, and the memory is free when the proof is done.
    let (_reservation, bytes) = (witness.reservation.take(), mem::take(&mut witness.bytes));
    let request = permit.request();
    let (length, found) = (request.length, bytes.len());
    if found != length {
        let message = format!("is {length}, and the stream ended after {found} bytes");
        return Err(ProofError::from(ProveStream::wrong_length(message)).into());
    }
    if hash.finish().as_ref() != request.sha256 {
        return Err(ProofError::from(ProveStream::wrong_hash()).into());
    }
    let name = &permit.parameters().circuit.name;
    key_use()?.identify_circuit(key.record(name));
    let task = Task { began, name, key, reserved: witness.reserved, format: request.format };
    Ok(task.prove(WitnessSource::File(&bytes), context)?)
}
