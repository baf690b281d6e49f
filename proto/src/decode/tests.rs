#![allow(clippy::unwrap_used, clippy::field_reassign_with_default)] // messages that wipe themselves have no struct update

use bytes::Bytes;
use prost::{
    Message as _,
    encoding::{encode_key, encode_varint},
};

use super::*;
use crate::{crypto_broker, g0, v1};

const LIMIT: usize = 16;

fn rejected_field<M: Described + fmt::Debug>(bytes: Vec<u8>) -> String {
    match decode::<M>(&bytes[..], |_| LIMIT) {
        Err(DecodeError::TooMany { field, limit: LIMIT }) => field.to_owned(),
        other => format!("{other:?}"),
    }
}

/// Returns a length-delimited record with `content`.
fn record(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut bytes);
    encode_varint(content.len() as u64, &mut bytes);
    bytes.extend(content);
    bytes
}

fn nested(path: &[u32], content: Vec<u8>) -> Vec<u8> {
    path.iter().rev().fold(content, |inner, number| record(*number, &inner))
}

#[test]
fn rejects_more_elements_than_the_limit_in_every_request() {
    let points = |count| record(9, b"").repeat(count);
    let keys = |count| record(1, b"").repeat(count);
    let (name, path) = ("crl_distribution_points", "key_source.component_keys.keys");
    let many = LIMIT + 1;
    assert_eq!(rejected_field::<v1::SignCertificateRequest>(points(many)), name);
    assert_eq!(rejected_field::<crypto_broker::SignCertificateRequest>(points(many)), name);
    assert_eq!(rejected_field::<crypto_broker::SignRequest>(points(many)), name);
    assert_eq!(rejected_field::<g0::SignRequest>(points(many)), name);
    assert_eq!(rejected_field::<v1::SignDataRequest>(nested(&[2, 2], keys(many))), path);
    assert_eq!(rejected_field::<v1::VerifyDataRequest>(nested(&[2, 2], keys(many))), path);
    assert_eq!(rejected_field::<v1::SignStreamRequest>(nested(&[1, 2, 2], keys(many))), path);
    assert_eq!(rejected_field::<v1::VerifyStreamRequest>(nested(&[1, 2, 2], keys(many))), path);
    assert_eq!(rejected_field::<v1::PipelineRequest>(nested(&[4], points(many))), name);
    assert_eq!(rejected_field::<v1::PipelineRequest>(nested(&[5, 2, 2], keys(many))), path);
    assert_eq!(rejected_field::<v1::PipelineRequest>(nested(&[6, 2, 2], keys(many))), path);

    let message: v1::SignCertificateRequest = decode(&points(LIMIT)[..], |_| LIMIT).unwrap();
    assert_eq!(message.crl_distribution_points.len(), LIMIT);
}

#[test]
fn counts_elements_over_all_occurrences_of_enclosing_message() {
    // prost merges the occurrences of a message.
    let once = nested(&[2, 2], record(1, b""));
    assert_eq!(
        rejected_field::<v1::SignDataRequest>(once.repeat(LIMIT + 1)),
        "key_source.component_keys.keys"
    );
    let message: v1::SignDataRequest = decode(&once.repeat(LIMIT)[..], |_| LIMIT).unwrap();
    let Some(v1::sign_key_source::Source::ComponentKeys(keys)) = message.key_source.unwrap().source else {
        unreachable!("the message has component keys")
    };
    assert_eq!(keys.keys.len(), LIMIT);
}

#[test]
fn looks_up_limit_by_path_of_field() {
    let bytes = nested(&[4], record(9, b"").repeat(3));
    let limit = |name: &'static str| if name == "crl_distribution_points" { 2 } else { usize::MAX };
    let error = decode::<v1::PipelineRequest>(&bytes[..], limit).unwrap_err();
    assert_eq!(error.to_string(), "crl_distribution_points has more than 2 entries");
}

