//! The command line's definition, its examples, and docs/cli.md agree with each other.
#![allow(clippy::unwrap_used)]

#[cfg(feature = "bench")]
use std::collections::BTreeSet;

use super::*;

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

/// Returns each command with its names from the top, such as `kem keygen`.
fn commands() -> Vec<(String, clap::Command)> {
    let mut top = Cli::command();
    top.build();
    let mut open = vec![(String::new(), top)];
    let mut all = Vec::new();
    while let Some((name, command)) = open.pop() {
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            open.push((format!("{name} {}", inner.get_name()).trim().to_owned(), inner.clone()));
        }
        all.push((name, command));
    }
    all
}

/// Returns the long options that a text mentions.
#[cfg(feature = "bench")]
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let names = words.filter_map(|word| word.strip_prefix("--"));
    names.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())).map(str::to_owned).collect()
}

#[test]
#[cfg(feature = "bench")]
fn docs_and_program_have_the_same_options_and_commands() {
    let page = include_str!("../../../docs/cli.md");
    let documented = options(page);
    let (mut visible, mut accepted) = (BTreeSet::new(), BTreeSet::new());
    for (name, command) in commands() {
        assert!(page.contains(&format!("`{name}")), "docs/cli.md does not have `{name}`");
        for option in command.get_arguments() {
            let long = option.get_long().map(str::to_owned);
            visible.extend(long.clone().filter(|_| !option.is_hide_set()));
            accepted.extend(
                long.into_iter().chain(option.get_all_aliases().into_iter().flatten().map(str::to_owned)),
            );
        }
    }
    let undocumented: Vec<_> = visible.difference(&documented).collect();
    assert!(undocumented.is_empty(), "docs/cli.md does not mention {undocumented:?}");
    let unknown: Vec<_> = documented.difference(&accepted).collect();
    assert!(unknown.is_empty(), "docs/cli.md mentions {unknown:?}, which no command takes");
}

#[test]
fn every_command_has_a_description() {
    for (name, command) in commands() {
        assert!(command.get_about().is_some(), "{name}");
    }
}

#[test]
fn every_command_has_an_example() {
    for (name, command) in commands().into_iter().filter(|(_, command)| !command.has_subcommands()) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let (_, examples) = help.split_once("Example").unwrap_or_default();
        assert!(examples.contains(&format!("cryptobroker {name}")), "{name}: {help}");
    }
}

#[test]
fn every_example_of_the_help_parses() {
    let mut count = 0;
    for (name, command) in commands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.replace("\\\n", "");
        for line in lines.lines().filter_map(|line| line.strip_prefix("  ")) {
            let words = words(line);
            let Some(start) = words.iter().position(|word| word == "cryptobroker") else { continue };
            let command = words.iter().skip(start).take_while(|word| !matches!(word.as_str(), "|" | ">"));
            let parsed = Cli::try_parse_from(command);
            assert!(parsed.is_ok(), "{name}: {line}: {}", parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

/// Splits a line into words as a shell does where nothing but double quotes is special.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}
