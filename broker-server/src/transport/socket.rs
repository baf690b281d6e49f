//! A socket that nobody but its owner can have made: callers send private keys down it.

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

/// Connections that wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// How a socket is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// Permission bits of the socket file. Write permission is what connecting needs.
    pub mode: u32,
    /// Permission bits of a folder that is made for it.
    pub dir_mode: u32,
    /// Group of the socket file, and of a folder that is made for it, by number; `None` leaves the process's own.
    pub group: Option<u32>,
    /// What is done about a folder to which others can write.
    pub folder_check: FolderCheck,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { mode: 0o600, dir_mode: 0o700, group: None, folder_check: FolderCheck::Strict }
    }
}

/// What [`check`] found out about a socket that can be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Where it would be bound: the path without symbolic links.
    pub bound: PathBuf,
    /// The folders on the way that are let through although others can write to them.
    pub open_folders: Vec<Folder>,
}

/// Finds out whether [`Listener::bind`] would succeed. Makes, binds and writes nothing; a server that is live sees a
/// connection that ends at once.
///
/// # Errors
/// Those of [`Listener::bind`], as far as they can be known before.
pub fn check(path: &Path, options: &SocketOptions) -> Result<Checked, SocketError> {
    let (bound, place) = locate(path, options)?;
    if !place.missing {
        if inspect_lock(path, &lock_path(&bound)).map_err(|error| unless_live(path, &bound, error))? {
            try_lock_shared(path, &lock_path(&bound))?;
        }
        if let Some(owner) = occupant(path, &bound)? {
            let removable = folder::may_remove(&place.folder, owner);
            if !removable.map_err(SocketError::io(path, "inspect its folder"))? {
                return Err(SocketError::ForeignSocket { path: path.into(), owner });
            }
        }
    }
    Ok(Checked { bound, open_folders: place.open })
}

/// A listening socket, its lock, and the inode that it made. Dropping it removes the socket file if it is still that
/// inode; the lock file stays, since removing a lock that another process may be waiting for is a race.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    bound: PathBuf,
    open_folders: Vec<Folder>,
    inode: (u64, u64),
    _lock: File,
}

impl Listener {
    /// Judges the folder and makes it where it is missing, takes the lock, replaces a stale socket and listens. Nobody can
    /// connect before the file has the mode and group of `options`.
    ///
    /// # Errors
    /// Those of [`SocketError`].
    pub fn bind(path: &Path, options: &SocketOptions) -> Result<Self, SocketError> {
        let (mut bound, mut place) = locate(path, options)?;
        if place.missing {
            folder::make(path, &place.folder, options)?;
            (bound, place) = locate(path, options)?;
        }
        let lock = lock(path, &bound).map_err(|error| unless_live(path, &bound, error))?;
        remove_stale(path, &bound)?;
        let (socket, inode) = listen(path, &bound, options)?;
        Ok(Self { socket, path: path.into(), bound, open_folders: place.open, inode, _lock: lock })
    }

    /// The folders that lead to it and that are let through although others can write to them.
    pub fn open_folders(&self) -> &[Folder] {
        &self.open_folders
    }

    /// Where it listens, as it was asked for.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A second handle on the socket, for the accept loop.
    pub(super) fn accepting(&self) -> io::Result<UnixListener> {
        self.socket.try_clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.bound)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.inode);
        if ours {
            // Nothing is left to be done about a failure here; the next start replaces the file.
            let _ = fs::remove_file(&self.bound);
        }
    }
}

fn too_long(path: &Path) -> Result<(), SocketError> {
    let length = path.as_os_str().as_bytes().len();
    if length > LONGEST_PATH {
        return Err(SocketError::PathTooLong { path: path.into(), length });
    }
    Ok(())
}

/// Where the socket would be bound, and its folder.
fn locate(path: &Path, options: &SocketOptions) -> Result<(PathBuf, folder::Place), SocketError> {
    let name = path.file_name().ok_or_else(|| SocketError::NoName { path: path.into() })?;
    too_long(path)?;
    let place = folder::inspect(path, options)?;
    let bound = place.folder.join(name);
    too_long(&bound)?;
    Ok((bound, place))
}

fn lock_path(bound: &Path) -> PathBuf {
    let mut name = OsString::from(bound);
    name.push(".lock");
    PathBuf::from(name)
}

/// Takes `<socket>.lock`. The lock is the kernel's and goes with the process, however that ends.
fn lock(path: &Path, bound: &Path) -> Result<File, SocketError> {
    let lock = lock_path(bound);
    // NONBLOCK: a fifo put in its place must not hold the start up.
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(&lock, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(error) => {
            // A foreign file cannot be opened; under fs.protected_regular (proc(5)) not even by root.
            inspect_lock(path, &lock)?;
            return Err(SocketError::io(path, "open its lock file")(error.into()));
        }
    };
    let metadata = file.metadata().map_err(SocketError::io(path, "inspect its lock file"))?;
    judge_lock(path, &lock, &metadata)?;
    locked(path, file.try_lock(), metadata.uid())?;
    Ok(file)
}

/// Returns whether there is a lock file, and fails where it is not one that this user made.
fn inspect_lock(path: &Path, lock: &Path) -> Result<bool, SocketError> {
    match fs::symlink_metadata(lock) {
        Ok(metadata) => judge_lock(path, lock, &metadata).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(SocketError::io(path, "inspect its lock file")(error)),
    }
}

