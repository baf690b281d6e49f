//! Data that is hashed, signed or verified: sent in one message where it fits, and otherwise in parts as it is read.

use std::{
    fs::File,
    io::{self, Cursor, Read},
};

use bytes::Bytes;

use crate::{
    error::Failure,
    input,
    location::{DataSource, Location},
};

/// The number of bytes above which data, or a witness, is sent in parts. By default a broker takes at least as many in one
/// field of a message.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;

/// The data of a request.
pub(crate) enum Data {
    /// Data that fits in one message.
    Message(Bytes),
    /// Longer data, which is sent in parts.
    Stream(DataStream),
}

impl Data {
    /// Reads a text, a file or standard input, the latter two up to one message.
    ///
    /// # Errors
    /// Fails where a file cannot be read.
    pub(crate) fn read(source: DataSource) -> Result<Self, Failure> {
        match source {
            // The system's limit of an argument is below that of a message.
            DataSource::Text(text) => Ok(Self::Message(text.into())),
            DataSource::Location(location) => Self::open(&location),
        }
    }

    fn open(location: &Location) -> Result<Self, Failure> {
        let open = || match location {
            Location::Stdio => Self::begin(location, io::stdin(), None),
            Location::File(path) => {
                let file = File::open(path)?;
                let metadata = file.metadata()?;
                // The length of a device, and of a file that reports 0 as those in /proc do, is known only at its end.
                let length = (metadata.is_file() && metadata.len() > 0).then_some(metadata.len());
                Self::begin(location, file, length)
            }
        };
        open().map_err(|source| input::unreadable(location, source))
    }

    fn begin(
        location: &Location,
        mut source: impl Read + Send + 'static,
        length: Option<u64>,
    ) -> io::Result<Self> {
        let mut start = Vec::with_capacity(length.map_or(0, |length| clipped(length) + 1));
        source.by_ref().take(MAX_MESSAGE as u64 + 1).read_to_end(&mut start)?;
        if start.len() <= MAX_MESSAGE {
            return Ok(Self::Message(start.into()));
        }
        let all = Cursor::new(start).chain(source);
        let remaining = length.unwrap_or(u64::MAX);
        Ok(Self::Stream(DataStream { location: location.clone(), source: Box::new(all), length, remaining }))
    }
}

fn clipped(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(MAX_MESSAGE)
}

/// Data that is read from its first byte on. Reading fails where a file's length has changed since it was opened.
pub(crate) struct DataStream {
    location: Location,
    source: Box<dyn Read + Send>,
    length: Option<u64>,
    /// How many bytes are left to read.
    remaining: u64,
}

impl DataStream {
    /// Returns where the data is read from.
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// Returns the length in bytes, where it is known before the data is read.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }
}

impl Read for DataStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let Some(length) = self.length else { return Ok(count) };
        let changed = |how: &str| {
            io::Error::other(format!("{how} while it was read: it had {length} bytes when it was opened"))
        };
        match self.remaining.checked_sub(count as u64) {
            None => Err(changed("has grown")),
            Some(remaining) if count == 0 && remaining > 0 && !buffer.is_empty() => {
                Err(changed("has shrunk"))
            }
            Some(remaining) => {
                self.remaining = remaining;
                Ok(count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn read_stream(actual: usize, announced: u64) -> io::Result<Vec<u8>> {
        let Data::Stream(mut stream) =
            Data::begin(&Location::Stdio, Cursor::new(vec![7; actual]), Some(announced)).unwrap()
        else {
            panic!("fits in a message")
        };
        let mut all = Vec::new();
        stream.read_to_end(&mut all).map(|_| all)
    }

    #[test]
    fn data_over_one_mebibyte_is_a_stream() {
        let message = Data::begin(&Location::Stdio, Cursor::new(vec![7; MAX_MESSAGE]), None).unwrap();
        assert!(matches!(message, Data::Message(bytes) if bytes.len() == MAX_MESSAGE));
        let stream = Data::begin(&Location::Stdio, Cursor::new(vec![7; MAX_MESSAGE + 1]), None).unwrap();
        let Data::Stream(mut stream) = stream else { panic!("does not fit in a message") };
        assert_eq!(io::copy(&mut stream, &mut io::sink()).unwrap(), MAX_MESSAGE as u64 + 1);
    }

    #[test]
    fn reading_fails_when_the_length_changes() {
        let length = 2 * MAX_MESSAGE;
        assert_eq!(read_stream(length, length as u64).unwrap().len(), length);
        let shrunk = read_stream(length - 1, length as u64).unwrap_err();
        assert!(shrunk.to_string().starts_with("has shrunk"), "{shrunk}");
        let grown = read_stream(length + 1, length as u64).unwrap_err();
        assert!(grown.to_string().starts_with("has grown"), "{grown}");
    }
}
