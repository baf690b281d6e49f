//! What is hashed, signed or verified: in one message where it fits one, else sent in parts as it is read.

use std::{
    fs::File,
    io::{self, Cursor, Read},
};

use bytes::Bytes;

use crate::{
    error::Failure,
    input,
    place::{Place, Source},
};

/// The most that a broker takes in one message, by default.
const ONE_MESSAGE: usize = 1 << 20;

/// The data of a request.
pub(crate) enum Data {
    /// Fits a message.
    Whole(Bytes),
    /// Is sent in parts.
    Long(Long),
}

impl Data {
    /// Reads the text itself, or what is in a file or on standard input.
    pub(crate) fn read(source: Source) -> Result<Self, Failure> {
        match source {
            // No system passes an argument that is longer than a message.
            Source::Text(text) => Ok(Self::Whole(text.into())),
            Source::Place(place) => Self::open(&place),
        }
    }

    /// What is in a file, or on standard input.
    pub(crate) fn open(place: &Place) -> Result<Self, Failure> {
        let open = || match place {
            Place::Standard => Self::begin(place, io::stdin(), None),
            Place::File(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                // Of what is no file, or says that it is empty (as in /proc), the length shows at its end.
                let length = (metadata.is_file() && metadata.len() > 0).then_some(metadata.len());
                Self::begin(place, file, length)
            }
        };
        open().map_err(|source| input::unreadable(place, source))
    }

    fn begin(place: &Place, mut source: impl Read + Send + 'static, length: Option<u64>) -> io::Result<Self> {
        let mut start = Vec::with_capacity(length.map_or(0, |length| clipped(length) + 1));
        source.by_ref().take(ONE_MESSAGE as u64 + 1).read_to_end(&mut start)?;
        if start.len() <= ONE_MESSAGE {
            return Ok(Self::Whole(start.into()));
        }
        let all = Cursor::new(start).chain(source);
        let left = length.unwrap_or(u64::MAX);
        Ok(Self::Long(Long { place: place.clone(), source: Box::new(all), length, left }))
    }
}

fn clipped(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(ONE_MESSAGE)
}

/// A source from its first byte. Reading it fails where a file does not end where it ended when it was opened.
pub(crate) struct Long {
    place: Place,
    source: Box<dyn Read + Send>,
    length: Option<u64>,
    /// How many bytes may still come.
    left: u64,
}

impl Long {
    /// Where it comes from.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// How many bytes there are, where that is known before they are read.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }
}

impl Read for Long {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let Some(length) = self.length else { return Ok(count) };
        let changed = |how: &str| {
            io::Error::other(format!("{how} while it was read: it had {length} bytes when it was opened"))
        };
        match self.left.checked_sub(count as u64) {
            None => Err(changed("has grown")),
            Some(left) if count == 0 && left > 0 && !buffer.is_empty() => Err(changed("has shrunk")),
            Some(left) => {
                self.left = left;
                Ok(count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn long(there: usize, said: u64) -> io::Result<Vec<u8>> {
        let Data::Long(mut long) =
            Data::begin(&Place::Standard, Cursor::new(vec![7; there]), Some(said)).unwrap()
        else {
            panic!("fits a message")
        };
        let mut all = Vec::new();
        long.read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn a_message_takes_a_mebibyte_and_not_a_byte_more() {
        let whole = Data::begin(&Place::Standard, Cursor::new(vec![7; ONE_MESSAGE]), None).unwrap();
        assert!(matches!(whole, Data::Whole(bytes) if bytes.len() == ONE_MESSAGE));
        let long = Data::begin(&Place::Standard, Cursor::new(vec![7; ONE_MESSAGE + 1]), None).unwrap();
        let Data::Long(mut long) = long else { panic!("does not fit") };
        assert_eq!(io::copy(&mut long, &mut io::sink()).unwrap(), ONE_MESSAGE as u64 + 1);
    }

    #[test]
    fn a_file_that_changes_is_an_error() {
        let length = 2 * ONE_MESSAGE;
        assert_eq!(long(length, length as u64).unwrap().len(), length);
        let shrunk = long(length - 1, length as u64).unwrap_err();
        assert!(shrunk.to_string().starts_with("has shrunk"), "{shrunk}");
        let grown = long(length + 1, length as u64).unwrap_err();
        assert!(grown.to_string().starts_with("has grown"), "{grown}");
    }
}
