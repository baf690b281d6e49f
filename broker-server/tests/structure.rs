//! Holds the structure of the workspace: in no crate do sibling modules import each other in a circle, and the modules of
//! the server import each other as `docs/architecture.md` declares.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

#[path = "structure/arrows.rs"]
mod arrows;
#[path = "structure/circles.rs"]
mod circles;
#[path = "structure/imports.rs"]
mod imports;

use std::{
    fs,
    path::{Path, PathBuf},
};

use arrows::{Row, table, violations};
use circles::circles;
use imports::Import;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn no_crate_has_import_cycles_among_sibling_modules() {
    let mut problems = Vec::new();
    let mut crates = 0;
    let folders = [workspace(), workspace().join("examples")].map(|parent| fs::read_dir(parent).unwrap());
    for folder in folders.into_iter().flatten().map(|entry| entry.unwrap().path()) {
        if !folder.join("Cargo.toml").exists() || !folder.join("src").exists() {
            continue;
        }
        crates += 1;
        let name = folder.file_name().unwrap().to_str().unwrap();
        for circle in circles(&imports::of_crate(&folder.join("src"))) {
            problems.push(format!("{name}, {circle}"));
        }
    }
    assert!(crates >= 6, "only {crates} crates found");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn server_modules_import_what_the_architecture_declares() {
    let document = fs::read_to_string(workspace().join("docs/architecture.md")).unwrap();
    let rows = table(&document, "\n## Imports\n");
    let violations = violations(&rows, &imports::of_crate(&workspace().join("broker-server/src")));
    assert!(violations.is_empty(), "docs/architecture.md, section \"Imports\":\n{}", violations.join("\n"));
}

fn parse(files: &[(&str, &str)]) -> Vec<Import> {
    let files: Vec<_> = files.iter().map(|(file, text)| (Path::new(*file), *text)).collect();
    imports::of_files(&files)
}

/// Returns the imports of a crate with these files, in the form "from > to".
fn pairs(files: &[(&str, &str)]) -> Vec<String> {
    let pairs = parse(files)
        .into_iter()
        .map(|import| format!("{} > {}", import.from.join("::"), import.to.join("::")));
    pairs.collect()
}

#[test]
fn finds_direct_and_indirect_circles_with_their_places() {
    let imports = parse(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "//! A.\nuse crate::b::B;"),
        ("b.rs", "mod inner;"),
        ("b/inner.rs", "use crate::{d, c::{self, C}};"),
        ("c.rs", "fn c() {\n    crate::a::a();\n}"),
        ("d/mod.rs", "mod x; mod y; use x::X;"),
        ("d/x.rs", "use super::{y, super::d::Y};"),
        ("d/y.rs", "fn y(x: super::x::X) {}"),
    ]);
    let found: Vec<_> = circles(&imports).iter().map(ToString::to_string).collect();
    let root = "in the crate's root: a, b, c\n    a imports b at src/a.rs:2\n    b imports c at src/b/inner.rs:1\n    \
                c imports a at src/c.rs:2";
    let inner = "in d: x, y\n    x imports y at src/d/x.rs:1\n    y imports x at src/d/y.rs:1";
    assert_eq!(found, [root, inner]);
}

#[test]
fn follows_names_that_a_parent_passes_on() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use b::inner::B;"),
        ("a.rs", "use super::B as Other; fn a() { Other::new(); }"),
        ("b/mod.rs", "pub mod inner;"),
        ("b/inner.rs", "use crate::{self as root}; fn b() { root::a::a(); }"),
    ];
    let found = pairs(&files);
    assert!(found.contains(&"a > b::inner".to_owned()), "{found:?}");
    assert!(found.contains(&"b::inner > a".to_owned()), "{found:?}");
}

#[test]
fn reads_past_tests_comments_and_literals() {
    let code = r##"
        // crate::b
        /* use crate::b; /* nested */ crate::b::B */
        const TEXT: &str = "\"crate::b::B"; const RAW: &[u8] = br#"crate::b::"B" "#; const QUOTE: char = '"';
        fn a<'a>(text: &'a str) -> [char; 2] { ['\'', '{'] }
        #[cfg(test)] use crate::b::B;
        #[cfg(test)] #[allow(x)] pub(crate) fn b() { crate::b::b(); }
        #[cfg(all(test, unix))] mod strategies;
        #[cfg(test)] mod tests { use crate::b::B; }
        mod inline { fn c() { super::super::c::c(); self::d(); } }
        #[cfg(not(test))] fn d() { crate::d::d(); }
    "##;
    let found = pairs(&[
        ("main.rs", "mod a; mod b; mod c; mod d; use std::fs;"),
        ("a.rs", code),
        ("a/strategies.rs", "use crate::b::B;"),
        ("a/tests.rs", "use crate::b::B;"),
        ("b/tests/more.rs", "use crate::c;"),
        ("bin/other.rs", "use crate::a;"),
        ("b.rs", ""),
        ("c.rs", ""),
        ("d.rs", ""),
    ]);
    assert_eq!(found, ["a::inline > c", "a::inline > a::inline", "a > d"]);
}

fn rows(rows: &[(&str, &[&str])]) -> Vec<Row> {
    rows.iter()
        .map(|(name, names)| ((*name).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()))
        .collect()
}

#[test]
fn reports_imports_that_the_table_does_not_allow() {
    let imports = parse(&[
        ("lib.rs", "mod top; mod middle; mod bottom; mod new;"),
        ("top.rs", "use crate::middle;"),
        ("middle/mod.rs", "mod part;"),
        ("middle/part.rs", "use crate::bottom;"),
        ("bottom.rs", "\nuse crate::top::Top;"),
        ("new.rs", "use crate::bottom;"),
    ]);
    let declared = rows(&[("top", &["middle", "bottom"]), ("middle", &["bottom"]), ("bottom", &["middle"])]);
    assert_eq!(
        violations(&declared, &imports),
        [
            "the row of bottom does not name top, which it imports at src/bottom.rs:2",
            "new has no row",
            "the row of top names bottom, which it does not import",
            "the row of bottom names middle, which has no later row",
            "the row of bottom names middle, which it does not import",
        ]
    );
}

#[test]
fn reads_the_table_of_a_document() {
    let document = "# Title\n| `x` | `y` |\n\n## Imports\n\nText.\n\n| module | imports | for |\n|---|---|---|\n\
                    | `a` | `b`, `c` | `d` |\n| `b` | | |\n\n| `e` | `f` |\n";
    assert_eq!(table(document, "\n## Imports\n"), rows(&[("a", &["b", "c"]), ("b", &[])]));
}
