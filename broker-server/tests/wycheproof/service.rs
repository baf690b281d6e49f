//! A broker with the profiles that the vectors need, and helpers for its calls.

use std::fmt::Write as _;

use broker_proto::v1;
use tonic::{Code, Status};

use crate::{
    support::{Broker, private_folder},
    tally::Verdict,
};

/// Every library that a profile can select.
pub const LIBRARIES: [&str; 2] = ["native", "aws-lc"];

/// A builder of a document with profiles.
#[derive(Debug, Default)]
pub struct Profiles(String);

impl Profiles {
    /// Adds a profile with this section for each library, named `NAME-LIBRARY`.
    pub fn add(&mut self, name: &str, section: &str) {
        for library in LIBRARIES {
            writeln!(
                self.0,
                "  - {{ Name: {name}-{library}, CryptoLibrary: {library}, API: {{ {section} }} }}"
            )
            .unwrap();
        }
    }

    /// Starts a broker with these profiles.
    pub fn start(&self) -> Broker {
        let folder = private_folder();
        std::fs::write(folder.path().join("Profiles.yaml"), format!("Profiles:\n{}", self.0)).unwrap();
        Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()])
    }
}

/// Returns a key source with the raw key.
pub fn raw_key(key: &[u8]) -> Option<v1::KeySource> {
    let mut source = v1::KeySource::default();
    source.source = Some(v1::key_source::Source::RawKey(key.to_vec()));
    Some(source)
}

/// Returns the source of a single raw key for a signature.
pub fn single(key: &[u8]) -> Option<v1::SignKeySource> {
    raw_key(key).map(|key| v1::SignKeySource { source: Some(v1::sign_key_source::Source::Single(key)) })
}

/// Returns the verdict of an error. Panics unless it is INVALID_ARGUMENT: any other code is a fault of the broker or
/// the test.
pub fn refused(status: &Status) -> Verdict {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    Verdict::Refused
}

/// Encodes a value as DER.
pub fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut der = vec![tag];
    match length {
        0..=0x7f => der.push(length as u8),
        0x80..=0xff => der.extend([0x81, length as u8]),
        _ => der.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    der.extend_from_slice(contents);
    der
}
