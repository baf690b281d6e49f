//! Searches the memory of a process for bytes.

use std::{
    env,
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    thread,
};

/// Returns how often the writable memory of a process contains `needle`.
fn copies(pid: u32, needle: &[u8]) -> usize {
    let maps = BufReader::new(File::open(format!("/proc/{pid}/maps")).unwrap());
    let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut found = 0;
    for line in maps.lines() {
        let line = line.unwrap();
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") || line.contains("[vvar") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|number| u64::from_str_radix(number, 16).unwrap());
        let mut contents = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        // A mapping may disappear after it was listed.
        if memory.read_exact(&mut contents).is_ok() {
            found += memchr::memmem::find_iter(&contents, needle).count();
        }
    }
    found
}

/// The variable that tells a test that it is the child, and the socket of the broker.
const SOCKET: &str = "CLIENT_TEST_SOCKET";

/// A test of this program in a process of its own, whose memory holds only the client.
pub(crate) struct Child {
    process: process::Child,
    // Kept open, so that the child can report the result of its test.
    _output: Box<dyn Iterator<Item = String>>,
}

impl Child {
    /// Returns the socket of the broker, if this process is a child.
    pub(crate) fn socket() -> Option<PathBuf> {
        env::var_os(SOCKET).map(PathBuf::from)
    }

    /// Starts the test of this name and waits until it is ready.
    pub(crate) fn start(test: &str, socket: &Path) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(SOCKET, socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(output.any(|line| line == "ready"), "the child has failed");
        Self { process, _output: Box::new(output) }
    }

    /// Reports that the child is ready, and blocks it until its parent has searched its memory.
    pub(crate) fn ready() {
        println!("\nready");
        io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }

    pub(crate) fn copies(&self, needle: &[u8]) -> usize {
        copies(self.process.id(), needle)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let done = self.process.wait();
        // A second panic would hide the first.
        assert!(thread::panicking() || done.is_ok_and(|status| status.success()), "the child has failed");
    }
}

/// Returns pseudorandom bytes that the program does not contain, the same for the same number.
pub(crate) fn bytes(number: u8, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(sequence(number).take(length));
    bytes
}

/// Returns pseudorandom decimal digits like [`bytes`].
pub(crate) fn digits(number: u8, length: usize) -> String {
    let mut digits = String::with_capacity(length);
    digits.extend(sequence(number).take(length).map(|byte| char::from(b'0' + byte % 10)));
    digits
}

fn sequence(number: u8) -> impl Iterator<Item = u8> {
    let start = u32::from(number).wrapping_mul(0x9e37_79b9) | 1;
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(start), next).skip(1).map(|state| (state >> 24) as u8)
}
