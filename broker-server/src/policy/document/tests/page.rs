//! The examples of `docs/profiles.md`.

use super::*;

const PAGE: &str = include_str!("../../../../../docs/profiles.md");

#[test]
fn examples_of_the_page_load() {
    let examples: Vec<&str> =
        PAGE.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert!(examples.len() >= 2, "{}", examples.len());
    for text in examples {
        parse("p.yaml", text, CAPABILITIES).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}
