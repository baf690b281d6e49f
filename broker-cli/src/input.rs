//! Files and standard input, read completely, up to a limit.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use broker_groth16::file::MAX_FILE_BYTES;
use zeroize::Zeroizing;

use crate::{
    error::Failure,
    escape::printable,
    location::Location,
    pem::{self, BlockKind},
};

/// The limit of an input in bytes: more than a broker takes in one request by default. The broker enforces its own limit.
const MAX_BYTES: u64 = 64 << 20;
/// The initial capacity for a source of unknown length.
const INITIAL_CAPACITY: usize = 64 << 10;

/// Reads a text.
pub(crate) fn text(location: &Location) -> Result<String, Failure> {
    String::from_utf8(bytes(location)?).map_err(|_| unreadable(location, not_text()))
}

/// Reads the blocks of one kind of a PEM file. The text is wiped when dropped, because the wrong file may contain a secret.
///
/// # Errors
/// Fails where the file is PEM without such a block, and where it is neither PEM nor text. Other text is returned, so that the
/// broker says what is wrong with it.
pub(crate) fn pem(location: &Location, kind: BlockKind) -> Result<Zeroizing<String>, Failure> {
    pem_text(location, secret(location)?, kind)
}

/// Returns the blocks of one kind of the bytes that were read from a location; see [`pem()`].
pub(crate) fn pem_text(
    location: &Location,
    mut bytes: Zeroizing<Vec<u8>>,
    kind: BlockKind,
) -> Result<Zeroizing<String>, Failure> {
    match pem::blocks(&bytes, Some(kind)) {
        Some(text) if !text.is_empty() => return Ok(text),
        Some(_) => {
            let labels: Vec<String> = pem::raw_blocks(&bytes).into_iter().map(pem::RawBlock::label).collect();
            return Err(Failure::invalid(format!(
                "{location}: holds no {}; it has {}",
                kind.name(),
                printable(&labels.join(", "))
            )));
        }
        None => {}
    }
    // Moved, not copied.
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            let why = "is not PEM: it has no line `-----BEGIN …-----`; convert DER first (openssl req, x509 or pkey)";
            Err(unreadable(location, io::Error::new(io::ErrorKind::InvalidData, why)))
        }
    }
}

/// Reads bytes that are not secret.
pub(crate) fn bytes(location: &Location) -> Result<Vec<u8>, Failure> {
    Ok(std::mem::take(&mut *secret(location)?))
}

/// Reads the bytes of a secret, which are wiped when dropped. A file is read into a buffer that is never reallocated; where
/// a pipe makes the buffer grow, the allocator wipes the old one.
pub(crate) fn secret(location: &Location) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let read = || match location {
        Location::Stdio => bounded(io::stdin().lock(), INITIAL_CAPACITY),
        Location::File(path) => {
            let file = File::open(path)?;
            let length = usize::try_from(file.metadata()?.len().min(MAX_BYTES)).unwrap_or(INITIAL_CAPACITY);
            bounded(file, length)
        }
    };
    read().map_err(|source| unreadable(location, source))
}

/// Reads a regular file, or standard input, that may be as large as the memory, such as a proving key, and is not secret.
///
/// # Errors
/// Fails where a path is that of a device, a pipe or a folder, whose length is not known, and where there are more bytes than
/// the readers of such files accept. A file that is too large is not read.
pub(crate) fn large(location: &Location) -> Result<Vec<u8>, Failure> {
    let read = || match location {
        Location::Stdio => large_up_to(io::stdin().lock(), 0, MAX_FILE_BYTES),
        // Opening a pipe would wait for somebody who writes to it.
        Location::File(path) if !fs::metadata(path)?.is_file() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file; pipe it to `-`"))
        }
        Location::File(path) => {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            large_up_to(file, length, MAX_FILE_BYTES)
        }
    };
    read().map_err(|source| unreadable(location, source))
}

/// Reads what has `length` bytes, as far as is known, and at most `limit`.
fn large_up_to(source: impl Read, length: u64, limit: usize) -> io::Result<Vec<u8>> {
    let too_large = || {
        io::Error::new(io::ErrorKind::FileTooLarge, format!("is larger than {limit} bytes, and is not read"))
    };
    let length = usize::try_from(length).ok().filter(|length| *length <= limit).ok_or_else(too_large)?;
    let mut bytes = Vec::new();
    // A file that does not fit is an error, and not the end of the process.
    bytes.try_reserve_exact(length.saturating_add(1)).map_err(|_| io::ErrorKind::OutOfMemory)?;
    source.take((limit as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(too_large()) } else { Ok(bytes) }
}

/// Fails where more than one option asks for standard input, which can be read only once.
pub(crate) fn check_single_stdin(inputs: &[(&'static str, Option<&Location>)]) -> Result<(), Failure> {
    let mut stdin = inputs.iter().filter(|(_, location)| *location == Some(&Location::Stdio));
    match (stdin.next(), stdin.next()) {
        (Some((one, _)), Some((other, _))) => Err(Failure::usage(format!(
            "{one} and {other} cannot both be `-`: standard input can be read only once"
        ))),
        _ => Ok(()),
    }
}

/// Returns the error of an input that cannot be read, with its path or `standard input`.
pub(crate) fn unreadable(location: &Location, source: io::Error) -> Failure {
    Failure::read(location.path().unwrap_or(Path::new("standard input")), source)
}

fn bounded(source: impl Read, length: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // One byte more, so that the end is seen without a reallocation.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is larger than 64 MiB"));
    }
    Ok(bytes)
}

fn not_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn reads_a_secret_file_without_reallocation() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        io::Write::write_all(&mut file, &[7; 5000]).unwrap();
        let bytes = secret(&Location::File(file.path().to_owned())).unwrap();
        assert_eq!(*bytes, [7; 5000]);
        assert_eq!(bytes.capacity(), 5001);
    }

    #[test]
    fn rejects_input_over_the_limit() {
        let error = bounded(io::repeat(0), 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_large_file_is_refused_before_it_is_read() {
        struct Unread;
        impl Read for Unread {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("it is read")
            }
        }
        assert_eq!(large_up_to(Unread, 11, 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        // A file that grows, and standard input, are read up to the limit.
        assert_eq!(large_up_to(io::repeat(0), 0, 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(large_up_to(io::repeat(7).take(10), 0, 10).unwrap(), [7; 10]);
    }

    #[test]
    fn a_large_file_is_a_regular_one() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path(), Path::new("/dev/zero")] {
            let error = large(&Location::File(path.to_owned())).unwrap_err().to_string();
            assert!(error.contains("is not a regular file"), "{error}");
        }
    }

    #[test]
    fn rejects_two_options_that_read_standard_input() {
        let file = Location::File("x".into());
        let inputs = [("--key", Some(&Location::Stdio)), ("--aad", None), ("--in", Some(&file))];
        assert!(check_single_stdin(&inputs).is_ok());
        let [key, aad, _] = inputs;
        let error = check_single_stdin(&[key, aad, ("--in", Some(&Location::Stdio))]).unwrap_err();
        assert!(error.to_string().starts_with("--key and --in cannot both be `-`"), "{error}");
    }
}
