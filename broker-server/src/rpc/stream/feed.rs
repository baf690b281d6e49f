//! Hands a request's body past the gRPC library to the method that reads it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use http::Request;
use tonic::{body::Body, server::NamedService};
use tower::Service;

/// A request's body, in the request's extensions.
#[derive(Clone)]
pub(super) struct Feed(Arc<Mutex<Option<Body>>>);

impl Feed {
    /// The body; `None` where it has been taken before.
    pub(super) fn take(&self) -> Option<Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A generated service whose methods read the body themselves: the library sees an empty one.
#[derive(Clone, Debug)]
pub(in crate::rpc) struct Fed<S>(pub(in crate::rpc) S);

impl<S: Service<Request<Body>>> Service<Request<Body>> for Fed<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Feed(Arc::new(Mutex::new(Some(body)))));
        self.0.call(Request::from_parts(parts, Body::empty()))
    }
}

impl<S: NamedService> NamedService for Fed<S> {
    const NAME: &'static str = S::NAME;
}
