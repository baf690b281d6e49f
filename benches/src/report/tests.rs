#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use super::*;
use crate::{
    estimates::Estimate,
    published::{self, Published},
    suite::Mode,
};

fn estimate(microseconds: f64) -> Estimate {
    Estimate { median_ns: microseconds * 1e3, mean_ns: microseconds * 1.1e3, slope_ns: None }
}

fn report() -> Report {
    let pure = Some(estimate(2.0));
    let end_to_end = BTreeMap::from([(Mode::One, EndToEnd::new(estimate(50.0), pure, Some(8_000.0)))]);
    let measured =
        Row { id: "hash/a".into(), pure, end_to_end, allocations: Vec::new(), go: Published::default() };
    let missing = Row {
        id: "hash/b".into(),
        pure: None,
        end_to_end: BTreeMap::new(),
        allocations: Vec::new(),
        go: published::go("hash/sha3-512/64B"),
    };
    Report { machine: Machine::this(), rows: vec![measured, missing], kpi: None }
}

#[test]
fn difference_is_of_medians_in_microseconds() {
    let row = &report().rows[0];
    let one = row.end_to_end[&Mode::One];
    assert_eq!((one.difference_us, one.ratio), (Some(48.0), Some(25.0)));
    assert_eq!((one.per_second, one.server_cpu_us), (20_000.0, Some(8.0)));
}

#[test]
fn unmeasured_values_are_missing_and_not_zero() {
    let text = tables(&report());
    let line = text.lines().find(|line| line.contains("hash/b")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["hash/b", "–", "–", "–", "–", "–", "–", "–", "1.25", "87.0", "39.0"]);
    let json = serde_json::to_value(report()).unwrap();
    assert!(json["rows"][1]["pure"].is_null());
    assert!(json["rows"][1]["end_to_end"].as_object().unwrap().is_empty());
}

#[test]
fn table_columns_are_aligned() {
    let text = tables(&report());
    let widths: Vec<usize> =
        text.lines().filter(|line| line.contains("hash/")).map(|line| line.chars().count()).collect();
    assert_eq!(widths.len(), 4);
    assert_eq!((widths[0], widths[2]), (widths[1], widths[3]));
}

#[test]
fn chart_has_measured_scenarios_only() {
    let svg = chart(&report()).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("hash/a") && !svg.contains("hash/b"));
}

#[test]
fn page_replaces_the_previous_run() {
    let empty = "# Page\n<!-- begin of the run: written by `overhead --page` -->\nold\n<!-- end of the run -->\nend\n";
    let once = page(empty, &report(), "performance.svg").unwrap();
    assert!(once.starts_with("# Page\n") && once.ends_with("\nend\n") && !once.contains("old"), "{once}");
    assert!(once.contains("(performance.svg)") && once.contains("hash/a"));
    assert_eq!(page(&once, &report(), "performance.svg").unwrap(), once);
    assert!(page("# Page\n", &report(), "performance.svg").is_err());
}
