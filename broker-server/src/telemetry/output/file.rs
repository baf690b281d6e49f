//! One open file, and the ways in which it takes a line.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, IoSlice, Read as _, Seek as _, SeekFrom, Write as _},
    os::{
        fd::AsFd as _,
        unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::OFlags,
    io::{Errno, ReadWriteFlags, pwritev2},
};

use super::Target;

/// The offset that means the file's own position (pwritev2(2)).
const OWN_POSITION: u64 = u64::MAX;

/// What became of an attempt to write a line.
pub(super) enum Attempt {
    /// `write(2)` has taken all of it.
    Written,
    /// The file takes nothing now.
    WouldBlock,
    /// Nothing, or only a part, was written.
    Failed(io::Error),
}

/// An open file, and what is known about it.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    kind: FileKind,
    /// We have opened it ourselves, and it never waits (O_NONBLOCK). What we were started with is shared with others, who
    /// may rely on its waiting.
    nonblocking: bool,
    /// Cleared once the kernel has said that it cannot write to this file without waiting.
    takes_nowait: AtomicBool,
    /// The file ends in half a line: the disk filled up in the middle of one, or a process died there.
    torn: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    /// It takes what the disk has room for.
    Regular,
    /// A pipe: it takes what its reader leaves room for.
    Pipe,
    /// A terminal, a socket or another device.
    Other,
}

impl OpenFile {
    /// Opens the target; `None` where it is a FIFO that has no reader.
    pub(super) fn open(target: &Target) -> io::Result<Option<Self>> {
        // A descriptor of our own: std's handle reports success for a descriptor that is closed.
        let file = match target {
            Target::Stdout => io::stdout().as_fd().try_clone_to_owned()?.into(),
            Target::Stderr => io::stderr().as_fd().try_clone_to_owned()?.into(),
            Target::File(path) => match open_path(path) {
                Ok(file) => file,
                // The same is said of a socket, which no waiting makes a file.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NXIO) && is_fifo(path) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            },
        };
        let metadata = file.metadata()?;
        let kind = match metadata.file_type() {
            kind if kind.is_file() => FileKind::Regular,
            kind if kind.is_fifo() => FileKind::Pipe,
            _ => FileKind::Other,
        };
        let torn = match target {
            Target::File(path) if kind == FileKind::Regular && metadata.len() > 0 => {
                ends_in_half_a_line(path)
            }
            _ => false,
        };
        let nonblocking = kind == FileKind::Pipe && matches!(target, Target::File(_));
        let takes_nowait = AtomicBool::new(true);
        Ok(Some(Self { file, kind, nonblocking, takes_nowait, torn: AtomicBool::new(torn) }))
    }

    /// Whether both are one pipe, terminal or the like, opened twice. Two descriptors of one regular file are not: each
    /// is opened anew by its own path.
    pub(super) fn is_same_stream(&self, other: Option<&Self>) -> bool {
        let Some(other) = other.filter(|_| self.kind != FileKind::Regular) else { return false };
        match (self.file.metadata(), other.file.metadata()) {
            (Ok(own), Ok(other)) => {
                (own.dev(), own.ino(), own.rdev()) == (other.dev(), other.ino(), other.rdev())
            }
            _ => false,
        }
    }

    pub(super) fn is_pipe(&self) -> bool {
        self.kind == FileKind::Pipe
    }

    /// Whether a pipe still has a reader; true for everything else.
    pub(super) fn has_reader(&self) -> bool {
        if !self.is_pipe() {
            return true;
        }
        let mut polled = [PollFd::new(&self.file, PollFlags::empty())];
        let _ = poll(&mut polled, Some(&Timespec::default()));
        let [polled] = polled;
        !polled.revents().intersects(PollFlags::ERR)
    }

    /// Writes the line if the kernel takes it without waiting. The line's first byte is the newline that ends what an
    /// earlier attempt left behind; usually it is skipped.
    pub(super) fn write_now(&self, line: &[u8]) -> Attempt {
        if !self.takes_nowait.load(Ordering::Relaxed) {
            return Attempt::WouldBlock;
        }
        let line = self.due(line);
        // The kernel knows RWF_NOWAIT for pipes, and not for a FIFO with a name.
        if self.nonblocking {
            return self.plain_write(line);
        }
        match pwritev2(&self.file, &[IoSlice::new(line)], OWN_POSITION, ReadWriteFlags::NOWAIT) {
            Ok(written) => self.settle(line, written),
            Err(Errno::AGAIN | Errno::INTR) => Attempt::WouldBlock,
            // Most file systems, and terminals.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                self.takes_nowait.store(false, Ordering::Relaxed);
                Attempt::WouldBlock
            }
            Err(error) => Attempt::Failed(error.into()),
        }
    }

    /// Writes the line, and waits at most `patience` for a pipe's or terminal's reader; for a disk it may wait longer.
    pub(super) fn write(&self, line: &[u8], patience: Duration) -> Attempt {
        let patience = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) };
        let mut polled = [PollFd::new(&self.file, PollFlags::OUT)];
        match poll(&mut polled, Some(&patience)) {
            Ok(0) | Err(Errno::INTR) => return Attempt::WouldBlock,
            Ok(_) => {}
            Err(error) => return Attempt::Failed(error.into()),
        }
        if self.takes_nowait.load(Ordering::Relaxed) {
            match self.write_now(line) {
                // The kernel may just have said that it cannot tell.
                Attempt::WouldBlock if !self.takes_nowait.load(Ordering::Relaxed) => {}
                attempt => return attempt,
            }
        }
        self.plain_write(self.due(line))
    }

    fn plain_write(&self, line: &[u8]) -> Attempt {
        match (&self.file).write(line) {
            Ok(written) => self.settle(line, written),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Attempt::WouldBlock
            }
            Err(error) => Attempt::Failed(error),
        }
    }

    fn due<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        if self.torn.load(Ordering::Relaxed) { line } else { line.get(1..).unwrap_or_default() }
    }

    fn settle(&self, line: &[u8], written: usize) -> Attempt {
        if written == line.len() {
            self.torn.store(false, Ordering::Relaxed);
            return Attempt::Written;
        }
        // Not completed with a second write: another process may have appended in between.
        if written > 0 {
            self.torn.store(true, Ordering::Relaxed);
        }
        Attempt::Failed(io::Error::new(io::ErrorKind::WriteZero, "only part of the line was written"))
    }
}

/// Opens for appending. A FIFO is opened for writing alone, so that it fails (ENXIO) where nobody would read, and is never
/// waited for.
fn open_path(path: &Path) -> io::Result<File> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(nonblocking).open(path)
}

fn is_fifo(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Whether the last byte is something other than a newline. A file that may be written and not read is taken as whole.
fn ends_in_half_a_line(path: &Path) -> bool {
    let last = || -> io::Result<[u8; 1]> {
        let mut file = File::open(path)?;
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last)
    };
    last().is_ok_and(|last| last != *b"\n")
}
