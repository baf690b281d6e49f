#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::mpsc,
};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use tempfile::TempDir;

use super::{
    state::{MAX_LOG_LINES, MAX_REFUSALS},
    *,
};

/// A timeout that no test reaches unless it fails.
const LONG: Duration = Duration::from_secs(60);

fn line(text: &str) -> Bytes {
    format!("\n{text}\n").into()
}

fn dropped(records: u64) -> Bytes {
    line(&format!("{records} dropped"))
}

fn attach(output: &Output, wait: Duration) -> mpsc::Receiver<bool> {
    let (sender, availability) = mpsc::channel();
    let availability_hook = Box::new(move |available| sender.send(available).unwrap());
    output.attach_audit(AuditHooks { wait, dropped_refusals: dropped, availability: availability_hook });
    availability
}

fn in_file() -> (TempDir, PathBuf, Arc<Output>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    let output = Outputs::default().open(&Target::File(path.clone())).unwrap();
    (folder, path, output)
}

fn fifo() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    (folder, path)
}

fn reader(path: &Path) -> File {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    let reader = OpenOptions::new().read(true).custom_flags(nonblocking).open(path).unwrap();
    rustix::io::ioctl_fionbio(&reader, false).unwrap();
    reader
}

fn written(state: WriteState) -> bool {
    match state {
        WriteState::Written => true,
        WriteState::Deferred(receiver) => receiver.blocking_recv().unwrap(),
    }
}

/// Queues records until the kernel takes none at once.
fn fill(output: &Output) -> (usize, oneshot::Receiver<bool>) {
    let mut taken = 0;
    loop {
        match output.key_use(line(&"x".repeat(1000))) {
            WriteState::Written => taken += 1,
            WriteState::Deferred(receiver) => return (taken, receiver),
        }
    }
}

#[test]
fn appends_lines_in_order_to_a_file_with_mode_0600() {
    let (_folder, path, output) = in_file();
    for number in 0..100 {
        output.refusal(line(&number.to_string()));
    }
    assert!(written(output.key_use(line("last"))));
    let text = fs::read_to_string(&path).unwrap();
    let wanted: Vec<_> = (0..100).map(|number| number.to_string()).chain(["last".to_owned()]).collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn ends_an_incomplete_line_before_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    fs::write(&path, "half").unwrap();
    let output = Outputs::default().open(&Target::File(path.clone())).unwrap();
    assert!(written(output.key_use(line("a"))) && written(output.key_use(line("b"))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "half\na\nb\n");
}

#[test]
fn queues_lines_while_the_reader_stalls_and_writes_them_later() {
    let (_folder, path) = fifo();
    let mut reader = BufReader::new(reader(&path));
    let output = Outputs::default().open(&Target::File(path)).unwrap();
    let _availability = attach(&output, LONG);
    let (taken, receiver) = fill(&output);
    assert!(taken > 10, "{taken}");
    for _ in 0..MAX_REFUSALS + 7 {
        output.refusal(line("refused"));
    }
    for _ in 0..MAX_LOG_LINES + 5 {
        output.log(line("log"));
    }
    assert_eq!(
        output.0.lock().unwritten(),
        UnwrittenRecords { key_uses: 1, refusals: MAX_REFUSALS as u64 + 7 }
    );
    let mut text = String::new();
    while !text.ends_with("7 dropped\n") {
        assert_ne!(reader.read_line(&mut text).unwrap(), 0);
    }
    assert!(receiver.blocking_recv().unwrap());
    assert_eq!(text.matches("xxx\n").count(), taken + 1);
    assert_eq!(text.matches("refused\n").count(), MAX_REFUSALS);
    assert_eq!(text.matches("log\n").count(), MAX_LOG_LINES);
}

#[test]
fn no_key_may_be_used_while_a_key_use_record_is_queued_too_long() {
    let (_folder, path) = fifo();
    let mut reader = reader(&path);
    let output = Outputs::default().open(&Target::File(path)).unwrap();
    let availability = attach(&output, Duration::ZERO);
    assert!(output.may_use_key());
    let (taken, receiver) = fill(&output);
    assert!(!output.may_use_key());
    assert!(!availability.recv_timeout(LONG).unwrap());
    let mut all = vec![0; (taken + 1) * 1001];
    io::Read::read_exact(&mut reader, &mut all).unwrap();
    assert!(receiver.blocking_recv().unwrap());
    assert!(availability.recv_timeout(LONG).unwrap());
    assert!(output.may_use_key());
}

#[test]
fn no_key_may_be_used_while_a_refusal_record_is_queued_too_long() {
    let (_folder, path) = fifo();
    let mut reader = reader(&path);
    let output = Outputs::default().open(&Target::File(path)).unwrap();
    let availability = attach(&output, Duration::ZERO);
    assert!(output.may_use_key());
    let mut sent = 0;
    while output.0.lock().unwritten().refusals == 0 {
        output.refusal(line(&"x".repeat(1000)));
        sent += 1;
    }
    assert!(!output.may_use_key());
    assert!(!availability.recv_timeout(LONG).unwrap());
    let mut all = vec![0; sent * 1001];
    io::Read::read_exact(&mut reader, &mut all).unwrap();
    assert!(availability.recv_timeout(LONG).unwrap());
    assert!(output.may_use_key());
}

#[test]
fn fifo_without_a_reader_is_unavailable_until_it_has_one() {
    let (_folder, path) = fifo();
    let output = Outputs::default().open(&Target::File(path.clone())).unwrap();
    let availability = attach(&output, LONG);
    assert!(!availability.recv_timeout(LONG).unwrap());
    assert!(!output.may_use_key());
    let first = reader(&path);
    assert!(availability.recv_timeout(LONG).unwrap());
    assert!(output.may_use_key());
    drop(first);
    assert!(!output.may_use_key());
    assert!(!availability.recv_timeout(LONG).unwrap());
    let _second = reader(&path);
    assert!(availability.recv_timeout(LONG).unwrap());
}

#[test]
fn closed_reader_is_detected_without_a_write() {
    let (_folder, path) = fifo();
    let reader = reader(&path);
    let output = Outputs::default().open(&Target::File(path)).unwrap();
    let availability = attach(&output, LONG);
    drop(reader);
    assert!(!availability.recv_timeout(LONG).unwrap());
}

#[test]
fn next_reader_gets_what_the_last_one_left_unread() {
    let (_folder, path) = fifo();
    let first = reader(&path);
    let output = Outputs::default().open(&Target::File(path.clone())).unwrap();
    let availability = attach(&output, LONG);
    assert!(written(output.key_use(line("answered"))));
    drop(first);
    assert!(!availability.recv_timeout(LONG).unwrap());
    let second = reader(&path);
    assert!(availability.recv_timeout(LONG).unwrap());
    assert!(written(output.key_use(line("next"))));
    let mut lines = BufReader::new(second).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "answered");
    assert_eq!(lines.next().unwrap().unwrap(), "next");
}

