//! What commands write: files that are there whole or not at all, and secrets that only their owner can read.
//!
//! One rule for what is there already: what is public replaces a file, a secret replaces one only with `--force`. A file
//! with nothing in it, such as mktemp makes, is nothing that could be lost.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::Access;

use crate::{
    beside::Beside,
    error::Failure,
    output::{Output, is_text},
    place::Place,
};

/// The places that a command writes to.
pub(crate) struct Outlets {
    list: Vec<Outlet>,
    force: bool,
}

/// One of them.
pub(crate) struct Outlet {
    /// The option that names it.
    option: &'static str,
    /// What is written there, such as `shared secret`.
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    secret: bool,
}

impl Outlets {
    /// None yet. With `force` a secret replaces a file too.
    pub(crate) fn new(force: bool) -> Self {
        Self { list: Vec::new(), force }
    }

    /// One for what anybody may read.
    pub(crate) fn public(mut self, option: &'static str, name: &'static str, place: Place) -> Self {
        self.list.push(Outlet { option, name, place, secret: false });
        self
    }

    /// One for what only the owner may read.
    pub(crate) fn secret(mut self, option: &'static str, name: &'static str, place: Place) -> Self {
        self.list.push(Outlet { option, name, place, secret: true });
        self
    }

    /// Each of them, in the order in which they were named.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Outlet> {
        self.list.iter()
    }

    /// Whether one of them is standard output, so that nothing else belongs there.
    pub(crate) fn use_standard_output(&self) -> bool {
        self.iter().any(|outlet| outlet.place == Place::Standard)
    }

    /// Everything that can be known before the broker is asked: no two in one place, none over an input, no secret over a
    /// file, and a folder for each.
    pub(crate) fn check(&self, inputs: &[Option<&Place>], output: &Output) -> Result<(), Failure> {
        for (index, outlet) in self.iter().enumerate() {
            for other in self.list.iter().take(index) {
                if outlet.place.is_where(&other.place) {
                    return Err(Failure::usage(format!(
                        "{} and {} name the same place, {}",
                        other.option, outlet.option, outlet.place
                    )));
                }
            }
            match &outlet.place {
                Place::Standard if output.is_json() => {
                    return Err(Failure::usage(format!(
                        "{} - and --output json do not go together: both want standard output",
                        outlet.option
                    )));
                }
                Place::Standard => {}
                Place::File(path) => {
                    if inputs.iter().flatten().filter_map(|input| input.path()).any(|input| same(input, path))
                    {
                        return Err(Failure::usage(format!(
                            "{} {} is an input of this command, and would be replaced",
                            outlet.option, outlet.place
                        )));
                    }
                    self.check_file(outlet, path)?;
                }
            }
        }
        Ok(())
    }

    fn check_file(&self, outlet: &Outlet, path: &Path) -> Result<(), Failure> {
        if is_special(path) {
            return Ok(());
        }
        if path.is_dir() {
            return Err(Failure::write(path, io::ErrorKind::IsADirectory.into()));
        }
        if self.keeps_what_is_there(outlet) && path.symlink_metadata().is_ok() && !is_empty(path) {
            return Err(taken(outlet));
        }
        check_folder(path)
    }

    fn keeps_what_is_there(&self, outlet: &Outlet) -> bool {
        outlet.secret && !self.force
    }

    /// Writes `contents`, one for each in their order: first all of them beside their places, then each is put there,
    /// secrets before what is public and standard output last. Where that fails half way the error says what was written.
    pub(crate) fn write(&self, contents: &[&[u8]], output: &mut Output) -> Result<(), Failure> {
        let mut ready = Vec::with_capacity(self.list.len());
        for (outlet, bytes) in self.list.iter().zip(contents) {
            ready.push((outlet, Ready::new(outlet, bytes)?));
        }
        ready.sort_by_key(|(outlet, _)| (outlet.place == Place::Standard, !outlet.secret));
        let mut written = Vec::new();
        for (outlet, ready) in ready {
            if let Err(failure) = ready.put(outlet, self.keeps_what_is_there(outlet), output) {
                return Err(match written.is_empty() {
                    true => failure,
                    false => Failure::Partly { failure: Box::new(failure), written: written.join(" and ") },
                });
            }
            written.push(format!("the {} to {}", outlet.name, outlet.place));
        }
        Ok(())
    }
}

