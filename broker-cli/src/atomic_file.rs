//! A file that gets its name only after all of it was written.

use std::{
    fs::{File, Permissions},
    io::{self, Write as _},
    os::{
        fd::AsRawFd as _,
        unix::fs::{MetadataExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use tempfile::{Builder, NamedTempFile, TempPath};

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
    pub(crate) fn persist_new(self, path: &Path) -> io::Result<NamedFile> {
        let id = self.id()?;
        match self {
            Self::Unnamed(file, _) => link(&file, path)?,
            Self::Temporary(file) => {
                file.persist_noclobber(path).map_err(|error| error.error)?;
            }
        }
        Ok(NamedFile { path: path.to_owned(), id, replaced: None })
    }

    /// Gives the file its name, and replaces an existing file.
    pub(crate) fn persist(self, path: &Path) -> io::Result<NamedFile> {
        let id = self.id()?;
        let replaced = Replaced::set_aside(path)?;
        let named = match self {
            // linkat(2) does not replace a file, so this takes a temporary name and a rename.
            Self::Unnamed(file, folder) => builder()
                .make_in(folder, |name| link(&file, name))
                .and_then(|named| named.persist(path).map_err(|error| error.error)),
            Self::Temporary(file) => file.persist(path).map(drop).map_err(|error| error.error),
        };
        match named {
            Ok(()) => Ok(NamedFile { path: path.to_owned(), id, replaced }),
            Err(error) => {
                if let Some(Replaced::Moved(before)) = replaced {
                    before.persist(path).map_err(|error| error.error)?;
                }
                Err(error)
            }
        }
    }

    fn id(&self) -> io::Result<(u64, u64)> {
        let metadata = match self {
            Self::Unnamed(file, _) => file.metadata(),
            Self::Temporary(file) => file.as_file().metadata(),
        }?;
        Ok((metadata.dev(), metadata.ino()))
    }
}

/// A file that has got its name, until it is decided whether it keeps it.
#[must_use]
pub(crate) struct NamedFile {
    path: PathBuf,
    id: (u64, u64),
    replaced: Option<Replaced>,
}

impl NamedFile {
    /// Reports whether the name still belongs to this file, and not to one of another program.
    pub(crate) fn is_in_place(&self) -> bool {
        self.path.symlink_metadata().is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.id)
    }

    /// Removes the file and gives its name back to the one that it replaced. A file of another program stays.
    pub(crate) fn undo(self) -> io::Result<()> {
        match self.replaced {
            _ if !self.is_in_place() => Ok(()),
            Some(Replaced::Linked(before) | Replaced::Moved(before)) => {
                before.persist(&self.path).map_err(|error| error.error)
            }
            None => std::fs::remove_file(&self.path),
        }
    }
}

/// The file that is replaced, under a temporary name. Dropping it removes that name.
enum Replaced {
    /// It has both names.
    Linked(TempPath),
    /// It has only the temporary name, where the file system has no hard links.
    Moved(TempPath),
}

impl Replaced {
    fn set_aside(path: &Path) -> io::Result<Option<Self>> {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata?,
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let named = |name: fn(&Path, &Path) -> io::Result<()>| {
            builder().make_in(folder, |new| name(path, new)).map(|named| named.into_temp_path())
        };
        match named(|path, new| std::fs::hard_link(path, new)) {
            Ok(before) => Ok(Some(Self::Linked(before))),
            // A rename replaces a file that has the new name already; the name is random.
            Err(_) => named(|path, new| std::fs::rename(path, new)).map(|before| Some(Self::Moved(before))),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn undo_restores_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let write = |bytes: &[u8]| AtomicFile::write(folder.path(), 0o600, bytes).unwrap();
        write(b"new").persist(&path).unwrap().undo().unwrap();
        assert!(!path.exists());
        drop(write(b"one").persist_new(&path).unwrap());
        write(b"two").persist(&path).unwrap().undo().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        let two = write(b"two").persist(&path).unwrap();
        drop(write(b"other").persist(&path).unwrap());
        assert!(!two.is_in_place());
        two.undo().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"other");
        // No temporary name is left.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_was_moved_aside_is_restored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "before").unwrap();
        let aside = folder.path().join("aside");
        std::fs::rename(&path, &aside).unwrap();
        let named = AtomicFile::write(folder.path(), 0o600, b"new").unwrap().persist_new(&path).unwrap();
        let replaced = Some(Replaced::Moved(TempPath::try_from_path(aside).unwrap()));
        NamedFile { replaced, ..named }.undo().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
    }
}
