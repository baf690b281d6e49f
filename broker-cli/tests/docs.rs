//! Runs the examples of docs/cli.md.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, missing_docs)]

mod support;

use std::{
    path::Path,
    process::{Command, Output},
};

use support::Broker;

const PAGE: &str = include_str!("../../docs/cli.md");

/// Returns the blocks of the page in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks: Vec<&str> =
        PAGE.split(&*fence).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(!blocks.is_empty(), "{language}");
    blocks
}

fn shell(broker: &Broker, script: &str) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_cryptobroker")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(broker.folder.path())
        .env("PATH", path)
        .env("CRYPTO_BROKER_SOCKET", broker.path("s"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}{}", support::stderr(&output));
    output
}

#[test]
fn every_script_of_the_page_runs() {
    let broker = Broker::start();
    let has_bench = cfg!(feature = "bench");
    for script in blocks("sh").into_iter().filter(|script| has_bench || !script.contains(" bench ")) {
        shell(&broker, script);
    }
    for file in ["letter.copy", "app.pem", "completions/cryptobroker-server", "man/cryptobroker-kem-keygen.1"]
    {
        assert!(!broker.read(file).is_empty(), "{file}");
    }
}

#[test]
fn console_examples_match_the_output() {
    let broker = Broker::start();
    for block in blocks("console") {
        let (command, shown) = block.strip_prefix("$ ").unwrap().split_once('\n').unwrap();
        let printed = support::stdout(&shell(&broker, command));
        // `…` stands for text that is too long, or that varies.
        let mut rest = &*printed;
        for part in shown.split('…') {
            let found = rest.find(part).unwrap_or_else(|| panic!("{part} is not in {rest}"));
            rest = &rest[found + part.len()..];
        }
        assert_eq!(rest, "", "{command}");
    }
}
