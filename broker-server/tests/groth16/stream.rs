//! `ProveStream`: witnesses that exceed a message.

use std::time::{Duration, Instant};

use broker_proto::v1::{
    self,
    ProofFormat::{Arkworks, SnarkjsJson},
    ProveStreamHeader, ProveStreamRequest,
    groth16_service_client::Groth16ServiceClient,
    prove_stream_request::Part,
};
use sha2::{Digest as _, Sha256};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status};

use crate::{
    operator,
    service::{Service, field, proof_item, reason, signals},
    wide::{Wide, witness},
};

fn header(profile: &str, circuit: &str, witness: &[u8]) -> ProveStreamHeader {
    ProveStreamHeader {
        profile: profile.into(),
        circuit: circuit.into(),
        witness_length: witness.len() as u64,
        witness_sha256: Sha256::digest(witness).to_vec(),
        ..Default::default()
    }
}

fn first(header: ProveStreamHeader) -> ProveStreamRequest {
    let mut request = ProveStreamRequest::default();
    request.part = Some(Part::Header(header));
    request
}

fn data(bytes: &[u8]) -> ProveStreamRequest {
    let mut request = ProveStreamRequest::default();
    request.part = Some(Part::Data(bytes.to_vec()));
    request
}

/// A call whose stream is open.
struct Open {
    parts: mpsc::Sender<ProveStreamRequest>,
    response: JoinHandle<Result<v1::ProveResponse, Status>>,
}

impl Open {
    fn new(service: &Service) -> Self {
        let (parts, sent) = mpsc::channel(1);
        let mut client: Groth16ServiceClient<_> = service.client();
        let call = async move {
            Ok(client.prove_stream(Request::new(ReceiverStream::new(sent))).await?.into_inner())
        };
        Self { parts, response: tokio::spawn(call) }
    }

    /// Sends a message, unless the call has ended.
    async fn send(&self, message: ProveStreamRequest) -> bool {
        self.parts.send(message).await.is_ok()
    }

    async fn finish(self) -> Result<v1::ProveResponse, Status> {
        drop(self.parts);
        self.response.await.unwrap()
    }

    /// Waits for the response while the stream stays open.
    async fn response(self) -> Result<v1::ProveResponse, Status> {
        self.response.await.unwrap()
    }
}

async fn prove(
    service: &Service,
    header: ProveStreamHeader,
    witness: &[u8],
    length: usize,
) -> Result<v1::ProveResponse, Status> {
    let call = Open::new(service);
    call.send(first(header)).await;
    for part in witness.chunks(length) {
        call.send(data(part)).await;
    }
    call.finish().await
}

#[tokio::test]
async fn a_witness_that_exceeds_a_message_is_proven() {
    let wide = Wide::start(&[]).await;
    let service = &wide.service;
    let witness = witness();
    assert!(witness.len() > 2 << 20);
    let mut unary = v1::ProveRequest::default();
    unary.profile = "wide".into();
    unary.circuit = "wide".into();
    unary.witness = witness.clone();
    assert_eq!(reason(&service.client().prove(unary).await.unwrap_err()), "MESSAGE_TOO_LARGE");

    for (length, format) in [(1 << 20, SnarkjsJson), (100_001, Arkworks)] {
        let start = Instant::now();
        let mut header = header("wide", "wide", &witness);
        header.proof_format = format.into();
        let proof = prove(service, header, &witness, length).await.unwrap();
        let wall = start.elapsed();
        assert_eq!(signals(&proof.public_signals), [("public[0]", "33")]);
        let verified = service.verify("wide", "wide", proof_item(&proof.proof, format, &["33"])).await;
        assert!(verified.unwrap().valid);
        assert_eq!(proof.descriptor.unwrap().operation, "ProveStream");

        let figures = proof.figures.unwrap();
        assert!(figures.reserved_bytes > witness.len() as u64);
        let parts = [
            figures.queue,
            figures.key_load,
            figures.upload,
            figures.witness,
            figures.check,
            figures.prove,
            figures.self_verify,
        ];
        let parts = parts.map(|part| Duration::try_from(part.unwrap()).unwrap());
        assert!(parts[2] > Duration::ZERO);
        assert!(parts.iter().sum::<Duration>() <= wall);
    }
}

