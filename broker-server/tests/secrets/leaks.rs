//! Scans the memory of a process for secrets.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    time::{Duration, Instant},
};

use crate::support::{Broker, tree::Node};

/// The time within which the memory must reach the expected state. A thread that wipes a secret may have to be scheduled
/// first.
const SCAN_TIMEOUT: Duration = Duration::from_secs(5);
/// The number of bytes of a secret that count as a leak.
const LEAK_LENGTH: usize = 16;
const PAGE: usize = 4096;

/// Parts of secrets to find in a process's memory, each with a description.
#[derive(Default)]
pub struct Leaks(Vec<(String, Vec<u8>)>);

impl Leaks {
    /// Adds parts from the start, the end and in between of a secret that is in memory as plain bytes.
    pub fn bytes(&mut self, what: &str, secret: &[u8]) {
        assert!(secret.len() >= LEAK_LENGTH, "{what}");
        let last = secret.len() - LEAK_LENGTH;
        // The distance grows with the length, so that the parts are at different positions of frames.
        let positions = (0..last).step_by((last / 5).max(LEAK_LENGTH)).chain([last]);
        for position in positions {
            self.0
                .push((format!("{what}, at {position}"), secret[position..position + LEAK_LENGTH].to_vec()));
        }
    }

    /// Adds a secret number in its big-endian form and as the words of the processor.
    pub fn number(&mut self, what: &str, number: &[u8]) {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let mut number = number[start..].to_vec();
        self.bytes(what, &number);
        number.reverse();
        self.bytes(&format!("{what} in words"), &number);
    }

    /// Adds the private numbers in the PKCS#8 of an RSA key, or the scalar of an elliptic curve key.
    pub fn numbers(&mut self, what: &str, pkcs8: &[u8]) {
        let inner = Node::parse(&Node::parse(pkcs8).at(&[2]).octets);
        // The private numbers follow version, modulus and public exponent (RFC 8017 A.1.2); the scalar follows the version
        // (RFC 5915 3).
        let range = if inner.parts.len() > 5 { 3..9 } else { 1..2 };
        for (index, number) in inner.parts.iter().enumerate().skip(range.start).take(range.len()) {
            self.number(&format!("{what}, number {index}"), &number.octets);
        }
    }

    /// Adds the last of these numbers as words, the form that a key in use has.
    pub fn words(&mut self, what: &str, pkcs8: &[u8]) {
        let mut all = Self::default();
        all.numbers(what, pkcs8);
        let (_, last) = all.0.iter().rfind(|(what, _)| what.contains("in words, at 0")).unwrap();
        self.0.push((what.to_owned(), last.clone()));
    }

    /// Adds the lines of a PEM text that are long enough.
    pub fn pem(&mut self, what: &str, text: &str) {
        for line in text.lines().filter(|line| !line.starts_with('-') && line.len() >= 2 * LEAK_LENGTH) {
            self.0.push((format!("{what}, text"), line.as_bytes()[..2 * LEAK_LENGTH].to_vec()));
        }
    }

    /// Waits until none of the secrets is in the broker's memory; panics after a timeout. `witness` must be in the
    /// memory, which shows that the scan works.
    pub fn assert_gone(&self, broker: &Broker, witness: &str) {
        let deadline = Instant::now() + SCAN_TIMEOUT;
        loop {
            let found = self.found_in(broker.pid(), witness.as_bytes());
            if found.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{found:#?}");
        }
    }

    /// Waits until each of the secrets is in the broker's memory at least `times` times; panics after a timeout.
    pub fn assert_present(&self, broker: &Broker, witness: &str, times: usize) {
        let deadline = Instant::now() + SCAN_TIMEOUT;
        loop {
            let found = self.found_in(broker.pid(), witness.as_bytes());
            if found.len() == self.0.len() && found.iter().all(|(_, found)| *found >= times) {
                return;
            }
            assert!(Instant::now() < deadline, "{found:#?}");
        }
    }

    /// Returns the secrets in the writable memory of a process and the number of their occurrences.
    fn found_in(&self, pid: u32, witness: &[u8]) -> Vec<(&str, usize)> {
        let needles = self.0.iter().map(|(_, bytes)| &bytes[..]).chain([witness]);
        let needles: Vec<_> = needles.map(memchr::memmem::Finder::new).collect();
        let mut found = vec![0; needles.len()];
        let maps = BufReader::new(File::open(format!("/proc/{pid}/maps")).unwrap());
        let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
        for line in maps.lines() {
            let line = line.unwrap();
            let mut words = line.split_whitespace();
            let (range, rights) = (words.next().unwrap(), words.next().unwrap());
            if !rights.starts_with("rw") || line.contains("[vvar") {
                continue;
            }
            let (start, end) = range.split_once('-').unwrap();
            let [start, end] = [start, end].map(|number| u64::from_str_radix(number, 16).unwrap());
            let mut contents = vec![0; (end - start) as usize];
            memory.seek(SeekFrom::Start(start)).unwrap();
            // A mapping can disappear after it was listed.
            if memory.read_exact(&mut contents).is_err() {
                continue;
            }
            // Most pages were never used.
            for used in contents.chunks(PAGE).collect::<Vec<_>>().split(|page| *page == [0; PAGE]) {
                let used = used.concat();
                for (needle, found) in needles.iter().zip(&mut found) {
                    *found += needle.find_iter(&used).count();
                }
            }
        }
        assert!(found.pop() > Some(0), "the scan did not find the witness");
        self.0.iter().map(|(what, _)| &what[..]).zip(found).filter(|(_, found)| *found > 0).collect()
    }
}
