//! The steps that are common to all calls: checks of the request's header, context, deadline, and recovery from a panic.

use std::{
    convert::Infallible,
    future::{Future, poll_fn, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper::body::Incoming;
use tonic::{Status, body::Body, service};
use tower::Service as _;

use super::{
    abort::AbortSignal,
    body::{RequestBody, ResponseBody},
    call::TrackedCall,
    connection::Connection,
    hpack::FIELD_OVERHEAD,
    options::TransportOptions,
};
use crate::{
    rpc::{
        self, Broker, CallContext, Dispatch, EncodedResponse, Exchange, MethodKind, PipelineHandle, Routes,
        unary,
    },
    status::{self, CallError},
};

/// The deadline of a pipeline is an `Instant`, like that of every call. One year stands for no limit.
const PIPELINE_TIME_LIMIT: Duration = Duration::from_secs(365 * 24 * 3600);

// These names are constants, so that they are not parsed for each call.
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// The content type of a request and of its response.
const GRPC: &str = "application/grpc";

/// The HTTP service of one connection.
#[derive(Clone, Debug)]
pub(super) struct ConnectionService {
    routes: Routes,
    connection: Arc<Connection>,
    max_metadata_bytes: usize,
    default_timeout: Duration,
}

impl ConnectionService {
    pub(super) fn new(routes: Routes, connection: Arc<Connection>, options: &TransportOptions) -> Self {
        let TransportOptions { max_metadata_bytes, default_timeout, .. } = *options;
        Self { routes, connection, max_metadata_bytes, default_timeout }
    }
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let method = rpc::method(request.uri().path());
        let checked_call = match self.check(&request, method) {
            Ok(checked_call) => checked_call,
            Err((error, call)) => {
                rpc::log_unreadable_request(
                    method.map_or("unknown", rpc::Method::path),
                    self.connection.caller,
                    &error,
                );
                return Box::pin(ready(Ok(error_response(&error, call))));
            }
        };
        let (broker, context) = (self.routes.broker.clone(), checked_call.context);
        let (head, body) = request.into_parts();
        let body = RequestBody::new(body, Arc::clone(&checked_call.call));
        match method.map_or(Dispatch::Tonic, |method| method.dispatch) {
            Dispatch::Unary(unary) => {
                let path = method.map_or("", rpc::Method::path);
                let work = async move { unary::respond(&broker, path, unary, context, body).await };
                Box::pin(checked_call.answer_message(work))
            }
            Dispatch::Stream(stream) => {
                Box::pin(checked_call.answer_message(stream(&broker, context, Body::new(body))))
            }
            Dispatch::Pipeline(serve) => {
                Box::pin(ready(Ok(checked_call.answer_pipeline(serve, broker, body))))
            }
            Dispatch::Tonic => {
                let request = Request::from_parts(head, body);
                Box::pin(checked_call.answer_by_tonic(self.routes.tonic.clone(), request))
            }
        }
    }
}

impl ConnectionService {
    /// Checks a request and returns the call for it. An error carries the call too, because the request's body has yet to
    /// arrive and may contain a secret.
    fn check(
        &self,
        request: &Request<Incoming>,
        method: Option<&'static rpc::Method>,
    ) -> Result<CheckedCall, (CallError, Arc<TrackedCall>)> {
        // An unknown method may be one that a newer client knows, with a secret in its request.
        let request_has_secret = method.is_none_or(|method| method.request_has_secret);
        let response_has_secret = method.is_none_or(|method| method.response_has_secret);
        let kind = method.map_or(MethodKind::Unary, |method| method.kind);
        let call = Arc::new(TrackedCall::new(Arc::clone(&self.connection), kind, request_has_secret));
        let headers = request.headers();
        let checked = check_protocol(request)
            .and_then(|()| check_metadata_size(request, self.max_metadata_bytes))
            .and_then(|()| check_encoding(headers))
            .and_then(|()| parse_timeout(headers));
        let timeout = match checked {
            Ok(Some(Duration::ZERO)) => return Err((CallError::DeadlineExceeded, call)),
            Ok(timeout) => timeout,
            Err(error) => return Err((error, call)),
        };
        // A stream without a deadline of its own is limited by its idle timeout alone, which its reader applies. A
        // pipeline may stay open without limit.
        let pipeline = call.kind == MethodKind::Pipeline;
        let has_no_deadline = (call.kind.is_stream() || pipeline) && timeout.is_none();
        let limit = if pipeline { PIPELINE_TIME_LIMIT } else { self.default_timeout };
        let arrived = Instant::now();
        let deadline = arrived + timeout.unwrap_or(limit);
        let received = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let context = CallContext {
            caller: self.connection.caller,
            connection: self.connection.id,
            deadline,
            received_at_unix: i64::try_from(received.as_secs()).unwrap_or(i64::MAX),
            received_at: arrived,
            idle_timeout: (has_no_deadline && !pipeline).then_some(self.default_timeout),
            item_timeout: pipeline.then_some(self.default_timeout),
        };
        let abort = AbortSignal::new(Arc::clone(&call), (!has_no_deadline).then_some(deadline));
        Ok(CheckedCall {
            call,
            context,
            abort,
            client_deadline: timeout.map(|_| deadline),
            response_has_secret,
        })
    }
}

/// A call that has passed the checks.
struct CheckedCall {
    call: Arc<TrackedCall>,
    context: CallContext,
    abort: AbortSignal,
    /// The deadline that the client has set, if any.
    client_deadline: Option<Instant>,
    response_has_secret: bool,
}

impl CheckedCall {
    /// Answers with the one message that `work` returns.
    async fn answer_message(
        self,
        work: impl Future<Output = Result<EncodedResponse, CallError>>,
    ) -> Result<Response<ResponseBody>, Infallible> {
        let Self { call, abort, client_deadline, response_has_secret, .. } = self;
        Ok(match until_aborted(work, abort).await.flatten() {
            Ok(response) => grpc_response(
                ResponseBody::single_message(response, call, client_deadline).has_secret(response_has_secret),
            ),
            Err(error) => error_response(&error, call),
        })
    }

    /// Answers with a pipeline, which reads the request while its response is read.
    fn answer_pipeline(self, serve: Exchange, broker: Broker, body: RequestBody) -> Response<ResponseBody> {
        let Self { call, context, client_deadline, response_has_secret, .. } = self;
        let handle = PipelineHandle(call.clone());
        let body = serve(broker, context, handle, Body::new(body));
        grpc_response(ResponseBody::new(body, call, client_deadline).has_secret(response_has_secret))
    }

    /// Passes the call to tonic's router.
    async fn answer_by_tonic(
        self,
        mut routes: service::Routes,
        request: Request<RequestBody>,
    ) -> Result<Response<ResponseBody>, Infallible> {
        let Self { call, abort, client_deadline, response_has_secret, .. } = self;
        Ok(match until_aborted(routes.call(request), abort).await {
            Ok(Ok(response)) => {
                let mut response = response.map(|body| {
                    ResponseBody::new(body, call, client_deadline).has_secret(response_has_secret)
                });
                // A status that tonic created gets the broker's code and reason. The broker's own statuses stay unchanged.
                status::replace_tonic_status(response.headers_mut());
                response
            }
            Err(error) => error_response(&error, call),
        })
    }
}

/// Returns a response with this body and the content type of gRPC.
fn grpc_response(body: ResponseBody) -> Response<ResponseBody> {
    let mut headers = HeaderMap::with_capacity(1);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

/// Polls the work until it is done or the call is aborted. A panic is caught and fails only this call.
async fn until_aborted<T>(work: impl Future<Output = T>, mut abort: AbortSignal) -> Result<T, CallError> {
    let mut work = pin!(work);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Ok(Poll::Pending) => abort.poll(cx).map(Err),
        Err(_) => Poll::Ready(Err(CallError::Internal)),
    })
    .await
}

