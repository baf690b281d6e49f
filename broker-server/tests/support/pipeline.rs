//! A client of `PipelineService`.

use broker_proto::v1::{
    self, PipelineRequest, PipelineResponse, pipeline_request::Operation,
    pipeline_response::Result as Answer, pipeline_service_client::PipelineServiceClient,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request, Status, Streaming};
use tonic_types::{StatusExt as _, pb};

use super::Broker;

pub struct Pipeline {
    requests: mpsc::UnboundedSender<PipelineRequest>,
    pub answers: Streaming<PipelineResponse>,
}

impl Pipeline {
    pub async fn open(broker: &Broker) -> Self {
        Self::open_with(broker, None).await
    }

    /// Opens a pipeline, optionally with a deadline for the complete stream.
    pub async fn open_with(broker: &Broker, timeout: Option<std::time::Duration>) -> Self {
        let (requests, sent) = mpsc::unbounded_channel();
        let mut request = Request::new(UnboundedReceiverStream::new(sent));
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        let answers = PipelineServiceClient::new(broker.channel().await).execute(request).await.unwrap();
        Self { requests, answers: answers.into_inner() }
    }

    /// Sends an operation. Returns `false` if the stream has ended.
    pub fn send(&self, sequence: u64, operation: Operation) -> bool {
        self.send_request(PipelineRequest { sequence, timeout: None, operation: Some(operation) })
    }

    pub fn send_request(&self, request: PipelineRequest) -> bool {
        self.requests.send(request).is_ok()
    }

    /// Waits for the next response.
    pub async fn next(&mut self) -> (u64, Answer) {
        let response = self.answers.message().await.unwrap().unwrap();
        (response.sequence, response.result.unwrap())
    }

    /// Sends an operation and waits for its response.
    pub async fn call(&mut self, sequence: u64, operation: Operation) -> Answer {
        assert!(self.send(sequence, operation));
        let (answered, answer) = self.next().await;
        assert_eq!(answered, sequence);
        answer
    }

    /// Sends an operation that fails and waits for its error.
    pub async fn refusal(&mut self, sequence: u64, operation: Operation) -> Status {
        status(&self.call(sequence, operation).await)
    }

    /// Half-closes the stream. Returns the remaining responses with their sequence numbers, and how the stream ended.
    pub async fn finish(self) -> (Vec<(u64, Answer)>, Result<(), Status>) {
        let Self { requests, mut answers } = self;
        drop(requests);
        let mut all = Vec::new();
        loop {
            match answers.message().await {
                Ok(Some(response)) => all.push((response.sequence, response.result.unwrap())),
                Ok(None) => return (all, Ok(())),
                Err(status) => return (all, Err(status)),
            }
        }
    }
}

/// Returns the error of an item in the form of a unary call's error.
pub fn status(answer: &Answer) -> Status {
    let Answer::Error(pb::Status { code, message, details }) = answer else {
        panic!("expected an error: {answer:?}")
    };
    let status = Status::new(Code::from(*code), message);
    let encoded = prost::Message::encode_to_vec(&pb::Status {
        code: *code,
        message: message.clone(),
        details: details.clone(),
    });
    let status = Status::with_details(status.code(), message, encoded.into());
    assert!(status.get_details_error_info().is_some());
    status
}

pub fn hash(profile: &str, input: &[u8]) -> Operation {
    Operation::HashData(v1::HashDataRequest {
        profile: profile.to_owned(),
        input: input.to_vec().into(),
        metadata: Some(v1::Metadata { id: "mine".into(), ..v1::Metadata::default() }),
        output_format: 0,
    })
}

pub fn hex(answer: &Answer) -> &str {
    use v1::hash_data_response::HashValue;
    match answer {
        Answer::HashData(v1::HashDataResponse {
            hash_value: Some(HashValue::HashValueHex(text)), ..
        }) => text,
        other => panic!("expected a hash: {other:?}"),
    }
}
