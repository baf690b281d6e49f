//! A table of runs, for spreadsheets: a line for each.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

use rustix::fs::Access;
use serde_json::Value;

use super::sample::Sample;
use crate::{error::Failure, outlet};

/// The columns of a table of runs, by their names in JSON.
const COLUMNS: [&str; 27] = [
    "operation",
    "profile",
    "size",
    "issuer",
    "subject",
    "wire",
    "client",
    "lane",
    "concurrency",
    "window",
    "connections",
    "threads",
    "rate_per_s",
    "pin",
    "warm_up_s",
    "duration_s",
    "requests",
    "failed",
    "not_begun",
    "throughput_per_s",
    "latency_us.p50",
    "latency_us.p90",
    "latency_us.p99",
    "latency_us.p99_9",
    "latency_us.max",
    "server_cpu_us_per_call",
    "client_cpu_us_per_call",
];

/// Before anything is measured: whether the run can be added to this table. Nothing is made yet.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    // Opening a pipe would wait for its reader, and closing it again would send that one away.
    if outlet::is_special(path) {
        let access = rustix::fs::access(path, Access::WRITE_OK);
        return access.map_err(|source| Failure::write(path, source.into()));
    }
    match OpenOptions::new().read(true).append(true).open(path) {
        Ok(mut file) => lead(&mut file, path).map(drop),
        Err(error) if error.kind() == ErrorKind::NotFound && is_name_of_a_file(path) => {
            outlet::check_folder(path)
        }
        Err(source) => Err(Failure::write(path, source)),
    }
}

/// Adds the run to a table of runs, with a header where there is none yet.
pub(super) fn append(sample: &Sample, path: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::write(path, source);
    // What is no file cannot be looked at, and gets a header each time.
    let (mut file, mut text) = if outlet::is_special(path) {
        (OpenOptions::new().append(true).open(path).map_err(failed)?, header())
    } else {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path).map_err(failed)?;
        let lead = lead(&mut file, path)?;
        (file, lead)
    };
    let mut it = sample.to_json();
    it.insert("failed".to_owned(), sample.failed().into());
    let it = Value::Object(it);
    text.push_str(&csv(COLUMNS.map(|name| {
        let value = name.split('.').try_fold(&it, |value, part| value.get(part));
        cell(value)
    })));
    file.write_all(text.as_bytes()).map_err(failed)
}

/// What stands between what is in the file and the next row: a header, the end of a line that was left open, or nothing.
fn lead(file: &mut File, path: &Path) -> Result<String, Failure> {
    let failed = |source| Failure::read(path, source);
    let length = file.metadata().map_err(failed)?.len();
    if length == 0 {
        return Ok(header());
    }
    let wanted = header();
    let mut first = Vec::new();
    // One byte more than the header, for programs that end their lines in two.
    let most = u64::try_from(wanted.len()).unwrap_or(u64::MAX).saturating_add(1);
    BufReader::new(file.take(most)).read_until(b'\n', &mut first).map_err(failed)?;
    if first.trim_ascii_end() != wanted.trim_end().as_bytes() {
        return Err(Failure::usage(format!(
            "--csv {} begins with another line than the header of this version's tables: name a new file, or move that one \
             away",
            path.display()
        )));
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
    Ok(if last == *b"\n" { String::new() } else { "\n".to_owned() })
}

fn header() -> String {
    csv(COLUMNS.map(str::to_owned))
}

/// Neither nothing at all nor a folder that is not there.
fn is_name_of_a_file(path: &Path) -> bool {
    path.file_name().is_some() && !path.as_os_str().as_bytes().ends_with(b"/")
}

/// A value of JSON as it stands in a table; nothing where there is none.
pub(super) fn cell(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

/// One line (RFC 4180).
pub(super) fn csv(cells: impl IntoIterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    let cells: Vec<String> = cells.into_iter().map(quoted).collect();
    cells.join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_table_is_quoted() {
        assert_eq!(
            csv(["a".into(), "b=1,c=2".into(), "say \"no\"".into()]),
            "a,\"b=1,c=2\",\"say \"\"no\"\"\"\n"
        );
    }
}
