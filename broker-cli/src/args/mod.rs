//! The command line as it is typed. One definition gives the help, the errors and the completions; each command turns
//! its raw arguments into checked ones before it does anything.

mod bench;
mod certificate;
mod complete;
mod data;
mod encryption;
mod keys;
mod man;
mod profiles;
mod values;

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum, error::ErrorKind};

pub(crate) use self::{
    bench::{Bench, BenchCommand, Driver, Driving, KeyType, Lane, Matrix, Mix, Operation, Run, Wire},
    certificate::{Encoding, SignCertificate},
    data::{HashData, HashFormat, SignData, SignatureFormat, VerifyData},
    encryption::{DecryptData, EncryptData},
    keys::{Decapsulate, Encapsulate, Kem, KemKeygen, KeyEncoding, Keygen, Pair},
    man::Man,
    profiles::{Diff, Explain, Profiles, Reading, Source, Validate},
};
use crate::error::{Exit, Failure};

/// The variable by which a shell's script asks this program for completions.
pub(crate) const COMPLETE: &str = "CRYPTO_BROKER_COMPLETE";

/// The profile that a command uses when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "Default";

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

/// What every command takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// The broker's socket: a path, unix:PATH or unix:///PATH [env: CRYPTO_BROKER_SOCKET, its first entry] [default: the broker's two default sockets]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(crate) socket: Option<PathBuf>,
    /// How long one call may take: `500ms`, `10s`, `1h30m`, `90d`; a bare number is seconds [default: 10s; for what is sent
    /// in parts as long as it takes]
    #[arg(long, global = true, value_name = "TIME", value_parser = values::duration)]
    #[arg(help_heading = "Global options")]
    pub(crate) timeout: Option<Duration>,
    /// What results and errors look like
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "human",
        help_heading = "Global options"
    )]
    output: Format,
    /// The same as --output json
    #[arg(long, global = true, conflicts_with = "output", help_heading = "Global options")]
    json: bool,
    /// Also say on standard error which profile and algorithm made a result, and its request's id
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Global options")]
    pub(crate) verbose: bool,
    /// Say nothing but results and errors: no notes, no progress, no list of the files that were written
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// When to use colour; `auto` means on a terminal, or where CLICOLOR_FORCE is set, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(crate) color: Color,
}

impl Global {
    /// What results and errors look like.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.output }
    }
}

/// `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For reading.
    Human,
    /// One JSON value per line, with the wire's names in camelCase.
    Json,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask whether the broker serves; 0 only when it does
    Health(Health),
    /// Hash bytes with a profile's algorithm
    #[command(visible_alias = "hash")]
    #[command(override_usage = "cryptobroker hash-data [OPTIONS] [--in <FILE> | --text <TEXT> | TEXT]")]
    HashData(HashData),
    /// Sign data with a private key
    #[command(
        override_usage = "cryptobroker sign-data [OPTIONS] --key <FILE> --out <FILE> [--in <FILE> | --text <TEXT>]"
    )]
    SignData(SignData),
    /// Verify a signature over data; 0 when it is valid, 4 when it is not
    #[command(
        override_usage = "cryptobroker verify-data [OPTIONS] --public-key <FILE> --signature <FILE> [--in <FILE> | --text <TEXT>]"
    )]
    VerifyData(VerifyData),
    /// Encrypt and authenticate data (AEAD)
    EncryptData(EncryptData),
    /// Decrypt what encrypt-data made; where authentication fails nothing is written
    DecryptData(DecryptData),
    /// Make a key pair for signing
    Keygen(Keygen),
    /// Key encapsulation: make keys, agree on a shared secret
    #[command(subcommand)]
    Kem(Kem),
    /// Issue a certificate for a certification request
    #[command(visible_alias = "sign")]
    SignCertificate(SignCertificate),
    /// Check, list and explain profiles
    #[command(subcommand)]
    Profiles(Profiles),
    /// Put load on a broker and measure latency, throughput and what a call costs
    Bench(Box<Bench>),
    /// The versions of this program and of the broker, and the digest of its profiles
    Version(Version),
    /// Print a completion script
    Completions(Completions),
    /// Print a manual page, or write all of them into a folder
    Man(Man),
    /// Everything in a minute: a broker of its own, every operation, a refusal. Leaves nothing behind
    #[command(after_help = "Example:\n  cryptobroker demo")]
    Demo,
}

