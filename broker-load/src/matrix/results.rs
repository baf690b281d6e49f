//! The folder that holds the results of a matrix.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::error::LoadError;

/// A folder for results, with the samples that were added so far.
#[derive(Debug)]
pub struct ResultsFolder {
    path: PathBuf,
    file: File,
    samples: Vec<Value>,
}

impl ResultsFolder {
    /// Makes the folder; without a `path` it is `results/matrix-` and the time.
    ///
    /// # Errors
    /// Fails where it cannot be made, and with [`LoadError::Usage`] where it is not empty.
    pub fn create(path: Option<&Path>) -> Result<Self, LoadError> {
        let path = path.map_or_else(path_from_time, Path::to_owned);
        fs::create_dir_all(&path).map_err(|source| LoadError::write(&path, source))?;
        let mut entries = fs::read_dir(&path).map_err(|source| LoadError::read(&path, source))?;
        if entries.next().is_some() {
            return Err(LoadError::Usage(format!(
                "{} is not empty: name a new folder with --out",
                path.display()
            )));
        }
        let samples = path.join("samples.jsonl");
        let file = File::create(&samples).map_err(|source| LoadError::write(&samples, source))?;
        Ok(Self { path, file, samples: Vec::new() })
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns all samples in the order in which they were measured.
    pub fn samples(&self) -> &[Value] {
        &self.samples
    }

    /// Adds a line to `samples.jsonl` at once, so that it is kept if a later run fails.
    ///
    /// # Errors
    /// Fails where it cannot be written.
    pub fn add(&mut self, sample: &Value) -> Result<(), LoadError> {
        writeln!(self.file, "{sample}")
            .map_err(|source| LoadError::write(&self.path.join("samples.jsonl"), source))?;
        self.samples.push(sample.clone());
        Ok(())
    }

    /// Writes another file.
    ///
    /// # Errors
    /// Fails where it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), LoadError> {
        let path = self.path.join(name);
        fs::write(&path, text).map_err(|source| LoadError::write(&path, source))
    }
}

fn path_from_time() -> PathBuf {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    Path::new("results").join(format!("matrix-{now}"))
}
