//! Files of circuits.

use std::{
    fs,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use aws_lc_rs::digest;
use rustix::fs::OFlags;

use super::{CircuitLoadError, Reservation, cache::Cache};
use crate::policy::profile::{CircuitRule, PinnedFile};

/// How much of a file is read before it is hashed, in bytes.
const PART: usize = 256 << 10;

/// Reads a file that the profile pins, and compares its hash. The bytes that are hashed are the ones that are returned, so
/// that nobody can exchange the file in between. They count as memory of `cache`.
pub(super) fn read(
    circuit: &CircuitRule,
    key: &'static str,
    file: &PinnedFile,
    cache: &Cache,
) -> Result<Contents, CircuitLoadError> {
    let (contents, ()) =
        open_and_read(circuit, key, file, cache, |opened, bytes| Ok((read_all(opened, bytes)?, ())))?;
    let hash = Hash::new(&contents.bytes, file, PartialHash::new());
    if hash.is_right() { Ok(contents) } else { Err(hash.wrong_file(circuit, key)) }
}

/// Reads a large file that the profile pins, and runs `work` on its bytes, while another thread hashes them: first what has been
/// read, then the rest. `work` may parse, check and prepare, but must not use what it makes before [`Hash::is_right`]. Its
/// result is returned only if the hash is right; otherwise the error says so, whatever else is wrong with the file.
pub(super) fn read_while_hashing<T>(
    circuit: &CircuitRule,
    key: &'static str,
    file: &PinnedFile,
    cache: &Cache,
    work: impl FnOnce(&[u8], &Hash<'_>) -> Result<T, CircuitLoadError>,
) -> Result<T, CircuitLoadError> {
    let (contents, begun) = open_and_read(circuit, key, file, cache, read_and_begin_hash)?;
    let hash = Hash::new(&contents.bytes, file, begun);
    let result = thread::scope(|scope| {
        // Without a thread the hash is computed when it is asked for.
        let _ = hash_thread().spawn_scoped(scope, || hash.is_right());
        work(&contents.bytes, &hash)
    });
    if hash.is_right() { result } else { Err(hash.wrong_file(circuit, key)) }
}

fn hash_thread() -> thread::Builder {
    thread::Builder::new().name("circuit-hash".into())
}

/// The SHA-256 of the first bytes of a file.
struct PartialHash {
    context: digest::Context,
    length: usize,
}

impl PartialHash {
    fn new() -> Self {
        Self { context: digest::Context::new(&digest::SHA256), length: 0 }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.length += bytes.len();
    }
}

/// The SHA-256 of a file that is in memory. The first thread that needs it computes it, and others wait for that.
pub(super) struct Hash<'a> {
    bytes: &'a [u8],
    file: &'a PinnedFile,
    begun: PartialHash,
    found: OnceLock<digest::Digest>,
}

impl<'a> Hash<'a> {
    const fn new(bytes: &'a [u8], file: &'a PinnedFile, begun: PartialHash) -> Self {
        Self { bytes, file, begun, found: OnceLock::new() }
    }

    fn found(&self) -> &digest::Digest {
        self.found.get_or_init(|| {
            let mut context = self.begun.context.clone();
            context.update(self.bytes.get(self.begun.length..).unwrap_or_default());
            context.finish()
        })
    }

    /// Waits for the hash, and reports whether it is that of the profile.
    pub(super) fn is_right(&self) -> bool {
        self.found().as_ref() == self.file.sha256
    }

    /// Reports whether it is known by now that the hash is not that of the profile.
    pub(super) fn is_known_to_be_wrong(&self) -> bool {
        self.found.get().is_some_and(|found| found.as_ref() != self.file.sha256)
    }

    fn wrong_file(&self, circuit: &CircuitRule, key: &'static str) -> CircuitLoadError {
        CircuitLoadError::WrongFile {
            circuit: circuit.name.clone(),
            key,
            path: self.file.written.clone(),
            found: hex::encode(self.found()),
        }
    }
}

/// Opens a file, reserves memory for it, and reads it with `read`, which is given the file and its length.
fn open_and_read<T>(
    circuit: &CircuitRule,
    key: &'static str,
    file: &PinnedFile,
    cache: &Cache,
    read: impl FnOnce(fs::File, usize) -> io::Result<(Vec<u8>, T)>,
) -> Result<(Contents, T), CircuitLoadError> {
    let unreadable = |cause: io::Error| CircuitLoadError::Unreadable {
        circuit: circuit.name.clone(),
        key,
        path: file.written.clone(),
        cause: cause.to_string(),
    };
    let (opened, length) = open(file).map_err(unreadable)?;
    let reservation = cache.reserve(length)?;
    let length = usize::try_from(length).map_err(|_| unreadable(io::ErrorKind::FileTooLarge.into()))?;
    let (bytes, value) = read(opened, length).map_err(unreadable)?;
    Ok((Contents { bytes, _reservation: reservation }, value))
}

/// The contents of a file.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) bytes: Vec<u8>,
    _reservation: Reservation,
}

/// Opens a file and returns its length in bytes.
fn open(file: &PinnedFile) -> io::Result<(fs::File, u64)> {
    // Opening a FIFO would wait for a writer, for ever if there is none.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags).open(&file.path)?;
    let metadata = opened.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok((opened, metadata.len()))
}

/// Reads the first `length` bytes of a file, or all if it is shorter by now.
fn read_all(opened: fs::File, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    opened.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Does the same, while another thread hashes what has been read. That thread stops when everything has been read; the rest is
/// hashed later, while the bytes are used.
fn read_and_begin_hash(mut opened: fs::File, length: usize) -> io::Result<(Vec<u8>, PartialHash)> {
    let mut bytes = vec![0; length];
    let all_read = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel::<&[u8]>();
    let hash_parts = || {
        let mut hash = PartialHash::new();
        for part in receiver {
            hash.update(part);
            if all_read.load(Ordering::Relaxed) {
                break;
            }
        }
        hash
    };
    let (read, hash) = thread::scope(|scope| {
        let hashing = hash_thread().spawn_scoped(scope, hash_parts);
        let read = read_parts(&mut opened, &mut bytes, |part| {
            // Nobody receives it if there is no thread.
            let _ = sender.send(part);
        });
        all_read.store(true, Ordering::Relaxed);
        drop(sender);
        let hash = hashing.ok().and_then(|thread| thread.join().ok());
        (read, hash.unwrap_or_else(PartialHash::new))
    });
    bytes.truncate(read?);
    Ok((bytes, hash))
}

/// Fills `bytes` from a file, passes each part on, and returns how much was read. It ends with the first part that is not full,
/// so that there is no gap, even if the file grows again.
fn read_parts<'a>(
    file: &mut fs::File,
    bytes: &'a mut [u8],
    mut pass_on: impl FnMut(&'a [u8]),
) -> io::Result<usize> {
    let mut sum = 0;
    for part in bytes.chunks_mut(PART) {
        let length = fill(file, part)?;
        sum += length;
        let is_full = length == part.len();
        pass_on(part.get(..length).unwrap_or_default());
        if !is_full {
            break;
        }
    }
    Ok(sum)
}

/// Reads until the buffer is full or the file ends, and returns how much that was.
fn fill(file: &mut fs::File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
