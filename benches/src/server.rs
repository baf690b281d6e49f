//! A real broker for the measurements: the server's own binary, in a process and a folder of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{Failure, scenario::PROFILES};

/// The environment variable that names a server binary to measure, in place of the one that is built here.
pub const BINARY_VARIABLE: &str = "BROKER_BENCH_SERVER";

/// A process that serves the scenarios' profiles. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    child: Child,
}

impl Server {
    /// Starts `binary` with default options, as an operator would: the log at its default level, the audit on (to `/dev/null`).
    ///
    /// # Errors
    /// Fails where the folder for the socket cannot be made, or the binary does not start.
    pub fn start(binary: &Path) -> Result<Self, Failure> {
        Self::start_with(Command::new(binary).stdin(Stdio::null()).stdout(Stdio::null()))
    }

    /// Starts `command`, which must take the server's options.
    ///
    /// # Errors
    /// Fails as [`Self::start`] does.
    pub fn start_with(command: &mut Command) -> Result<Self, Failure> {
        // The folder has mode 0700, which the server requires.
        let folder = tempfile::Builder::new().prefix("cryptobroker-bench-").tempdir()?;
        fs::write(folder.path().join("Profiles.yaml"), PROFILES)?;
        // These variables configure the developer's own broker.
        for (name, _) in
            env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CRYPTO_BROKER_"))
        {
            command.env_remove(name);
        }
        let child = command
            .arg("--socket")
            .arg(folder.path().join("broker.sock"))
            .arg("--profiles-dir")
            .arg(folder.path())
            .arg("--key-store")
            .arg(keys_folder()?)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        Ok(Self { folder, child })
    }

    /// Returns the path of the socket, which exists once the server has started.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("broker.sock")
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the process, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the server's binary in the build profile of this program. Cargo builds it first, so it is up to date.
/// [`BINARY_VARIABLE`] overrides it.
///
/// # Errors
/// Fails where cargo cannot build it.
pub fn binary() -> Result<PathBuf, Failure> {
    if let Some(named) = env::var_os(BINARY_VARIABLE).filter(|named| !named.is_empty()) {
        return Ok(named.into());
    }
    let (folder, profile) = (build_folder(&env::current_exe()?)?, build_profile()?);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--locked", "-p", "broker-server", "--bin", "cryptobroker-server"];
    let status = Command::new(cargo)
        .args(arguments)
        .args(["--profile", &profile])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .map_err(|error| format!("cargo, which builds the server: {error}"))?;
    let binary = folder.join("cryptobroker-server");
    match status.success() && binary.is_file() {
        true => Ok(binary),
        false => Err(format!(
            "there is no {}; build it with `cargo build --profile {profile} -p broker-server`, or name one in \
             {BINARY_VARIABLE}",
            binary.display()
        )
        .into()),
    }
}

/// Returns cargo's name of this program's build profile.
///
/// # Errors
/// Fails where this program is not in a build folder.
pub fn build_profile() -> Result<String, Failure> {
    let folder = build_folder(&env::current_exe()?)?;
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => Ok("dev".to_owned()),
        Some(name) => Ok(name.to_owned()),
        None => Err(format!("{}: no build profile has this folder", folder.display()).into()),
    }
}

/// Returns the folder of the keys of circuits, which the suites and the server share, so that a proof by one of them can be
/// verified by the other: `target/groth16-keys`. Whoever uses it first creates it.
///
/// # Errors
/// Fails where this program is not in a build folder.
pub fn keys_folder() -> Result<PathBuf, Failure> {
    let build = build_folder(&env::current_exe()?)?;
    Ok(build.parent().ok_or("this program is in no target folder")?.join("groth16-keys"))
}

/// Returns the folder of cargo's binaries. Benchmarks and tests are in a subfolder of it.
pub(crate) fn build_folder(program: &Path) -> Result<PathBuf, Failure> {
    let folder = program.parent().ok_or("this program is in no folder")?;
    let is_subfolder = folder.file_name().is_some_and(|name| name == "deps");
    Ok(if is_subfolder { folder.parent().unwrap_or(folder) } else { folder }.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn benchmarks_and_binaries_have_the_same_build_folder() {
        for program in ["/t/release/overhead", "/t/release/deps/end_to_end-0123"] {
            assert_eq!(build_folder(Path::new(program)).unwrap(), Path::new("/t/release"));
        }
    }
}
