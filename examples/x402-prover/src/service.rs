//! HTTP: routes, limits, statuses.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use broker_client::{Client, Code, Error, ErrorKind, HealthStatus, Reason};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use zeroize::Zeroizing;

use crate::{
    log,
    payment::{self, Payment, RequestError},
};

/// The health of the broker's proofs.
const PROOFS: &str = "cryptobroker.v1.Groth16Service";
/// How much of a body that is too long is read and dropped, so that the client reads the answer and is not reset.
const DROPPED: usize = 1 << 20;
/// The pause after the system has refused a connection for want of files or memory.
const PAUSE: Duration = Duration::from_millis(100);

type Answer = Response<Full<Bytes>>;

/// What a client may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest body of a request, in bytes.
    pub body_bytes: usize,
    /// The number of connections at a time. More wait.
    pub connections: u16,
    /// How long a client may take to send the header of a request.
    pub header_time: Duration,
    /// How long it may take to send the body.
    pub body_time: Duration,
    /// How long a connection, which is for one request, may take in all. It should exceed the times above and the timeout of
    /// the broker's client together.
    pub connection_time: Duration,
    /// How long the broker may take to tell its health.
    pub health_time: Duration,
}

impl Default for Limits {
    /// 64 KiB and 256 connections; 10 seconds for a header, 10 for a body, 60 in all, 2 for the health.
    fn default() -> Self {
        Self {
            body_bytes: 64 << 10,
            connections: 256,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            connection_time: Duration::from_secs(60),
            health_time: Duration::from_secs(2),
        }
    }
}

/// Serves until `shutdown` is ready, and then completes the requests in progress. A client that leaves ends its call, and the
/// broker its work.
pub async fn serve(
    listener: TcpListener,
    client: Client,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(limits.connections.into()));
    // Its end is the sign for connections on which no request has begun.
    let (serving, stopping) = watch::channel(());
    let accept = async {
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&connections).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (client, stopping) = (client.clone(), stopping.clone());
                    tokio::spawn(async move {
                        connection(stream, client, limits, stopping).await;
                        drop(permit);
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    log::line(format!("a connection cannot be accepted: {error}"));
                    sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = shutdown => {}
    }
    drop((listener, serving));
    // Each connection returns its permit when it ends, at the latest after its time.
    drop(connections.acquire_many(limits.connections.into()).await);
}

/// Serves one request.
async fn connection(stream: TcpStream, client: Client, limits: Limits, mut stopping: watch::Receiver<()>) {
    let service = service_fn(|request| async { Ok::<_, Infallible>(route(&client, request, limits).await) });
    let mut serving = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_time)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = async {
        tokio::select! {
            ended = serving.as_mut() => return ended,
            // The sender sends nothing; it is dropped.
            _ = stopping.changed() => serving.as_mut().graceful_shutdown(),
        }
        serving.await
    };
    // What goes wrong on a connection concerns its client, who notices.
    let _ended = timeout(limits.connection_time, ended).await;
}

async fn route(client: &Client, request: Request<Incoming>, limits: Limits) -> Answer {
    match (request.uri().path(), request.method()) {
        ("/generate-proof", &Method::POST) => generate_proof(client, request.into_body(), limits).await,
        ("/generate-proof", _) => not_allowed("POST"),
        ("/health", &Method::GET) => health(client, limits.health_time).await,
        ("/health", _) => not_allowed("GET"),
        _ => failure(StatusCode::NOT_FOUND, "the paths are /generate-proof and /health"),
    }
}

async fn generate_proof(client: &Client, body: Incoming, limits: Limits) -> Answer {
    let payment = match timeout(limits.body_time, read(body, limits.body_bytes)).await {
        Ok(Ok(Some(body))) => Payment::read(&body),
        Ok(Ok(None)) => {
            let message = format!("the body has more than {} bytes", limits.body_bytes);
            return failure(StatusCode::PAYLOAD_TOO_LARGE, &message);
        }
        Ok(Err(_)) => return failure(StatusCode::BAD_REQUEST, "the body cannot be read to its end"),
        Err(_) => return failure(StatusCode::REQUEST_TIMEOUT, "the body takes too long"),
    };
    let Payment { call, drawn } = match payment {
        Ok(payment) => payment,
        Err(error @ RequestError::Randomness) => {
            return failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
        }
        Err(error) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let start = Instant::now();
    let proved = match client.prove(call).await {
        Ok(proved) => proved,
        Err(error) => return refused(&error),
    };
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    match payment::answer(proved, &drawn, milliseconds) {
        Ok(body) => answer(StatusCode::OK, body),
        Err(error) => {
            log::line(format!("the broker's proof cannot be passed on: {error}"));
            failure(StatusCode::INTERNAL_SERVER_ERROR, "the broker's proof cannot be passed on")
        }
    }
}

/// Reads a body; `None` if it is longer than `limit`.
async fn read(mut body: Incoming, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, hyper::Error> {
    let mut kept = Zeroizing::new(Vec::with_capacity(limit));
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        // Trailers are dropped.
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= limit {
            kept.extend_from_slice(&data);
        } else if length > limit.saturating_add(DROPPED) {
            break;
        }
    }
    Ok(Some(kept).filter(|_| length <= limit))
}

/// Returns the answer to a request that the broker has refused. 400: an input is malformed. 422: the inputs are well-formed,
/// and the statement is false. 503: nothing is wrong with the request, and another attempt may succeed. 500: something is
/// wrong with the broker or its profile.
fn refused(error: &Error) -> Answer {
    let rejection = error.rejection();
    match rejection.map(|rejection| (rejection.code, &rejection.reason, &rejection.message)) {
        // These messages name inputs and constraints, and no values.
        Some((_, Some(Reason::WitnessUnsatisfied), message)) => {
            return failure(StatusCode::UNPROCESSABLE_ENTITY, message);
        }
        Some((Code::InvalidArgument, _, message)) => return failure(StatusCode::BAD_REQUEST, message),
        _ => {}
    }
    // Messages about the broker, with its paths and profiles, are for the operator.
    log::line(error.to_string());
    let late = rejection.is_some_and(|rejection| rejection.code == Code::DeadlineExceeded)
        || matches!(error.kind, ErrorKind::Deadline { .. });
    if !(late || error.is_retryable() || error.is_unreachable()) {
        return failure(StatusCode::INTERNAL_SERVER_ERROR, "the broker cannot make the proof");
    }
    let wait = rejection.and_then(|rejection| rejection.retry_after).unwrap_or_default();
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let mut answer = failure(StatusCode::SERVICE_UNAVAILABLE, "the broker is busy or away");
    answer.headers_mut().insert(RETRY_AFTER, seconds.max(1).into());
    answer
}

async fn health(client: &Client, limit: Duration) -> Answer {
    let healthy = matches!(timeout(limit, client.health(PROOFS)).await, Ok(Ok(HealthStatus::Serving)));
    let (status, text) = match healthy {
        true => (StatusCode::OK, "healthy"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let body = json!({ "status": text, "service": "x402-zk-prover", "version": env!("CARGO_PKG_VERSION") });
    answer(status, body.to_string().into_bytes())
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut response = failure(StatusCode::METHOD_NOT_ALLOWED, &format!("the method is {allowed}"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn failure(status: StatusCode, message: &str) -> Answer {
    answer(status, json!({ "error": message }).to_string().into_bytes())
}

fn answer(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // A proof belongs to one payer, and the answer may contain secrets.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
