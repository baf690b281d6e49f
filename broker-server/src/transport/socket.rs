//! A socket that nobody but its owner can have made: callers send private keys down it.

mod folder;

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    os::{
        fd::OwnedFd,
        unix::{
            ffi::OsStrExt as _,
            fs::{FileTypeExt as _, MetadataExt as _},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Gid, Mode, OFlags},
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType},
};

/// The longest path that fits a socket address, in bytes (unix(7): 108 with the terminating NUL).
const LONGEST_PATH: usize = 107;

/// Connections that wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// How a socket file is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// Permission bits of the socket file. Write permission is what connecting needs.
    pub mode: u32,
    /// Group of the socket file, by number; `None` leaves the process's own.
    pub group: Option<u32>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { mode: 0o600, group: None }
    }
}

/// A listening socket, its lock, and the inode that it made. Dropping it removes the socket file if it is still that
/// inode; the lock file stays, since removing a lock that another process may be waiting for is a race.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
    bound: PathBuf,
    inode: (u64, u64),
    _lock: File,
}

impl Listener {
    /// Makes and checks the folder, takes the lock, replaces a stale socket and listens. Nobody can connect before the
    /// file has the mode and group of `options`.
    pub fn bind(path: &Path, options: &SocketOptions) -> Result<Self, SocketError> {
        let name = path.file_name().ok_or_else(|| SocketError::NoName { path: path.into() })?;
        too_long(path)?;
        let bound = folder::prepare(path)?.join(name);
        too_long(&bound)?;
        let lock = lock(path, &bound)?;
        remove_stale(path, &bound)?;
        let (socket, inode) = listen(path, &bound, options)?;
        Ok(Self { socket, path: path.into(), bound, inode, _lock: lock })
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

/// Why a socket cannot be had. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // `path` is the socket that was asked for, `folder` the one it would be in
pub enum SocketError {
    /// Another server serves it.
    #[error("{}: another server is live on this socket; stop it first, or name another socket", path.display())]
    Live { path: PathBuf },
    /// The path ends in no file name.
    #[error("{}: not the path of a socket: it names no file", path.display())]
    NoName { path: PathBuf },
    /// Longer than a socket address can be.
    #[error("{}: the path is {length} bytes long, and a socket's can have {LONGEST_PATH}; use a shorter one", path.display())]
    PathTooLong { path: PathBuf, length: usize },
    /// Something else has the name; it is never removed.
    #[error("{}: exists and is not a socket; remove it or name another socket", path.display())]
    NotASocket { path: PathBuf },
    /// Its folder is another user's.
    #[error(
        "{}: the folder {} belongs to uid {owner}, who could replace the socket; use a folder of uid {uid} or of root",
        path.display(), folder.display()
    )]
    ForeignFolder { path: PathBuf, folder: PathBuf, owner: u32, uid: u32 },
    /// Others can rename files in its folder.
    #[error(
        "{}: others can write to the folder {} (mode {mode:04o}) and could replace the socket; chmod go-w it, or set its \
         sticky bit",
        path.display(), folder.display()
    )]
    WritableFolder { path: PathBuf, folder: PathBuf, mode: u32 },
    /// A link on the way is another user's.
    #[error(
        "{}: the symbolic link {} belongs to uid {owner}, who could turn it elsewhere; use a path without it",
        path.display(), link.display()
    )]
    ForeignLink { path: PathBuf, link: PathBuf, owner: u32 },
    /// The lock file is not one that this user made.
    #[error("{}: the lock file {} is not a regular file of uid {uid}; remove it", path.display(), lock.display())]
    ForeignLock { path: PathBuf, lock: PathBuf, uid: u32 },
    /// The system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io { path: PathBuf, action: &'static str, source: io::Error },
}

impl SocketError {
    fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}

fn too_long(path: &Path) -> Result<(), SocketError> {
    let length = path.as_os_str().as_bytes().len();
    if length > LONGEST_PATH {
        return Err(SocketError::PathTooLong { path: path.into(), length });
    }
    Ok(())
}

/// Takes `<socket>.lock`. The lock is the kernel's and goes with the process, however that ends.
fn lock(path: &Path, bound: &Path) -> Result<File, SocketError> {
    let mut name = OsString::from(bound);
    name.push(".lock");
    let lock = PathBuf::from(name);
    // NONBLOCK: a fifo put in its place must not hold the start up.
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(&lock, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|error| SocketError::io(path, "open its lock file")(error.into()))?;
    let file = File::from(file);
    let metadata = file.metadata().map_err(SocketError::io(path, "inspect its lock file"))?;
    let uid = rustix::process::geteuid().as_raw();
    if !metadata.is_file() || metadata.uid() != uid {
        return Err(SocketError::ForeignLock { path: path.into(), lock, uid });
    }
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SocketError::Live { path: path.into() }),
        Err(TryLockError::Error(error)) => Err(SocketError::io(path, "lock its lock file")(error)),
    }
}

/// Removes a socket file that nobody listens on. The lock is held, so no server of this program is between its bind
/// and its listen.
fn remove_stale(path: &Path, bound: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(bound) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(SocketError::io(path, "inspect what has its name")(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(SocketError::NotASocket { path: path.into() });
        }
        Ok(_) => {}
    }
    let probe = socket().map_err(SocketError::io(path, "make a socket"))?;
    let address = address(bound).map_err(SocketError::io(path, "use the path as an address"))?;
    match rustix::net::connect(&probe, &address) {
        // AGAIN: somebody listens, with a full backlog.
        Ok(()) | Err(rustix::io::Errno::AGAIN) => Err(SocketError::Live { path: path.into() }),
        Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(rustix::io::Errno::CONNREFUSED) => {
            fs::remove_file(bound).map_err(SocketError::io(path, "remove the stale socket file"))
        }
        Err(rustix::io::Errno::PROTOTYPE) => Err(SocketError::NotASocket { path: path.into() }),
        Err(error) => Err(SocketError::io(path, "find out whether a server is live on it")(error.into())),
    }
}

/// Binds, sets group and mode, and only then listens: before that a connection attempt is refused.
fn listen(
    path: &Path,
    bound: &Path,
    options: &SocketOptions,
) -> Result<(UnixListener, (u64, u64)), SocketError> {
    let mode = Mode::from_raw_mode(options.mode & 0o777);
    let socket = socket().map_err(SocketError::io(path, "make a socket"))?;
    // unix(7) takes the file's first mode from the socket's own inode.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)
        .map_err(|error| SocketError::io(path, "set the socket's mode")(error.into()))?;
    let address = address(bound).map_err(SocketError::io(path, "use the path as an address"))?;
    rustix::net::bind(&socket, &address).map_err(|error| SocketError::io(path, "bind")(error.into()))?;
    let metadata = fs::symlink_metadata(bound).map_err(SocketError::io(path, "inspect the socket file"))?;
    let finish = || {
        if let Some(group) = options.group {
            rustix::fs::chown(bound, None, Some(Gid::from_raw(group)))
                .map_err(|error| SocketError::io(path, "give the socket to the group")(error.into()))?;
        }
        rustix::fs::chmod(bound, mode)
            .map_err(|error| SocketError::io(path, "set the socket's mode")(error.into()))?;
        rustix::net::listen(&socket, BACKLOG).map_err(|error| SocketError::io(path, "listen")(error.into()))
    };
    if let Err(error) = finish() {
        let _ = fs::remove_file(bound);
        return Err(error);
    }
    Ok((UnixListener::from(socket), (metadata.dev(), metadata.ino())))
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
