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
        // Straight to the descriptor: the test harness swallows what is printed.
        io::stderr().write_all(format!("\n!!! SKIPPED: {test} needs root\n").as_bytes()).unwrap();
    }
    root
}

fn chown(path: &Path, uid: u32) {
    std::os::unix::fs::lchown(path, Some(uid), None).unwrap();
}

#[test]
fn makes_folder_socket_and_lock_private_by_default() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("made/broker.sock");
    let listener = bind(&path).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path().join("made/broker.sock.lock")), 0o600);
    UnixStream::connect(&path).unwrap();
    drop(listener);
    assert!(!path.exists());
}

#[test]
fn makes_the_last_folder_of_the_path_alone() {
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
fn gives_socket_and_made_folder_mode_and_group_of_the_options() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("made/s");
    let group = rustix::process::getegid().as_raw();
    let options =
        SocketOptions { mode: 0o666, dir_mode: 0o711, group: Some(group), ..SocketOptions::default() };
    let _listener = Listener::bind(&path, &options).unwrap();
    assert_eq!((mode(&path), mode(&home.path().join("made"))), (0o666, 0o711));
    assert_eq!(fs::metadata(&path).unwrap().gid(), group);
    // A folder that is there already stays as it is.
    let second = home.path().join("made/t");
    let options = SocketOptions { dir_mode: 0o755, ..options };
    let _listener = Listener::bind(&second, &options).unwrap();
    assert_eq!(mode(&home.path().join("made")), 0o711);
}

#[test]
fn gives_a_made_folder_to_the_group_too() {
    if !is_root("gives_a_made_folder_to_the_group_too") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("made/s");
    let options = SocketOptions { dir_mode: 0o750, group: Some(12345), ..SocketOptions::default() };
    let _listener = Listener::bind(&path, &options).unwrap();
    for made in [home.path().join("made"), path] {
        assert_eq!(fs::metadata(&made).unwrap().gid(), 12345, "{}", made.display());
    }
    assert_eq!(mode(&home.path().join("made")), 0o750);
}

#[test]
fn leaves_alone_what_a_link_in_the_sockets_place_leads_to() {
    let home = tempfile::tempdir().unwrap();
    let (target, path) = (home.path().join("target"), home.path().join("s"));
    fs::write(&target, "").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&target, &path).unwrap();
    let options = SocketOptions { mode: 0o666, ..SocketOptions::default() };
    let error = set_up(&path, &path, &options).unwrap_err();
    assert!(matches!(error, SocketError::Replaced { .. }), "{error}");
    assert_eq!(mode(&target), 0o600);
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

#[test]
fn refuses_a_writable_folder_above_and_lets_it_through_where_that_is_asked_for() {
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
    assert_eq!(check(&path, &warn).unwrap().open_folders[0].path, open);
    let listener = Listener::bind(&path, &warn).unwrap();
    assert_eq!(listener.open_folders()[0].mode, 0o777);
}

/// Only root can give a folder away.
#[test]
fn refuses_folders_and_links_of_another_user() {
    if !is_root("refuses_folders_and_links_of_another_user") {
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
            assert!(matches!(error, SocketError::ForeignFolder { owner: 12345, .. }), "{error}");
        }
    }
    let link = home.path().join("link");
    symlink(home.path(), &link).unwrap();
    chown(&link, 12345);
    assert!(matches!(bind(&link.join("s")), Err(SocketError::ForeignLink { owner: 12345, .. })));
}

#[test]
fn names_the_owner_of_a_foreign_lock_and_what_to_do() {
    if !is_root("names_the_owner_of_a_foreign_lock_and_what_to_do") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    // In a sticky folder even root may be kept from opening it (fs.protected_regular).
    for folder_mode in [0o700, 0o1777] {
        fs::set_permissions(home.path(), fs::Permissions::from_mode(folder_mode)).unwrap();
        let (path, lock) = (home.path().join("s"), home.path().join("s.lock"));
        let _ = fs::remove_file(&lock);
        fs::write(&lock, "").unwrap();
        chown(&lock, 12345);
        for error in [bind(&path).unwrap_err(), check(&path, &SocketOptions::default()).unwrap_err()] {
            assert!(matches!(error, SocketError::ForeignLock { owner: 12345, .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("s.lock belongs to uid 12345") && text.contains("remove it"), "{text}");
        }
    }
}

#[test]
fn says_that_a_socket_is_live_rather_than_that_its_lock_is_foreign() {
    if !is_root("says_that_a_socket_is_live_rather_than_that_its_lock_is_foreign") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("s");
    let _other = UnixListener::bind(&path).unwrap();
    fs::write(home.path().join("s.lock"), "").unwrap();
    for made in [path.clone(), home.path().join("s.lock")] {
        chown(&made, 12345);
    }
    for error in [bind(&path).unwrap_err(), check(&path, &SocketOptions::default()).unwrap_err()] {
        assert!(matches!(error, SocketError::Live { owner: 12345, .. }), "{error}");
    }
}

#[test]
fn does_not_follow_a_link_in_the_locks_place() {
    let home = tempfile::tempdir().unwrap();
    symlink(home.path().join("made"), home.path().join("s.lock")).unwrap();
    let path = home.path().join("s");
    for error in [bind(&path).unwrap_err(), check(&path, &SocketOptions::default()).unwrap_err()] {
        assert!(matches!(error, SocketError::NotALock { .. }), "{error}");
    }
    assert!(!home.path().join("made").exists());
}

#[test]
fn check_finds_what_a_start_finds_and_makes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let home = fs::canonicalize(home.path()).unwrap();
    let kind = |error: SocketError| std::mem::discriminant(&error);
    let options = SocketOptions::default();
    fs::write(home.join("file"), "").unwrap();
    let _live = bind(&home.join("live")).unwrap();
    let _other_program = UnixListener::bind(home.join("other")).unwrap();
    // A server whose socket file was removed still has the lock.
    let _hidden = bind(&home.join("hidden")).unwrap();
    fs::remove_file(home.join("hidden")).unwrap();
    for (name, expected) in [
        ("live", "is live"),
        ("other", "is live"),
        ("hidden", "is live"),
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
    for name in ["new", "made/new", "stale"] {
        assert_eq!(check(&home.join(name), &options).unwrap().bound, home.join(name));
    }
    assert_eq!(names().len(), before.len() + 1, "the stale socket alone is new");
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
    assert!(matches!(bind(&home.path().join("s")), Err(SocketError::NotALock { .. })));
}