/// Says that the socket is live, where it is, rather than that its lock is another user's: a lock that is in use must stay.
fn unless_live(path: &Path, bound: &Path, error: SocketError) -> SocketError {
    match (error, occupant(path, bound)) {
        (SocketError::ForeignLock { .. }, Err(live @ SocketError::Live { .. })) => live,
        (error, _) => error,
    }
}

fn judge_lock(path: &Path, lock: &Path, metadata: &fs::Metadata) -> Result<(), SocketError> {
    let (owner, uid) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != uid {
        return Err(SocketError::ForeignLock { path: path.into(), lock: lock.into(), owner, uid });
    }
    if !metadata.is_file() {
        return Err(SocketError::NotALock { path: path.into(), lock: lock.into() });
    }
    Ok(())
}

/// Fails where a server holds the lock. A shared lock stands in nobody's way but that of a server that starts within
/// these few microseconds.
fn try_lock_shared(path: &Path, lock: &Path) -> Result<(), SocketError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(lock, flags, Mode::empty())
        .map_err(|error| SocketError::io(path, "open its lock file")(error.into()))?;
    locked(path, File::from(file).try_lock_shared(), rustix::process::geteuid().as_raw())
}

fn locked(path: &Path, result: Result<(), TryLockError>, owner: u32) -> Result<(), SocketError> {
    match result {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(SocketError::Live { path: path.into(), owner }),
        Err(TryLockError::Error(error)) => Err(SocketError::io(path, "lock its lock file")(error)),
    }
}

/// Returns the owner of a socket file that nobody listens on, `None` where there is no file, and fails where the name is
/// taken.
fn occupant(path: &Path, bound: &Path) -> Result<Option<u32>, SocketError> {
    let owner = match fs::symlink_metadata(bound) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SocketError::io(path, "inspect what has its name")(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(SocketError::NotASocket { path: path.into() });
        }
        Ok(metadata) => metadata.uid(),
    };
    let probe = socket().map_err(SocketError::io(path, "make a socket"))?;
    let address = address(bound).map_err(SocketError::io(path, "use the path as an address"))?;
    match rustix::net::connect(&probe, &address) {
        // AGAIN: somebody listens, with a full backlog.
        Ok(()) | Err(rustix::io::Errno::AGAIN) => Err(SocketError::Live { path: path.into(), owner }),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(rustix::io::Errno::CONNREFUSED) => Ok(Some(owner)),
        Err(rustix::io::Errno::PROTOTYPE) => Err(SocketError::NotASocket { path: path.into() }),
        Err(rustix::io::Errno::ACCESS) => Err(SocketError::ForeignSocket { path: path.into(), owner }),
        Err(error) => Err(SocketError::io(path, "find out whether a server is live on it")(error.into())),
    }
}

/// Removes a socket file that nobody listens on. The lock is held, so no server of this program is between its bind
/// and its listen.
fn remove_stale(path: &Path, bound: &Path) -> Result<(), SocketError> {
    let Some(owner) = occupant(path, bound)? else { return Ok(()) };
    fs::remove_file(bound).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => SocketError::ForeignSocket { path: path.into(), owner },
        _ => SocketError::io(path, "remove the stale socket file")(error),
    })
}

/// Binds, sets group and mode, and only then listens: before that a connection attempt is refused.
fn listen(
    path: &Path,
    bound: &Path,
    options: &SocketOptions,
) -> Result<(UnixListener, (u64, u64)), SocketError> {
    let socket = socket().map_err(SocketError::io(path, "make a socket"))?;
    // unix(7) takes the file's first mode from the socket's own inode.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)
        .map_err(|error| SocketError::io(path, "set the socket's mode")(error.into()))?;
    let address = address(bound).map_err(SocketError::io(path, "use the path as an address"))?;
    rustix::net::bind(&socket, &address).map_err(|error| SocketError::io(path, "bind")(error.into()))?;
    let finish = || {
        let inode = set_up(path, bound, options)?;
        rustix::net::listen(&socket, BACKLOG)
            .map_err(|error| SocketError::io(path, "listen")(error.into()))?;
        Ok(inode)
    };
    match finish() {
        Ok(inode) => Ok((UnixListener::from(socket), inode)),
        Err(error) => {
            let _ = fs::remove_file(bound);
            Err(error)
        }
    }
}

/// Gives the socket file its group and mode, and returns its device and inode. Where others can write to the folder, they
/// may have put a link in its place: everything is done to the one file that is opened here.
fn set_up(path: &Path, bound: &Path, options: &SocketOptions) -> Result<(u64, u64), SocketError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::open(bound, flags, Mode::empty())
        .map_err(|error| SocketError::io(path, "open the socket file")(error.into()))?;
    let file = File::from(file);
    let metadata = file.metadata().map_err(SocketError::io(path, "inspect the socket file"))?;
    if metadata.uid() != rustix::process::geteuid().as_raw() || !metadata.file_type().is_socket() {
        return Err(SocketError::Replaced { path: path.into(), what: bound.into(), owner: metadata.uid() });
    }
    if let Some(group) = options.group {
        rustix::fs::chownat(&file, "", None, Some(Gid::from_raw(group)), AtFlags::EMPTY_PATH)
            .map_err(|error| SocketError::io(path, "give the socket to the group")(error.into()))?;
    }
    let mode = options.mode & 0o777;
    if metadata.mode() & 0o777 != mode {
        // fchmod(2) does not take such a descriptor; its name in /proc leads to the same file.
        let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::chmod(opened, Mode::from_raw_mode(mode))
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
