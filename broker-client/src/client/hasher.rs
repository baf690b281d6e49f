//! A hash whose data comes piece by piece.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::Stream;

use super::Client;
use crate::{error::Error, request::HashStreamRequest, response::HashDataResponse};

/// How many pieces wait for the socket at most.
const PIECES: usize = 4;

impl Client {
    /// Begins a hash whose data comes piece by piece, as with the hashes of the crate `digest`. It is a
    /// [`hash_stream`](Self::hash_stream) for programs that have no stream.
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
        let (pieces, received) = mpsc::channel(PIECES);
        let client = self.clone();
        let call = async move { client.hash_stream(request, Pieces(received)).await };
        Hasher { pieces, answer: Some(self.connection.runtime().spawn(call)) }
    }
}

/// A hash under way. Made by [`Client::hasher`]; dropping it cancels the call.
#[derive(Debug)]
#[must_use = "a hash is known only when it is finalized"]
pub struct Hasher {
    pieces: mpsc::Sender<Piece>,
    /// `None` after the call has failed.
    answer: Option<JoinHandle<Result<HashDataResponse, Error>>>,
}

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    /// Nothing more comes.
    End,
}

impl Hasher {
    /// Adds data, and waits while too much of it is on its way. Each piece is a message of its own, so many small ones are
    /// better put together before.
    ///
    /// # Errors
    /// As [`Client::hash_stream`]. The call is over then.
    pub async fn update(&mut self, data: impl Into<Bytes>) -> Result<(), Error> {
        match self.pieces.send(Piece::Data(data.into())).await {
            Ok(()) => Ok(()),
            // The call has ended although its data has not.
            Err(_) => match self.answer().await {
                Ok(_) => Err(Error::protocol("a hash before the end of the data")),
                Err(error) => Err(error),
            },
        }
    }

    /// Ends the data and waits for the hash.
    ///
    /// # Errors
    /// As [`Client::hash_stream`].
    pub async fn finalize(mut self) -> Result<HashDataResponse, Error> {
        // Where the call has ended already, its answer says why.
        let _: Result<(), _> = self.pieces.send(Piece::End).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<HashDataResponse, Error> {
        let Some(answer) = self.answer.take() else {
            return Err(Error::invalid("the hasher", "has failed before"));
        };
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(Error::connection("the runtime that the client was made in has ended", true)),
        }
    }
}

/// The pieces, as the call takes them. Without an end they are an error, so that a hasher which is dropped cancels its call.
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
