//! PipelineService, whose items are handled like unary calls.

use std::{
    any::Any,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use broker_proto::{
    rpc,
    v1::{
        PipelineRequest, PipelineResponse, pipeline_request::Operation, pipeline_response::Result as Answer,
        pipeline_service_server::PipelineService,
    },
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::UnboundedReceiverStream};
use tonic::{Code, Request, Response, Status, Streaming};

use super::{End, Fake, Headers, Seen, Step, answers, proofs, services::Watched};

type Responses = mpsc::UnboundedSender<Result<PipelineResponse, Status>>;

#[tonic::async_trait]
impl PipelineService for Fake {
    type ExecuteStream = Pin<Box<dyn Stream<Item = Result<PipelineResponse, Status>> + Send>>;

    async fn execute(
        &self,
        request: Request<Streaming<PipelineRequest>>,
    ) -> Result<Response<Self::ExecuteStream>, Status> {
        self.pipelines.fetch_add(1, Ordering::Relaxed);
        let (responses, body) = mpsc::unbounded_channel();
        let headers = Headers::of(&request);
        tokio::spawn(self.clone().read(headers, request.into_inner(), responses));
        Ok(Response::new(Box::pin(UnboundedReceiverStream::new(body))))
    }
}

impl Fake {
    /// Returns the number of pipelines that were opened.
    pub(crate) fn pipelines(&self) -> usize {
        self.pipelines.load(Ordering::Relaxed)
    }

    /// Waits until this many items were read.
    pub(crate) async fn wait_for_items(&self, count: usize) {
        while self.items.load(Ordering::Relaxed) < count {
            tokio::task::yield_now().await;
        }
    }

    /// Holds back all responses to items until [`open_gate`](Self::open_gate).
    pub(crate) fn close_gate(&self) {
        self.gate.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    }

    pub(crate) fn open_gate(&self) {
        self.gate.add_permits(tokio::sync::Semaphore::MAX_PERMITS);
    }

    /// Handles all items, and ends the pipeline when its client does, or at a step [`Step::End`].
    async fn read(self, headers: Headers, mut items: Streaming<PipelineRequest>, responses: Responses) {
        let mut watched = Watched { fake: &self, end: End::Broken };
        loop {
            let item = match items.message().await {
                Ok(Some(item)) => item,
                Ok(None) => break watched.end = End::Complete,
                Err(_) => break,
            };
            self.items.fetch_add(1, Ordering::Relaxed);
            if let Some(status) = self.take_end() {
                if status.code() != Code::Ok {
                    responses.send(Err(status)).unwrap();
                }
                watched.end = End::Answered;
                return;
            }
            let (fake, responses) = (self.clone(), responses.clone());
            let timeout = item.timeout.map(|timeout| timeout.to_string());
            let seen = Seen { timeout, ..headers.0.clone() };
            let sequence = item.sequence;
            tokio::spawn(async move {
                let answer = fake.operation(Headers(seen), item.operation.unwrap()).await;
                let gate = Arc::clone(&fake.gate);
                let _open = gate.acquire().await.unwrap();
                let result = answer.unwrap_or_else(|status| {
                    // The details are an encoded google.rpc.Status.
                    let details = prost::Message::decode(status.details()).unwrap_or_default();
                    let rpc::Status { details, .. } = details;
                    let code = status.code().into();
                    Answer::Error(rpc::Status { code, message: status.message().into(), details })
                });
                let response = PipelineResponse { sequence, result: Some(result), padding: vec![0; 9] };
                // Sending fails where the connection was closed.
                let _ = responses.send(Ok(response));
            });
        }
    }

    fn take_end(&self) -> Option<Status> {
        let mut steps = self.steps.lock().unwrap();
        let Some(Step::End(status)) = steps.front() else { return None };
        let status = status.clone();
        steps.pop_front();
        Some(status)
    }

    async fn item<M, R>(&self, headers: Headers, message: M, usual: fn(M) -> R) -> Result<R, Status>
    where
        M: answers::Message + Any + Clone + Send,
        R: Any + Default,
    {
        self.messages.lock().unwrap().push(Box::new(message.clone()));
        let trace = message.metadata().and_then(|metadata| metadata.trace_context);
        let traceparent =
            trace.map(|trace| format!("00-{}-{}-{}", trace.trace_id, trace.span_id, trace.trace_flags));
        let headers = Headers(Seen { traceparent, ..headers.0 });
        let other = self.step(&headers, &message.id()).await?;
        Ok(other.unwrap_or_else(|| usual(message)))
    }
}

macro_rules! operations {
    ($($operation:ident: $usual:path;)+) => {
        impl Fake {
            async fn operation(&self, headers: Headers, operation: Operation) -> Result<Answer, Status> {
                match operation {$(
                    Operation::$operation(message) => {
                        self.item(headers, message, $usual).await.map(Answer::$operation)
                    }
                )+}
            }
        }
    };
}
operations! {
    HashData: answers::hash;
    SignCertificate: answers::certificate;
    SignData: answers::sign;
    VerifyData: answers::verify;
    EncryptData: answers::encrypt;
    DecryptData: answers::decrypt;
    GenerateSignatureKeyPair: answers::signature_key_pair;
    GenerateKey: answers::symmetric_key;
    GenerateKemKeyPair: answers::kem_key_pair;
    Encapsulate: answers::encapsulate;
    Decapsulate: answers::decapsulate;
    ListCircuits: proofs::circuits;
    GetVerifyingKey: proofs::verifying_key;
    SetupCircuit: proofs::setup;
    Prove: proofs::prove;
    CheckWitness: proofs::check_witness;
    VerifyProof: proofs::verify_proof;
    BatchVerify: proofs::batch_verify;
}
