//! The command line as a whole. One definition gives the help, the errors, the completions and the manual pages.

use std::{io::Write as _, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, error::ErrorKind};

use crate::{
    args::Global,
    command::{COMPLETE, Command},
    error::{Exit, Failure},
    standard_output,
};

/// Cryptography by profile: hash, sign, encrypt, agree on secrets and issue certificates through a Crypto Broker.
#[derive(Debug, Parser)]
#[command(name = "cryptobroker", version, after_help = after_help(), propagate_version = true)]
#[command(arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Returns what the help shows after the list of commands.
fn after_help() -> String {
    let codes: String =
        Exit::TABLE.iter().map(|(exit, meaning)| format!("  {}  {meaning}\n", exit.code())).collect();
    format!("Exit codes:\n{codes}\nNew here? `cryptobroker demo` needs no setup and shows every operation.")
}

/// Answers a shell that asks for completions. Returns the exit code, or `None` where this is an ordinary call.
pub(crate) fn complete() -> Option<ExitCode> {
    let folder = std::env::current_dir().ok();
    let request = clap_complete::CompleteEnv::with_factory(Cli::command).var(COMPLETE).bin("cryptobroker");
    match request.try_complete(std::env::args_os(), folder.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(error) => Some(print_parse_error(&error)),
    }
}

/// Parses the command line. Help and errors of clap itself obey `--color` too.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let color = match raw_option("--color").as_deref() {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    };
    Cli::from_arg_matches(&Cli::command().color(color).try_get_matches()?)
}

/// Prints what clap returns in place of a command line, and returns the exit code: help and versions go to standard output
/// with 0, errors to standard error with 2, as JSON where JSON was asked for.
pub(crate) fn print_parse_error(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let printed = standard_output::check_open().and_then(|()| error.print()).map_err(Failure::Output);
        let Err(failure) = printed else { return ExitCode::SUCCESS };
        if !failure.is_broken_pipe() {
            // Standard error may be closed too; the exit code remains.
            let _ = match is_json_requested() {
                true => writeln!(std::io::stderr(), "{}", failure.to_json()),
                false => writeln!(std::io::stderr(), "error: {failure}"),
            };
        }
        return ExitCode::from(failure.exit().code());
    }
    if is_json_requested() {
        let text = error.to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        let _ = writeln!(std::io::stderr(), "{}", Failure::usage(message.to_owned()).to_json());
    } else {
        let _ = error.print();
    }
    ExitCode::from(Exit::Usage.code())
}

fn is_json_requested() -> bool {
    raw_option("--output").is_some_and(|value| value == "json")
        || std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json")
}

/// Returns the value of a global option before the arguments are parsed, or where they cannot be.
fn raw_option(option: &str) -> Option<String> {
    let words: Vec<String> = std::env::args_os()
        .take_while(|word| word != "--")
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let separate = words.windows(2).find_map(|pair| match pair {
        [flag, value] if flag == option => Some(value.clone()),
        _ => None,
    });
    let joined =
        || words.iter().find_map(|word| Some(word.strip_prefix(option)?.strip_prefix('=')?.to_owned()));
    separate.or_else(joined)
}

#[cfg(test)]
mod tests;
