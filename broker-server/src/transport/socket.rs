//! A listening socket that nobody but the broker's user can have created, because clients send private keys to it.

mod error;
mod folder;

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::{
            ffi::OsStrExt as _,
            fs::{FileTypeExt as _, MetadataExt as _},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
};

use broker_socket::{Folder, FolderCheck, LONGEST_PATH};
use rustix::{
    fs::{AtFlags, Gid, Mode, OFlags},
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType},
};

pub use error::SocketError;

/// The number of connections that may wait to be accepted. The kernel limits it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// How a socket is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// The permission bits of the socket file. Clients need write permission to connect.
    pub mode: u32,
    /// The permission bits of a folder that is created for the socket.
    pub dir_mode: u32,
    /// The group id of the socket file and of a folder that is created for it, `None` for the group of the process.
    pub group: Option<u32>,
    /// How a folder is treated that other users can write to.
    pub folder_check: FolderCheck,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { mode: 0o600, dir_mode: 0o700, group: None, folder_check: FolderCheck::Strict }
    }
}

/// The result of [`check`] for a socket that can be bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindCheck {
    /// The path that would be bound, with its symbolic links resolved.
    pub real_path: PathBuf,
    /// The folders on the path that are accepted although other users can write to them.
    pub folders_writable_by_others: Vec<Folder>,
}

/// Checks whether [`Listener::bind`] would succeed, without creating, binding or writing anything. If a server listens,
/// it sees a connection that is closed at once.
///
/// # Errors
/// Fails like [`Listener::bind`], as far as its errors can be predicted.
pub fn check(path: &Path, options: &SocketOptions) -> Result<BindCheck, SocketError> {
    let (real_path, checked_folder) = locate(path, options)?;
    if !checked_folder.missing {
        if inspect_lock(path, &lock_path(&real_path))
            .map_err(|error| prefer_in_use_error(path, &real_path, error))?
        {
            try_lock_shared(path, &lock_path(&real_path))?;
        }
        if let Some(owner) = stale_socket_owner(path, &real_path)? {
            let removable = folder::may_remove(&checked_folder.folder, owner);
            if !removable.map_err(SocketError::io(path, "inspect its folder"))? {
                return Err(SocketError::SocketOwnedByOther { path: path.into(), owner });
            }
        }
    }
    Ok(BindCheck { real_path, folders_writable_by_others: checked_folder.writable_by_others })
}

/// A listening socket with its lock. Dropping it removes the socket file if that is still the one it created. The lock file
/// stays, because removing a lock that another process may be waiting for is a race.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    real_path: PathBuf,
    folders_writable_by_others: Vec<Folder>,
    /// The device and the inode of the socket file.
    inode: (u64, u64),
    _lock: File,
}

impl Listener {
    /// Checks the folder, creates it if it is missing, takes the lock, replaces a stale socket and listens. Nobody can connect
    /// before the socket file has the mode and the group of `options`.
    ///
    /// # Errors
    /// Fails with [`SocketError`] if another server listens on the socket, if its path is not safe, or if the system
    /// refuses a step.
    pub fn bind(path: &Path, options: &SocketOptions) -> Result<Self, SocketError> {
        let (mut real_path, mut checked_folder) = locate(path, options)?;
        if checked_folder.missing {
            folder::create(path, &checked_folder.folder, options)?;
            (real_path, checked_folder) = locate(path, options)?;
        }
        let lock = lock(path, &real_path).map_err(|error| prefer_in_use_error(path, &real_path, error))?;
        remove_stale(path, &real_path)?;
        let (socket, inode) = listen(path, &real_path, options)?;
        Ok(Self {
            socket,
            path: path.into(),
            real_path,
            folders_writable_by_others: checked_folder.writable_by_others,
            inode,
            _lock: lock,
        })
    }

    /// Returns the folders on the path that are accepted although other users can write to them.
    pub fn folders_writable_by_others(&self) -> &[Folder] {
        &self.folders_writable_by_others
    }

    /// Returns the path as it was given to [`Self::bind`].
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a second handle to the socket, for the accept loop.
    pub(super) fn try_clone_socket(&self) -> io::Result<UnixListener> {
        self.socket.try_clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let is_unchanged = fs::symlink_metadata(&self.real_path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.inode);
        if is_unchanged {
            // A failure is harmless: the next start replaces the file.
            let _ = fs::remove_file(&self.real_path);
        }
    }
}

