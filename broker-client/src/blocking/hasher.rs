//! A hash whose data comes piece by piece.

use std::{
    io::{self, Write},
    sync::Arc,
};

use bytes::Bytes;

use super::{Client, runner::Runner};
use crate::{Error, HashDataResponse, HashStreamRequest};

impl Client {
    /// As [`crate::Client::hasher`].
    ///
    /// ```no_run
    /// use std::io::{self, BufWriter};
    /// use broker_client::{HashStreamRequest, blocking::Client};
    ///
    /// # fn run(client: Client, mut data: impl io::Read) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut hasher = BufWriter::with_capacity(64 * 1024, client.hasher(HashStreamRequest::new())?);
    /// io::copy(&mut data, &mut hasher)?;
    /// println!("{}", hasher.into_inner()?.finalize()?.value.to_hex());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) where the parts of a stream call the client.
    pub fn hasher(&self, request: HashStreamRequest) -> Result<Hasher, Error> {
        let inner = self.runner.run(async { Ok(self.inner.hasher(request)) })?;
        Ok(Hasher { inner, runner: Arc::clone(&self.runner) })
    }
}

/// A hash under way. Made by [`Client::hasher`]. Dropping it cancels the call, which the broker hears with the next call on the
/// connection, or with its end.
///
/// It is a [`Write`], too. Each piece is a message of its own, so many small ones are better put together by a
/// [`BufWriter`](std::io::BufWriter).
#[derive(Debug)]
#[must_use = "a hash is known only when it is finalized"]
pub struct Hasher {
    inner: crate::Hasher,
    runner: Arc<Runner>,
}

impl Hasher {
    /// As [`crate::Hasher::update`].
    ///
    /// # Errors
    /// The same.
    pub fn update(&mut self, data: impl Into<Bytes>) -> Result<(), Error> {
        self.runner.run(self.inner.update(data))
    }

    /// As [`crate::Hasher::finalize`].
    ///
    /// # Errors
    /// The same.
    pub fn finalize(self) -> Result<HashDataResponse, Error> {
        self.runner.run(self.inner.finalize())
    }
}

impl Write for Hasher {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.update(Bytes::copy_from_slice(data)).map_err(io::Error::other)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
