//! Files of circuits.

use std::{fs, io, os::unix::fs::OpenOptionsExt as _};

use aws_lc_rs::digest;
use rustix::fs::OFlags;

use super::{CircuitLoadError, Reservation, cache::Cache};
use crate::policy::profile::{CircuitRule, PinnedFile};

/// Reads a file that the profile pins. The bytes that are hashed are the ones that are returned, so that nobody can exchange
/// the file in between. They count as memory of `cache`.
pub(super) fn read(
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
    let hash = digest::digest(&digest::SHA256, &bytes);
    if hash.as_ref() == file.sha256 {
        return Ok(Contents { bytes, _reservation: reservation });
    }
    Err(CircuitLoadError::WrongFile {
        circuit: circuit.name.clone(),
        key,
        path: file.written.clone(),
        found: hex::encode(hash.as_ref()),
    })
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