#[test]
fn flush_waits_briefly_for_unread_log_lines() {
    let (_folder, path) = fifo();
    let outputs = Outputs::default();
    let output = outputs.open(&Target::File(path)).unwrap();
    output.log(line("x"));
    let start = Instant::now();
    assert_eq!(outputs.flush(start + LONG), UnwrittenRecords::default());
    assert!(start.elapsed() < LONG);
}

#[test]
fn record_on_a_full_disk_fails_at_once_and_stays_queued() {
    let output = Outputs::default().open(&Target::File("/dev/full".into())).unwrap();
    let availability = attach(&output, LONG);
    assert!(!written(output.key_use(line("a"))));
    assert!(!availability.recv_timeout(LONG).unwrap());
    assert!(!output.may_use_key());
    assert_eq!(output.0.flush(Instant::now()), UnwrittenRecords { key_uses: 1, refusals: 0 });
}

/// Otherwise the report would be dropped as well, and be followed by the next one, for as long as the disk is full.
#[test]
fn dropped_log_lines_are_not_reported_while_the_disk_is_full() {
    let outputs = Outputs::default();
    let output = outputs.open(&Target::File("/dev/full".into())).unwrap();
    for _ in 0..3 {
        output.log(line("x"));
    }
    let start = Instant::now();
    assert_eq!(outputs.flush(start + LONG), UnwrittenRecords::default());
    assert!(start.elapsed() < LONG, "the drained queue was not notified");
    assert_eq!(output.0.lock().dropped_log_lines, 3);
}

#[test]
fn rename_and_reopen_lose_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines");
    let outputs = Outputs::default();
    let output = outputs.open(&Target::File(path.clone())).unwrap();
    let names: Vec<_> = (0..20).map(|number| folder.path().join(format!("lines.{number}"))).collect();
    let mut pending = Vec::new();
    for (round, name) in names.iter().enumerate() {
        for number in 0..50 {
            pending.push(output.key_use(line(&format!("{round} {number}"))));
        }
        // The file is there: the first record of a round has been written.
        assert!(written(pending.remove(0)));
        fs::rename(&path, name).unwrap();
        outputs.reopen();
        assert!(written(output.key_use(line("the first in the new file"))));
    }
    assert!(pending.into_iter().all(written));
    let text: String = names.iter().chain([&path]).map(|name| fs::read_to_string(name).unwrap()).collect();
    let mut lines: Vec<_> = text.lines().filter(|line| !line.starts_with("the")).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 20 * 50);
}

#[test]
fn reopening_is_retried_until_it_succeeds() {
    let home = tempfile::tempdir().unwrap();
    let (folder, moved) = (home.path().join("folder"), home.path().join("moved"));
    fs::create_dir(&folder).unwrap();
    let path = folder.join("lines");
    let outputs = Outputs::default();
    let output = outputs.open(&Target::File(path.clone())).unwrap();
    fs::rename(&folder, &moved).unwrap();
    outputs.reopen();
    assert!(written(output.key_use(line("in the old file"))));
    assert_eq!(fs::read_to_string(moved.join("lines")).unwrap(), "in the old file\n");
    fs::create_dir(&folder).unwrap();
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < LONG);
        assert!(written(output.key_use(line("more"))));
    }
}

#[test]
fn equal_targets_share_an_output() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = Outputs::default();
    let open = |name: &str| outputs.open(&Target::File(folder.path().join(name))).unwrap();
    assert!(Arc::ptr_eq(&open("a"), &open("a")));
    assert!(!Arc::ptr_eq(&open("a"), &open("b")));
    let stderr = || outputs.open(&Target::Stderr).unwrap();
    assert!(Arc::ptr_eq(&stderr(), &stderr()));
}

#[test]
fn open_fails_for_an_unusable_path() {
    assert!(Outputs::default().open(&Target::File("/nonexistent/lines".into())).is_err());
    // A socket cannot be opened as a file, even while a process listens on it.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(Outputs::default().open(&Target::File(path)).is_err());
}

#[test]
fn thread_ends_with_the_last_handle() {
    let (_folder, path) = fifo();
    let mut reader = reader(&path);
    let output = Outputs::default().open(&Target::File(path.clone())).unwrap();
    drop(output);
    // The reader sees the end of the file once the thread has closed it.
    let mut text = String::new();
    io::Read::read_to_string(&mut reader, &mut text).unwrap();
    File::options().write(true).open(&path).unwrap().write_all(b"").unwrap();
}
