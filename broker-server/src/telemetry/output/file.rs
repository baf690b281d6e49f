//! One open file, and the ways to write a line to it.

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

/// The offset that stands for the file's own position (pwritev2(2)).
const OWN_POSITION: u64 = u64::MAX;

/// The outcome of an attempt to write a line.
pub(super) enum Attempt {
    /// `write(2)` has taken the complete line.
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
    /// The broker has opened the file itself, with O_NONBLOCK. Inherited descriptors are shared with other processes, which
    /// may rely on blocking writes.
    nonblocking: bool,
    /// Cleared once the kernel has reported that it cannot write to this file without blocking (RWF_NOWAIT).
    supports_nowait: AtomicBool,
    /// The file ends in an incomplete line: the disk filled up during a write, or a process died during one.
    ends_mid_line: AtomicBool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    /// A regular file, limited by its disk.
    Regular,
    /// A pipe, limited by its reader.
    Pipe,
    /// A terminal, a socket or another device.
    Other,
}

impl OpenFile {
    /// Opens the target. Returns `None` for a FIFO that has no reader.
    pub(super) fn open(target: &Target) -> io::Result<Option<Self>> {
        // The descriptor is duplicated, because std's handle reports success for a descriptor that is closed.
        let file = match target {
            Target::Stdout => io::stdout().as_fd().try_clone_to_owned()?.into(),
            Target::Stderr => io::stderr().as_fd().try_clone_to_owned()?.into(),
            Target::File(path) => match open_path(path) {
                Ok(file) => file,
                // open(2) fails with ENXIO for a socket as well, which can never be written to.
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
        let ends_mid_line = match target {
            Target::File(path) if kind == FileKind::Regular && metadata.len() > 0 => ends_mid_line(path),
            _ => false,
        };
        let nonblocking = kind == FileKind::Pipe && matches!(target, Target::File(_));
        Ok(Some(Self {
            file,
            kind,
            nonblocking,
            supports_nowait: AtomicBool::new(true),
            ends_mid_line: AtomicBool::new(ends_mid_line),
        }))
    }

    /// Reports whether both are the same pipe, terminal or other device. Regular files are never the same stream: each is
    /// reopened by its own path.
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

    /// Reports whether a pipe has a reader; true for every other kind of file.
    pub(super) fn has_reader(&self) -> bool {
        if !self.is_pipe() {
            return true;
        }
        let mut polled = [PollFd::new(&self.file, PollFlags::empty())];
        let _ = poll(&mut polled, Some(&Timespec::default()));
        let [polled] = polled;
        !polled.revents().intersects(PollFlags::ERR)
    }

    /// Writes the line if the kernel takes it without blocking. The first byte of a line is a newline, which is written only
    /// where it has to end an incomplete line before it.
    pub(super) fn try_write(&self, line: &[u8]) -> Attempt {
        if !self.supports_nowait.load(Ordering::Relaxed) {
            return Attempt::WouldBlock;
        }
        let line = self.with_needed_newline(line);
        // The kernel supports RWF_NOWAIT for pipes, but not for FIFOs.
        if self.nonblocking {
            return self.write_plain(line);
        }
        match pwritev2(&self.file, &[IoSlice::new(line)], OWN_POSITION, ReadWriteFlags::NOWAIT) {
            Ok(written) => self.finish_write(line, written),
            Err(Errno::AGAIN | Errno::INTR) => Attempt::WouldBlock,
            // Most file systems, and terminals.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                self.supports_nowait.store(false, Ordering::Relaxed);
                Attempt::WouldBlock
            }
            Err(error) => Attempt::Failed(error.into()),
        }
    }

    /// Writes the line. Waits at most `timeout`, less than a second, for the reader of a pipe or terminal; a write to a disk
    /// may block for longer.
    pub(super) fn write(&self, line: &[u8], timeout: Duration) -> Attempt {
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(timeout.subsec_nanos()) };
        let mut polled = [PollFd::new(&self.file, PollFlags::OUT)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(0) | Err(Errno::INTR) => return Attempt::WouldBlock,
            Ok(_) => {}
            Err(error) => return Attempt::Failed(error.into()),
        }
        if self.supports_nowait.load(Ordering::Relaxed) {
            match self.try_write(line) {
                // This attempt may have shown that RWF_NOWAIT is not supported.
                Attempt::WouldBlock if !self.supports_nowait.load(Ordering::Relaxed) => {}
                attempt => return attempt,
            }
        }
        self.write_plain(self.with_needed_newline(line))
    }

    fn write_plain(&self, line: &[u8]) -> Attempt {
        match (&self.file).write(line) {
            Ok(written) => self.finish_write(line, written),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                Attempt::WouldBlock
            }
            Err(error) => Attempt::Failed(error),
        }
    }

    /// Returns the line without its first newline, unless the file ends in an incomplete line.
    fn with_needed_newline<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        if self.ends_mid_line.load(Ordering::Relaxed) { line } else { line.get(1..).unwrap_or_default() }
    }

    fn finish_write(&self, line: &[u8], written: usize) -> Attempt {
        if written == line.len() {
            self.ends_mid_line.store(false, Ordering::Relaxed);
            return Attempt::Written;
        }
        // A second write must not complete the line: another process may have appended to the file in between.
        if written > 0 {
            self.ends_mid_line.store(true, Ordering::Relaxed);
        }
        Attempt::Failed(io::Error::new(io::ErrorKind::WriteZero, "only part of the line was written"))
    }
}

/// Opens a file for appending. A FIFO is opened for writing only and without blocking, so that open(2) fails with ENXIO
/// where it has no reader.
fn open_path(path: &Path) -> io::Result<File> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(nonblocking).open(path)
}

fn is_fifo(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Reports whether the last byte is not a newline. A file that cannot be read counts as complete.
fn ends_mid_line(path: &Path) -> bool {
    let last_byte = || -> io::Result<[u8; 1]> {
        let mut file = File::open(path)?;
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last)
    };
    last_byte().is_ok_and(|last| last != *b"\n")
}
