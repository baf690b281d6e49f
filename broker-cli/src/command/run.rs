//! The interface of all commands.

use crate::{broker::Endpoint, error::Failure, output::Output};

/// The input of a command besides its own arguments.
pub(crate) struct Context {
    /// The broker that the global options name.
    pub(crate) endpoint: Endpoint,
    /// Returns the definition of the whole command line, for manual pages.
    pub(crate) program: fn() -> clap::Command,
}

/// A command: its type holds the arguments, and its documentation is the help.
pub(crate) trait Run {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails where the command has no result; the failure has the message and the exit code.
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure>;
}

impl<T: Run> Run for Box<T> {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        (*self).run(context, output)
    }
}

/// Defines a list of commands, in the order in which the help shows them. Each line has the name of the command and the type
/// that implements [`Run`] for it.
macro_rules! commands {
    ($(#[$meta:meta])* enum $list:ident { $($(#[$cfg:meta])* $name:ident($arguments:ty),)+ }) => {
        $(#[$meta])*
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum $list {
            $($(#[$cfg])* $name($arguments),)+
        }

        impl $crate::command::run::Run for $list {
            fn run(
                self,
                context: $crate::command::run::Context,
                output: &mut $crate::output::Output,
            ) -> Result<(), $crate::error::Failure> {
                match self {
                    $($(#[$cfg])* Self::$name(arguments) => arguments.run(context, output),)+
                }
            }
        }
    };
}
pub(crate) use commands;
