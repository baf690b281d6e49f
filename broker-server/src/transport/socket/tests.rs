#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

use std::{
    io::Write as _,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixStream,
    },
};

use super::*;

fn bind(path: &Path) -> Result<Listener, SocketError> {
    Listener::bind(path, &SocketOptions::default())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn is_root(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        // The test harness captures print macros, but not writes to the descriptor.
        io::stderr().write_all(format!("\n!!! SKIPPED: {test} needs root\n").as_bytes()).unwrap();
    }
    root
}

fn chown(path: &Path, uid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), None).unwrap();
}

#[test]
fn creates_private_folder_socket_and_lock_by_default() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("created/broker.sock");
    let listener = bind(&path).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path().join("created/broker.sock.lock")), 0o600);
    UnixStream::connect(&path).unwrap();
    drop(listener);
    assert!(!path.exists());
}

#[test]
fn creates_only_last_folder_of_path() {
    let home = tempfile::tempdir().unwrap();
    let home = fs::canonicalize(home.path()).unwrap();
    let path = home.join("deep/er/broker.sock");
    for error in [bind(&path).unwrap_err(), check(&path, &SocketOptions::default()).unwrap_err()] {
        assert!(
            matches!(&error, SocketError::NoFolder { folder, .. } if *folder == home.join("deep")),
            "{error}"
        );
        assert!(error.to_string().contains("mkdir"), "{error}");
    }
    assert!(!home.join("deep").exists());
}

#[test]
fn sets_mode_and_group_of_socket_and_created_folder() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("created/s");
    let group = rustix::process::getegid().as_raw();
    let options =
        SocketOptions { mode: 0o666, dir_mode: 0o711, group: Some(group), ..SocketOptions::default() };
    let _listener = Listener::bind(&path, &options).unwrap();
    assert_eq!((mode(&path), mode(&home.path().join("created"))), (0o666, 0o711));
    assert_eq!(fs::metadata(&path).unwrap().gid(), group);
    // An existing folder keeps its mode.
    let second = home.path().join("created/t");
    let options = SocketOptions { dir_mode: 0o755, ..options };
    let _listener = Listener::bind(&second, &options).unwrap();
    assert_eq!(mode(&home.path().join("created")), 0o711);
}

#[test]
fn sets_group_of_created_folder() {
    if !is_root("sets_group_of_created_folder") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("created/s");
    let options = SocketOptions { dir_mode: 0o750, group: Some(12345), ..SocketOptions::default() };
    let _listener = Listener::bind(&path, &options).unwrap();
    for path in [home.path().join("created"), path] {
        assert_eq!(fs::metadata(&path).unwrap().gid(), 12345, "{}", path.display());
    }
    assert_eq!(mode(&home.path().join("created")), 0o750);
}

#[test]
fn never_changes_target_of_link_at_socket_path() {
    let home = tempfile::tempdir().unwrap();
    let (target, path) = (home.path().join("target"), home.path().join("s"));
    fs::write(&target, "").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&target, &path).unwrap();
    let options = SocketOptions { mode: 0o666, ..SocketOptions::default() };
    let error = set_group_and_mode(&path, &path, &options).unwrap_err();
    assert!(matches!(error, SocketError::Replaced { .. }), "{error}");
    assert_eq!(mode(&target), 0o600);
}

#[test]
fn rejects_socket_in_use() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let _first = bind(&path).unwrap();
    assert!(matches!(bind(&path), Err(SocketError::InUse { .. })));
    UnixStream::connect(&path).unwrap();
}

#[test]
fn rejects_socket_in_use_by_other_program() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let _other = UnixListener::bind(&path).unwrap();
    assert!(matches!(bind(&path), Err(SocketError::InUse { .. })));
}

#[test]
fn replaces_stale_socket() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let _listener = bind(&path).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn never_removes_file_that_is_not_a_socket() {
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
fn drop_removes_only_its_own_socket_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let listener = bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(listener);
    assert!(path.exists());
}