fn check_length(path: &Path) -> Result<(), SocketError> {
    let length = path.as_os_str().as_bytes().len();
    if length > LONGEST_PATH {
        return Err(SocketError::PathTooLong { path: path.into(), length });
    }
    Ok(())
}

/// Returns the path to bind, with its symbolic links resolved, and its folder.
fn locate(path: &Path, options: &SocketOptions) -> Result<(PathBuf, folder::CheckedFolder), SocketError> {
    let name = path.file_name().ok_or_else(|| SocketError::NoName { path: path.into() })?;
    check_length(path)?;
    let checked_folder = folder::inspect(path, options)?;
    let real_path = checked_folder.folder.join(name);
    check_length(&real_path)?;
    Ok((real_path, checked_folder))
}

fn lock_path(real_path: &Path) -> PathBuf {
    let mut name = OsString::from(real_path);
    name.push(".lock");
    PathBuf::from(name)
}

/// Locks the file `<socket>.lock`. The kernel releases the lock when the process ends, however it ends.
fn lock(path: &Path, real_path: &Path) -> Result<File, SocketError> {
    let lock = lock_path(real_path);
    // NONBLOCK: a fifo in its place must not block the start.
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(&lock, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(error) => {
            // Another user's file cannot be opened, under fs.protected_regular (proc(5)) not even by root.
            inspect_lock(path, &lock)?;
            return Err(SocketError::io(path, "open its lock file")(error.into()));
        }
    };
    let metadata = file.metadata().map_err(SocketError::io(path, "inspect its lock file"))?;
    check_lock(path, &lock, &metadata)?;
    lock_result(path, file.try_lock(), metadata.uid())?;
    Ok(file)
}

/// Reports whether the lock file exists. Fails if it is not a regular file of this user.
fn inspect_lock(path: &Path, lock: &Path) -> Result<bool, SocketError> {
    match fs::symlink_metadata(lock) {
        Ok(metadata) => check_lock(path, lock, &metadata).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(SocketError::io(path, "inspect its lock file")(error)),
    }
}

/// Replaces the error of a lock of another user if a server listens on the socket: that lock is in use and must not be
/// removed.
fn prefer_in_use_error(path: &Path, real_path: &Path, error: SocketError) -> SocketError {
    match (error, stale_socket_owner(path, real_path)) {
        (SocketError::LockOwnedByOther { .. }, Err(in_use @ SocketError::InUse { .. })) => in_use,
        (error, _) => error,
    }
}

fn check_lock(path: &Path, lock: &Path, metadata: &fs::Metadata) -> Result<(), SocketError> {
    let (owner, uid) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != uid {
        return Err(SocketError::LockOwnedByOther { path: path.into(), lock: lock.into(), owner, uid });
    }
    if !metadata.is_file() {
        return Err(SocketError::NotALock { path: path.into(), lock: lock.into() });
    }
    Ok(())
}

/// Fails if a server holds the lock. The shared lock is held for a few microseconds, in which no server can start.
fn try_lock_shared(path: &Path, lock: &Path) -> Result<(), SocketError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(lock, flags, Mode::empty())
        .map_err(|error| SocketError::io(path, "open its lock file")(error.into()))?;
    lock_result(path, File::from(file).try_lock_shared(), rustix::process::geteuid().as_raw())
}

fn lock_result(path: &Path, result: Result<(), TryLockError>, owner: u32) -> Result<(), SocketError> {
    match result {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(SocketError::InUse { path: path.into(), owner }),
        Err(TryLockError::Error(error)) => Err(SocketError::io(path, "lock its lock file")(error)),
    }
}

