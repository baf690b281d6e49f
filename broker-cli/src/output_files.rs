//! Files that a command writes: complete or not at all, and secrets with mode 0600.
//!
//! One rule decides about an existing file: public content replaces it, and a secret replaces it only with `--force`. An empty
//! file, such as mktemp makes, is always replaced.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::Access;

use crate::{
    atomic_file::{AtomicFile, NamedFile},
    error::Failure,
    location::Location,
    output::{Output, is_text},
};

/// The files that a command writes.
pub(crate) struct OutputFiles {
    files: Vec<OutputFile>,
    force: bool,
}

/// One of the files.
pub(crate) struct OutputFile {
    /// The option that names it.
    option: &'static str,
    /// Its content in words, such as `shared secret`.
    pub(crate) name: &'static str,
    pub(crate) location: Location,
    is_secret: bool,
}

impl OutputFiles {
    /// Returns an empty list. With `force`, secrets replace existing files too.
    pub(crate) fn new(force: bool) -> Self {
        Self { files: Vec::new(), force }
    }

    /// Adds a file that anybody may read.
    pub(crate) fn public(mut self, option: &'static str, name: &'static str, location: Location) -> Self {
        self.files.push(OutputFile { option, name, location, is_secret: false });
        self
    }

    /// Adds a file that only its owner may read.
    pub(crate) fn secret(mut self, option: &'static str, name: &'static str, location: Location) -> Self {
        self.files.push(OutputFile { option, name, location, is_secret: true });
        self
    }

    /// Returns the files in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &OutputFile> {
        self.files.iter()
    }

    /// Reports whether one of the files is standard output, so that nothing else may be printed there.
    pub(crate) fn use_stdout(&self) -> bool {
        self.iter().any(|file| file.location == Location::Stdio)
    }

    /// Checks what can be known before the broker is called: no two files are the same, none is an input, no secret would
    /// replace a file, and every folder can be written to.
    ///
    /// # Errors
    /// Fails at the first check that does not hold.
    pub(crate) fn check(&self, inputs: &[Option<&Location>], output: &Output) -> Result<(), Failure> {
        for (index, file) in self.iter().enumerate() {
            for other in self.files.iter().take(index) {
                if is_same_output(&file.location, &other.location) {
                    return Err(Failure::usage(format!(
                        "{} and {} name the same file, {}",
                        other.option, file.option, file.location
                    )));
                }
            }
            match &file.location {
                Location::Stdio if output.is_json() => {
                    return Err(Failure::usage(format!(
                        "{} - cannot be used with --output json: both write to standard output",
                        file.option
                    )));
                }
                Location::Stdio => {}
                Location::File(path) => {
                    let mut input_paths = inputs.iter().flatten().filter_map(|input| input.path());
                    if input_paths.any(|input| is_same_file(input, path)) {
                        return Err(Failure::usage(format!(
                            "{} {} is an input of this command, and would be replaced",
                            file.option, file.location
                        )));
                    }
                    self.check_file(file, path)?;
                }
            }
        }
        Ok(())
    }

    fn check_file(&self, file: &OutputFile, path: &Path) -> Result<(), Failure> {
        if is_special(path) {
            return Ok(());
        }
        if path.is_dir() {
            return Err(Failure::write(path, io::ErrorKind::IsADirectory.into()));
        }
        if self.must_be_new(file) && path.symlink_metadata().is_ok() && !is_empty(path) {
            return Err(exists(file));
        }
        check_folder(path)
    }

    fn must_be_new(&self, file: &OutputFile) -> bool {
        file.is_secret && !self.force
    }

    /// Writes `contents`, one for each file in their order, then makes `report` print the result. All contents are written to
    /// unnamed files first; then each gets its name, secrets first; devices follow, and standard output is last.
    ///
    /// Either all files are written, or none: where anything fails, `report` included, new files are removed, and those that
    /// were replaced get their names back.
    ///
    /// # Errors
    /// Fails where a file or standard output cannot be written. The failure says what was written and remains, which is what
    /// went to a device or a pipe.
    pub(crate) fn write(
        &self,
        contents: &[&[u8]],
        output: &mut Output,
        report: impl FnOnce(&mut Output) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut prepared = Vec::with_capacity(self.files.len());
        for (file, bytes) in self.files.iter().zip(contents) {
            prepared.push((file, PreparedFile::new(file, bytes)?));
        }
        prepared.sort_by_key(|(file, prepared)| (prepared.rank(), !file.is_secret));
        let mut written = Written::default();
        let outcome = prepared
            .into_iter()
            .try_for_each(|(file, prepared)| written.add(file, prepared, self.must_be_new(file), output))
            .and_then(|()| written.check_in_place())
            .and_then(|()| report(output).and_then(|()| output.flush()).map_err(with_message));
        outcome.map_err(|failure| written.undo(failure))
    }
}

/// A reader that leaves early has missed a part of the result, so here a broken pipe gets a message.
fn with_message(failure: Failure) -> Failure {
    match failure {
        Failure::Output(source) => Failure::write(Path::new("standard output"), source),
        other => other,
    }
}

/// What was written so far.
#[derive(Default)]
struct Written<'a> {
    named: Vec<(&'a OutputFile, NamedFile)>,
    /// What went to devices, pipes and standard output, which cannot be undone.
    sent: Vec<String>,
}

impl<'a> Written<'a> {
    fn add(
        &mut self,
        file: &'a OutputFile,
        prepared: PreparedFile<'_>,
        must_be_new: bool,
        output: &mut Output,
    ) -> Result<(), Failure> {
        match prepared.persist(file, must_be_new, output)? {
            Some(named) => self.named.push((file, named)),
            None => self.sent.push(file.description()),
        }
        Ok(())
    }