fn error_response(error: &CallError, call: Arc<TrackedCall>) -> Response<ResponseBody> {
    let mut response =
        Status::from(error).into_http::<Body>().map(|body| ResponseBody::new(body, call, None));
    if *error == CallError::NotGrpc {
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    response
}

/// Fails unless the request is a POST whose content type is that of gRPC ("gRPC over HTTP/2", Requests).
fn check_protocol<B>(request: &Request<B>) -> Result<(), CallError> {
    let content = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_grpc_type = matches!(
        content.strip_prefix(GRPC.as_bytes()),
        Some([] | [b';', ..] | b"+proto" | [b'+', b'p', b'r', b'o', b't', b'o', b';', ..])
    );
    if is_grpc_type && request.method() == Method::POST { Ok(()) } else { Err(CallError::NotGrpc) }
}

/// Fails if the list of header fields is larger than `limit` bytes, as RFC 9113 6.5.2 counts them.
fn check_metadata_size<B>(request: &Request<B>, limit: usize) -> Result<(), CallError> {
    let uri = request.uri();
    let authority =
        uri.authority().map(|authority| authority.as_str().len() + ":authority".len() + FIELD_OVERHEAD);
    let path = uri.path_and_query().map(|path| path.as_str().len());
    let pseudo = ":method".len()
        + request.method().as_str().len()
        + ":scheme".len()
        + uri.scheme_str().unwrap_or_default().len()
        + ":path".len()
        + path.unwrap_or_default()
        + 3 * FIELD_OVERHEAD
        + authority.unwrap_or_default();
    let fields =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD_OVERHEAD);
    let length = pseudo + fields.sum::<usize>();
    if length > limit { Err(CallError::MetadataTooLarge { length, limit }) } else { Ok(()) }
}

