//! What every call goes through, whatever its service: who asks, until when, and what becomes of a panic.

use std::{
    convert::Infallible,
    future::{Future, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper::body::Incoming;
use tonic::{Status, body::Body, service};
use tower::Service as _;

use super::{
    TransportOptions,
    body::{Answer, Question},
    connection::{Call, Connection},
    drain::{Phase, reached},
    hpack::OVERHEAD,
};
use crate::{
    rpc::{self, Broker, CallContext, CallHandle, Dispatch, Kind, PipelineBody, Routes, unary},
    status::{self, CallError},
};

/// The deadline of what has none.
const UNBOUNDED: Duration = Duration::from_secs(365 * 24 * 3600);

// A name that is a constant is not parsed for each call.
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// The type of a request and of its answer.
const GRPC: &str = "application/grpc";
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// The service of one connection.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    routes: Routes,
    connection: Arc<Connection>,
    max_header_bytes: usize,
    max_request_time: Duration,
}

impl Admission {
    pub(super) fn new(routes: Routes, connection: Arc<Connection>, options: &TransportOptions) -> Self {
        let TransportOptions { max_header_bytes, max_request_time, .. } = *options;
        Self { routes, connection, max_header_bytes, max_request_time }
    }
}

impl hyper::service::Service<Request<Incoming>> for Admission {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let method = rpc::method(request.uri().path());
        let admitted = match self.admit(&request, method) {
            Ok(admitted) => admitted,
            Err((error, call)) => {
                rpc::log_unread(method.map_or("unknown", rpc::Method::path), self.connection.caller, &error);
                return Box::pin(ready(Ok(refusal(&error, call))));
            }
        };
        let (broker, context) = (self.routes.broker.clone(), admitted.context);
        let (head, body) = request.into_parts();
        let question = Question::new(body, Arc::clone(&admitted.call));
        match method.map_or(Dispatch::Library, |method| method.dispatch) {
            Dispatch::Unary(unary) => {
                let path = method.map_or("", rpc::Method::path);
                let work = async move { unary::answer(&broker, path, unary, context, question).await };
                Box::pin(admitted.answer_message(work))
            }
            Dispatch::Stream(stream) => {
                Box::pin(admitted.answer_message(stream(&broker, context, Body::new(question))))
            }
            Dispatch::Pipeline => Box::pin(ready(Ok(admitted.answer_pipeline(broker, question)))),
            Dispatch::Library => {
                let request = Request::from_parts(head, question);
                Box::pin(admitted.answer_by_library(self.routes.library.clone(), request))
            }
        }
    }
}

impl Admission {
    fn admit(
        &self,
        request: &Request<Incoming>,
        method: Option<&'static rpc::Method>,
    ) -> Result<Admitted, (CallError, Arc<Call>)> {
        // A method that is not known may be one of a newer client's, with a secret in its request.
        let takes_secret = method.is_none_or(|method| method.takes_secret);
        let gives_secret = method.is_none_or(|method| method.gives_secret);
        let kind = method.map_or(Kind::Unary, |method| method.kind);
        let call = Arc::new(Call::new(Arc::clone(&self.connection), kind, takes_secret));
        let headers = request.headers();
        let checked = is_grpc(request)
            .and_then(|()| not_too_large(request, self.max_header_bytes))
            .and_then(|()| uncompressed(headers))
            .and_then(|()| timeout(headers));
        let timeout = match checked {
            Ok(Some(Duration::ZERO)) => return Err((CallError::DeadlineExceeded, call)),
            Ok(timeout) => timeout,
            Err(error) => return Err((error, call)),
        };
        // A stream may take as long as it is fed, a pipeline as long as it likes; whoever reads them looks to that.
        let pipeline = call.kind == Kind::Pipeline;
        let fed = matches!(call.kind, Kind::Stream | Kind::Pipeline) && timeout.is_none();
        let longest = if pipeline { UNBOUNDED } else { self.max_request_time };
        let arrived = Instant::now();
        let deadline = arrived + timeout.unwrap_or(longest);
        let received = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let context = CallContext {
            caller: self.connection.caller,
            connection: self.connection.id,
            deadline,
            received: i64::try_from(received.as_secs()).unwrap_or(i64::MAX),
            arrived,
            idle_timeout: (fed || pipeline).then_some(self.max_request_time),
        };
        let interruption = Interruption::new(Arc::clone(&call), (!fed).then_some(deadline));
        Ok(Admitted { call, context, interruption, own_deadline: timeout.map(|_| deadline), gives_secret })
    }
}

