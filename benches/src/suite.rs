//! The two suites: the folders of criterion's estimates, and the modes of calls end to end.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use criterion::Criterion;
use serde::{Deserialize, Serialize};

use crate::{Failure, scenario::Scenario, server::build_folder};

/// The name of the suite without a socket.
pub const PURE: &str = "pure_crypto";
/// The name of the suite through a socket; it has one folder for each [`Mode`].
pub const END_TO_END: &str = "end_to_end";

/// The environment variable with the modes to measure, separated by commas. By default all are measured.
pub const MODES_VARIABLE: &str = "BROKER_BENCH_MODES";

/// The way in which calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One call at a time.
    One,
    /// One call at a time with client and server on one core, without wake-ups across cores, which vary.
    Pinned,
    /// Ten calls at once on one connection.
    Ten,
    /// 64 items at once in one pipeline.
    Pipeline,
}

impl Mode {
    /// Every mode, in the order in which they are measured.
    pub const ALL: [Self; 4] = [Self::One, Self::Pinned, Self::Ten, Self::Pipeline];

    /// Returns the name of the mode and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Pinned => "pinned",
            Self::Ten => "ten",
            Self::Pipeline => "pipeline",
        }
    }

    /// Returns how many calls are in flight.
    pub const fn at_once(self) -> u64 {
        match self {
            Self::One | Self::Pinned => 1,
            Self::Ten => 10,
            Self::Pipeline => 64,
        }
    }

    /// Reports whether the scenario can be called in this mode: some operations are not part of the pipeline.
    pub fn has(self, scenario: &Scenario) -> bool {
        scenario.is_call() && (self != Self::Pipeline || scenario.is_pipelined())
    }

    /// Returns the modes that [`MODES_VARIABLE`] names.
    ///
    /// # Errors
    /// Fails where it names an unknown mode.
    pub fn chosen() -> Result<Vec<Self>, Failure> {
        let named = env::var(MODES_VARIABLE).unwrap_or_default();
        if named.trim().is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        let find = |name: &str| {
            let known = || Self::ALL.map(Self::name).join(", ");
            let found = Self::ALL.into_iter().find(|mode| mode.name() == name.trim());
            found.ok_or_else(|| {
                format!("{MODES_VARIABLE}: there is no mode {name:?}; the modes are {}", known()).into()
            })
        };
        named.split(',').map(find).collect()
    }
}

/// Returns criterion with the options of the command line and a folder for this suite's estimates. Both suites have the same
/// ids, so in one folder each would overwrite the other's estimates.
///
/// # Errors
/// Fails where this program is not in a build folder.
pub fn criterion(suite: &Path) -> Result<Criterion, Failure> {
    Ok(Criterion::default()
        .configure_from_args()
        .without_plots()
        .output_directory(&estimates_folder()?.join(suite)))
}

/// Returns the folder of criterion's estimates, with a folder for each suite: `target/criterion`.
///
/// # Errors
/// Fails where this program is not in a build folder.
pub fn estimates_folder() -> Result<PathBuf, Failure> {
    let build = build_folder(&env::current_exe()?)?;
    Ok(build.parent().ok_or("this program is in no target folder")?.join("criterion"))
}

/// Returns the folder of a mode's estimates, relative to [`estimates_folder`].
pub fn mode_folder(mode: Mode) -> PathBuf {
    Path::new(END_TO_END).join(mode.name())
}

/// The CPU time of the server for one call in nanoseconds, by scenario.
pub type ServerCpu = BTreeMap<String, f64>;

const SERVER_CPU: &str = "server-cpu.json";

/// Returns what the last runs of a mode have measured; empty where none was made.
///
/// # Errors
/// Fails where it cannot be read.
pub fn server_cpu(mode: Mode) -> Result<ServerCpu, Failure> {
    match fs::read(estimates_folder()?.join(mode_folder(mode)).join(SERVER_CPU)) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ServerCpu::new()),
        Err(error) => Err(error.into()),
    }
}

/// Saves what was measured beside criterion's estimates. Scenarios that were not measured keep their values.
///
/// # Errors
/// Fails where it cannot be written.
pub fn save_server_cpu(mode: Mode, measured: ServerCpu) -> Result<(), Failure> {
    if measured.is_empty() {
        return Ok(());
    }
    let mut all = server_cpu(mode)?;
    all.extend(measured);
    let folder = estimates_folder()?.join(mode_folder(mode));
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(SERVER_CPU), serde_json::to_vec_pretty(&all)?)?)
}