/// Fails if the messages are compressed ("gRPC over HTTP/2", Message-Encoding).
fn check_encoding(headers: &HeaderMap) -> Result<(), CallError> {
    match headers.get(&GRPC_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(CallError::Compressed),
        _ => Ok(()),
    }
}

/// Returns the `grpc-timeout` of the call: at most eight digits and a unit ("gRPC over HTTP/2", Timeout).
fn parse_timeout(headers: &HeaderMap) -> Result<Option<Duration>, CallError> {
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
        parse_timeout(&HeaderMap::from_iter([(GRPC_TIMEOUT, HeaderValue::from_static(text))]))
    }

    #[test]
    fn accepts_only_post_with_grpc_content_type() {
        let request = |method: &str, content: &'static str| {
            check_protocol(
                &Request::builder().method(method).header("content-type", content).body(()).unwrap(),
            )
        };
        for content in ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"] {
            assert_eq!(request("POST", content), Ok(()), "{content}");
        }
        for content in ["", "application/json", "application/grpc-web", "application/grpc+json"] {
            assert_eq!(request("POST", content), Err(CallError::NotGrpc), "{content}");
        }
        assert_eq!(request("GET", "application/grpc"), Err(CallError::NotGrpc));
        assert_eq!(check_protocol(&Request::post("/").body(()).unwrap()), Err(CallError::NotGrpc));
    }

    #[test]
    fn counts_metadata_as_rfc_9113_does() {
        let request = |value: String| {
            Request::post("http://ab/c").header("d", value).header("d", "e").body(()).unwrap()
        };
        // :method POST, :scheme http, :path /c, :authority ab, and d twice.
        let bare = 7 + 4 + 7 + 4 + 5 + 2 + 10 + 2 + 1 + 1 + 1 + 6 * 32;
        assert_eq!(check_metadata_size(&request("x".repeat(1000)), bare + 1000), Ok(()));
        let (length, limit) = (bare + 1001, bare + 1000);
        let error = CallError::MetadataTooLarge { length, limit };
        assert_eq!(check_metadata_size(&request("x".repeat(1001)), limit), Err(error));
    }

    #[test]
    fn parses_timeout_with_number_and_unit() {
        assert_eq!(parse_timeout(&HeaderMap::new()), Ok(None));
        assert_eq!(parse("5S"), Ok(Some(Duration::from_secs(5))));
        assert_eq!(parse("99999999H"), Ok(Some(Duration::from_secs(99_999_999 * 3600))));
        assert_eq!(parse("0n"), Ok(Some(Duration::ZERO)));
        assert_eq!(parse("20m"), Ok(Some(Duration::from_millis(20))));
    }

    #[test]
    fn rejects_malformed_timeout() {
        for text in ["", "S", "5", "5s", "-5S", "+5S", "123456789S", "1.5S", "5 S"] {
            assert_eq!(parse(text), Err(CallError::MalformedTimeout), "{text:?}");
        }
    }
}