#[test]
fn rejects_folder_writable_by_others() {
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

#[test]
fn writable_parent_folder_needs_folder_check_warn() {
    let home = tempfile::tempdir().unwrap();
    let home = fs::canonicalize(home.path()).unwrap();
    let (open, path) = (home.join("open"), home.join("open/own/s"));
    fs::create_dir_all(open.join("own")).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let strict = SocketOptions::default();
    for error in [bind(&path).unwrap_err(), check(&path, &strict).unwrap_err()] {
        assert!(matches!(&error, SocketError::WritableFolder { folder, .. } if *folder == open), "{error}");
        assert!(error.to_string().contains("--socket-folder-check"), "{error}");
    }
    let warn = SocketOptions { folder_check: FolderCheck::Warn, ..strict };
    assert_eq!(check(&path, &warn).unwrap().folders_writable_by_others[0].path, open);
    let listener = Listener::bind(&path, &warn).unwrap();
    assert_eq!(listener.folders_writable_by_others()[0].mode, 0o777);
}

/// This test needs root, which alone can change the owner of a folder.
#[test]
fn rejects_folders_and_links_of_other_user() {
    if !is_root("rejects_folders_and_links_of_other_user") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("theirs");
    fs::create_dir_all(folder.join("own")).unwrap();
    chown(&folder, 12345);
    for check in [FolderCheck::Strict, FolderCheck::Warn] {
        let options = SocketOptions { folder_check: check, ..SocketOptions::default() };
        for path in [folder.join("s"), folder.join("own/s")] {
            let error = Listener::bind(&path, &options).unwrap_err();
            assert!(matches!(error, SocketError::FolderOwnedByOther { owner: 12345, .. }), "{error}");
        }
    }
    let link = home.path().join("link");
    symlink(home.path(), &link).unwrap();
    chown(&link, 12345);
    assert!(matches!(bind(&link.join("s")), Err(SocketError::LinkOwnedByOther { owner: 12345, .. })));
}

#[test]
fn error_for_lock_of_other_user_names_owner_and_remedy() {
    if !is_root("error_for_lock_of_other_user_names_owner_and_remedy") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    // In a sticky folder not even root may be able to open the file (fs.protected_regular).
    for folder_mode in [0o700, 0o1777] {
        fs::set_permissions(home.path(), fs::Permissions::from_mode(folder_mode)).unwrap();
        let (path, lock) = (home.path().join("s"), home.path().join("s.lock"));
        let _ = fs::remove_file(&lock);
        fs::write(&lock, "").unwrap();
        chown(&lock, 12345);
        for error in [bind(&path).unwrap_err(), check(&path, &SocketOptions::default()).unwrap_err()] {
            assert!(matches!(error, SocketError::LockOwnedByOther { owner: 12345, .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("s.lock belongs to uid 12345") && text.contains("remove it"), "{text}");
        }
    }
}

#[test]
fn reports_socket_in_use_rather_than_lock_of_other_user() {
    if !is_root("reports_socket_in_use_rather_than_lock_of_other_user") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let _other = UnixListener::bind(&path).unwrap();
    fs::write(home.path().join("s.lock"), "").unwrap();
    for path in [path.clone(), home.path().join("s.lock")] {
        chown(&path, 12345);
    }
    for error in [bind(&path).unwrap_err(), check(&path, &SocketOptions::default()).unwrap_err()] {
        assert!(matches!(error, SocketError::InUse { owner: 12345, .. }), "{error}");
    }
}

#[test]
fn never_follows_link_at_lock_path() {
    let home = tempfile::tempdir().unwrap();
    symlink(home.path().join("created"), home.path().join("s.lock")).unwrap();
    let path = home.path().join("s");
    for error in [bind(&path).unwrap_err(), check(&path, &SocketOptions::default()).unwrap_err()] {
        assert!(matches!(error, SocketError::NotALock { .. }), "{error}");
    }
    assert!(!home.path().join("created").exists());
}

#[test]
fn check_agrees_with_bind_and_creates_nothing() {
    let home = tempfile::tempdir().unwrap();
    let home = fs::canonicalize(home.path()).unwrap();
    let kind = |error: SocketError| std::mem::discriminant(&error);
    let options = SocketOptions::default();
    fs::write(home.join("file"), "").unwrap();
    let _in_use = bind(&home.join("live")).unwrap();
    let _other_program = UnixListener::bind(home.join("other")).unwrap();
    // A server whose socket file was removed still holds the lock.
    let _hidden = bind(&home.join("hidden")).unwrap();
    fs::remove_file(home.join("hidden")).unwrap();
    for (name, expected) in [
        ("live", "another server listens"),
        ("other", "another server listens"),
        ("hidden", "another server listens"),
        ("file", "not a socket"),
        ("file/s", "not a folder"),
        ("a/b/s", "does not exist"),
        ("..", "names no file"),
    ] {
        let path = home.join(name);
        let (checked, bound) = (check(&path, &options).unwrap_err(), bind(&path).unwrap_err());
        assert!(checked.to_string().contains(expected), "{name}: {checked}");
        assert_eq!(kind(checked), kind(bound), "{name}");
    }
    let names = || fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let before = names();
    drop(UnixListener::bind(home.join("stale")).unwrap());
    for name in ["new", "created/new", "stale"] {
        assert_eq!(check(&home.join(name), &options).unwrap().real_path, home.join(name));
    }
    assert_eq!(names().len(), before.len() + 1, "only the stale socket is new");
}

#[test]
fn rejects_path_longer_than_socket_address() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s".repeat(108));
    assert!(matches!(bind(&path), Err(SocketError::PathTooLong { .. })));
    assert!(matches!(bind(Path::new("/")), Err(SocketError::NoName { .. })));
}

#[test]
fn fifo_at_lock_path_does_not_block() {
    let home = tempfile::tempdir().unwrap();
    let lock = home.path().join("s.lock");
    rustix::fs::mkfifoat(rustix::fs::CWD, &lock, Mode::RUSR | Mode::WUSR).unwrap();
    assert!(matches!(bind(&home.path().join("s")), Err(SocketError::NotALock { .. })));
}
