//! The folder of a socket: made if it is missing, and refused where somebody else could replace what is in it.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use super::SocketError;

/// Returns the real path of the folder of `path`, links resolved.
pub(super) fn prepare(path: &Path) -> Result<PathBuf, SocketError> {
    let absolute = std::path::absolute(path).map_err(SocketError::io(path, "resolve the path"))?;
    let folder = absolute.parent().unwrap_or(Path::new("/"));
    own_links(path, folder)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(SocketError::io(path, "make its folder"))?;
    let real = fs::canonicalize(folder).map_err(SocketError::io(path, "resolve its folder"))?;
    let metadata = fs::metadata(&real).map_err(SocketError::io(path, "inspect its folder"))?;
    let uid = rustix::process::geteuid().as_raw();
    check(path, &real, metadata.uid(), metadata.mode() & 0o7777, uid)?;
    Ok(real)
}

/// Refuses a symbolic link on the way that another user made: it could be turned elsewhere after the checks.
fn own_links(path: &Path, folder: &Path) -> Result<(), SocketError> {
    let uid = rustix::process::geteuid().as_raw();
    for part in folder.ancestors() {
        // What does not exist yet is made later, as this user's.
        let Ok(metadata) = fs::symlink_metadata(part) else { continue };
        let owner = metadata.uid();
        if metadata.is_symlink() && owner != 0 && owner != uid {
            return Err(SocketError::ForeignLink { path: path.into(), link: part.into(), owner });
        }
    }
    Ok(())
}

fn check(path: &Path, folder: &Path, owner: u32, mode: u32, uid: u32) -> Result<(), SocketError> {
    if owner != 0 && owner != uid {
        return Err(SocketError::ForeignFolder { path: path.into(), folder: folder.into(), owner, uid });
    }
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        return Err(SocketError::WritableFolder { path: path.into(), folder: folder.into(), mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(owner: u32, mode: u32, uid: u32) -> Result<(), SocketError> {
        check(Path::new("/f/s"), Path::new("/f"), owner, mode, uid)
    }

    #[test]
    fn a_folder_is_the_servers_own_or_roots() {
        assert!(verdict(1000, 0o700, 1000).is_ok());
        assert!(verdict(0, 0o755, 1000).is_ok());
        assert!(matches!(verdict(1001, 0o755, 1000), Err(SocketError::ForeignFolder { owner: 1001, .. })));
        assert!(matches!(verdict(1001, 0o755, 0), Err(SocketError::ForeignFolder { .. })));
    }

    #[test]
    fn others_may_write_only_under_the_sticky_bit() {
        assert!(matches!(verdict(1000, 0o777, 1000), Err(SocketError::WritableFolder { mode: 0o777, .. })));
        assert!(matches!(verdict(1000, 0o770, 1000), Err(SocketError::WritableFolder { .. })));
        assert!(verdict(0, 0o1777, 1000).is_ok());
    }
}
