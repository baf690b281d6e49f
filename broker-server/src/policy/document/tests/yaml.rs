//! What is no document, or more than one, or says things in a way that is not taken.

use super::*;

#[test]
fn documents_that_are_none() {
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
        let mistake = only(text);
        assert!(mistake.message.contains(message), "{text:?}: {mistake}");
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
        assert!(!mistakes(text).is_empty());
    }
    let mistake = only(&" ".repeat(MAX_BYTES + 1));
    assert!(mistake.message.contains("at most 1048576"), "{mistake}");
}

#[test]
fn a_second_document_is_refused_where_it_starts() {
    let one = "- Name: A\n  API: { HashData: { HashAlg: sha-256 } }\n";
    let mistake = only(&format!("{one}---\n{one}"));
    assert!(mistake.message.contains("document"), "{mistake}");
    assert!(mistake.line >= 3, "{mistake}");
}

#[test]
fn a_syntax_error_has_its_place() {
    let mistake = &mistakes("Profiles:\n  - Name: A\n  - Name: [\n")[0];
    assert!(mistake.line >= 3, "{mistake}");
    assert!(!mistake.message.contains('\n'), "{mistake}");
}

#[test]
fn aliases_are_refused_where_they_stand() {
    let text = "\
- Name: A
  API: &api
    HashData: { HashAlg: sha-256 }
- Name: B
  API: *api
";
    let mistake = only(text);
    assert_eq!((mistake.line, mistake.column), (5, 8));
    assert!(mistake.message.contains("aliases are not taken"), "{mistake}");
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n";
    assert!(!mistakes(bomb).is_empty());
}

#[test]
fn a_thousand_mistakes_are_enough() {
    let text: String = (0..5000).map(|n| format!("key{n}: 1\n")).collect();
    let all = mistakes(&text);
    assert_eq!(all.len(), 1001);
    assert!(all[1000].message.contains("not listed"));
}
