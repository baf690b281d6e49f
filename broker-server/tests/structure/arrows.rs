//! Compares the imports between the top modules of a crate with a table of those that are allowed.

use std::collections::BTreeMap;

use super::imports::Import;

/// A row of the table: a module, and the modules that it imports.
pub(crate) type Row = (String, Vec<String>);

/// Reads the first table below `heading` in a Markdown document. The first two cells of each row name modules in backticks.
pub(crate) fn table(document: &str, heading: &str) -> Vec<Row> {
    let (_, section) =
        document.split_once(heading).unwrap_or_else(|| panic!("there is no section \"{heading}\""));
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| {
            let mut cells =
                row.split('|').skip(1).map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned));
            let name = cells.next().and_then(|mut names| names.next());
            (
                name.unwrap_or_else(|| panic!("no module in {row}")),
                cells.next().into_iter().flatten().collect(),
            )
        })
        .collect()
}

/// Returns what in these imports contradicts the table. Rows may import later rows only.
pub(crate) fn violations(table: &[Row], imports: &[Import]) -> Vec<String> {
    let mut found = BTreeMap::<(&str, &str), &Import>::new();
    for import in imports {
        if let (Some(from), Some(to)) = (import.from.first(), import.to.first())
            && from != to
        {
            found.entry((from, to)).or_insert(import);
        }
    }
    let mut violations = Vec::new();
    for (from, to, Import { file, line, .. }) in found.iter().map(|((from, to), import)| (from, to, import)) {
        match table.iter().find(|(name, _)| name == from) {
            None => violations.push(format!("{from} has no row")),
            Some((_, allowed)) if !allowed.iter().any(|name| name == to) => {
                let place = format!("src/{}:{line}", file.display());
                violations.push(format!("the row of {from} does not name {to}, which it imports at {place}"));
            }
            Some(_) => {}
        }
    }
    for (at, (from, allowed)) in table.iter().enumerate() {
        for to in allowed {
            if !table[at + 1..].iter().any(|(name, _)| name == to) {
                violations.push(format!("the row of {from} names {to}, which has no later row"));
            }
            if !found.contains_key(&(from, to)) {
                violations.push(format!("the row of {from} names {to}, which it does not import"));
            }
        }
    }
    violations.dedup();
    violations
}
