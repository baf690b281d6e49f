//! Wrong values of each key, with their lines.

use super::*;

#[test]
fn rejects_wrong_values_of_the_section() {
    for (line, text, at, key, message, suggestion) in [
        (4, "      Curve: bn256", (4, 14), ".Curve", "the choices are bn254, bls12-381", Some("bn254")),
        (4, "      Curve:", (4, 7), ".Curve", "is empty", None),
        (
            5,
            "      Setup: On-First-Use",
            (5, 14),
            ".Setup",
            "never, on-first-use, by-request",
            Some("on-first-use"),
        ),
        (5, "      Setup: true", (5, 14), ".Setup", "must be text", None),
        (
            6,
            "      RequireCeremony: verifed",
            (6, 24),
            ".RequireCeremony",
            "none, claimed, verified",
            Some("verified"),
        ),
        (6, "      RequireCeremony: null", (6, 7), ".RequireCeremony", "is empty", None),
        (
            6,
            "      RequiresCeremony: none",
            (6, 7),
            ".RequiresCeremony",
            "unknown key",
            Some("RequireCeremony"),
        ),
        (7, "      AllowCallerKey: yes", (7, 23), ".AllowCallerKey", "must be `true` or `false`", None),
        (20, "      Limits: 5", (20, 15), ".Limits", "must be a section with keys", None),
        (21, "      Threads: 0", (21, 16), ".Threads", "the range is 1 to", None),
        (21, "      Threads: 2", (21, 16), ".Threads", "a proof uses one core", None),
        (21, "      Threads: all", (21, 16), ".Threads", "must be an integer", None),
        (21, "      Threads: 1\n      Threads: 1", (22, 7), ".Threads", "first set in line 21", None),
    ] {
        rejects(&with_full_line(line, text), at, key, message, suggestion);
    }
    rejects(&section("Circuits: [multiply]"), (3, 5), "", "`Curve` is missing", None);
    rejects(&section("Curve: bn254"), (3, 5), "", "`Circuits` is missing", None);
    rejects(&section("Curve: bn254\nCircuits: []"), (5, 17), ".Circuits", "at least one circuit", None);
    rejects(&section("Curve: bn254\nCircuits: multiply"), (5, 17), ".Circuits", "must be a list", None);
}

#[test]
fn rejects_wrong_limits() {
    for (key, value, message) in [
        ("Constraints", "0", "the range is 1 to 268435456"),
        ("Constraints", "268435457", "the range is 1 to 268435456"),
        ("Constraints", "1MiB", "must be an integer"),
        ("WitnessBytes", "1023", "the range is 1KiB to 9GiB"),
        ("WitnessBytes", "10GiB", "the range is 1KiB to 9GiB"),
        ("WitnessBytes", "-1", "the range is 1KiB to 9GiB"),
        ("WitnessBytes", "\"99999999999999999999\"", "such as 67108864, 64MiB or 1GiB"),
        ("WitnessBytes", "64MB", "such as 67108864, 64MiB or 1GiB"),
        ("WitnessBytes", "1.5MiB", "such as 67108864, 64MiB or 1GiB"),
        ("WitnessBytes", "[]", "must be text"),
        ("BatchItems", "0", "the range is 1 to 65536"),
        ("BatchItems", "65537", "the range is 1 to 65536"),
        ("MemoryPerProof", "1MB", "such as 67108864, 64MiB or 1GiB"),
        ("MemoryPerProof", "1023KiB", "the range is 1MiB to 1024GiB"),
        ("MemoryPerProof", "1025GiB", "the range is 1MiB to 1024GiB"),
        ("Deadline", "60", "needs a unit, such as `60s`"),
        ("Deadline", "\"60\"", "without a unit"),
        ("Deadline", "1d", "unit other than"),
        ("Deadline", "0s", "the range is 1ms to 24h"),
        ("Deadline", "-1s", "the range is 1ms to 24h"),
        ("Deadline", "999us", "the range is 1ms to 24h"),
        ("Deadline", "25h", "the range is 1ms to 24h"),
        ("Dedline", "1s", "unknown key"),
    ] {
        let text = section(&format!("Curve: bn254\nCircuits: [multiply]\nLimits:\n|  {key}: {value}"));
        let error = only_error(&text);
        assert_eq!(
            (error.line, error.path),
            (7, format!("Profiles[One].API.Groth16.Limits.{key}")),
            "{value}"
        );
        assert!(error.message.contains(message), "{value}: {}", error.message);
    }
}

