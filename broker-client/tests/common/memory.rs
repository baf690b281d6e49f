//! Looks for bytes in the memory of a process.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
};

/// How often `needle` stands in the writable memory of a process.
pub(crate) fn copies(pid: u32, needle: &[u8]) -> usize {
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
        // A mapping can go between the listing and the reading.
        if memory.read_exact(&mut contents).is_ok() {
            found += memchr::memmem::find_iter(&contents, needle).count();
        }
    }
    found
}
