//! A file that gets its name only after all of it was written.

use std::{
    fs::{File, Permissions},
    io::{self, Write as _},
    os::{fd::AsRawFd as _, unix::fs::PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::{Builder, NamedTempFile};

/// A complete file in its folder, without its final name.
pub(crate) enum AtomicFile {
    /// A file without a name: nothing is left behind if this program is killed.
    Unnamed(File, PathBuf),
    /// A file with a temporary name, where the file system does not support unnamed files.
    Temporary(NamedTempFile),
}

impl AtomicFile {
    /// Writes `bytes` to a file in `folder` with the permission bits of `mode` that the umask leaves.
    pub(crate) fn write(folder: &Path, mode: u32, bytes: &[u8]) -> io::Result<Self> {
        if let Some(mut file) = unnamed(folder, mode) {
            file.write_all(bytes)?;
            file.sync_all()?;
            return Ok(Self::Unnamed(file, folder.to_owned()));
        }
        let mut file = builder().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(Self::Temporary(file))
    }

    /// Gives the file its name. Fails where the name exists.
    pub(crate) fn persist_new(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Unnamed(file, _) => link(&file, path),
            Self::Temporary(file) => file.persist_noclobber(path).map(drop).map_err(|error| error.error),
        }
    }

    /// Gives the file its name, and replaces an existing file.
    pub(crate) fn persist(self, path: &Path) -> io::Result<()> {
        match self {
            // linkat(2) does not replace a file, so this takes a temporary name and a rename.
            Self::Unnamed(file, folder) => {
                let named = builder().make_in(folder, |name| link(&file, name))?;
                named.persist(path).map_err(|error| error.error)
            }
            Self::Temporary(file) => file.persist(path).map(drop).map_err(|error| error.error),
        }
    }
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".cryptobroker-");
    builder
}

/// Returns a file without a name; `None` where the file system does not support such files, or where /proc is missing, by
/// which it gets a name later.
fn unnamed(folder: &Path, mode: u32) -> Option<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(folder, flags, Mode::from_raw_mode(mode)).ok()?);
    proc_path(&file).exists().then_some(file)
}

fn proc_path(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

fn link(file: &File, path: &Path) -> io::Result<()> {
    Ok(rustix::fs::linkat(CWD, proc_path(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}
