//! `completions SHELL`.

use clap_complete::{Shell, env::Shells};

use crate::{
    args::{COMPLETE, Completions},
    error::Failure,
    output::Output,
};

/// Prints the script that the shell loads. It runs this program for each word, so that the names of profiles are those of
/// the broker; the server has no such values, so its script holds everything and needs no program.
pub(super) fn run(args: Completions, output: &mut Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    if args.server {
        let mut command = broker_server::config::command();
        clap_complete::generate(args.shell, &mut command, "cryptobroker-server", &mut script);
    } else {
        let name = match args.shell {
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
    }
    output.bytes(&script)
}
