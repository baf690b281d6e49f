//! `man`: the manual pages of both programs, from the definitions of their command lines.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::{
    args::{self, Cli},
    error::Failure,
    outlet::Outlets,
    output::{Output, count},
    place::Place,
};

/// Prints one page, or writes all of them.
pub(super) fn run(args: args::Man, output: &mut Output) -> Result<(), Failure> {
    let mut program = Cli::command();
    // Fills in what commands have of their parents: names, global options.
    program.build();
    if let Some(folder) = &args.out_dir {
        return write_all(folder, program, output);
    }
    if args.server {
        return output.bytes(&page(broker_server::config::command())?);
    }
    let mut found = &program;
    for word in args.command.iter().flat_map(|words| words.split(' ')) {
        found = found
            .find_subcommand(word)
            .ok_or_else(|| Failure::usage(format!("there is no command `{}`", args.command.join(" "))))?;
    }
    output.bytes(&page(found.clone())?)
}

fn write_all(folder: &Path, program: Command, output: &mut Output) -> Result<(), Failure> {
    let mut pages = Vec::new();
    collect(&program, &mut pages)?;
    let server = broker_server::config::command();
    pages.push((server.get_name().to_owned(), page(server)?));
    for (name, text) in &pages {
        let place = Place::File(folder.join(format!("{name}.1")));
        let outlets = Outlets::new(false).public("--out-dir", "page", place);
        outlets.check(&[], output)?;
        outlets.write(&[text], output)?;
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

/// The pages of a command and of everything below it, by their names: `cryptobroker-kem-keygen`.
fn collect(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    pages.push((name, page(command.clone())?));
    for inner in command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help") {
        collect(inner, pages)?;
    }
    Ok(())
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    Man::new(command)
        .render(&mut text)
        .map_err(|source| Failure::local("cannot make the manual page", source))?;
    Ok(text)
}
