//! `man`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// `man`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker man | man -l -
  cryptobroker man encrypt-data | man -l -
  cryptobroker man --server | man -l -
  cryptobroker man --out-dir ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// The command, such as `encrypt-data` or `kem encapsulate` [default: the whole program]
    #[arg(value_name = "COMMAND", conflicts_with = "server")]
    pub(crate) command: Vec<String>,
    /// The page of cryptobroker-server
    #[arg(long)]
    pub(crate) server: bool,
    /// Write the pages of both programs and of every command into this folder, which must be there
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["command", "server"])]
    pub(crate) out_dir: Option<PathBuf>,
}
