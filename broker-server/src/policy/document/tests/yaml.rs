//! Texts that are not one valid YAML document.

use super::*;

#[test]
fn rejects_texts_that_are_no_profile_document() {
    for (text, message) in [
        ("", "neither"),
        ("# only a comment\n", "neither"),
        ("hello", "neither"),
        ("[]", "at least one profile"),
        ("{}", "`Profiles` is missing"),
        ("Profiles: []", "at least one profile"),
        ("Profiles: {}", "must be a list"),
        ("- 1", "must be a section"),
        ("- Name: A", "`API` is missing"),
        ("- Name: A\n  API: {}", "at least one section"),
    ] {
        let error = only_error(text);
        assert!(error.message.contains(message), "{text:?}: {error}");
    }
    for text in [
        "\0\u{1}\u{2}",
        "a: [",
        "\t- x",
        "%YAML",
        "\u{feff}",
        "a: b: c",
        "--- a\n--- b\n",
        "- &a [*a]",
        "- !secret x",
        &"[".repeat(100_000),
        &"- ".repeat(1000),
        &"{a: ".repeat(1000),
    ] {
        assert!(!errors(text).is_empty());
    }
    let error = only_error(&" ".repeat(MAX_BYTES + 1));
    assert!(error.message.contains("more than 1048576 bytes"), "{error}");
}

#[test]
fn rejects_a_second_document_where_it_starts() {
    let one = "- Name: A\n  API: { HashData: { HashAlg: sha-256 } }\n";
    let error = only_error(&format!("{one}---\n{one}"));
    assert!(error.message.contains("document"), "{error}");
    assert!(error.line >= 3, "{error}");
}

#[test]
fn syntax_errors_have_a_position() {
    let error = &errors("Profiles:\n  - Name: A\n  - Name: [\n")[0];
    assert!(error.line >= 3, "{error}");
    assert!(!error.message.contains('\n'), "{error}");
}

#[test]
fn rejects_aliases_at_their_position() {
    let text = "\
- Name: A
  API: &api
    HashData: { HashAlg: sha-256 }
- Name: B
  API: *api
";
    let error = only_error(text);
    assert_eq!((error.line, error.column), (5, 8));
    assert!(error.message.contains("aliases are not supported"), "{error}");
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n";
    assert!(!errors(bomb).is_empty());
}

#[test]
fn lists_at_most_a_thousand_errors() {
    let text: String = (0..5000).map(|n| format!("key{n}: 1\n")).collect();
    let all = errors(&text);
    assert_eq!(all.len(), 1001);
    assert!(all[1000].message.contains("not listed"));
}