#[tokio::test]
async fn a_header_that_does_not_fit_is_refused_before_the_witness() {
    let service = operator::start().await;
    let several = operator::data("several.wtns");
    let right = || header("several", "circuit", &several);
    let with = |change: &dyn Fn(&mut ProveStreamHeader)| {
        let mut header = right();
        change(&mut header);
        header
    };
    for (header, expected, named) in [
        (with(&|header| header.witness_length += 1), "FIELD_MALFORMED", "witness_length"),
        (with(&|header| header.witness_length -= 1), "FIELD_MALFORMED", "witness_length"),
        (with(&|header| header.witness_length = 0), "FIELD_MISSING", "witness_length"),
        (with(&|header| header.witness_sha256.clear()), "FIELD_MISSING", "witness_sha256"),
        (with(&|header| header.witness_sha256.truncate(31)), "FIELD_WRONG_LENGTH", "witness_sha256"),
        (with(&|header| header.witness_format = 9), "FIELD_UNKNOWN_VALUE", "witness_format"),
        (with(&|header| header.proof_format = 9), "FIELD_UNKNOWN_VALUE", "proof_format"),
        (with(&|header| header.circuit.clear()), "FIELD_MISSING", "circuit"),
    ] {
        let call = Open::new(&service);
        call.send(first(header)).await;
        let error = call.response().await.unwrap_err();
        let found = (error.code(), reason(&error), field(&error));
        assert_eq!(found, (Code::InvalidArgument, expected.into(), named.into()), "{}", error.message());
    }
    for (header, expected) in [
        (with(&|header| header.witness_length = u64::MAX), "LIMIT_EXCEEDED"),
        (with(&|header| header.profile = "nobody".into()), "UNKNOWN_PROFILE"),
        (with(&|header| header.circuit = "nothing".into()), "UNKNOWN_CIRCUIT"),
        (with(&|header| header.expected_fingerprint = vec![0; 32]), "FINGERPRINT_MISMATCH"),
    ] {
        let call = Open::new(&service);
        call.send(first(header)).await;
        let error = call.response().await.unwrap_err();
        assert_eq!(reason(&error), expected, "{}", error.message());
    }
    // The key is stated right.
    let key = service.list("several").await.unwrap().circuits.remove(0).key.unwrap();
    let header = with(&|header| header.expected_fingerprint = key.fingerprint.clone());
    assert!(prove(&service, header, &several, 100).await.is_ok());
}

#[tokio::test]
async fn a_witness_that_is_not_the_one_of_the_header_is_refused() {
    let service = operator::start().await;
    let several = operator::data("several.wtns");
    let right = || header("several", "circuit", &several);
    let longer = [&several[..], &[0]].concat();
    let mut other = several.clone();
    *other.last_mut().unwrap() ^= 1;
    for (witness, length, named) in [
        (&several[..several.len() - 1], 50, "witness_length"),
        (&several[..0], 50, "witness_length"),
        (&longer[..], 1 << 20, "witness_length"),
        (&longer[..], 1, "witness_length"),
        (&other[..], 1 << 20, "witness_sha256"),
    ] {
        let error = prove(&service, right(), witness, length).await.unwrap_err();
        let found = (error.code(), reason(&error), field(&error));
        assert_eq!(found, (Code::InvalidArgument, "FIELD_MALFORMED".into(), named.into()), "{length}");
    }
    // The right hash of a wrong witness.
    let error = prove(&service, header("several", "circuit", &other), &other, 64).await.unwrap_err();
    assert_eq!((error.code(), &*reason(&error)), (Code::FailedPrecondition, "WITNESS_UNSATISFIED"));
    // What is not a stream of a header and data.
    for messages in [
        vec![data(&several)],
        vec![first(right()), first(right())],
        vec![ProveStreamRequest::default()],
        vec![],
    ] {
        let call = Open::new(&service);
        for message in messages {
            call.send(message).await;
        }
        let error = call.finish().await.unwrap_err();
        assert_eq!((error.code(), &*field(&error)), (Code::InvalidArgument, "header"), "{}", error.message());
    }
    assert!(prove(&service, right(), &several, 1).await.is_ok());
}

