//! What a terminal shows.

use crate::{
    support::{on_terminal, on_terminal_of},
    with_proof, words,
};

#[test]
fn work_is_shown_while_it_lasts() {
    let broker = with_proof();
    let prove = "proof prove --circuit multiply --inputs input.json --proof-out p.json";
    for (command, shown) in [
        (prove, "proving multiply"),
        ("proof setup --circuit cube_root", "making the key of cube_root"),
        ("proof verify --circuit multiply --proof proof.json --public public.json", "verifying multiply"),
    ] {
        let (text, output) = on_terminal(broker.command(&words(command)), false, b"");
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains(shown), "{text:?}");
        // It is gone in the end: the line is cleared, and notes follow.
        let (_, after) = text.rsplit_once(shown).unwrap();
        assert!(after.contains("\x1b[2K") && after.contains("single-party"), "{text:?}");
        let quiet = [&words(command)[..], &["--quiet"]].concat();
        let (text, _) = on_terminal(broker.command(&quiet), false, b"");
        assert!(!text.contains(shown), "{text:?}");
    }
}

#[test]
fn tables_fit() {
    let broker = with_proof();
    for columns in [60, 80, 120] {
        for command in
            ["proof circuits", "proof circuits --circuit payment", "proof circuits --circuit multiply"]
        {
            let mut command = broker.command(&words(command));
            command.arg("--color").arg("never");
            let (text, output) = on_terminal_of(columns, command, true, b"");
            assert_eq!(output.status.code(), Some(0), "{text}");
            // A fingerprint is one word.
            let lines = text.lines().filter(|line| !line.starts_with("key "));
            let longest = lines.max_by_key(|line| line.chars().count()).unwrap();
            assert!(longest.trim_end().chars().count() <= usize::from(columns), "{columns}: {longest:?}");
            assert!(text.lines().count() > 3, "{text}");
        }
    }
}
