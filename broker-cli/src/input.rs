//! Files and standard input, read whole, up to a bound.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use crate::error::Failure;

/// More than any broker takes in one request by default; the exact limit is the broker's to say.
const MOST: u64 = 64 << 20;

/// A file's bytes.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| bounded(file, &mut bytes))
        .map_err(|source| Failure::read(path, source))?;
    Ok(bytes)
}

/// A file's text.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(file(path)?).map_err(|_| Failure::read(path, not_text()))
}

/// The text of a file that holds a private key: wiped when dropped, and read into a buffer that never moves.
pub(crate) fn secret_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let read = || -> io::Result<Zeroizing<String>> {
        let file = File::open(path)?;
        let size = usize::try_from(file.metadata()?.len().min(MOST)).unwrap_or(0);
        // One byte more, so that the end of the file is seen without growing.
        let mut text = Zeroizing::new(String::with_capacity(size.max(64 << 10) + 1));
        file.take(MOST).read_to_string(&mut text).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => not_text(),
            _ => error,
        })?;
        Ok(text)
    };
    read().map_err(|source| Failure::read(path, source))
}

/// Everything on standard input.
pub(crate) fn standard() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    bounded(io::stdin().lock(), &mut bytes)
        .map_err(|source| Failure::read(Path::new("standard input"), source))?;
    Ok(bytes)
}

fn bounded(source: impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    source.take(MOST + 1).read_to_end(bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is larger than 64 MiB"));
    }
    Ok(())
}

fn not_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "is not text; PEM is wanted here")
}
