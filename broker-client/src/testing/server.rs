//! The server of the fake broker: gRPC on `h2`.

use std::sync::Arc;

use broker_proto::v1::{self, prove_many_request::Part};
use bytes::{Bytes, BytesMut};
use h2::{RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use prost::{
    Message,
    encoding::{
        DecodeContext, WireType, bytes as bytes_field, decode_key, decode_varint, message, skip_field, uint64,
    },
};
use tokio::net::{UnixListener, UnixStream};

use super::{RecordedRequest, state::State, status};
use crate::{
    error::{Error, Rejection},
    wire::{HealthCheckResponse, Messages, ServingStatus},
};

const CHECK_HEALTH: &str = "/grpc.health.v1.Health/Check";
const WATCH_HEALTH: &str = "/grpc.health.v1.Health/Watch";
const PROVE: &str = "/cryptobroker.v1.Groth16Service/Prove";
const PROVE_MANY: &str = "/cryptobroker.v1.Groth16Service/ProveMany";
const EXECUTE: &str = "/cryptobroker.v1.PipelineService/Execute";

/// The field `sequence` of `PipelineRequest` and `PipelineResponse`, and of `ProveManyResponse`.
const SEQUENCE: u32 = 1;
/// The field `timeout` of `PipelineRequest`.
const TIMEOUT: u32 = 2;
/// The field `error` of `PipelineResponse` and of `ProveManyResponse`.
const ERROR: u32 = 2;
/// The field `proof` of `ProveManyResponse`.
const PROOF: u32 = 3;

/// A call that ends without a response, because its client has gone or violates the protocol.
struct Aborted;

impl From<h2::Error> for Aborted {
    fn from(_: h2::Error) -> Self {
        Self
    }
}

impl From<Error> for Aborted {
    fn from(_: Error) -> Self {
        Self
    }
}

impl From<prost::DecodeError> for Aborted {
    fn from(_: prost::DecodeError) -> Self {
        Self
    }
}

/// A message of StreamService.
#[derive(Clone, PartialEq, Message)]
struct StreamMessage {
    #[prost(bytes = "bytes", tag = "1")]
    header: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    data: Bytes,
}

/// Accepts connections until the listener fails.
pub(super) async fn serve(listener: UnixListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve_connection(stream, Arc::clone(&state)));
    }
}

async fn serve_connection(stream: UnixStream, state: Arc<State>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let state = Arc::clone(&state);
        // An aborted call is reset, because its halves are dropped.
        tokio::spawn(async move { serve_call(request, respond, &state).await.is_ok() });
    }
}

async fn serve_call(
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    state: &State,
) -> Result<(), Aborted> {
    let (head, body) = request.into_parts();
    let mut body = RequestMessages { body, messages: Messages::default() };
    match head.uri.path() {
        CHECK_HEALTH => finish(respond, Ok(serving())),
        WATCH_HEALTH => {
            let mut stream = begin(respond)?;
            send(&mut stream, &serving())?;
            // The watch lasts until the client resets it or the connection ends.
            std::future::poll_fn(|context| stream.poll_reset(context)).await?;
            Ok(())
        }
        EXECUTE => serve_pipeline(body, respond, state).await,
        PROVE_MANY => serve_prove_many(body, respond, state).await,
        path => {
            let mut request = RecordedRequest {
                path: path.to_owned(),
                pipelined: false,
                message: body.next().await?.unwrap_or_default(),
                data: Bytes::new(),
            };
            if state.takes_data(path) {
                request.message = StreamMessage::decode(request.message)?.header;
                let mut data = BytesMut::new();
                while let Some(message) = body.next().await? {
                    data.extend_from_slice(&StreamMessage::decode(message)?.data);
                }
                request.data = data.freeze();
            }
            finish(respond, state.answer(request))
        }
    }
}

async fn serve_pipeline(
    mut items: RequestMessages,
    respond: SendResponse<Bytes>,
    state: &State,
) -> Result<(), Aborted> {
    let mut stream = begin(respond)?;
    while let Some(item) = items.next().await? {
        let (sequence, number, message) = decode_item(item)?;
        let path = state.path_of_item(number).map_or_else(|| format!("{EXECUTE}#{number}"), str::to_owned);
        let request = RecordedRequest { path, pipelined: true, message, data: Bytes::new() };
        let answer = state.answer(request);
        let mut response = Vec::new();
        uint64::encode(SEQUENCE, &sequence, &mut response);
        match answer {
            Ok(result) => bytes_field::encode(number, &result, &mut response),
            Err(refusal) => message::encode(ERROR, &status::to_message(&refusal), &mut response),
        }
        send(&mut stream, &response)?;
    }
    end(&mut stream)
}

