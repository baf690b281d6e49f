//! What must not be in a process's memory, and the scan for it.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    time::{Duration, Instant},
};

use crate::support::{Broker, tree::Node};

/// How long what a call leaves behind may take to be wiped: its thread may have to be given the processor first.
const PATIENCE: Duration = Duration::from_secs(5);
/// As many bytes of a secret are enough to be a leak.
const ENOUGH: usize = 16;
const PAGE: usize = 4096;

/// Bytes that must not be in a process's memory, each with what they are.
#[derive(Default)]
pub struct Leaks(Vec<(String, Vec<u8>)>);

impl Leaks {
    /// The beginning, the end and places between them of a secret that lies in memory as it is.
    pub fn bytes(&mut self, what: &str, secret: &[u8]) {
        assert!(secret.len() >= ENOUGH, "{what}");
        let last = secret.len() - ENOUGH;
        // Further apart in what is long, and not at the same place of each frame.
        let places = (0..last).step_by((last / 12).max(ENOUGH)).chain([last]);
        for place in places {
            self.0.push((format!("{what}, at {place}"), secret[place..place + ENOUGH].to_vec()));
        }
    }

    /// A number of which any form is secret: big-endian, and as words of a processor.
    pub fn number(&mut self, what: &str, number: &[u8]) {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let mut number = number[start..].to_vec();
        self.bytes(what, &number);
        number.reverse();
        self.bytes(&format!("{what} in words"), &number);
    }

    /// The private numbers in a PKCS#8 of RSA, or the scalar in one of an elliptic curve.
    pub fn numbers(&mut self, what: &str, pkcs8: &[u8]) {
        let inner = Node::parse(&Node::parse(pkcs8).at(&[2]).octets);
        // RFC 8017 A.1.2: after the version, the modulus and the public exponent. RFC 5915 3: after the version.
        let places = if inner.parts.len() > 5 { 3..9 } else { 1..2 };
        for (place, number) in inner.parts.iter().enumerate().skip(places.start).take(places.len()) {
            self.number(&format!("{what}, number {place}"), &number.octets);
        }
    }

    /// The words of the last of those numbers: what a key in use is kept as.
    pub fn words(&mut self, what: &str, pkcs8: &[u8]) {
        let mut all = Self::default();
        all.numbers(what, pkcs8);
        let (_, last) = all.0.iter().rfind(|(what, _)| what.contains("in words, at 0")).unwrap();
        self.0.push((what.to_owned(), last.clone()));
    }

    /// The lines of a PEM text, of which each is long enough.
    pub fn pem(&mut self, what: &str, text: &str) {
        for line in text.lines().filter(|line| !line.starts_with('-') && line.len() >= 2 * ENOUGH) {
            self.0.push((format!("{what}, text"), line.as_bytes()[..2 * ENOUGH].to_vec()));
        }
    }

    /// Nothing of it is in the broker's memory, at once or soon. `witness` is; that it is found shows that the scan itself
    /// works.
    pub fn assert_gone(&self, broker: &Broker, witness: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.found_in(broker.pid(), witness.as_bytes());
            if found.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "{found:#?}");
        }
    }

    /// All of it is in the broker's memory, each at least so often, at once or soon.
    pub fn assert_there(&self, broker: &Broker, witness: &str, times: usize) {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.found_in(broker.pid(), witness.as_bytes());
            if found.len() == self.0.len() && found.iter().all(|(_, found)| *found >= times) {
                return;
            }
            assert!(Instant::now() < until, "{found:#?}");
        }
    }

    /// Those that stand in the writable memory of a process, and how often.
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
            // A mapping can go between the listing and the reading.
            if memory.read_exact(&mut contents).is_err() {
                continue;
            }
            // Most of it was never used.
            for used in contents.chunks(PAGE).collect::<Vec<_>>().split(|page| *page == [0; PAGE]) {
                let used = used.concat();
                for (needle, found) in needles.iter().zip(&mut found) {
                    *found += needle.find_iter(&used).count();
                }
            }
        }
        assert!(found.pop() > Some(0), "the scan finds nothing at all");
        self.0.iter().map(|(what, _)| &what[..]).zip(found).filter(|(_, found)| *found > 0).collect()
    }
}