/// `health`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker health
  cryptobroker health --wait 30s
  cryptobroker health --watch --json")]
pub(crate) struct Health {
    /// Stay, and print each change until interrupted
    #[arg(long, conflicts_with = "pause")]
    pub(crate) watch: bool,
    /// Wait until the broker serves, at most for this time
    #[arg(long, value_name = "TIME", value_parser = values::duration, conflicts_with_all = ["watch", "pause"])]
    pub(crate) wait: Option<Duration>,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

/// `--loop`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Repeat {
    /// Repeat with this pause in milliseconds until interrupted, printing each result
    #[arg(long = "loop", id = "pause", value_name = "MS")]
    pub(crate) pause: Option<u64>,
}

/// `--force`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Force {
    /// Replace secret files that exist. What is public replaces a file in any case
    #[arg(long)]
    pub(crate) force: bool,
}

/// `version`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "Example:\n  cryptobroker version --json")]
pub(crate) struct Version {
    /// Only this program's; no broker is asked
    #[arg(long)]
    pub(crate) client: bool,
}

/// `completions`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
The script asks this program for what fits, so names of profiles are those of the broker that runs.

Examples:
  cryptobroker completions bash > ~/.local/share/bash-completion/completions/cryptobroker
  cryptobroker completions bash --server > ~/.local/share/bash-completion/completions/cryptobroker-server")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
    /// The script for cryptobroker-server
    #[arg(long)]
    pub(crate) server: bool,
}

/// What follows the list of commands.
fn after_help() -> String {
    let codes: String =
        Exit::TABLE.iter().map(|(exit, meaning)| format!("  {}  {meaning}\n", exit.code())).collect();
    format!("Exit codes:\n{codes}\nNew here? `cryptobroker demo` needs nothing and shows everything.")
}

/// Answers a shell that asks what may stand at the cursor.
///
/// # Returns
/// The exit code, where it was one; `None` where this is an ordinary call.
pub(crate) fn complete() -> Option<ExitCode> {
    let folder = std::env::current_dir().ok();
    let asked = clap_complete::CompleteEnv::with_factory(Cli::command).var(COMPLETE).bin("cryptobroker");
    match asked.try_complete(std::env::args_os(), folder.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(refusal) => Some(explain(&refusal)),
    }
}

/// Parses the command line. What clap itself prints, help and mistakes, obeys `--color` too.
pub(crate) fn parse() -> Result<Cli, clap::Error> {
    let color = match said("--color").as_deref() {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    };
    Cli::from_arg_matches(&Cli::command().color(color).try_get_matches()?)
}

/// Prints what clap has to say: help and versions on standard output with 0, mistakes on standard error with 2, as JSON
/// when JSON was asked for.
pub(crate) fn explain(refusal: &clap::Error) -> ExitCode {
    let wanted = matches!(refusal.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if wanted {
        return match refusal.print().map_err(Failure::Output) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                if !failure.is_broken_pipe() {
                    // Standard error may be gone too; the exit code is left.
                    let _ = match json_was_asked_for() {
                        true => writeln!(std::io::stderr(), "{}", failure.to_json()),
                        false => writeln!(std::io::stderr(), "error: {failure}"),
                    };
                }
                ExitCode::from(failure.exit().code())
            }
        };
    }
    if json_was_asked_for() {
        let text = refusal.to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        let _ = writeln!(std::io::stderr(), "{}", Failure::usage(message.to_owned()).to_json());
    } else {
        let _ = refusal.print();
    }
    ExitCode::from(Exit::Usage.code())
}

fn json_was_asked_for() -> bool {
    said("--output").is_some_and(|value| value == "json")
        || std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json")
}

/// The value of a global option where the arguments are not parsed yet, or cannot be: they are looked at as words.
fn said(option: &str) -> Option<String> {
    let words: Vec<String> = std::env::args_os()
        .take_while(|word| word != "--")
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let apart = words.windows(2).find_map(|pair| match pair {
        [flag, value] if flag == option => Some(value.clone()),
        _ => None,
    });
    let joined =
        || words.iter().find_map(|word| Some(word.strip_prefix(option)?.strip_prefix('=')?.to_owned()));
    apart.or_else(joined)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