/// Answers each item of `ProveMany` like a call of `Prove`.
async fn serve_prove_many(
    mut items: RequestMessages,
    respond: SendResponse<Bytes>,
    state: &State,
) -> Result<(), Aborted> {
    let mut stream = begin(respond)?;
    let mut header = None;
    while let Some(message) = items.next().await? {
        let v1::ProveManyRequest { sequence, part } = v1::ProveManyRequest::decode(message)?;
        let mut item = match (part, &header) {
            (Some(Part::Header(first)), None) => {
                header = Some(first);
                continue;
            }
            (Some(Part::Item(item)), Some(_)) => item,
            _ => return Err(Aborted),
        };
        let v1::ProveManyHeader { profile, circuit, proof_format, expected_fingerprint, metadata } =
            header.clone().ok_or(Aborted)?;
        let message = v1::ProveRequest {
            profile,
            circuit,
            inputs: std::mem::take(&mut item.inputs),
            witness: std::mem::take(&mut item.witness),
            proof_format,
            expected_fingerprint,
            metadata,
        };
        let message = message.encode_to_vec().into();
        let request =
            RecordedRequest { path: PROVE.to_owned(), pipelined: true, message, data: Bytes::new() };
        let mut response = Vec::new();
        uint64::encode(SEQUENCE, &sequence, &mut response);
        match state.answer(request) {
            Ok(proof) => bytes_field::encode(PROOF, &proof, &mut response),
            Err(refusal) => message::encode(ERROR, &status::to_message(&refusal), &mut response),
        }
        send(&mut stream, &response)?;
    }
    end(&mut stream)
}

/// Returns the sequence number of a `PipelineRequest`, and the number and the message of its operation.
fn decode_item(mut item: Bytes) -> Result<(u64, u32, Bytes), Aborted> {
    let (mut sequence, mut operation) = (0, None);
    while !item.is_empty() {
        let (number, wire_type) = decode_key(&mut item)?;
        match (number, wire_type) {
            (SEQUENCE, _) => uint64::merge(wire_type, &mut sequence, &mut item, DecodeContext::default())?,
            (TIMEOUT, _) => skip_field(wire_type, number, &mut item, DecodeContext::default())?,
            (_, WireType::LengthDelimited) => {
                let length = usize::try_from(decode_varint(&mut item)?).map_err(|_| Aborted)?;
                if length > item.len() {
                    return Err(Aborted);
                }
                operation = Some((number, item.split_to(length)));
            }
            _ => skip_field(wire_type, number, &mut item, DecodeContext::default())?,
        }
    }
    let (number, message) = operation.ok_or(Aborted)?;
    Ok((sequence, number, message))
}

/// The messages of a request.
struct RequestMessages {
    body: RecvStream,
    messages: Messages,
}

impl RequestMessages {
    async fn next(&mut self) -> Result<Option<Bytes>, Aborted> {
        loop {
            if let Some(message) = self.messages.next()? {
                return Ok(Some(message));
            }
            let Some(data) = self.body.data().await else { return Ok(None) };
            let data = data?;
            self.body.flow_control().release_capacity(data.len())?;
            self.messages.push(data);
        }
    }
}

fn serving() -> Vec<u8> {
    HealthCheckResponse { status: ServingStatus::Serving.into() }.encode_to_vec()
}

fn head() -> Response<()> {
    let mut head = Response::new(());
    head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    head
}

/// Ends a call with its only message, or with a refusal.
fn finish(mut respond: SendResponse<Bytes>, answer: Result<Vec<u8>, Box<Rejection>>) -> Result<(), Aborted> {
    match answer {
        Ok(message) => {
            let mut stream = begin(respond)?;
            send(&mut stream, &message)?;
            end(&mut stream)
        }
        Err(refusal) => {
            let mut head = head();
            head.headers_mut().extend(status::to_headers(&refusal));
            respond.send_response(head, true)?;
            Ok(())
        }
    }
}

fn begin(mut respond: SendResponse<Bytes>) -> Result<SendStream<Bytes>, Aborted> {
    Ok(respond.send_response(head(), false)?)
}

fn send(stream: &mut SendStream<Bytes>, message: &[u8]) -> Result<(), Aborted> {
    let mut frame = BytesMut::with_capacity(broker_proto::PREFIX_LENGTH + message.len());
    broker_proto::put_prefix(&mut frame, message.len());
    frame.extend_from_slice(message);
    Ok(stream.send_data(frame.freeze(), false)?)
}

fn end(stream: &mut SendStream<Bytes>) -> Result<(), Aborted> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    Ok(stream.send_trailers(trailers)?)
}
