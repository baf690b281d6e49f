#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

const MAX_SIZE: usize = 64 << 10;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn field(name: &str, value: &str) -> Field {
    (name.into(), value.into())
}

fn decoded(decoder: &mut Decoder, block: &str) -> Vec<Field> {
    decoder.decode(&bytes(block), MAX_SIZE).unwrap()
}

#[test]
fn decodes_requests_of_rfc_7541_c_3_and_c_4() {
    for blocks in [
        [
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            "8286 84be 5808 6e6f 2d63 6163 6865",
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ],
        [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
            "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ],
    ] {
        let mut decoder = Decoder::new();
        let [method, authority] = [field(":method", "GET"), field(":authority", "www.example.com")];
        let http = [method.clone(), field(":scheme", "http"), field(":path", "/"), authority.clone()];
        assert_eq!(decoded(&mut decoder, blocks[0]), http);
        let expected = [&http[..], &[field("cache-control", "no-cache")]].concat();
        assert_eq!(decoded(&mut decoder, blocks[1]), expected);
        let expected = [
            method,
            field(":scheme", "https"),
            field(":path", "/index.html"),
            authority,
            field("custom-key", "custom-value"),
        ];
        assert_eq!(decoded(&mut decoder, blocks[2]), expected);
        assert_eq!(decoder.size, 164);
    }
}

#[test]
fn evicts_entries_of_rfc_7541_c_6() {
    let mut decoder = Decoder::new();
    decoder.max_size = 256;
    let first = decoded(
        &mut decoder,
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b \
         97c8 e9ae 82ae 43d3",
    );
    assert_eq!(first[0], field(":status", "302"));
    assert_eq!(first[3], field("location", "https://www.example.com"));
    assert_eq!(decoder.size, 222);
    assert_eq!(decoded(&mut decoder, "4883 640e ffc1 c0bf")[0], field(":status", "307"));
    assert_eq!(decoder.size, 222);
    let third = decoded(
        &mut decoder,
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf \
         cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    );
    assert_eq!(third[5].1, b"foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");
    assert_eq!(decoder.size, 215);
}

#[test]
fn rejects_table_larger_than_settings_allow() {
    for (block, expected) in [
        // 4096 and 0; then 4097, and 2^28 - 1.
        ("3fe11f", Ok(vec![])),
        ("20", Ok(vec![])),
        ("3fe21f", Err(HpackError::Malformed)),
        ("3fe0ffff7f", Err(HpackError::Malformed)),
        // An update after a field.
        ("8220", Err(HpackError::Malformed)),
    ] {
        assert_eq!(Decoder::new().decode(&bytes(block), MAX_SIZE), expected, "{block}");
    }
}

#[test]
fn table_never_exceeds_its_maximum_size() {
    let mut decoder = Decoder::new();
    for round in 0..1000 {
        // The field `x` with an empty value, and now and then a field that is larger than the table.
        let block = if round % 100 == 99 {
            [&[0x40, 1, b'y', 0x7f, 0xa1, 0x1f][..], &[b'z'; 4128]].concat()
        } else {
            bytes("4001 78 00")
        };
        decoder.decode(&block, MAX_SIZE).unwrap();
        assert!(decoder.size <= MAX_TABLE_SIZE);
        assert_eq!(decoder.size, decoder.table.iter().map(size_of).sum::<usize>());
    }
    decoder.decode(&[0x20], MAX_SIZE).unwrap();
    assert_eq!((decoder.size, decoder.table.len()), (0, 0));
}

#[test]
fn rejects_list_over_limit() {
    let mut decoder = Decoder::new();
    let large = [&[0x40, 1, b'a', 0x7f, 0xe9, 0x06][..], &[b'v'; 1000]].concat();
    assert_eq!(decoder.decode(&large, 1033).unwrap().len(), 1);
    assert_eq!(decoder.decode(&large, 1032), Err(HpackError::ListTooLarge));
    // Each byte refers to an entry of more than a thousand bytes.
    let mut decoder = Decoder::new();
    decoder.decode(&large, MAX_SIZE).unwrap();
    assert_eq!(decoder.decode(&[0xbe; 64], MAX_SIZE), Err(HpackError::ListTooLarge));
}

#[test]
fn rejects_truncated_block_and_unknown_index() {
    for block in [
        "80",
        "be",
        "ff",
        "ff80808080",
        "ffffffffff01",
        "40",
        "4001",
        "40016180",
        "4001617f",
        "00",
        "0003 6162",
        "0f",
    ] {
        let decoded = Decoder::new().decode(&bytes(block), MAX_SIZE).map(|fields| fields.len());
        let expected = if block == "40016180" { Ok(1) } else { Err(HpackError::Malformed) };
        assert_eq!(decoded, expected, "{block}");
    }
}

#[test]
fn huffman_rejects_invalid_padding_and_eos() {
    assert_eq!(huffman::decode(&bytes("f1e3c2e5f23a6ba0ab90f4ff")).unwrap(), b"www.example.com");
    for encoded in ["ff", "fffffffc", "ffffffff", "1fff", "18"] {
        assert_eq!(huffman::decode(&bytes(encoded)), None, "{encoded}");
    }
    assert_eq!(huffman::decode(&bytes("1f")).unwrap(), b"a");
}

#[test]
fn detects_literals_that_h2_retains() {
    // Indexed fields; a size update; Huffman-coded literals with incremental indexing; without indexing, and never
    // indexed.
    for block in [
        &[0x82, 0x87, 0xff, 0x01][..],
        &[0x3f, 0xe1, 0x1f],
        &[0x41, 0x82, 1, 2],
        &[0x40, 0x81, 1, 0x81, 2],
        &[0x00, 1, b'a', 1, b'b'],
        &[0x1f, 0x01, 1, b'b'],
        &[],
    ] {
        assert!(!retains_buffer(block), "{block:x?}");
    }
    // Literals with incremental indexing that are not Huffman-coded, as name or value; a truncated block; an integer
    // without an end.
    for block in [
        &[0x41, 2, 1, 2][..],
        &[0x40, 1, b'a', 0x81, 2],
        &[0x82, 0x40, 0x81, 1, 1, b'b'],
        &[0x41],
        &[0x41, 0x83, 1],
        &[0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert!(retains_buffer(block), "{block:x?}");
    }
}

#[test]
fn decodes_literals_that_it_writes() {
    for length in [0, 1, 126, 127, 128, 254, 255, 20_000] {
        let (mut block, value) = (Vec::new(), vec![b'v'; length]);
        write_literal(b"name", &value, &mut block);
        assert_eq!(Decoder::new().decode(&block, MAX_SIZE), Ok(vec![(b"name".to_vec(), value)]), "{length}");
    }
}

proptest! {
    #[test]
    fn decodes_output_of_other_encoder(
        lists in prop::collection::vec(
            prop::collection::vec(("[a-z:-]{1,20}", prop::collection::vec(any::<u8>(), 0..200)), 0..12),
            1..8,
        ),
    ) {
        let (mut encoder, mut decoder) = (loona_hpack::Encoder::new(), Decoder::new());
        for list in &lists {
            let block = encoder.encode(list.iter().map(|(name, value)| (name.as_bytes(), &value[..])));
            let expected: Vec<Field> = list.iter().map(|(name, value)| (name.clone().into(), value.clone())).collect();
            prop_assert_eq!(decoder.decode(&block, MAX_SIZE).unwrap(), expected);
        }
    }

    #[test]
    fn agrees_with_other_decoder(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6)) {
        let (mut other, mut decoder) = (loona_hpack::Decoder::new(), Decoder::new());
        other.set_max_allowed_table_size(MAX_TABLE_SIZE);
        for block in &blocks {
            // The other decoder panics on a truncated integer, and accepts a table size update after a field.
            let Ok(fields) = decoder.decode(block, MAX_SIZE) else { return Ok(()) };
            if !fields.is_empty() {
                prop_assert_eq!(other.decode(block).unwrap(), fields);
            }
        }
    }

    #[test]
    fn huffman_agrees_with_other_decoder(encoded in prop::collection::vec(any::<u8>(), 0..40)) {
        let block = [&[0, 1, b'a', 0x80 | encoded.len() as u8][..], &encoded].concat();
        let other = loona_hpack::Decoder::new().decode(&block).ok();
        let ours = Decoder::new().decode(&block, MAX_SIZE).ok();
        prop_assert_eq!(ours, other);
    }
}