/// Returns the owner of a stale socket file, or `None` if there is no file. Fails if a server listens on the socket, or if
/// the file is not a socket.
fn stale_socket_owner(path: &Path, real_path: &Path) -> Result<Option<u32>, SocketError> {
    let owner = match fs::symlink_metadata(real_path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SocketError::io(path, "inspect the file of that name")(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(SocketError::NotASocket { path: path.into() });
        }
        Ok(metadata) => metadata.uid(),
    };
    let probe = socket().map_err(SocketError::io(path, "create a socket"))?;
    let address = address(real_path).map_err(SocketError::io(path, "use the path as an address"))?;
    match rustix::net::connect(&probe, &address) {
        // AGAIN: a server listens, and its backlog is full.
        Ok(()) | Err(rustix::io::Errno::AGAIN) => Err(SocketError::InUse { path: path.into(), owner }),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(rustix::io::Errno::CONNREFUSED) => Ok(Some(owner)),
        Err(rustix::io::Errno::PROTOTYPE) => Err(SocketError::NotASocket { path: path.into() }),
        Err(rustix::io::Errno::ACCESS) => Err(SocketError::SocketOwnedByOther { path: path.into(), owner }),
        Err(error) => Err(SocketError::io(path, "find out whether a server listens on it")(error.into())),
    }
}

/// Removes a socket file on which no server listens. The caller holds the lock, so no server of this program is between its
/// bind and its listen.
fn remove_stale(path: &Path, real_path: &Path) -> Result<(), SocketError> {
    let Some(owner) = stale_socket_owner(path, real_path)? else { return Ok(()) };
    fs::remove_file(real_path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => SocketError::SocketOwnedByOther { path: path.into(), owner },
        _ => SocketError::io(path, "remove the stale socket file")(error),
    })
}

/// Binds, sets the group and the mode, and only then listens. Until then, connection attempts are refused.
fn listen(
    path: &Path,
    real_path: &Path,
    options: &SocketOptions,
) -> Result<(UnixListener, (u64, u64)), SocketError> {
    let socket = socket().map_err(SocketError::io(path, "create a socket"))?;
    // The socket file is created with the mode of the socket's own inode (unix(7)).
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)
        .map_err(|error| SocketError::io(path, "set the socket's mode")(error.into()))?;
    let address = address(real_path).map_err(SocketError::io(path, "use the path as an address"))?;
    rustix::net::bind(&socket, &address).map_err(|error| SocketError::io(path, "bind")(error.into()))?;
    let finish = || {
        let inode = set_group_and_mode(path, real_path, options)?;
        rustix::net::listen(&socket, BACKLOG)
            .map_err(|error| SocketError::io(path, "listen")(error.into()))?;
        Ok(inode)
    };
    match finish() {
        Ok(inode) => Ok((UnixListener::from(socket), inode)),
        Err(error) => {
            let _ = fs::remove_file(real_path);
            Err(error)
        }
    }
}

/// Sets the group and the mode of the socket file, and returns its device and its inode. Users who can write to the folder
/// may have replaced the file by a link, so every step refers to the one file that is opened here.
fn set_group_and_mode(
    path: &Path,
    real_path: &Path,
    options: &SocketOptions,
) -> Result<(u64, u64), SocketError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::open(real_path, flags, Mode::empty())
        .map_err(|error| SocketError::io(path, "open the socket file")(error.into()))?;
    let file = File::from(file);
    let metadata = file.metadata().map_err(SocketError::io(path, "inspect the socket file"))?;
    if metadata.uid() != rustix::process::geteuid().as_raw() || !metadata.file_type().is_socket() {
        return Err(SocketError::Replaced {
            path: path.into(),
            what: real_path.into(),
            owner: metadata.uid(),
        });
    }
    if let Some(group) = options.group {
        rustix::fs::chownat(&file, "", None, Some(Gid::from_raw(group)), AtFlags::EMPTY_PATH)
            .map_err(|error| SocketError::io(path, "give the socket to the group")(error.into()))?;
    }
    let mode = options.mode & 0o777;
    if metadata.mode() & 0o777 != mode {
        // fchmod(2) does not accept a descriptor opened with O_PATH. Its path in /proc refers to the same file.
        let path_of_descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::chmod(path_of_descriptor, Mode::from_raw_mode(mode))
            .map_err(|error| SocketError::io(path, "set the socket's mode")(error.into()))?;
    }
    Ok((metadata.dev(), metadata.ino()))
}

fn socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?)
}

fn address(path: &Path) -> io::Result<SocketAddrUnix> {
    Ok(SocketAddrUnix::new(path)?)
}

#[cfg(test)]
mod tests;
