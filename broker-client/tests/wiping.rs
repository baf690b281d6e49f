//! Requests wipe their secrets without the help of the allocator.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod common;

use std::path::Path;

use broker_client::{
    CheckWitnessRequest, DecapsulateRequest, DecryptDataRequest, EncapsulateRequest, EncryptDataRequest,
    GenerateKeyPairRequest, InputValue, ProveRequest, Secret, SignDataRequest, SignStreamRequest,
    VerifyDataRequest, VerifyStreamRequest,
};
use common::memory::{Child, bytes, digits};
use zeroize::Zeroizing;

/// The number of the bytes that the child keeps.
const KEPT: u8 = 1;
/// The numbers of the bytes that the child drops.
const DROPPED: std::ops::Range<u8> = 2..20;
/// The numbers of the digits that the child drops.
const DIGITS: std::ops::Range<u8> = 20..24;

#[test]
fn dropped_request_leaves_no_copy() {
    if Child::socket().is_some() {
        return child();
    }
    let child = Child::start("dropped_request_leaves_no_copy", Path::new("none"));
    assert!(child.copies(&bytes(KEPT, 500)) > 0, "the scan itself works");
    for number in DROPPED {
        assert_eq!(0, child.copies(&bytes(number, 500)[100..132]), "{number}");
    }
    for number in DIGITS {
        assert_eq!(0, child.copies(&digits(number, 500).as_bytes()[100..132]), "{number}");
    }
}

fn child() {
    let kept = bytes(KEPT, 500);
    let mut numbers = DROPPED;
    let mut secret = || Zeroizing::new(bytes(numbers.next().unwrap(), 500));
    // Each is cloned, like in a program that sends it twice.
    drop(GenerateKeyPairRequest::new().profile("P").seed(secret()).clone());
    drop(EncapsulateRequest::new(secret()).profile("P").clone());
    drop(DecapsulateRequest::new(secret(), "c").profile("P").clone());
    drop(SignDataRequest::new(secret(), "x").profile("P").clone());
    drop(SignDataRequest::composite(secret(), secret(), "x").profile("P").clone());
    drop(VerifyDataRequest::new(secret(), "x", "s").profile("P").clone());
    drop(EncryptDataRequest::new(secret(), secret()).profile("P").clone());
    drop(DecryptDataRequest::new(secret(), "c", "n", "t").profile("P").clone());
    drop(SignStreamRequest::new(secret()).profile("P").clone());
    drop(SignStreamRequest::composite(secret(), secret()).profile("P").clone());
    drop(VerifyStreamRequest::new(secret(), "s").profile("P").clone());
    drop(ProveRequest::new("c").profile("P").witness(secret()).clone());
    let mut numbers_of_digits = DIGITS;
    let mut number = || digits(numbers_of_digits.next().unwrap(), 500);
    let request = ProveRequest::new("c").profile("P").input("a", number());
    drop(request.input("b", InputValue::numbers([number()])).input("c", InputValue::text(number())).clone());
    drop(CheckWitnessRequest::new("c").profile("P").input("a", Zeroizing::new(number())).clone());
    assert_eq!(None, numbers_of_digits.next());
    // A value that is replaced is wiped, too.
    drop(GenerateKeyPairRequest::new().profile("P").seed(secret()).seed(""));
    drop(ProveRequest::new("c").witness(secret()).witness(""));
    drop(Secret::from(&**secret()));
    assert_eq!(None, numbers.next());
    Child::ready();
    drop(kept);
}
