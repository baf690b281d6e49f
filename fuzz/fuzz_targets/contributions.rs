#![no_main]

#[path = "../../broker-groth16/tests/hostile_files/readers.rs"]
#[allow(dead_code)]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    readers::Reader::Contributions.read(bytes);
});
