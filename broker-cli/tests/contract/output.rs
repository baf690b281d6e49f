//! Standard output that cannot be written, and colour.

use std::{
    fs::OpenOptions,
    process::{Command, Output, Stdio},
};

use crate::{
    run,
    support::{cryptobroker, json, stderr, stdout},
};

#[test]
fn broken_pipe_exits_with_1_without_a_message() {
    let mut child = cryptobroker()
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
}

#[test]
fn full_standard_output_exits_with_1_and_a_message() {
    for words in ["--help", "--version", "completions bash", "profiles list --bundled", "version --client"] {
        for format in ["human", "json"] {
            let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
            let mut command = cryptobroker();
            command.args(words.split(' ')).args(["--output", format]).stdout(full);
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{words}: {}", stderr(&output));
            let why = "cannot write the result: No space left on device";
            let message = match format {
                "json" => json(&output.stderr)["error"]["message"].as_str().unwrap().to_owned(),
                _ => stderr(&output),
            };
            assert!(message.contains(why), "{words}: {message}");
        }
    }
}

/// Returns the program with its standard output closed, as `cryptobroker … >&-` in a shell.
fn with_closed_stdout(words: &str) -> Output {
    let program = cryptobroker();
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" >&-"]).arg(program.get_program()).args(words.split(' '));
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn closed_standard_output_exits_with_1_and_a_message() {
    for words in ["--help", "--version", "completions bash", "profiles list --bundled", "version --client"] {
        let output = with_closed_stdout(words);
        assert_eq!(output.status.code(), Some(1), "{words}: {}", stderr(&output));
        let message = "cannot write the result: standard output is closed";
        assert!(stderr(&output).contains(message), "{words}: {}", stderr(&output));
        let output = with_closed_stdout(&format!("{words} --json"));
        assert_eq!(output.status.code(), Some(1), "{words}: {}", stderr(&output));
        assert_eq!(json(&output.stderr)["error"]["code"], "IO", "{words}");
    }
}

#[test]
fn discarded_standard_output_exits_with_0() {
    // Opened for reading too, as some programs do it, and as the standard library replaces a closed stream.
    let null = OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    let output = cryptobroker().args(["version", "--client"]).stdout(null).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn colour_follows_options_and_environment() {
    let list = ["profiles", "list", "--bundled"];
    let plain = run(&list);
    assert!(!stdout(&plain).contains('\u{1b}'));
    let always = cryptobroker().args(list).args(["--color", "always"]).output().unwrap();
    assert!(stdout(&always).contains('\u{1b}'));
    let forced = cryptobroker().args(list).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(stdout(&forced).contains('\u{1b}'));
    let both = cryptobroker().args(list).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!stdout(&both).contains('\u{1b}'));
    for (variable, flag) in [("NO_COLOR", "auto"), ("CLICOLOR_FORCE", "never")] {
        let output = cryptobroker().args(list).args(["--color", flag]).env(variable, "1").output().unwrap();
        assert!(!stdout(&output).contains('\u{1b}'), "{variable} {flag}");
    }
    // Help and mistakes in the command line are no exception.
    let help = cryptobroker().args(["--color", "always", "--help"]).output().unwrap();
    assert!(stdout(&help).contains('\u{1b}'));
    let never = ["hash", "--color=never"];
    let mistake = cryptobroker().args(never).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(
        stderr(&mistake).contains("--in") && !stderr(&mistake).contains('\u{1b}'),
        "{}",
        stderr(&mistake)
    );
}
