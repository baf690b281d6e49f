//! The command line as it is typed. One definition gives the help, the errors and the completions; each command turns
//! its raw arguments into checked ones before it does anything.

mod bench;
mod certificate;
mod data;
mod encryption;
mod keys;
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
    profiles::{Explain, Profiles, Source},
};
use crate::error::{Exit, Failure};

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
    /// How long one call may take: `500ms`, `10s`, `2m`; a bare number is seconds [default: 10s; for what is sent in parts
    /// as long as it takes]
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
    pub(crate) output: Format,
    /// When to use colour; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(crate) color: Color,
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
    #[command(override_usage = "cryptobroker hash-data [OPTIONS] [TEXT | --file <PATH> | -]")]
    HashData(HashData),
    /// Sign data with a private key
    #[command(
        override_usage = "cryptobroker sign-data [OPTIONS] --key <FILE> --out <FILE> [TEXT | --in <FILE> | -]"
    )]
    SignData(SignData),
    /// Verify a signature over data; 0 when it is valid, 4 when it is not
    #[command(
        override_usage = "cryptobroker verify-data [OPTIONS] --public-key <FILE> --signature <FILE> [TEXT | --in <FILE> | -]"
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
    /// Everything in a minute: a broker of its own, every operation, a refusal. Leaves nothing behind
    #[command(after_help = "Example:\n  cryptobroker demo")]
    Demo,
}

/// `health`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker health
  cryptobroker health --watch --output json")]
pub(crate) struct Health {
    /// Stay, and print each change until interrupted
    #[arg(long, conflicts_with = "pause")]
    pub(crate) watch: bool,
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
#[command(after_help = "Example:\n  cryptobroker version --output json")]
pub(crate) struct Version {
    /// Only this program's; no broker is asked
    #[arg(long)]
    pub(crate) client: bool,
}

/// `completions`.
#[derive(Args, Clone, Copy, Debug)]
#[command(
    after_help = "Example:\n  cryptobroker completions bash > ~/.local/share/bash-completion/completions/cryptobroker"
)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// What follows the list of commands.
fn after_help() -> String {
    let codes: String =
        Exit::TABLE.iter().map(|(exit, meaning)| format!("  {}  {meaning}\n", exit.code())).collect();
    format!("Exit codes:\n{codes}\nNew here? `cryptobroker demo` needs nothing and shows everything.")
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
            Err(failure) if !failure.is_broken_pipe() => {
                let _ = match json_was_asked_for() {
                    true => writeln!(std::io::stderr(), "{}", failure.to_json()),
                    false => writeln!(std::io::stderr(), "error: {failure}"),
                };
                ExitCode::from(failure.exit().code())
            }
            _ => ExitCode::SUCCESS,
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