#[test]
fn accepts_limits_at_their_bounds() {
    let limits = |text: &str| {
        rule(&section(&format!("Curve: bn254\nCircuits: [multiply]\nLimits: {{ {text} }}"))).limits
    };
    let small =
        limits("Constraints: 1, WitnessBytes: 1024, BatchItems: 1, MemoryPerProof: 1048576, Deadline: 1ms");
    assert_eq!((small.constraints, small.witness_bytes, small.batch_items), (1, 1024, 1));
    assert_eq!((small.memory_per_proof, small.deadline), (1 << 20, Duration::from_millis(1)));
    let large = limits(
        "Constraints: 268435456, WitnessBytes: 9GiB, BatchItems: 65536, MemoryPerProof: 1024GiB, Deadline: 24h",
    );
    assert_eq!((large.constraints, large.witness_bytes, large.batch_items), (1 << 28, 9 << 30, 1 << 16));
    assert_eq!((large.memory_per_proof, large.deadline), (1 << 40, Duration::from_secs(86400)));
}

#[test]
fn rejects_wrong_circuits() {
    let built_in = "is not a built-in circuit, which are multiply, cube_root, payment";
    for (line, text, at, path, message, suggestion) in [
        (9, "        - multipy", (9, 11), "[0]", built_in, Some("multiply")),
        (9, "        - Multiply", (9, 11), "[0]", built_in, Some("multiply")),
        (9, "        - membership", (9, 11), "[0]", built_in, None),
        (9, "        - 7", (9, 11), "[0]", "must be text", None),
        (9, "        - [multiply]", (9, 11), "[0]", "must be text, but is a list", None),
        (9, "        - Name: cuberoot", (9, 17), "[0].Name", "needs `Zkey`", Some("cube_root")),
        (9, "        - {}", (9, 11), "[0]", "`Name` is missing", None),
        (9, "        - Name: a b", (9, 17), "[0].Name", "is not a name of a circuit", None),
        (9, "        - Name: a.b", (9, 17), "[0].Name", "is not a name of a circuit", None),
        (9, "        - Name: -a", (9, 17), "[0].Name", "is not a name of a circuit", None),
        (9, "        - Name: \"\"", (9, 17), "[0].Name", "is not a name of a circuit", None),
        (9, "        - Name: \u{e4}", (9, 17), "[0].Name", "is not a name of a circuit", None),
        (9, "        - { Name: multiply, Keys: 1 }", (9, 29), "[0].Keys", "unknown key", Some("Key")),
        (14, "        - Name: multiply_2\n          Key: {}", (15, 11), "[2].Key", "`Path` is missing", None),
    ] {
        let text = with_full_line(line, text);
        if message.starts_with("`Path`") {
            assert!(errors(&text).iter().any(|error| error.message.contains(message)), "{text}");
        } else {
            rejects(&text, at, &format!(".Circuits{path}"), message, suggestion);
        }
    }
    let long = format!("        - Name: {}", "n".repeat(65));
    rejects(&with_full_line(9, &long), (9, 17), ".Circuits[0].Name", "1 to 64 ASCII letters", None);
    let name = "n".repeat(64);
    let longest = with_full_line(14, &format!("        - Name: {name}"));
    assert_eq!(rule(&longest).circuits[2].name, name);
}

#[test]
fn rejects_names_that_occur_twice_in_either_form() {
    rejects(
        &with_full_line(9, "        - multiply\n        - Name: multiply"),
        (10, 11),
        ".Circuits[1]",
        "duplicate name; the first circuit with this name is in line 9",
        None,
    );
    rejects(&with_full_line(9, "        - payment"), (10, 11), ".Circuits[1]", "is in line 9", None);
    rejects(
        &with_full_line(
            9,
            "        - multiply\n        - { Name: membership, Zkey: { Path: x, Sha256: #a } }",
        ),
        (15, 11),
        ".Circuits[3]",
        "is in line 10",
        None,
    );
}

