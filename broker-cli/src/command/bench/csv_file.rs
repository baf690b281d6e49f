//! `--csv`: a table of runs to which each run adds a line.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

use broker_load::{Sample, csv};
use rustix::fs::Access;

use crate::{
    error::Failure,
    output_files::{check_folder, is_special},
};

/// Checks before the run whether its line can be added to this table. It makes no file.
///
/// # Errors
/// Fails where the file cannot be written, and where it begins with another header.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    // Opening a pipe would wait for its reader, and closing it again would end that one.
    if is_special(path) {
        let access = rustix::fs::access(path, Access::WRITE_OK);
        return access.map_err(|source| Failure::write(path, source.into()));
    }
    match OpenOptions::new().read(true).append(true).open(path) {
        Ok(mut file) => separator(&mut file, path).map(drop),
        Err(error) if error.kind() == ErrorKind::NotFound && is_file_name(path) => check_folder(path),
        Err(source) => Err(Failure::write(path, source)),
    }
}

/// Adds the line of a run, with a header where the file is new.
///
/// # Errors
/// Fails as [`check`] does.
pub(super) fn append(sample: &Sample, path: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::write(path, source);
    // A pipe or a device cannot be read back, and gets a header each time.
    let (mut file, mut text) = if is_special(path) {
        (OpenOptions::new().append(true).open(path).map_err(failed)?, csv::header())
    } else {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).open(path).map_err(failed)?;
        let separator = separator(&mut file, path)?;
        (file, separator)
    };
    text.push_str(&csv::row(sample));
    file.write_all(text.as_bytes()).map_err(failed)
}

/// Returns what must be written before the next line: the header, the end of an unfinished line, or nothing.
fn separator(file: &mut File, path: &Path) -> Result<String, Failure> {
    let failed = |source| Failure::read(path, source);
    let length = file.metadata().map_err(failed)?.len();
    let header = csv::header();
    if length == 0 {
        return Ok(header);
    }
    let mut first = Vec::new();
    // One byte more than the header, for a carriage return.
    let limit = u64::try_from(header.len()).unwrap_or(u64::MAX).saturating_add(1);
    BufReader::new(file.take(limit)).read_until(b'\n', &mut first).map_err(failed)?;
    if first.trim_ascii_end() != header.trim_end().as_bytes() {
        return Err(Failure::usage(format!(
            "the first line of --csv {} is not the header of this version's tables: name a new file, or move that one away",
            path.display()
        )));
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
    Ok(if last == *b"\n" { String::new() } else { "\n".to_owned() })
}

/// Reports whether the path could name a file: it is not empty and does not end with a slash.
fn is_file_name(path: &Path) -> bool {
    path.file_name().is_some() && !path.as_os_str().as_bytes().ends_with(b"/")
}
