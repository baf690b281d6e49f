//! The hasher of the blocking client.

use std::{
    io::{self, Write},
    sync::Arc,
};

use bytes::Bytes;

use crate::{
    client::blocking::{Client, Runner},
    error::Error,
    operation::{HashDataResponse, HashStreamRequest},
};

impl Client {
    /// Begins a hash whose data arrives piece by piece, in the manner of the crate `digest`.
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
    /// Fails with [`ErrorKind::Runtime`](crate::ErrorKind::Runtime) where the parts of a stream call the client
    /// that sends them.
    pub fn hasher(&self, request: HashStreamRequest) -> Result<Hasher, Error> {
        let inner = self.block_on(async { Ok(self.inner().hasher(request)) })?;
        Ok(Hasher { inner, runner: Arc::clone(self.runner()) })
    }
}

/// A hash in progress, created by [`Client::hasher`]. Dropping it cancels the call; the broker learns of that with
/// the next call on the connection, or when the connection closes.
///
/// It implements [`Write`]. Each write is sent as a message, so a [`BufWriter`](std::io::BufWriter) should join
/// many small ones.
#[derive(Debug)]
#[must_use = "a hash is known only when it is finalized"]
pub struct Hasher {
    inner: super::Hasher,
    runner: Arc<Runner>,
}

impl Hasher {
    /// Adds data, and waits while too many pieces are queued.
    ///
    /// # Errors
    /// Fails like [`Client::hash_stream`]. The call has then ended.
    pub fn update(&mut self, data: impl Into<Bytes>) -> Result<(), Error> {
        self.runner.block_on(self.inner.update(data))
    }

    /// Ends the data and waits for the hash.
    ///
    /// # Errors
    /// Fails like [`Client::hash_stream`].
    pub fn finalize(self) -> Result<HashDataResponse, Error> {
        self.runner.block_on(self.inner.finalize())
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
