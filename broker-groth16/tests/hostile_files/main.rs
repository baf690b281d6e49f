//! Files that somebody has altered are refused or used: no reader panics, aborts, takes more memory than the file
//! justifies, or goes on for long.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `GENERATED_FILES` | the number of files for each reader; a fifth of it for whole ceremonies, which take long | 500 |
//! | `GENERATED_FILES_SEED` | a number; each selects other files | 0 |
//! | `GENERATED_FILES_FIRST` | the number of the first file, to read one again | 0 |
//! | `GENERATED_FILES_READER` | the name of the only reader | all |
//!
//! Each reader runs in a process of its own, whose address space is limited to 1 GiB. The process notes which file it
//! reads, so that a file that ends it is named, and `fuzz/` has a target for each reader.
#![allow(missing_docs, unreachable_pub)] // a test's modules
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod binary;
mod ceremonies;
mod generate;
#[path = "../files/pieces.rs"]
#[allow(dead_code)]
mod pieces;
#[path = "../files/points.rs"]
mod points;
mod readers;
mod text;

use std::{
    env,
    fs::File,
    os::unix::fs::FileExt as _,
    process::{Command, abort},
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use ark_std::rand::{SeedableRng as _, rngs::StdRng};
use readers::Reader;
use rustix::{
    process::{Resource, Rlimit, setrlimit},
    time::{ClockId, clock_gettime},
};

/// The address space of a process that reads files.
const ADDRESS_SPACE: u64 = 1 << 30;
/// A reader that has used so much of the processor for one file hangs. Most files take less than a millisecond. Other
/// time does not count, because the machine may be busy with something else.
const HANGS: Duration = Duration::from_secs(20);
/// Where a process notes which file it reads. Only the parent sets it.
const NOTE: &str = "GENERATED_FILES_NOTE";

#[test]
fn every_altered_file_is_refused_or_used() {
    let count: u64 = variable("GENERATED_FILES").unwrap_or(500);
    let seed = variable("GENERATED_FILES_SEED").unwrap_or(0);
    let only: Option<String> = variable("GENERATED_FILES_READER");
    if let Some(note) = variable::<String>(NOTE) {
        let reader = Reader::ALL.into_iter().find(|reader| Some(reader.name()) == only.as_deref());
        let reader = reader.unwrap();
        let count = if reader == Reader::Ceremony { count.div_ceil(5) } else { count };
        return read_all(reader, seed, count, &File::create(note).unwrap());
    }
    let readers: Vec<_> = Reader::ALL
        .into_iter()
        .filter(|reader| only.as_ref().is_none_or(|only| reader.name() == only))
        .collect();
    assert!(!readers.is_empty(), "there is no such reader");
    let failures: Vec<String> = readers.into_iter().filter_map(|reader| run(reader, seed).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Reads the files in a process of its own.
fn run(reader: Reader, seed: u64) -> Result<(), String> {
    let name = reader.name();
    let note = env::temp_dir().join(format!("generated-files-{}-{name}", std::process::id()));
    let start = Instant::now();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "every_altered_file_is_refused_or_used", "--nocapture"])
        .env("GENERATED_FILES_READER", name)
        .env(NOTE, &note)
        .output()
        .unwrap();
    let index = std::fs::read(&note).unwrap();
    std::fs::remove_file(&note).unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let summary = text.lines().find(|line| line.contains("altered files")).unwrap_or_default();
        println!("{summary}, {:.0?}", start.elapsed());
        return Ok(());
    }
    let index = index.try_into().map_or(u64::MAX, u64::from_le_bytes);
    Err(format!("{name}: file {index} of seed {seed} ends the process ({}):\n{text}", output.status))
}

/// Reads the files, and ends the process if a reader hangs.
fn read_all(reader: Reader, seed: u64, count: u64, note: &File) {
    static READ: AtomicU64 = AtomicU64::new(0);
    // The channel is closed when all files have been read.
    let (_reading, ended) = mpsc::channel::<()>();
    thread::spawn(move || {
        let mut before = (u64::MAX, Duration::ZERO);
        while ended.recv_timeout(HANGS) == Err(mpsc::RecvTimeoutError::Timeout) {
            let (read, time) = (READ.load(Ordering::Relaxed), processor_time());
            if read != before.0 {
                before = (read, time);
            } else if time - before.1 > HANGS {
                eprintln!("the reader does not end");
                abort();
            }
        }
    });
    let limit = Rlimit { current: Some(ADDRESS_SPACE), maximum: Some(ADDRESS_SPACE) };
    setrlimit(Resource::As, limit).unwrap();
    // This also makes what the readers keep.
    assert!(reader.read(&generate::originals(reader)[0]));
    let (mut used, mut longest) = (0, Duration::ZERO);
    let first = variable("GENERATED_FILES_FIRST").unwrap_or(0);
    for index in first..first + count {
        note.write_all_at(&index.to_le_bytes(), 0).unwrap();
        let bytes = generate::altered(reader, &mut random(reader, seed, index));
        let start = Instant::now();
        used += u64::from(reader.read(&bytes));
        longest = longest.max(start.elapsed());
        READ.store(index + 1, Ordering::Relaxed);
    }
    println!(
        "{}: {used} of {count} altered files used, {} refused, the longest in {longest:.1?}",
        reader.name(),
        count - used
    );
    // Files that are all refused at their first byte would show nothing.
    assert!(
        count < 100 || (used * 1000 >= count && used * 10 <= count * 9),
        "the files of {} are one-sided",
        reader.name()
    );
}

/// What the process has used of the processor.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

/// The random numbers that a file is made of.
fn random(reader: Reader, seed: u64, index: u64) -> StdRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&index.to_le_bytes());
    bytes[16] = reader as u8;
    StdRng::from_seed(bytes)
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} cannot be read")))
}