#[tokio::test]
async fn a_stream_that_stalls_ends() {
    let service = operator::start_with(&["--max-request-time", "300ms"]).await;
    let several = operator::data("several.wtns");
    let call = Open::new(&service);
    call.send(first(header("several", "circuit", &several))).await;
    call.send(data(&several[..100])).await;
    let Open { parts: _open, response } = call;
    assert_eq!(response.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);

    // A deadline of the caller applies to the stream as a whole.
    let (_open, sent) = mpsc::channel(1);
    _open.send(first(header("several", "circuit", &several))).await.unwrap();
    let mut request = Request::new(ReceiverStream::new(sent));
    request.set_timeout(Duration::from_millis(100));
    let error = service.client().prove_stream(request).await.unwrap_err();
    assert!(matches!(error.code(), Code::DeadlineExceeded | Code::Cancelled), "{error}");
}

/// Sends all of a witness but its end. More than the window of a stream has then been read, for which the broker has reserved
/// the memory.
async fn almost(service: &Service, witness: &[u8]) -> Result<Open, Status> {
    let call = Open::new(service);
    call.send(first(header("wide", "wide", witness))).await;
    for part in witness[..witness.len() - 1].chunks(100_000) {
        if !call.send(data(part)).await {
            return Err(call.response().await.unwrap_err());
        }
    }
    Ok(call)
}

/// Opens streams until the memory is used up, and returns them with the refusal of the next one.
async fn fill(service: &Service, witness: &[u8]) -> (Vec<Open>, Status) {
    let mut open = Vec::new();
    loop {
        assert!(open.len() < 64, "the memory is not counted");
        match almost(service, witness).await {
            Ok(call) => open.push(call),
            Err(refused) => return (open, refused),
        }
    }
}

#[tokio::test]
async fn uploads_share_the_memory_of_proofs() {
    let wide = Wide::start(&["--groth16-memory", "96MiB"]).await;
    let service = &wide.service;
    let witness = witness();
    prove(service, header("wide", "wide", &witness), &witness, 1 << 20).await.unwrap();
    let (mut open, refused) = fill(service, &witness).await;
    assert_eq!((refused.code(), &*reason(&refused)), (Code::ResourceExhausted, "PROOF_MEMORY_EXHAUSTED"));
    assert!(refused.message().contains("half of --groth16-memory"), "{}", refused.message());
    // A caller that has what it needs gets its proof, and its memory is free then.
    let call = open.pop().expect("one fits");
    assert!(call.send(data(&witness[witness.len() - 1..])).await);
    call.finish().await.unwrap();
    prove(service, header("wide", "wide", &witness), &witness, 1 << 20).await.unwrap();
    open.push(almost(service, &witness).await.ok().unwrap());
    assert!(almost(service, &witness).await.is_err());
}

// A second thread drives the connection while the test waits for the log.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_caller_that_leaves_is_free() {
    let wide = Wide::start(&["--groth16-memory", "48MiB"]).await;
    let service = &wide.service;
    let witness = witness();
    let (parts, sent) = mpsc::channel(1);
    let request = broker_client::ProveStreamRequest::of_witness("wide", &witness).profile("wide");
    let client = service.leaving_client();
    let call = tokio::spawn(async move { client.prove_stream(request, ReceiverStream::new(sent)).await });
    for part in witness[..witness.len() - 1].chunks(100_000) {
        parts.send(Ok(part.to_vec().into())).await.unwrap();
    }
    let (_open, _) = fill(service, &witness).await;
    call.abort();
    service.broker.logged(&["ProveStream", "CANCELLED"]);
    // The memory is wiped before it is free, which no log tells.
    let late = Instant::now() + Duration::from_secs(60);
    let exhausted = |status: &Status| reason(status) == "PROOF_MEMORY_EXHAUSTED";
    loop {
        match prove(service, header("wide", "wide", &witness), &witness, 1 << 20).await {
            Err(status) if exhausted(&status) && Instant::now() < late => tokio::task::yield_now().await,
            result => break drop(result.unwrap()),
        }
    }
}
