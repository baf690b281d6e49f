//! StreamService: data of any length, sent in parts.

use std::{
    io::{self, Read},
    sync::Arc,
};

use broker_proto::v1::stream_service_client::StreamServiceClient;
use bytes::Bytes;
use tokio::{sync::oneshot, time::timeout};
use tokio_stream::{Empty, Stream};
use tonic::{Request, Response, Status};

use super::{Client, MAX_ANSWER};
use crate::{
    error::Error,
    request::{Ask, HashStreamRequest, SignStreamRequest, VerifyStreamRequest, headed},
    response::{HashResponse, SignDataResponse, VerifyDataResponse},
    retry,
    upload::{Upload, Uploader, ahead},
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
    /// [`Error::Input`] when a part is an error, [`Error::Refused`] with the server's reason, or what kept the call
    /// from being answered.
    pub async fn hash_stream(
        &self,
        request: HashStreamRequest,
        parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<HashResponse, Error> {
        let answer = self
            .stream(&request, parts, |mut service, message| async move { service.hash_stream(message).await })
            .await?;
        answer.try_into()
    }

    /// [`hash_stream`](Self::hash_stream) of what a reader gives until its end.
    ///
    /// ```no_run
    /// use std::fs::File;
    /// use broker_client::HashStreamRequest;
    ///
    /// # async fn run(client: broker_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let answer = client.hash_reader(HashStreamRequest::new("Default"), File::open("large.iso")?).await?;
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
    ) -> Result<HashResponse, Error> {
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
        let answer = self
            .stream(&request, parts, |mut service, message| async move { service.sign_stream(message).await })
            .await?;
        answer.try_into()
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
        let answer =
            self.stream(&request, parts, |mut service, message| async move {
                service.verify_stream(message).await
            })
            .await?;
        Ok(answer.into())
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
    async fn stream<A, R, F>(
        &self,
        request: &A,
        parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
        send: impl FnOnce(StreamServiceClient<Uploader>, Request<Empty<A::Message>>) -> F,
    ) -> Result<R, Error>
    where
        A: Ask<Message: prost::Message>,
        F: Future<Output = Result<Response<R>, Status>>,
    {
        let options = request.options();
        let limit = options.timeout.map(|timeout| timeout.min(retry::LONGEST));
        // The messages are made by the uploader.
        let messages = headed(tokio_stream::empty(), limit, options.header()?);
        let (failed, failure) = oneshot::channel();
        let upload = Upload::new(&request.message(&options.call_id()), parts, failed);
        let service = StreamServiceClient::new(Uploader::new(self.channel.clone(), upload))
            .max_decoding_message_size(MAX_ANSWER);
        let call = async {
            self.find().await.map_err(Failure::Own)?;
            tokio::select! {
                biased;
                // First: it is why the answer fails.
                Ok(source) = failure => Err(Failure::Own(Error::Input { source: Arc::new(source) })),
                answer = send(service, messages) => answer.map(Response::into_inner).map_err(Failure::Status),
            }
        };
        let Some(limit) = limit else { return call.await.map_err(Into::into) };
        let deadline = || Error::Deadline { timeout: limit, attempts: 1, last: None };
        match timeout(limit, call).await {
            Ok(Err(Failure::Status(status))) if retry::out_of_time(&status) => Err(deadline()),
            Ok(done) => done.map_err(Into::into),
            Err(_) => Err(deadline()),
        }
    }

    /// A stream's data can be given only once, so a broker that was restarted must be found before: by a call that may
    /// be sent again.
    async fn find(&self) -> Result<(), Error> {
        match self.health("").await {
            // Who says no is there.
            Ok(_) | Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// How a stream fails.
enum Failure {
    Status(Status),
    Own(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Status(status) => status.into(),
            Failure::Own(error) => error,
        }
    }
}
