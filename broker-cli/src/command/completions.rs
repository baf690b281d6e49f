//! `completions SHELL`.

use clap::Args;
use clap_complete::{Shell, env::Shells};

use super::run::{Context, Run};
use crate::{error::Failure, output::Output};

/// The variable by which a shell's script asks this program for completions.
pub(crate) const COMPLETE: &str = "CRYPTO_BROKER_COMPLETE";

/// Print a completion script
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
The script asks this program for each word, so names of profiles are those of the broker that runs.

Examples:
  cryptobroker completions bash > ~/.local/share/bash-completion/completions/cryptobroker
  cryptobroker completions bash --server > ~/.local/share/bash-completion/completions/cryptobroker-server")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
    /// The script for cryptobroker-server
    #[arg(long)]
    server: bool,
}

impl Run for Completions {
    /// Prints the script that the shell loads. That of this program runs it for each word, so that profiles are those of the
    /// broker. The server's options have no such values, so its script is self-contained.
    fn run(self, _: Context, output: &mut Output) -> Result<(), Failure> {
        let mut script = Vec::new();
        if self.server {
            let mut command = broker_server::config::command();
            clap_complete::generate(self.shell, &mut command, "cryptobroker-server", &mut script);
            return output.bytes(&script);
        }
        let name = match self.shell {
            Shell::Bash => "bash",
            Shell::Elvish => "elvish",
            Shell::Fish => "fish",
            Shell::PowerShell => "powershell",
            Shell::Zsh => "zsh",
            other => return Err(Failure::usage(format!("there is no script for {other}"))),
        };
        let shells = Shells::builtins();
        let shell =
            shells.completer(name).ok_or_else(|| Failure::usage(format!("there is no script for {name}")))?;
        shell
            .write_registration(COMPLETE, "cryptobroker", "cryptobroker", "cryptobroker", &mut script)
            .map_err(|source| Failure::local("cannot make the script", source))?;
        output.bytes(&script)
    }
}