    /// Fails where another program has replaced one of the files: both would leave files that do not belong together.
    fn check_in_place(&self) -> Result<(), Failure> {
        match self.named.iter().find(|(_, named)| !named.is_in_place()) {
            Some((file, _)) if self.named.len() > 1 => {
                let source = io::Error::other("another program has replaced it at the same time");
                Err(Failure::write(file.location.path().unwrap_or(Path::new("-")), source))
            }
            _ => Ok(()),
        }
    }

    /// Undoes what can be undone, and returns the failure with what remains.
    fn undo(self, failure: Failure) -> Failure {
        let mut remaining = self.sent;
        for (file, named) in self.named {
            if named.undo().is_err() {
                remaining.push(file.description());
            }
        }
        match remaining.is_empty() {
            true => failure,
            false => {
                Failure::PartiallyWritten { failure: Box::new(failure), written: remaining.join(" and ") }
            }
        }
    }
}

/// Content that is ready to be put in its location.
enum PreparedFile<'a> {
    /// A complete file in the same folder.
    Atomic(AtomicFile, &'a Path),
    /// A device or a pipe, such as /dev/stdout, which is written to and not replaced.
    Special(File, &'a Path, &'a [u8]),
    Stdout(&'a [u8]),
}

impl<'a> PreparedFile<'a> {
    fn new(file: &'a OutputFile, bytes: &'a [u8]) -> Result<Self, Failure> {
        let path = match &file.location {
            Location::Stdio => {
                file.check_terminal(io::stdout().is_terminal(), bytes)?;
                return Ok(Self::Stdout(bytes));
            }
            Location::File(path) => path,
        };
        let failed = |source| Failure::write(path, without_temporary_path(source));
        if is_special(path) {
            let special = OpenOptions::new().write(true).open(path).map_err(failed)?;
            file.check_terminal(special.is_terminal(), bytes)?;
            return Ok(Self::Special(special, path, bytes));
        }
        // The umask applies to public content.
        let mode = if file.is_secret { 0o600 } else { 0o666 };
        Ok(Self::Atomic(AtomicFile::write(folder(path), mode, bytes).map_err(failed)?, path))
    }

    /// Returns the place in the order of writing: files, which can be removed again, then the others.
    fn rank(&self) -> u8 {
        match self {
            Self::Atomic(..) => 0,
            Self::Special(..) => 1,
            Self::Stdout(_) => 2,
        }
    }

    /// Writes the content. Returns the file where it is one.
    fn persist(
        self,
        file: &OutputFile,
        must_be_new: bool,
        output: &mut Output,
    ) -> Result<Option<NamedFile>, Failure> {
        let failed = |path: &Path, error| Failure::write(path, without_temporary_path(error));
        match self {
            Self::Atomic(atomic, path) if must_be_new && !is_empty(path) => {
                let named = atomic.persist_new(path).map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => exists(file),
                    _ => failed(path, error),
                })?;
                return Ok(Some(named));
            }
            Self::Atomic(atomic, path) => {
                return atomic.persist(path).map(Some).map_err(|error| failed(path, error));
            }
            Self::Special(mut special, path, bytes) => {
                special.write_all(bytes).map_err(|source| Failure::write(path, source))?;
            }
            Self::Stdout(bytes) => output.bytes(bytes).map_err(with_message)?,
        }
        Ok(None)
    }
}

impl OutputFile {
    /// Returns the content and its location, such as `the private key to k`.
    fn description(&self) -> String {
        format!("the {} to {}", self.name, self.location)
    }

    /// Fails where binary content would go to a terminal, which may interpret some of it as commands.
    fn check_terminal(&self, is_terminal: bool, bytes: &[u8]) -> Result<(), Failure> {
        if is_terminal && !is_text(bytes) {
            return Err(Failure::usage(format!(
                "the {} is binary, and {} is a terminal: name a file, or send it into a pipe",
                self.name, self.location
            )));
        }
        Ok(())
    }
}

/// Reports whether two outputs would overwrite each other. A device may be written to twice.
fn is_same_output(one: &Location, other: &Location) -> bool {
    match (one, other) {
        (Location::Stdio, Location::Stdio) => true,
        (Location::File(one), Location::File(other)) => {
            let canonical = |path: &Path| -> Option<PathBuf> {
                Some(folder(path).canonicalize().ok()?.join(path.file_name()?))
            };
            !is_special(one)
                && (one == other || (canonical(one).is_some() && canonical(one) == canonical(other)))
        }
        _ => false,
    }
}

fn exists(file: &OutputFile) -> Failure {
    Failure::usage(format!(
        "{} {} exists, and a {} replaces a file only with --force",
        file.option, file.location, file.name
    ))
}

/// Reports whether both paths lead to one regular file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Fails where no file can be made in the folder of this path.
pub(crate) fn check_folder(path: &Path) -> Result<(), Failure> {
    let folder = folder(path);
    folder
        .metadata()
        .and_then(|metadata| match metadata.is_dir() {
            true => Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?),
            false => Err(io::ErrorKind::NotADirectory.into()),
        })
        .map_err(|source| Failure::write(path, source))
}

/// Reports whether the path is neither a file nor a folder: a terminal, a pipe, /dev/null.
pub(crate) fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Reports whether the path is an empty file and not a link to one.
fn is_empty(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes the temporary file's path from an error: it means nothing to a reader.
fn without_temporary_path(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason.to_owned()),
        None => error,
    }
}
