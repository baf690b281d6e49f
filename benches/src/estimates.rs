//! Criterion's estimates, read from its folder.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};

use crate::Failure;

/// Criterion's estimates of the time of one call, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median of the samples, which a few slow ones do not change.
    pub median_ns: f64,
    /// The mean of the samples.
    pub mean_ns: f64,
    /// The slope of the line through samples of increasing length, where criterion makes such samples. Criterion prints it in
    /// place of the mean.
    pub slope_ns: Option<f64>,
}

/// The part of `estimates.json` that is used.
#[derive(Deserialize)]
struct EstimatesFile {
    median: Point,
    mean: Point,
    slope: Option<Point>,
}

#[derive(Deserialize)]
struct Point {
    point_estimate: f64,
}

/// The part of `benchmark.json` that is used.
#[derive(Deserialize)]
struct BenchmarkFile {
    full_id: String,
}

/// Returns the newest estimates below `folder` by the ids of their benchmarks; empty where nothing was measured.
///
/// # Errors
/// Fails where a file cannot be read, or is not criterion's.
pub fn read(folder: &Path) -> Result<BTreeMap<String, Estimate>, Failure> {
    let mut all = BTreeMap::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
        Err(error) => return Err(format!("{}: {error}", folder.display()).into()),
    };
    for entry in entries {
        let path = entry?.path();
        if path.ends_with("new") {
            let BenchmarkFile { full_id } = json(&path.join("benchmark.json"))?;
            let EstimatesFile { median, mean, slope } = json(&path.join("estimates.json"))?;
            let estimate = Estimate {
                median_ns: median.point_estimate,
                mean_ns: mean.point_estimate,
                slope_ns: slope.map(|slope| slope.point_estimate),
            };
            all.insert(full_id, estimate);
        } else if path.is_dir() {
            all.extend(read(&path)?);
        }
    }
    Ok(all)
}

fn json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Failure> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    #[test]
    fn reads_estimates_by_benchmark_id() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("hash_a/new");
        fs::create_dir_all(&new).unwrap();
        fs::create_dir_all(folder.path().join("hash_a/base")).unwrap();
        fs::write(new.join("benchmark.json"), r#"{"full_id":"hash/a","directory_name":"hash_a"}"#).unwrap();
        let text = r#"{"median":{"point_estimate":2.5},"mean":{"point_estimate":3.0},"slope":null}"#;
        fs::write(new.join("estimates.json"), text).unwrap();
        let all = read(folder.path()).unwrap();
        assert_eq!(all["hash/a"], Estimate { median_ns: 2.5, mean_ns: 3.0, slope_ns: None });
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn a_missing_folder_is_empty_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("none")).unwrap().is_empty());
        fs::create_dir_all(folder.path().join("hash_a/new")).unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("benchmark.json"));
    }
}
