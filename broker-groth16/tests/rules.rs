//! The table of rules in `docs/proofs.md` names tests that exist.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

const PAGE: &str = include_str!("../../docs/proofs.md");
/// Where tests are, from the root of the workspace.
const FOLDERS: [&str; 7] = [
    "broker-prover/src",
    "broker-prover/tests",
    "broker-groth16/src",
    "broker-groth16/tests",
    "broker-server/src",
    "broker-server/tests/groth16",
    "interop/groth16",
];

/// Appends all sources in a folder and below it.
fn collect(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "mjs") {
            sources.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn each_rule_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = String::new();
    FOLDERS.iter().for_each(|folder| collect(&root.join(folder), &mut sources));
    let (_, section) = PAGE.split_once("## Rules, and the tests that fail without them\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.get(1).is_some_and(|number| number.parse::<u32>().is_ok()))
        .collect();
    assert_eq!(rows.len(), 16);
    for (number, row) in (1..).zip(&rows) {
        let &["", rule, _, _, tests, ""] = row.as_slice() else { unreachable!("{row:?}") };
        assert_eq!(rule, number.to_string());
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty() || tests.starts_with("none: "), "rule {rule} has no test");
        for name in names {
            let exists = [format!("fn {name}("), format!("test('{name}'")];
            assert!(
                exists.iter().any(|text| sources.contains(text)),
                "rule {rule}: there is no test `{name}`"
            );
        }
    }
}
