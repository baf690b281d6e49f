//! Files and standard input, read whole, up to a bound.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use crate::{error::Failure, place::Place};

/// More than any broker takes in one request by default; the exact limit is the broker's to say.
const MOST: u64 = 64 << 20;
/// What a source of unknown length gets at first.
const ROOM: usize = 64 << 10;

/// Reads a text.
pub(crate) fn text(place: &Place) -> Result<String, Failure> {
    String::from_utf8(bytes(place)?).map_err(|_| unreadable(place, not_text()))
}

/// Reads the text of a private key: wiped when dropped.
pub(crate) fn secret_text(place: &Place) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = secret(place)?;
    // Moved, not copied.
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(unreadable(place, not_text()))
        }
    }
}

/// All the bytes of what is no secret.
pub(crate) fn bytes(place: &Place) -> Result<Vec<u8>, Failure> {
    Ok(std::mem::take(&mut *secret(place)?))
}

/// All the bytes of a secret: wiped when dropped. A file is read into a buffer that never moves; what a pipe makes grow
/// leaves its old place to the allocator, which wipes it.
pub(crate) fn secret(place: &Place) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let read = || match place {
        Place::Standard => bounded(io::stdin().lock(), ROOM),
        Place::File(path) => {
            let file = File::open(path)?;
            let length = usize::try_from(file.metadata()?.len().min(MOST)).unwrap_or(ROOM);
            bounded(file, length)
        }
    };
    read().map_err(|source| unreadable(place, source))
}

/// Standard input is read once, so one option at most may ask for it.
pub(crate) fn at_most_one_standard(inputs: &[(&'static str, Option<&Place>)]) -> Result<(), Failure> {
    let mut standard = inputs.iter().filter(|(_, place)| *place == Some(&Place::Standard));
    match (standard.next(), standard.next()) {
        (Some((one, _)), Some((other, _))) => {
            Err(Failure::usage(format!("{one} and {other} cannot both be `-`: there is one standard input")))
        }
        _ => Ok(()),
    }
}

/// The error of an input, by the name that a user knows it by.
pub(crate) fn unreadable(place: &Place, source: io::Error) -> Failure {
    Failure::read(place.path().unwrap_or(Path::new("standard input")), source)
}

fn bounded(source: impl Read, length: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // One byte more, so that the end is seen without growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
    source.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is larger than 64 MiB"));
    }
    Ok(bytes)
}

fn not_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_secret_is_read_into_one_buffer() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        io::Write::write_all(&mut file, &[7; 5000]).unwrap();
        let bytes = secret(&Place::File(file.path().to_owned())).unwrap();
        assert_eq!(*bytes, [7; 5000]);
        assert_eq!(bytes.capacity(), 5001);
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let error = bounded(io::repeat(0), 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn one_option_reads_standard_input() {
        let file = Place::File("x".into());
        let inputs = [("--key", Some(&Place::Standard)), ("--aad", None), ("--in", Some(&file))];
        assert!(at_most_one_standard(&inputs).is_ok());
        let [key, aad, _] = inputs;
        let error = at_most_one_standard(&[key, aad, ("--in", Some(&Place::Standard))]).unwrap_err();
        assert!(error.to_string().starts_with("--key and --in cannot both be `-`"), "{error}");
    }
}
