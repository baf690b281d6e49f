#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::os::unix::{
    fs::{PermissionsExt as _, symlink},
    net::UnixStream,
};

use super::*;

fn bind(path: &Path) -> Result<Listener, SocketError> {
    Listener::bind(path, &SocketOptions::default())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_made_folder_a_socket_and_its_lock_are_private() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("deep/er/broker.sock");
    let listener = bind(&path).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&home.path().join("deep")), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path().join("deep/er/broker.sock.lock")), 0o600);
    UnixStream::connect(&path).unwrap();
    drop(listener);
    assert!(!path.exists());
}

#[test]
fn mode_and_group_are_the_options() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let group = rustix::process::getegid().as_raw();
    let _listener = Listener::bind(&path, &SocketOptions { mode: 0o666, group: Some(group) }).unwrap();
    assert_eq!(mode(&path), 0o666);
    assert_eq!(fs::metadata(&path).unwrap().gid(), group);
}

#[test]
fn a_live_socket_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let _first = bind(&path).unwrap();
    assert!(matches!(bind(&path), Err(SocketError::Live { .. })));
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_live_socket_of_another_program_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let _other = UnixListener::bind(&path).unwrap();
    assert!(matches!(bind(&path), Err(SocketError::Live { .. })));
}

#[test]
fn a_stale_socket_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let _listener = bind(&path).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn what_is_not_a_socket_is_never_removed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    fs::write(&path, "precious").unwrap();
    assert!(matches!(bind(&path), Err(SocketError::NotASocket { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    let link = home.path().join("l");
    symlink(&path, &link).unwrap();
    assert!(matches!(bind(&link), Err(SocketError::NotASocket { .. })));
}

#[test]
fn only_the_own_inode_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let listener = bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(listener);
    assert!(path.exists());
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("open");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let error = bind(&folder.join("s")).unwrap_err();
    assert!(matches!(error, SocketError::WritableFolder { mode: 0o777, .. }), "{error}");
    let link = home.path().join("link");
    symlink(&folder, &link).unwrap();
    assert!(matches!(bind(&link.join("s")), Err(SocketError::WritableFolder { .. })));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777)).unwrap();
    bind(&folder.join("s")).unwrap();
}

/// Only root can give a folder away; `folder::check` covers the rule for everybody else.
#[test]
fn a_folder_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("theirs");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::chown(&folder, Some(12345), None).unwrap();
    assert!(matches!(bind(&folder.join("s")), Err(SocketError::ForeignFolder { owner: 12345, .. })));
    let link = home.path().join("link");
    symlink(home.path(), &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(12345), None).unwrap();
    assert!(matches!(bind(&link.join("s")), Err(SocketError::ForeignLink { owner: 12345, .. })));
    let lock = home.path().join("s.lock");
    fs::write(&lock, "").unwrap();
    std::os::unix::fs::chown(&lock, Some(12345), None).unwrap();
    assert!(matches!(bind(&home.path().join("s")), Err(SocketError::ForeignLock { .. })));
}

#[test]
fn a_path_that_no_address_can_hold_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s".repeat(108));
    assert!(matches!(bind(&path), Err(SocketError::PathTooLong { .. })));
    assert!(matches!(bind(Path::new("/")), Err(SocketError::NoName { .. })));
}

#[test]
fn a_fifo_in_the_locks_place_does_not_hold_the_start_up() {
    let home = tempfile::tempdir().unwrap();
    let lock = home.path().join("s.lock");
    rustix::fs::mkfifoat(rustix::fs::CWD, &lock, Mode::RUSR | Mode::WUSR).unwrap();
    assert!(matches!(bind(&home.path().join("s")), Err(SocketError::ForeignLock { .. })));
}
