//! The folder that holds the results.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::error::Failure;

/// The folder, with the samples so far.
pub(super) struct Folder {
    path: PathBuf,
    file: File,
    samples: Vec<Value>,
}

impl Folder {
    /// Makes it, named after the time where it is not named. One that holds something is left alone.
    pub(super) fn new(path: Option<&Path>) -> Result<Self, Failure> {
        let path = path.map_or_else(named_after_now, Path::to_owned);
        fs::create_dir_all(&path).map_err(|source| Failure::write(&path, source))?;
        let mut entries = fs::read_dir(&path).map_err(|source| Failure::read(&path, source))?;
        if entries.next().is_some() {
            return Err(Failure::Usage(format!(
                "{} holds something already: name a new folder with --out",
                path.display()
            )));
        }
        let samples = path.join("samples.jsonl");
        let file = File::create(&samples).map_err(|source| Failure::write(&samples, source))?;
        Ok(Self { path, file, samples: Vec::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All samples, in the order in which they were measured.
    pub(super) fn samples(&self) -> &[Value] {
        &self.samples
    }

    /// Adds a line to `samples.jsonl`: what was measured stays whatever happens next.
    pub(super) fn add(&mut self, sample: &Value) -> Result<(), Failure> {
        writeln!(self.file, "{sample}")
            .map_err(|source| Failure::write(&self.path.join("samples.jsonl"), source))?;
        self.samples.push(sample.clone());
        Ok(())
    }

    /// Writes another file.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(|source| Failure::write(&path, source))
    }
}

fn named_after_now() -> PathBuf {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    Path::new("results").join(format!("matrix-{now}"))
}
