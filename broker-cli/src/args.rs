//! The command line as it is typed. One definition gives the help, the errors and the completions; each command turns
//! its raw arguments into checked ones before it does anything.

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum, error::ErrorKind};

/// The profile that a command uses when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "Default";

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or failed
  2  the command line is wrong
  3  no broker can be reached

New here? `cryptobroker demo` needs nothing and shows everything.";

/// Cryptography by profile: hash and issue certificates through a Crypto Broker.
#[derive(Debug, Parser)]
#[command(name = "cryptobroker", version, after_help = EXIT_CODES, propagate_version = true)]
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
    /// The broker's socket [env: CRYPTO_BROKER_SOCKET, its first entry] [default: the broker's two default sockets]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(crate) socket: Option<PathBuf>,
    /// How long one call may take: `500ms`, `10s`, `2m`; a bare number is seconds
    #[arg(long, global = true, value_name = "TIME", default_value = "10s", value_parser = duration)]
    #[arg(help_heading = "Global options")]
    pub(crate) timeout: Duration,
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
    /// Issue a certificate for a certification request
    #[command(visible_alias = "sign")]
    SignCertificate(SignCertificate),
    /// Check, list and explain profiles
    #[command(subcommand)]
    Profiles(Profiles),
    /// The versions of this program and of the broker, and the digest of its profiles
    Version(Version),
    /// Print a completion script
    Completions(Completions),
    /// Everything in a minute: a broker of its own, hashes, a certificate, a refusal. Leaves nothing behind
    Demo,
}

/// `health`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Health {
    /// Stay, and print each change until interrupted
    #[arg(long, conflicts_with = "pause")]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

/// `hash-data`.
#[derive(Args, Clone, Debug)]
pub(crate) struct HashData {
    /// The text to hash, as its UTF-8 bytes; `-` reads standard input
    #[arg(value_name = "TEXT", required_unless_present = "file", conflicts_with = "file")]
    pub(crate) text: Option<String>,
    /// The file to hash
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    /// The profile that chooses the algorithm
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// Hexadecimal text, or the bytes themselves
    #[arg(long, value_name = "FORMAT", default_value = "hex")]
    pub(crate) output_format: HashFormat,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

/// How a digest is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HashFormat {
    /// Lower-case hexadecimal.
    Hex,
    /// The bytes; base64 in JSON.
    Raw,
}

/// `sign-certificate`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SignCertificate {
    /// The certification request, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: PathBuf,
    /// The issuer's certificate, PEM
    #[arg(long, alias = "caCert", value_name = "FILE")]
    pub(crate) ca_cert: PathBuf,
    /// The issuer's private key, PEM, not encrypted
    #[arg(long, alias = "caKey", value_name = "FILE")]
    pub(crate) ca_key: PathBuf,
    /// The profile that decides about keys, lifetime and signature
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// PEM text or DER bytes (base64 in JSON)
    #[arg(long, value_name = "ENCODING", default_value = "pem")]
    pub(crate) encoding: Encoding,
    /// Replace the request's subject: `CN=…, O=…` with C, ST, O, OU, L and CN
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Option<String>,
    /// A CRL distribution point, http or https; may be repeated
    #[arg(long = "crl-url", value_name = "URL")]
    pub(crate) crl_urls: Vec<String>,
    /// Start of validity: Unix seconds or RFC 3339 [default: the profile's earliest]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) not_before: Option<u64>,
    /// End of validity: Unix seconds or RFC 3339 [default: the profile's latest]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) not_after: Option<u64>,
    /// Write the certificate to this file, whole or not at all, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) repeat: Repeat,
}

/// How a certificate is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    /// RFC 7468 text.
    Pem,
    /// The bytes.
    Der,
}

/// `--loop`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Repeat {
    /// Repeat with this pause in milliseconds until interrupted, printing each result
    #[arg(long = "loop", id = "pause", value_name = "MS")]
    pub(crate) pause: Option<u64>,
}

/// `profiles …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Profiles {
    /// Say everything that is wrong with a document; 0 when nothing is
    Validate {
        /// The document
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// The profiles of the broker, or of a document
    List {
        #[command(flatten)]
        source: Source,
    },
    /// What a profile of a document allows; no broker is asked
    Show {
        /// The profile
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        source: Source,
    },
    /// Which rule, on which line, would refuse a request; no broker is asked
    Explain(Explain),
}

/// Where profiles come from.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// A profile document instead of the bundled one
    #[arg(long = "profiles", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The document that is compiled into this program
    #[arg(long, conflicts_with = "file")]
    pub(crate) bundled: bool,
}

/// `profiles explain`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Explain {
    /// The profile
    #[arg(long, value_name = "NAME", default_value = DEFAULT_PROFILE)]
    pub(crate) profile: String,
    /// The operation, such as HashData [default: SignCertificate]
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// A certification request, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: Option<PathBuf>,
    /// A subject key by its type instead of a request: rsa-3072, p-384, ed25519, ml-dsa-65
    #[arg(long, value_name = "TYPE", conflicts_with = "csr")]
    pub(crate) subject_key_type: Option<String>,
    /// The issuer's certificate, PEM
    #[arg(long, alias = "caCert", value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// The issuer's private key, PEM
    #[arg(long, alias = "caKey", value_name = "FILE")]
    pub(crate) ca_key: Option<PathBuf>,
    /// An issuer key by its type instead of a file
    #[arg(long, value_name = "TYPE", conflicts_with_all = ["ca_cert", "ca_key"])]
    pub(crate) issuer_key_type: Option<String>,
    /// Start of validity: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) not_before: Option<u64>,
    /// End of validity: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) not_after: Option<u64>,
    #[command(flatten)]
    pub(crate) source: Source,
}

/// `version`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Version {
    /// Only this program's; no broker is asked
    #[arg(long)]
    pub(crate) client: bool,
}

/// `completions`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
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
    if wanted || !json_was_asked_for() {
        // A closed pipe is the reader's choice.
        let _ = refusal.print();
    } else {
        let text = refusal.to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        let error = crate::error::Failure::usage(message.to_owned());
        let _ = writeln!(std::io::stderr(), "{}", error.to_json());
    }
    if wanted { ExitCode::SUCCESS } else { ExitCode::from(crate::error::Exit::Usage.code()) }
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

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let number: u64 = digits.parse().map_err(|_| "write it like 500ms, 10s or 2m".to_owned())?;
    let wanted = match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => return Err(format!("`{unit}` is not a unit: write ms, s or m")),
    };
    let day = Duration::from_secs(24 * 60 * 60);
    wanted
        .filter(|time| !time.is_zero() && *time <= day)
        .ok_or_else(|| "must lie between 1ms and a day".to_owned())
}

fn instant(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(seconds);
    }
    let time: jiff::Timestamp = text
        .parse()
        .map_err(|_| "write Unix seconds, or RFC 3339 such as 2027-01-31T12:00:00Z".to_owned())?;
    u64::try_from(time.as_second()).map_err(|_| "lies before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("3"), Ok(Duration::from_secs(3)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for wrong in
            ["", "0", "s", "1h", "-1s", "1.5s", "99999999999999999999", "18446744073709551615m", "25000m"]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn instants() {
        assert_eq!(instant("0"), Ok(0));
        assert_eq!(instant("1767225600"), Ok(1_767_225_600));
        assert_eq!(instant("2026-01-01T00:00:00Z"), Ok(1_767_225_600));
        assert_eq!(instant("2026-01-01T02:00:00+02:00"), Ok(1_767_225_600));
        for wrong in ["", "tomorrow", "-5", "1969-12-31T23:59:59Z", "2026-01-01"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