/// Bytes that only wait for their name.
enum Ready<'a> {
    /// In a file beside its place.
    Beside(Beside, &'a Path),
    /// Something like /dev/stdout or a pipe is written to, not replaced.
    Special(File, &'a Path, &'a [u8]),
    Standard(&'a [u8]),
}

impl<'a> Ready<'a> {
    fn new(outlet: &'a Outlet, bytes: &'a [u8]) -> Result<Self, Failure> {
        let path = match &outlet.place {
            Place::Standard => {
                outlet.not_on_a_terminal(io::stdout().is_terminal(), bytes)?;
                return Ok(Self::Standard(bytes));
            }
            Place::File(path) => path,
        };
        let failed = |source| Failure::write(path, plain(source));
        if is_special(path) {
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            outlet.not_on_a_terminal(file.is_terminal(), bytes)?;
            return Ok(Self::Special(file, path, bytes));
        }
        // What is public has what the process's umask leaves.
        let mode = if outlet.secret { 0o600 } else { 0o666 };
        Ok(Self::Beside(Beside::write(folder(path), mode, bytes).map_err(failed)?, path))
    }

    fn put(self, outlet: &Outlet, keep: bool, output: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Beside(file, path) if keep && !is_empty(path) => {
                file.put_new(path).map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => taken(outlet),
                    _ => Failure::write(path, plain(error)),
                })?;
            }
            Self::Beside(file, path) => {
                file.put_over(path).map_err(|error| Failure::write(path, plain(error)))?;
            }
            Self::Special(mut file, path, bytes) => {
                file.write_all(bytes).map_err(|source| Failure::write(path, source))?;
            }
            // A reader who leaves early has missed a part of the result, so here that is a failure.
            Self::Standard(bytes) => output.bytes(bytes).map_err(|failure| match failure {
                Failure::Output(source) => Failure::write(Path::new("standard output"), source),
                other => other,
            })?,
        }
        Ok(())
    }
}

impl Outlet {
    /// A terminal shows text. Bytes that are none would be noise there, and some terminals obey them.
    fn not_on_a_terminal(&self, terminal: bool, bytes: &[u8]) -> Result<(), Failure> {
        if terminal && !is_text(bytes) {
            return Err(Failure::usage(format!(
                "the {} is binary, and {} is a terminal: name a file, or send it into a pipe",
                self.name, self.place
            )));
        }
        Ok(())
    }
}

impl Place {
    /// Whether two outputs would meet. What is written to and not replaced may be the same.
    fn is_where(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Standard, Self::Standard) => true,
            (Self::File(one), Self::File(other)) => {
                let there = |path: &Path| -> Option<PathBuf> {
                    Some(folder(path).canonicalize().ok()?.join(path.file_name()?))
                };
                !is_special(one) && (one == other || (there(one).is_some() && there(one) == there(other)))
            }
            _ => false,
        }
    }
}

fn taken(outlet: &Outlet) -> Failure {
    Failure::usage(format!(
        "{} {} exists, and a {} replaces a file only with --force",
        outlet.option, outlet.place, outlet.name
    ))
}

/// Whether both paths lead to one regular file.
fn same(one: &Path, other: &Path) -> bool {
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Whether a file with this path could be made.
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

/// Neither a file nor a folder: a terminal, a pipe, /dev/null.
pub(crate) fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// A file, not a link to one, with nothing in it.
fn is_empty(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Without the temporary file's name, which means nothing to a reader.
fn plain(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason.to_owned()),
        None => error,
    }
}
