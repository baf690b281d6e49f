//! A HashStream whose data arrives piece by piece, for programs that have neither a stream nor a reader.

#[cfg(feature = "blocking")]
pub(crate) mod blocking;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::Stream;

use super::{HashDataResponse, HashStreamRequest};
use crate::{client::Client, error::Error};

/// The number of pieces that may wait for the socket.
const MAX_QUEUED_PIECES: usize = 4;

impl Client {
    /// Begins a hash whose data arrives piece by piece, in the manner of the crate `digest`.
    ///
    /// ```no_run
    /// use broker_client::HashStreamRequest;
    ///
    /// # async fn run(client: broker_client::Client) -> Result<(), broker_client::Error> {
    /// let mut hasher = client.hasher(HashStreamRequest::new());
    /// hasher.update("one piece").await?;
    /// hasher.update("and another").await?;
    /// println!("{}", hasher.finalize().await?.value.to_hex());
    /// # Ok(())
    /// # }
    /// ```
    pub fn hasher(&self, request: HashStreamRequest) -> Hasher {
        let (pieces, receiver) = mpsc::channel(MAX_QUEUED_PIECES);
        let client = self.clone();
        let call = async move { client.hash_stream(request, Pieces(receiver)).await };
        Hasher { pieces, response: Some(self.runtime().spawn(call)) }
    }
}

/// A hash in progress, created by [`Client::hasher`]. Dropping it cancels the call.
#[derive(Debug)]
#[must_use = "a hash is known only when it is finalized"]
pub struct Hasher {
    pieces: mpsc::Sender<Piece>,
    /// `None` after the call failed.
    response: Option<JoinHandle<Result<HashDataResponse, Error>>>,
}

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    End,
}

impl Hasher {
    /// Adds data, and waits while too many pieces are queued. Each piece is sent as a message, so callers should
    /// join many small ones first.
    ///
    /// # Errors
    /// Fails like [`Client::hash_stream`]. The call has then ended.
    pub async fn update(&mut self, data: impl Into<Bytes>) -> Result<(), Error> {
        match self.pieces.send(Piece::Data(data.into())).await {
            Ok(()) => Ok(()),
            // The receiver is dropped only when the call has ended.
            Err(_) => match self.response().await {
                Ok(_) => Err(Error::protocol("a hash before the end of the data")),
                Err(error) => Err(error),
            },
        }
    }

    /// Ends the data and waits for the hash.
    ///
    /// # Errors
    /// Fails like [`Client::hash_stream`].
    pub async fn finalize(mut self) -> Result<HashDataResponse, Error> {
        // Sending fails where the call has already ended; its response then tells why.
        let _: Result<(), _> = self.pieces.send(Piece::End).await;
        self.response().await
    }

    async fn response(&mut self) -> Result<HashDataResponse, Error> {
        let Some(response) = self.response.take() else {
            return Err(Error::invalid("the hasher", "it has already failed; create a new one"));
        };
        match response.await {
            Ok(response) => response,
            Err(_) => Err(Error::connection("the runtime in which the client was created has ended", true)),
        }
    }
}

/// The stream of pieces. It ends with an error unless [`Piece::End`] was sent, so that dropping a hasher cancels
/// its call.
struct Pieces(mpsc::Receiver<Piece>);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|piece| match piece {
            Some(Piece::Data(data)) => Some(Ok(data)),
            Some(Piece::End) => None,
            None => Some(Err(io::Error::new(io::ErrorKind::BrokenPipe, "the hasher was dropped"))),
        })
    }
}
