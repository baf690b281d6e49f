//! `man`: the manual pages of both programs, made from the definitions of their command lines.

use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueHint};
use clap_mangen::Man as Page;

use super::run::{Context, Run};
use crate::{
    error::Failure,
    location::Location,
    output::{Output, count},
    output_files::OutputFiles,
};

/// Print a manual page, or write all of them into a folder
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
    command: Vec<String>,
    /// The page of cryptobroker-server
    #[arg(long)]
    server: bool,
    /// Write the pages of both programs and of every command into this folder, which must exist
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["command", "server"])]
    out_dir: Option<PathBuf>,
}

impl Run for Man {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let mut program = (context.program)();
        // Adds to the commands what they inherit: names and global options.
        program.build();
        if let Some(folder) = &self.out_dir {
            return write_all(folder, program, output);
        }
        if self.server {
            return output.bytes(&page(broker_server::config::command())?);
        }
        let mut found = &program;
        for word in self.command.iter().flat_map(|words| words.split(' ')) {
            found = found
                .find_subcommand(word)
                .ok_or_else(|| Failure::usage(format!("there is no command `{}`", self.command.join(" "))))?;
        }
        output.bytes(&page(found.clone())?)
    }
}

fn write_all(folder: &Path, program: Command, output: &mut Output) -> Result<(), Failure> {
    let mut pages = Vec::new();
    collect_pages(&program, &mut pages)?;
    let server = broker_server::config::command();
    pages.push((server.get_name().to_owned(), page(server)?));
    for (name, text) in &pages {
        let location = Location::File(folder.join(format!("{name}.1")));
        let files = OutputFiles::new(false).public("--out-dir", "page", location);
        files.check(&[], output)?;
        files.write(&[text], output, |_| Ok(()))?;
    }
    if output.is_json() {
        let names: Vec<&str> = pages.iter().map(|(name, _)| &**name).collect();
        return output.json(&serde_json::json!({ "folder": folder.display().to_string(), "pages": names }));
    }
    if output.is_quiet() {
        return Ok(());
    }
    output.line(format!("{} in {}", count(pages.len(), "page"), folder.display()))
}

/// Collects the pages of a command and of its subcommands, by their names: `cryptobroker-kem-keygen`.
fn collect_pages(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    pages.push((name, page(command.clone())?));
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        collect_pages(inner, pages)?;
    }
    Ok(())
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    Page::new(command)
        .render(&mut text)
        .map_err(|source| Failure::local("cannot make the manual page", source))?;
    Ok(text)
}
