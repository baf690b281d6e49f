//! `profiles validate`, `list`, `show`, `explain` and `diff`.

mod deprecation;
mod diff;
pub(in crate::command) mod document;
mod explain;
mod list;
mod show;
mod validate;

use clap::Args;

use super::run::{Context, Run, commands};
use crate::{error::Failure, output::Output};

/// Check, list and explain profiles
#[derive(Args, Debug)]
pub(crate) struct Profiles {
    #[command(subcommand)]
    command: ProfilesCommand,
}

commands! {
    /// The commands of `profiles`.
    enum ProfilesCommand {
        Validate(validate::Validate),
        List(list::List),
        Show(show::Show),
        Explain(Box<explain::Explain>),
        Diff(diff::Diff),
    }
}

impl Run for Profiles {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}