/// A call that may be worked on.
struct Admitted {
    call: Arc<Call>,
    context: CallContext,
    interruption: Interruption,
    /// The caller's own.
    own_deadline: Option<Instant>,
    gives_secret: bool,
}

impl Admitted {
    /// Answers with one message.
    async fn answer_message(
        self,
        work: impl Future<Output = Result<Bytes, CallError>>,
    ) -> Result<Response<Answer>, Infallible> {
        let Self { call, interruption, own_deadline, gives_secret, .. } = self;
        Ok(match attended(work, interruption).await.flatten() {
            Ok(message) => grpc(Answer::whole(message, call, own_deadline).with_secret(gives_secret)),
            Err(error) => refusal(&error, call),
        })
    }

    /// Answers with a pipeline, which reads the request as its answer is read.
    fn answer_pipeline(self, broker: Broker, question: Question) -> Response<Answer> {
        let Self { call, context, own_deadline, gives_secret, .. } = self;
        let handle = CallHandle(call.clone());
        let body = Body::new(PipelineBody::new(broker, context, handle, Body::new(question)));
        grpc(Answer::new(body, call, own_deadline).with_secret(gives_secret))
    }

    /// Answers with what the gRPC library makes of the request.
    async fn answer_by_library(
        self,
        mut routes: service::Routes,
        request: Request<Question>,
    ) -> Result<Response<Answer>, Infallible> {
        let Self { call, interruption, own_deadline, gives_secret, .. } = self;
        Ok(match attended(routes.call(request), interruption).await {
            Ok(Ok(response)) => {
                let mut response =
                    response.map(|body| Answer::new(body, call, own_deadline).with_secret(gives_secret));
                status::rewrite(response.headers_mut());
                response
            }
            Err(error) => refusal(&error, call),
        })
    }
}

/// The response of a call that was not refused.
fn grpc(body: Answer) -> Response<Answer> {
    let mut headers = HeaderMap::with_capacity(1);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

/// Does the work until the call may go on no longer. A panic ends the call alone.
async fn attended<T>(work: impl Future<Output = T>, mut interruption: Interruption) -> Result<T, CallError> {
    let mut work = pin!(work);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Ok(Poll::Pending) => interruption.poll(cx).map(Err),
        Err(_) => Poll::Ready(Err(CallError::Internal)),
    })
    .await
}

/// What a call that has to wait may be interrupted by: its deadline, or the server's end. Most need not wait, so it is made
/// where it is needed.
pub(super) struct Interruption {
    call: Arc<Call>,
    deadline: Option<Instant>,
    waiting: Option<Pin<Box<dyn Future<Output = CallError> + Send>>>,
}

impl Interruption {
    pub(super) fn new(call: Arc<Call>, deadline: Option<Instant>) -> Self {
        Self { call, deadline, waiting: None }
    }

    /// Ready when the call may go on no longer, with the reason.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CallError> {
        let (call, deadline) = (&self.call, self.deadline);
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(interrupted(Arc::clone(call), deadline)));
        waiting.as_mut().poll(cx)
    }
}

async fn interrupted(call: Arc<Call>, deadline: Option<Instant>) -> CallError {
    let last = if call.kind == Kind::Watch { Phase::Leaving } else { Phase::Cut };
    let mut phase = call.connection.phase.clone();
    let passed = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = passed => CallError::DeadlineExceeded,
        () = reached(&mut phase, last) => match last {
            Phase::Cut => CallError::DrainDeadlineExceeded,
            _ => CallError::ShuttingDown,
        },
    }
}

