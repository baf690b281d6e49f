//! StreamService: data of any length, sent in parts.

use std::{
    io::{self, Read},
    mem,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use prost::Message;
use tokio::{sync::oneshot, time};
use tokio_stream::Stream;
use tracing::Instrument as _;

use super::{
    Client,
    method::{self, Method},
};
use crate::{
    error::{Error, ErrorKind},
    request::{Ask, HashStreamRequest, SignStreamRequest, VerifyStreamRequest},
    response::{HashDataResponse, SignDataResponse, VerifyDataResponse},
    retry::{self, Failure},
    upload::{Parts, ahead},
    wire::{self, Outgoing},
};

impl Client {
    /// Hashes data of any length, given in parts of any length.
    ///
    /// A stream is sent once and never again. It begins when the broker has answered a question for its health, which is
    /// repeated as every call is, and then has no deadline but its own [`timeout`](HashStreamRequest::timeout). The
    /// broker's refusal ends it at once, whatever is still to be sent.
    ///
    /// The parts go to the socket without a copy. Their memory is the caller's, who alone can wipe it.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::ErrorKind::Input) when a part is an error, [`ErrorKind::Refused`](crate::ErrorKind::Refused) with the server's reason, or what kept the call
    /// from being answered.
    pub async fn hash_stream(
        &self,
        request: HashStreamRequest,
        parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<HashDataResponse, Error> {
        HashDataResponse::from_message(self.stream(&method::HASH_STREAM, request, parts).await?)
    }

    /// [`hash_stream`](Self::hash_stream) of what a reader gives until its end.
    ///
    /// ```no_run
    /// use std::fs::File;
    /// use broker_client::HashStreamRequest;
    ///
    /// # async fn run(client: broker_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let answer = client.hash_reader(HashStreamRequest::new().profile("Default"), File::open("large.iso")?).await?;
    /// println!("{}", answer.value.to_hex());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It is read on a thread of its own, ahead of the socket, into a few buffers that are used again and again and
    /// wiped at the end. A read that blocks when the call is over keeps its thread, and nothing else, until it
    /// returns.
    ///
    /// # Errors
    /// As [`hash_stream`](Self::hash_stream).
    pub async fn hash_reader(
        &self,
        request: HashStreamRequest,
        reader: impl Read + Send + 'static,
    ) -> Result<HashDataResponse, Error> {
        self.hash_stream(request, ahead(reader)?).await
    }

    /// Signs data of any length, given in parts of any length, as [`hash_stream`](Self::hash_stream) hashes it.
    ///
    /// # Errors
    /// As [`hash_stream`](Self::hash_stream).
    pub async fn sign_stream(
        &self,
        request: SignStreamRequest,
        parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<SignDataResponse, Error> {
        SignDataResponse::from_message(self.stream(&method::SIGN_STREAM, request, parts).await?)
    }

    /// [`sign_stream`](Self::sign_stream) of what a reader gives until its end, as
    /// [`hash_reader`](Self::hash_reader).
    ///
    /// # Errors
    /// As [`hash_stream`](Self::hash_stream).
    pub async fn sign_reader(
        &self,
        request: SignStreamRequest,
        reader: impl Read + Send + 'static,
    ) -> Result<SignDataResponse, Error> {
        self.sign_stream(request, ahead(reader)?).await
    }

    /// Verifies a signature over data of any length, given in parts of any length, as
    /// [`hash_stream`](Self::hash_stream) hashes it. One that does not match is `valid: false` and no error.
    ///
    /// # Errors
    /// As [`hash_stream`](Self::hash_stream).
    pub async fn verify_stream(
        &self,
        request: VerifyStreamRequest,
        parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<VerifyDataResponse, Error> {
        Ok(VerifyDataResponse::from_message(self.stream(&method::VERIFY_STREAM, request, parts).await?))
    }

    /// [`verify_stream`](Self::verify_stream) of what a reader gives until its end, as
    /// [`hash_reader`](Self::hash_reader).
    ///
    /// # Errors
    /// As [`hash_stream`](Self::hash_stream).
    pub async fn verify_reader(
        &self,
        request: VerifyStreamRequest,
        reader: impl Read + Send + 'static,
    ) -> Result<VerifyDataResponse, Error> {
        self.verify_stream(request, ahead(reader)?).await
    }

    /// A call of many messages: a header, then the parts.
    async fn stream<A, R>(
        &self,
        method: &Method<A::Message, R>,
        mut request: A,
        parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<R, Error>
    where
        A: Ask<Message: Message>,
        R: Message + Default,
    {
        let mut options = mem::take(request.options());
        let profile = options.profile(self.profile.as_deref())?;
        let limit = options.timeout.map(|timeout| timeout.min(retry::LONGEST));
        let traceparent = options.header()?;
        let (failed, mut failure) = oneshot::channel();
        let metadata = options.metadata();
        let span = super::span(method.path, &profile, &metadata);
        let header = request.message(profile, metadata);
        let upload = Outgoing::parts(Parts::new(&header, parts, failed));
        let mut head = wire::head(method.path);
        head.headers_mut().extend(traceparent.map(|value| (wire::TRACEPARENT, value)));
        head.headers_mut().extend(limit.map(|limit| (wire::TIMEOUT, wire::timeout(limit))));
        let answer = async {
            self.find().await?;
            let answer = wire::call(&self.connection, head, upload).await;
            answer.map_err(|other| match failure.try_recv() {
                // Why the call was reset.
                Ok(source) => Error::new(ErrorKind::Input { source: Arc::new(source) }).into(),
                Err(_) => other,
            })
        };
        let answer = answer.instrument(span.clone());
        let answer = match limit {
            None => answer.await,
            Some(limit) => time::timeout(limit, answer).await.unwrap_or(Err(Failure::Late)),
        };
        let answer = answer.map_err(|failure| match (failure, limit) {
            (Failure::Own(error), _) => error,
            (Failure::Status(status), Some(timeout)) if retry::out_of_time(&status) => deadline(timeout),
            (Failure::Status(status), _) => Error::refused(status),
            (Failure::Late, limit) => deadline(limit.unwrap_or(retry::LONGEST)),
        });
        if let Err(error) = &answer {
            span.in_scope(|| super::failed(error));
        }
        wire::decode(answer?)
    }

    /// A stream's data can be given only once, so a broker that was restarted must be found before: by a call that may
    /// be sent again.
    async fn find(&self) -> Result<(), Error> {
        match self.health("").await {
            Err(error) if error.rejection().is_none() => Err(error),
            // A broker that refuses is there.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn deadline(timeout: Duration) -> Error {
    Error::new(ErrorKind::Deadline { timeout, attempts: 1, last: None })
}
