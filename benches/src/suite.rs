//! The two suites: where criterion puts their estimates, and the ways in which calls are made end to end.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use criterion::Criterion;
use serde::{Deserialize, Serialize};

use crate::{Failure, scenario::Scenario, server::build_folder};

/// The suite without a socket.
pub const PURE: &str = "pure_crypto";
/// The suite through a socket; it has one folder for each [`Mode`].
pub const END_TO_END: &str = "end_to_end";

/// Names the modes to be measured, separated by commas; without it all are.
pub const MODES_VARIABLE: &str = "BROKER_BENCH_MODES";

/// How calls are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One at a time.
    One,
    /// One at a time, client and server on one core: without the wake-ups across cores that no program controls.
    Pinned,
    /// Ten at once on one connection.
    Ten,
    /// 64 at once down one pipeline.
    Pipeline,
}

impl Mode {
    /// Every mode, in the order in which they are measured.
    pub const ALL: [Self; 4] = [Self::One, Self::Pinned, Self::Ten, Self::Pipeline];

    /// The name of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Pinned => "pinned",
            Self::Ten => "ten",
            Self::Pipeline => "pipeline",
        }
    }

    /// How many calls are on their way at once.
    pub const fn at_once(self) -> u64 {
        match self {
            Self::One | Self::Pinned => 1,
            Self::Ten => 10,
            Self::Pipeline => 64,
        }
    }

    /// Whether the scenario can be called in this way: not everything is an item of a pipeline.
    pub fn has(self, scenario: &Scenario) -> bool {
        self != Self::Pipeline || scenario.is_pipelined()
    }

    /// Those that [`MODES_VARIABLE`] names.
    ///
    /// # Errors
    /// Where it names one that there is not.
    pub fn chosen() -> Result<Vec<Self>, Failure> {
        let named = env::var(MODES_VARIABLE).unwrap_or_default();
        if named.trim().is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        let find = |name: &str| {
            let known = || Self::ALL.map(Self::name).join(", ");
            let found = Self::ALL.into_iter().find(|mode| mode.name() == name.trim());
            found.ok_or_else(|| {
                format!("{MODES_VARIABLE}: there is no mode {name:?}, only {}", known()).into()
            })
        };
        named.split(',').map(find).collect()
    }
}

/// Criterion with the options of the command line, and a folder for this suite's estimates. Both suites have the same
/// ids, so in one folder each would overwrite the other's.
///
/// # Errors
/// Where this program is in no build folder.
pub fn criterion(suite: &Path) -> Result<Criterion, Failure> {
    Ok(Criterion::default()
        .configure_from_args()
        .without_plots()
        .output_directory(&estimates_folder()?.join(suite)))
}

/// Where criterion's estimates are, in a folder for each suite: `target/criterion`.
///
/// # Errors
/// Where this program is in no build folder.
pub fn estimates_folder() -> Result<PathBuf, Failure> {
    let build = build_folder(&env::current_exe()?)?;
    Ok(build.parent().ok_or("this program is in no target folder")?.join("criterion"))
}

/// The folder of a mode's estimates, below [`estimates_folder`].
pub fn mode_folder(mode: Mode) -> PathBuf {
    Path::new(END_TO_END).join(mode.name())
}

/// What the server's process used of the CPU for one call, in nanoseconds, by scenario.
pub type ServerCpu = BTreeMap<String, f64>;

const SERVER_CPU: &str = "server-cpu.json";

/// What the last runs of a mode have measured; empty where there was none.
///
/// # Errors
/// Where it cannot be read.
pub fn server_cpu(mode: Mode) -> Result<ServerCpu, Failure> {
    match fs::read(estimates_folder()?.join(mode_folder(mode)).join(SERVER_CPU)) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ServerCpu::new()),
        Err(error) => Err(error.into()),
    }
}

/// Keeps what was measured beside criterion's estimates; what was not measured now stays.
///
/// # Errors
/// Where it cannot be written.
pub fn keep_server_cpu(mode: Mode, measured: ServerCpu) -> Result<(), Failure> {
    if measured.is_empty() {
        return Ok(());
    }
    let mut all = server_cpu(mode)?;
    all.extend(measured);
    let folder = estimates_folder()?.join(mode_folder(mode));
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(SERVER_CPU), serde_json::to_vec_pretty(&all)?)?)
}