#[test]
fn counts_elements_after_groups_and_unknown_fields() {
    let mut group = Vec::new();
    encode_key(77, WireType::StartGroup, &mut group);
    encode_key(78, WireType::StartGroup, &mut group);
    group.extend(record(9, b"not an element of the message"));
    encode_key(78, WireType::EndGroup, &mut group);
    encode_key(77, WireType::EndGroup, &mut group);
    let mut others = Vec::new();
    encode_key(79, WireType::ThirtyTwoBit, &mut others);
    others.extend([0; 4]);
    encode_key(80, WireType::SixtyFourBit, &mut others);
    others.extend([0; 8]);
    encode_key(81, WireType::Varint, &mut others);
    encode_varint(u64::MAX, &mut others);
    let with = |count| [group.clone(), others.clone(), record(9, b"").repeat(count)].concat();
    assert_eq!(rejected_field::<v1::SignCertificateRequest>(with(LIMIT + 1)), "crl_distribution_points");
    assert!(decode::<v1::SignCertificateRequest>(&with(LIMIT)[..], |_| LIMIT).is_ok());
}

#[test]
fn rejects_deep_and_unbalanced_groups() {
    let mut start = Vec::new();
    encode_key(77, WireType::StartGroup, &mut start);
    let mut end = Vec::new();
    encode_key(77, WireType::EndGroup, &mut end);
    let deep = [start.repeat(100_000), end.repeat(100_000)].concat();
    for bytes in [deep, start, end] {
        assert!(decode::<v1::SignCertificateRequest>(&bytes[..], |_| LIMIT).is_err());
    }
}

#[test]
fn rejects_truncated_message() {
    let mut request = v1::SignCertificateRequest::default();
    request.profile = "Default".into();
    request.crl_distribution_points = vec!["http://crl.example/ca.crl".into(); 2];
    let complete = Bytes::from(request.encode_to_vec());
    assert!(decode::<v1::SignCertificateRequest>(complete.clone(), |_| LIMIT).is_ok());
    let fails = |length| decode::<v1::SignCertificateRequest>(complete.slice(..length), |_| LIMIT).is_err();
    let short = (0..complete.len()).filter(|length| fails(*length)).count();
    // A message that is truncated between two records is valid: three prefixes are, including the empty one.
    assert_eq!(short, complete.len() - 3);
}

#[test]
fn counts_packed_and_unpacked_numbers() {
    const NUMBERS: [Field; 2] = [
        Field {
            number: 1,
            repeated: Some(Repeated { name: "varints", slot: 0, elements: Elements::Varints }),
            fields: &[],
        },
        Field {
            number: 2,
            repeated: Some(Repeated { name: "fixed", slot: 1, elements: Elements::Fixed(4) }),
            fields: &[],
        },
    ];
    let counted = |bytes: &[u8]| {
        let mut count = Count { counts: [0; SLOTS], limit: |_: &'static str| LIMIT };
        count.message(&NUMBERS, bytes).map(|()| (count.counts[0], count.counts[1]))
    };
    let mut single = Vec::new();
    encode_key(1, WireType::Varint, &mut single);
    encode_varint(300, &mut single);
    let both = [record(1, &[1, 0x80, 1, 2]), single, record(2, &[0; 12])].concat();
    assert_eq!(counted(&both).unwrap(), (4, 3));
    assert!(counted(&record(1, &[0; LIMIT + 1])).is_err());
    assert!(counted(&record(2, &[0; 4 * LIMIT + 4])).is_err());
}

#[test]
fn no_message_has_more_repeated_fields_than_slots() {
    const _: () = {
        assert!(v1::PipelineRequest::SHAPE.slots == 14 && v1::PipelineRequest::SHAPE.slots <= SLOTS);
        assert!(v1::HashDataRequest::SHAPE.slots == 0 && v1::HashStreamRequest::SHAPE.slots == 0);
        assert!(v1::EncryptDataRequest::SHAPE.slots == 0);
    };
}
