//! Files of circuits.

use std::{fs, io};

use aws_lc_rs::digest;

use super::CircuitLoadError;
use crate::policy::profile::{CircuitRule, PinnedFile};

/// Reads a file that the profile pins. The bytes that are hashed are the ones that are returned, so that nobody can exchange
/// the file in between. `limit` is the largest length in bytes.
pub(super) fn read(
    circuit: &CircuitRule,
    key: &'static str,
    file: &PinnedFile,
    limit: u64,
) -> Result<Vec<u8>, CircuitLoadError> {
    let unreadable = |cause: String| CircuitLoadError::Unreadable {
        circuit: circuit.name.clone(),
        key,
        path: file.written.clone(),
        cause,
    };
    let bytes = read_at_most(file, limit).map_err(|error| unreadable(error.to_string()))?;
    let hash = digest::digest(&digest::SHA256, &bytes);
    if hash.as_ref() == file.sha256 {
        return Ok(bytes);
    }
    Err(CircuitLoadError::WrongFile {
        circuit: circuit.name.clone(),
        key,
        path: file.written.clone(),
        found: hex::encode(hash.as_ref()),
    })
}

fn read_at_most(file: &PinnedFile, limit: u64) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let opened = fs::File::open(&file.path)?;
    let metadata = opened.metadata()?;
    // A FIFO would never end.
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let length = metadata.len();
    if length > limit {
        return Err(io::Error::other(format!("it has {length} bytes, and at most {limit} are read")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default().saturating_add(1));
    // A file that grows meanwhile has another hash anyway.
    opened.take(length.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