fn refusal(error: &CallError, call: Arc<Call>) -> Response<Answer> {
    let mut response = Status::from(error).into_http::<Body>().map(|body| Answer::new(body, call, None));
    if *error == CallError::NotGrpc {
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    response
}

/// Requests are POSTs of gRPC's own type ("gRPC over HTTP/2", Requests).
fn is_grpc<B>(request: &Request<B>) -> Result<(), CallError> {
    let content = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let of_grpc = matches!(
        content.strip_prefix(GRPC.as_bytes()),
        Some([] | [b';', ..] | b"+proto" | [b'+', b'p', b'r', b'o', b't', b'o', b';', ..])
    );
    if of_grpc && request.method() == Method::POST { Ok(()) } else { Err(CallError::NotGrpc) }
}

/// The list of header fields may have `most` bytes (RFC 9113 6.5.2).
fn not_too_large<B>(request: &Request<B>, most: usize) -> Result<(), CallError> {
    let uri = request.uri();
    let authority = uri.authority().map(|authority| authority.as_str().len() + ":authority".len() + OVERHEAD);
    let path = uri.path_and_query().map(|path| path.as_str().len());
    let pseudo = ":method".len()
        + request.method().as_str().len()
        + ":scheme".len()
        + uri.scheme_str().unwrap_or_default().len()
        + ":path".len()
        + path.unwrap_or_default()
        + 3 * OVERHEAD
        + authority.unwrap_or_default();
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + OVERHEAD);
    let length = pseudo + fields.sum::<usize>();
    if length > most { Err(CallError::MetadataTooLarge { length, limit: most }) } else { Ok(()) }
}

/// Messages are taken as they are ("gRPC over HTTP/2", Message-Encoding).
fn uncompressed(headers: &HeaderMap) -> Result<(), CallError> {
    match headers.get(&GRPC_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(CallError::Compressed),
        _ => Ok(()),
    }
}

/// The caller's `grpc-timeout`: at most eight digits and a unit ("gRPC over HTTP/2", Timeout).
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, CallError> {
    let Some(value) = headers.get(&GRPC_TIMEOUT) else { return Ok(None) };
    let parsed = || {
        let (unit, digits) = value.as_bytes().split_last()?;
        if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(match unit {
            b'H' => Duration::from_secs(number * 3600),
            b'M' => Duration::from_secs(number * 60),
            b'S' => Duration::from_secs(number),
            b'm' => Duration::from_millis(number),
            b'u' => Duration::from_micros(number),
            b'n' => Duration::from_nanos(number),
            _ => return None,
        })
    };
    parsed().map(Some).ok_or(CallError::MalformedTimeout)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(text: &'static str) -> Result<Option<Duration>, CallError> {
        timeout(&HeaderMap::from_iter([(GRPC_TIMEOUT, HeaderValue::from_static(text))]))
    }

    #[test]
    fn a_request_is_a_post_of_grpc() {
        let request = |method: &str, content: &'static str| {
            is_grpc(&Request::builder().method(method).header("content-type", content).body(()).unwrap())
        };
        for content in ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"] {
            assert_eq!(request("POST", content), Ok(()), "{content}");
        }
        for content in ["", "application/json", "application/grpc-web", "application/grpc+json"] {
            assert_eq!(request("POST", content), Err(CallError::NotGrpc), "{content}");
        }
        assert_eq!(request("GET", "application/grpc"), Err(CallError::NotGrpc));
        assert_eq!(is_grpc(&Request::post("/").body(()).unwrap()), Err(CallError::NotGrpc));
    }

    #[test]
    fn metadata_is_counted_as_http_counts_it() {
        let request = |value: String| {
            Request::post("http://ab/c").header("d", value).header("d", "e").body(()).unwrap()
        };
        // :method POST, :scheme http, :path /c, :authority ab, d twice.
        let bare = 7 + 4 + 7 + 4 + 5 + 2 + 10 + 2 + 1 + 1 + 1 + 6 * 32;
        assert_eq!(not_too_large(&request("x".repeat(1000)), bare + 1000), Ok(()));
        let (length, most) = (bare + 1001, bare + 1000);
        let error = CallError::MetadataTooLarge { length, limit: most };
        assert_eq!(not_too_large(&request("x".repeat(1001)), most), Err(error));
    }

    #[test]
    fn timeouts_have_a_number_and_a_unit() {
        assert_eq!(timeout(&HeaderMap::new()), Ok(None));
        assert_eq!(parse("5S"), Ok(Some(Duration::from_secs(5))));
        assert_eq!(parse("99999999H"), Ok(Some(Duration::from_secs(99_999_999 * 3600))));
        assert_eq!(parse("0n"), Ok(Some(Duration::ZERO)));
        assert_eq!(parse("20m"), Ok(Some(Duration::from_millis(20))));
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in ["", "S", "5", "5s", "-5S", "+5S", "123456789S", "1.5S", "5 S"] {
            assert_eq!(parse(text), Err(CallError::MalformedTimeout), "{text:?}");
        }
    }
}
