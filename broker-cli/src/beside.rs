//! A file that is written whole before it has its name.

use std::{
    fs::{File, Permissions},
    io::{self, Write as _},
    os::{fd::AsRawFd as _, unix::fs::PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::{Builder, NamedTempFile};

/// Bytes on the disk of the folder that they are for, where they wait for their name.
pub(crate) enum Beside {
    /// Without any name: whatever ends this program leaves nothing behind.
    Unnamed(File, PathBuf),
    /// Under a name of its own, where the file system has no files without names.
    Named(NamedTempFile),
}

impl Beside {
    /// Writes `bytes` for a file in `folder` with the permission bits of `mode` that the umask leaves.
    pub(crate) fn write(folder: &Path, mode: u32, bytes: &[u8]) -> io::Result<Self> {
        if let Some(mut file) = unnamed(folder, mode) {
            file.write_all(bytes)?;
            file.sync_all()?;
            return Ok(Self::Unnamed(file, folder.to_owned()));
        }
        let mut file = builder().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(Self::Named(file))
    }

    /// Gives it its name, which nothing may have.
    pub(crate) fn put_new(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Unnamed(file, _) => link(&file, path),
            Self::Named(file) => file.persist_noclobber(path).map(drop).map_err(|error| error.error),
        }
    }

    /// Gives it its name, whatever has it now.
    pub(crate) fn put_over(self, path: &Path) -> io::Result<()> {
        match self {
            // A link never replaces anything, so it takes two steps.
            Self::Unnamed(file, folder) => {
                let named = builder().make_in(folder, |name| link(&file, name))?;
                named.persist(path).map_err(|error| error.error)
            }
            Self::Named(file) => file.persist(path).map(drop).map_err(|error| error.error),
        }
    }
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".cryptobroker-");
    builder
}

/// `None` where the file system has no such files, or where they could not be given a name later.
fn unnamed(folder: &Path, mode: u32) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(folder, flags, Mode::from_raw_mode(mode)).ok()?);
    name_of(&file).exists().then_some(file)
}

fn name_of(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn link(file: &File, path: &Path) -> io::Result<()> {
    Ok(rustix::fs::linkat(CWD, name_of(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}
