#![allow(clippy::unwrap_used)]
#![allow(clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

use std::time::Duration;

use broker_proto::{
    put_prefix,
    v1::{
        CircuitInput, EncryptDataRequest, EncryptMetadata, KeySource, PipelineRequest, ProveManyHeader,
        ProveManyItem, ProveManyRequest, ProveManyResponse, key_source, pipeline_request::Operation,
        prove_many_request::Part, prove_many_response::Result as ProofResult,
    },
};
use prost::Message as _;

use super::{
    super::{Execute, prove_many::ProveMany},
    *,
};
use crate::{
    caller::Caller,
    compute::Pool,
    operation::{CAPABILITIES, aead::NonceLedger},
    policy::Catalogue,
    rpc::BrokerState,
};

const ITEMS: usize = 100;

fn encryption(sequence: u64) -> Vec<u8> {
    let mut key = KeySource::default();
    key.source = Some(key_source::Source::RawKey(b"sixteen bytes!!!".to_vec()));
    let request = EncryptDataRequest {
        profile: "FIPS-140-3-128bit".to_owned(),
        key_source: Some(key),
        plaintext: vec![0; 64],
        encrypt_metadata: Some(EncryptMetadata { nonce: vec![1; 12], aad: None }),
        metadata: None,
    };
    let operation = Some(Operation::EncryptData(request));
    let message = PipelineRequest { sequence, operation, ..PipelineRequest::default() };
    let mut bytes = Vec::new();
    put_prefix(&mut bytes, message.encoded_len());
    message.encode_raw(&mut bytes);
    bytes
}

fn broker() -> Broker {
    let catalogue = Catalogue::bundled(CAPABILITIES).unwrap();
    let pool = Pool::new(1, 8, Duration::ZERO);
    Broker::new(BrokerState::minimal(catalogue, pool, NonceLedger::new().unwrap()))
}

fn context() -> CallContext {
    let now = Instant::now();
    CallContext {
        caller: Caller { uid: 0, gid: 0, pid: None },
        connection: 1,
        deadline: now + Duration::from_secs(3600),
        received_at_unix: 0,
        received_at: now,
        idle_timeout: None,
        item_timeout: Some(Duration::from_secs(3600)),
    }
}

/// All items have arrived at once. The pipeline still yields to the other connections of its thread between them.
#[tokio::test]
async fn pipeline_yields_after_budget_of_inline_items() {
    let (broker, context) = (broker(), context());
    let all = (1..=ITEMS as u64).flat_map(encryption).collect::<Vec<u8>>();
    let body = tonic::body::Body::new(http_body_util::Full::new(Bytes::from(all)));
    let mut pipeline = PipelineBody::<Execute>::new(broker, context, PipelineHandle::noop(), body);
    let mut polls = 0;
    let first_chunk = std::future::poll_fn(|cx| {
        polls += 1;
        let polled = Pin::new(&mut pipeline).poll_frame(cx);
        assert!(pipeline.in_flight.is_empty(), "poll {polls}");
        polled
    });
    let responses = first_chunk.await.unwrap().unwrap().into_data().unwrap();
    assert!(responses.len() > ITEMS * 64);
    assert!(polls > ITEMS / ITEMS_PER_POLL, "{polls}");
}

/// All items have arrived at once. No more are in flight than one for each long thread, and one that waits.
#[tokio::test]
async fn items_of_prove_many_wait_for_the_pool() {
    const PROOFS: u64 = 64;
    let message = |sequence, part| {
        let message = ProveManyRequest { sequence, part: Some(part) };
        let mut bytes = Vec::new();
        put_prefix(&mut bytes, message.encoded_len());
        message.encode_raw(&mut bytes);
        bytes
    };
    let mut all = message(
        0,
        Part::Header(ProveManyHeader {
            profile: "Groth16-Dev".into(),
            circuit: "multiply".into(),
            ..Default::default()
        }),
    );
    for sequence in 1..=PROOFS {
        let mut item = ProveManyItem::default();
        for name in ["a", "b"] {
            let mut input = CircuitInput::default();
            input.name = name.into();
            input.numbers = vec![sequence.to_string()];
            item.inputs.push(input);
        }
        all.extend(message(sequence, Part::Item(item)));
    }
    let (broker, context) = (broker(), context());
    let in_flight = broker.0.pool.long_threads() + 1;
    assert!((in_flight as u64) < PROOFS);
    let body = tonic::body::Body::new(http_body_util::Full::new(Bytes::from(all)));
    let mut pipeline = PipelineBody::<ProveMany>::new(broker, context, PipelineHandle::noop(), body);
    let mut most = 0;
    let mut data = Vec::new();
    loop {
        let frame = std::future::poll_fn(|cx| {
            let polled = Pin::new(&mut pipeline).poll_frame(cx);
            most = most.max(pipeline.in_flight.len());
            polled
        });
        match frame.await.unwrap().unwrap().into_data() {
            Ok(chunk) => data.extend(chunk),
            Err(trailers) => {
                assert_eq!(trailers.trailers_ref().unwrap().get("grpc-status").unwrap(), "0");
                break;
            }
        }
    }
    assert_eq!(most, in_flight, "one item for each long thread, and one that waits");
    let mut deframer = broker_proto::Deframer::new(1 << 20);
    deframer.push(data.into());
    let mut found = Vec::new();
    while let Some(message) = deframer.next_message().unwrap() {
        let response = ProveManyResponse::decode(message).unwrap();
        assert!(matches!(response.result, Some(ProofResult::Proof(_))), "{response:?}");
        found.push(response.sequence);
    }
    found.sort_unstable();
    assert_eq!(found, (1..=PROOFS).collect::<Vec<_>>());
}
