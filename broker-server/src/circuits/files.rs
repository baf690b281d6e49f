//! Files of circuits.

use std::{fs, io, os::unix::fs::OpenOptionsExt as _, sync::OnceLock, thread};

use aws_lc_rs::digest;
use rustix::fs::OFlags;

use super::{CircuitLoadError, Reservation, cache::Cache};
use crate::policy::profile::{CircuitRule, PinnedFile};

/// Reads a file that the profile pins, and compares its hash. The bytes that are hashed are the ones that are returned, so
/// that nobody can exchange the file in between. They count as memory of `cache`.
pub(super) fn read(
    circuit: &CircuitRule,
    key: &'static str,
    file: &PinnedFile,
    cache: &Cache,
) -> Result<Contents, CircuitLoadError> {
    let contents = read_unhashed(circuit, key, file, cache)?;
    let hash = Hash::new(&contents, file);
    if hash.is_right() { Ok(contents) } else { Err(hash.wrong_file(circuit, key)) }
}

/// Reads a large file that the profile pins, and runs `work` on its bytes while another thread hashes them. `work` may
/// parse and check the bytes, but must not use them for anything else before [`Hash::is_right`]. Its result is returned only if the hash is right;
/// otherwise the error says so, whatever else is wrong with the file.
pub(super) fn read_while_hashing<T>(
    circuit: &CircuitRule,
    key: &'static str,
    file: &PinnedFile,
    cache: &Cache,
    work: impl FnOnce(&[u8], &Hash<'_>) -> Result<T, CircuitLoadError>,
) -> Result<T, CircuitLoadError> {
    let contents = read_unhashed(circuit, key, file, cache)?;
    let hash = Hash::new(&contents, file);
    let result = thread::scope(|scope| {
        let hashing = thread::Builder::new().name("circuit-hash".into());
        // Without a thread the hash is computed when it is asked for.
        let _ = hashing.spawn_scoped(scope, || hash.is_right());
        work(&contents.bytes, &hash)
    });
    if hash.is_right() { result } else { Err(hash.wrong_file(circuit, key)) }
}

/// The SHA-256 of a file that is in memory. The first thread that needs it computes it, and others wait for that.
pub(super) struct Hash<'a> {
    bytes: &'a [u8],
    file: &'a PinnedFile,
    found: OnceLock<digest::Digest>,
}

impl<'a> Hash<'a> {
    const fn new(contents: &'a Contents, file: &'a PinnedFile) -> Self {
        Self { bytes: contents.bytes.as_slice(), file, found: OnceLock::new() }
    }

    fn found(&self) -> &digest::Digest {
        self.found.get_or_init(|| digest::digest(&digest::SHA256, self.bytes))
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

fn read_unhashed(
    circuit: &CircuitRule,
    key: &'static str,
    file: &PinnedFile,
    cache: &Cache,
) -> Result<Contents, CircuitLoadError> {
    let unreadable = |cause: String| CircuitLoadError::Unreadable {
        circuit: circuit.name.clone(),
        key,
        path: file.written.clone(),
        cause,
    };
    let (opened, length) = open(file).map_err(|error| unreadable(error.to_string()))?;
    let reservation = cache.reserve(length)?;
    let bytes = read_all(opened, length).map_err(|error| unreadable(error.to_string()))?;
    Ok(Contents { bytes, _reservation: reservation })
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

fn read_all(opened: fs::File, length: u64) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default().saturating_add(1));
    // A file that grows meanwhile has another hash anyway.
    opened.take(length.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