#[test]
fn rejects_wrong_files() {
    let key = |key: &str| format!(".Circuits[1].Key{key}");
    let with = |value: &str| with_full_line(11, &format!("          Key: {value}"));
    rejects(&with("payment.key"), (11, 16), &key(""), "must be a section with keys", None);
    rejects(&with("{ Path: a }"), (11, 11), &key(""), "`Sha256` is missing", None);
    rejects(&with("{ Sha256: #a }"), (11, 11), &key(""), "`Path` is missing", None);
    rejects(
        &with("{ Path: a, SHA256: #a, Sha256: #a }"),
        (11, 27),
        &key(".SHA256"),
        "unknown key",
        Some("Sha256"),
    );
    for (path, message) in [
        ("..", "has `..`"),
        ("../a", "has `..`"),
        ("a/../b", "has `..`"),
        ("/a/..", "has `..`"),
        ("/", "is a folder"),
        (".", "is a folder"),
        ("a/", "is a folder"),
        ("\"\"", "must not be empty"),
        ("\" a\"", "start or end with a space"),
        ("\"a\\0\"", "control characters"),
        ("1", "must be text"),
    ] {
        let text = with(&format!("{{ Path: {path}, Sha256: #a }}"));
        rejects(&text, (11, 24), &key(".Path"), message, None);
    }
    let long = with(&format!("{{ Path: {}, Sha256: #a }}", "p".repeat(4097)));
    rejects(&long, (11, 24), &key(".Path"), "4097 bytes long", None);
    for (hash, message) in [
        ("\"\"", "64 hexadecimal digits, but has 0 digits"),
        ("abc", "but has 3 digits"),
        (&"a".repeat(63), "but has 63 digits"),
        (&"a".repeat(65), "but has 65 digits"),
        (&format!("sha256:{}", "a".repeat(64)), "but has `s`"),
        (&format!("0x{}", "a".repeat(62)), "but has `x`"),
        ("12345", "put it in quotes"),
        (&"1".repeat(64), "put it in quotes"),
        (&format!("{}e{}", "1".repeat(32), "1".repeat(31)), "put it in quotes"),
    ] {
        let text = with(&format!("{{ Path: a, Sha256: {hash} }}"));
        rejects(&text, (11, 35), &key(".Sha256"), message, None);
    }
}

#[test]
fn paths_may_have_dots_that_are_not_parent_folders() {
    for (written, path) in
        [("..data/a", "..data/a"), ("a..b", "a..b"), ("./a/./b", "a/b"), ("//a///b", "/a/b"), ("...", "...")]
    {
        let text = with_full_line(11, &format!("          Key: {{ Path: {written}, Sha256: #a }}"));
        let rule = rule(&text);
        assert_eq!(rule.circuits[1].files().next().unwrap().1.written, path);
    }
}

#[test]
fn rejects_wrong_fingerprints_and_provenances() {
    let fingerprint = with_full_line(12, "          Fingerprint: abc");
    rejects(&fingerprint, (12, 24), ".Circuits[1].Fingerprint", "but has 3 digits", None);
    let path = |key: &str| format!(".Circuits[1].Provenance{key}");
    let with = |value: &str| with_full_line(13, &format!("          Provenance: {value}"));
    rejects(&with("{}"), (13, 11), &path(""), "`Class` is missing", None);
    rejects(&with("ceremony-claimed"), (13, 23), &path(""), "must be a section", None);
    for (value, message, suggestion) in [
        ("ceremony-verified", "computed from the files and never declared; write `ceremony-claimed`", None),
        ("Single-Party", "the choices are single-party, ceremony-claimed", Some("single-party")),
        ("ceremony", "the choices are single-party, ceremony-claimed", None),
    ] {
        rejects(&with(&format!("{{ Class: {value} }}")), (13, 32), &path(".Class"), message, suggestion);
    }
    for (key, value, message) in [
        ("Ceremony", "ftp://a.example/", "is not an http or https URL"),
        ("Ceremony", "example.org", "is not an http or https URL"),
        ("MinContributions", "0", "the range is 1 to 1000000"),
        ("MinContributions", "1000001", "the range is 1 to 1000000"),
        ("MinContributions", "three", "must be an integer"),
        ("Beacon", "\"\"", "1 to 255 octets with two hexadecimal digits each, but has 0 digits"),
        ("Beacon", "abc", "but has 3 digits"),
        ("Beacon", "zz", "but has `z`"),
        ("Beacon", "{ Sha256: a }", "must be text"),
        ("PowersOfTau", "pot28.ptau", "must be a section"),
    ] {
        let text = with(&format!("\n            Class: ceremony-claimed\n            {key}: {value}"));
        let error = only_error(&text);
        assert_eq!(
            (error.line, error.path),
            (15, format!("Profiles[One].API.Groth16{}", path(&format!(".{key}"))))
        );
        assert!(error.message.contains(message), "{value}: {}", error.message);
    }
    let beacon = with(&format!("{{ Class: ceremony-claimed, Beacon: {:?} }}", "ab".repeat(256)));
    assert!(only_error(&beacon).message.contains("but has 512 digits"));
    for (powers, key, message) in [
        ("{ Name: a }", "", "`Sha256` is missing"),
        ("{ Sha256: #a }", "", "`Name` is missing"),
        ("{ Name: \"\", Sha256: #a }", ".Name", "must not be empty"),
        ("{ Name: a, Sha256: b }", ".Sha256", "but has 1 digits"),
    ] {
        let text = with(&format!("{{ Class: single-party, PowersOfTau: {powers} }}"));
        let error = only_error(&text);
        assert_eq!(error.path, format!("Profiles[One].API.Groth16{}", path(&format!(".PowersOfTau{key}"))));
        assert!(error.line == 13 && error.message.contains(message), "{error}");
    }
}
