//! Errors in the rules of a document.

use super::*;

/// Replaces a line of [`VALID`] and checks the only error.
#[track_caller]
fn rejects(number: usize, line: &str, at: (u32, u32), path: &str, message: &str, suggestion: Option<&str>) {
    let error = only_error(&with_line(number, line));
    assert_eq!((error.line, error.column), at, "{error}");
    assert_eq!(error.path, path, "{error}");
    assert!(error.message.contains(message), "{error}");
    assert_eq!(error.suggestion.as_deref(), suggestion, "{error}");
}

#[test]
fn each_error_names_its_position_and_rule() {
    let one = "Profiles[One]";
    let hash = "Profiles[One].API.HashData";
    let sign = "Profiles[One].API.SignCertificate";
    let path = |rest: &str| format!("{sign}.{rest}");
    rejects(1, "Setings: {}", (1, 1), "Setings", "unknown key", Some("Settings"));
    rejects(
        1,
        "Settings: { EnforceSunset: yes }",
        (1, 28),
        "Settings.EnforceSunset",
        "must be `true` or `false`",
        None,
    );
    rejects(1, "Settings: { Fips: on }", (1, 19), "Settings.Fips", "not known", None);
    rejects(
        1,
        "Settings: { CryptoLibrary: nativ }",
        (1, 28),
        "Settings.CryptoLibrary",
        "not known",
        Some("native"),
    );
    rejects(1, "KMS: { Client: vault, Config: a }", (1, 16), "KMS.Client", "not known", None);
    rejects(3, "  - Name: 2026", (3, 11), "Profiles[0].Name", "put it in quotes", None);
    rejects(3, "  - Name: \"\"", (3, 11), "Profiles[0].Name", "must not be empty", None);
    rejects(3, "  - Name: \" a\"", (3, 11), "Profiles[ a].Name", "space", None);
    let long = format!("  - Name: {}", "n".repeat(65));
    rejects(3, &long, (3, 11), "Profiles[0].Name", "65 bytes long", None);
    rejects(3, "  - Name: One\n    <<: {}", (4, 5), &format!("{one}.<<"), "merge keys", None);
    rejects(3, "  - Name: One\n    Name: Two", (4, 5), &format!("{one}.Name"), "first set in line 3", None);
    rejects(
        3,
        "  - Name: One\n    Deprecation: { RemoveAfter: 2028-13-01 }",
        (4, 33),
        &format!("{one}.Deprecation.RemoveAfter"),
        "not a date",
        None,
    );
    rejects(6, "        HashAlg: sha512", (6, 18), &format!("{hash}.HashAlg"), "not known", Some("sha-512"));
    rejects(6, "        HashAlg: [a]", (6, 18), &format!("{hash}.HashAlg"), "is a list", None);
    rejects(6, "        HashAlg:", (6, 9), &format!("{hash}.HashAlg"), "empty", None);
    rejects(
        6,
        "        HashAlg: sha-512\n        OutputLength: 64",
        (7, 9),
        &format!("{hash}.OutputLength"),
        "only shake-128",
        None,
    );
    for length in ["0", "65537", "-1", "99999999999999999999"] {
        let line = format!("        HashAlg: shake-256\n        OutputLength: {length}");
        let error = only_error(&with_line(6, &line));
        assert_eq!((error.line, error.column), (7, 23), "{error}");
    }
    rejects(8, "        SignAlg: dsa", (8, 18), &path("SignAlg"), "not known", Some("rsa"));
    rejects(9, "", (7, 7), sign, "`HashAlg` is missing", None);
    rejects(9, "        HashAlg: sha-1", (9, 18), &path("HashAlg"), "not known", Some("sha-512"));
    rejects(
        9,
        "        HashAlg: sha-384\n        SKIHashAlg: md5",
        (10, 21),
        &path("SKIHashAlg"),
        "md5",
        None,
    );
    rejects(
        10,
        "        Validity: { ValidNotBeforeOffset: 1d, ValidNotAfterOffset: 1h }",
        (10, 43),
        &path("Validity.ValidNotBeforeOffset"),
        "unit other than",
        None,
    );
    rejects(
        10,
        "        Validity: { ValidNotBeforeOffset: 30, ValidNotAfterOffset: 1h }",
        (10, 43),
        &path("Validity.ValidNotBeforeOffset"),
        "needs a unit",
        None,
    );
    rejects(
        10,
        "        Validity: { ValidNotBeforeOffset: 2h, ValidNotAfterOffset: 1h }",
        (10, 68),
        &path("Validity.ValidNotAfterOffset"),
        "is before notBefore",
        None,
    );
    rejects(
        10,
        "        Validity: { ValidNotBeforeOffset: -876000h, ValidNotAfterOffset: 1h }",
        (10, 43),
        &path("Validity.ValidNotBeforeOffset"),
        "before the year 1970",
        None,
    );
    rejects(
        12,
        "          Subject: { RSA: { MinKeySize: 4096, MaxKeySize: 2048 } }",
        (12, 41),
        &path("KeyConstraints.Subject.RSA.MinKeySize"),
        "larger than MaxKeySize",
        None,
    );
    rejects(
        12,
        "          Subject: { RAS: { MinKeySize: 1, MaxKeySize: 2 } }",
        (12, 22),
        &path("KeyConstraints.Subject"),
        "not a kind of key",
        Some("RSA"),
    );
    rejects(
        12,
        "          Subject: { ECDSA: { MinKeySize: 257, MaxKeySize: 383 } }",
        (12, 22),
        &path("KeyConstraints.Subject.ECDSA"),
        "no curve",
        None,
    );
    rejects(12, "          Subject: {}", (12, 20), &path("KeyConstraints.Subject"), "at least one", None);
    rejects(
        12,
        "          Subject: { Ed25519: { MinKeySize: 1 } }",
        (12, 31),
        &path("KeyConstraints.Subject.Ed25519"),
        "takes no sizes",
        None,
    );
    rejects(
        12,
        "          Subject: { ml-dsa-65: {}, ML-DSA-65: {} }",
        (12, 37),
        &path("KeyConstraints.Subject.ML-DSA-65"),
        "duplicate kind",
        None,
    );
    rejects(
        13,
        "          Issuer: { RSA: { MinKeySize: 3072, MaxKeySize: 4096 } }",
        (13, 11),
        &path("KeyConstraints.Issuer"),
        "no entry for ECDSA",
        None,
    );
    rejects(
        14,
        "        KeyUsage: [digitalSignatur]",
        (14, 20),
        &path("KeyUsage[0]"),
        "not known",
        Some("digitalSignature"),
    );
    rejects(14, "        KeyUsage: [crlSign]", (14, 20), &path("KeyUsage[0]"), "not known", Some("cRLSign"));
    rejects(
        14,
        "        KeyUsage: [nonRepudiation, contentCommitment]",
        (14, 36),
        &path("KeyUsage[1]"),
        "duplicate entry",
        None,
    );
    rejects(
        14,
        "        KeyUsage: [digitalSignature, encipherOnly]",
        (14, 19),
        &path("KeyUsage"),
        "keyAgreement",
        None,
    );
    rejects(14, "        KeyUsage: [keyCertSign]", (14, 19), &path("KeyUsage"), "CA: true", None);
    rejects(
        15,
        "        BasicConstraints: { CA: true, PathLenConstraint: 0 }",
        (15, 29),
        &path("BasicConstraints.CA"),
        "keyCertSign",
        None,
    );
    rejects(
        15,
        "        BasicConstraints: { CA: false, PathLenConstraint: 0 }",
        (15, 40),
        &path("BasicConstraints.PathLenConstraint"),
        "CA: true",
        None,
    );
    rejects(
        15,
        "        SubjectAlternativeNames: { Allow: [dns], Suffixes: [svc.example] }",
        (15, 61),
        &path("SubjectAlternativeNames.Suffixes[0]"),
        "not a DNS suffix",
        Some(".svc.example"),
    );
    rejects(
        15,
        "        SubjectAlternativeNames: { Allow: [ip], Suffixes: [.a] }",
        (15, 49),
        &path("SubjectAlternativeNames.Suffixes"),
        "does not have dns",
        None,
    );
    rejects(
        15,
        "        SubjectAlternativeNames: { Allow: [ip], AllowUnderscore: true }",
        (15, 49),
        &path("SubjectAlternativeNames.AllowUnderscore"),
        "does not have dns",
        None,
    );
    rejects(
        15,
        "        SubjectAlternativeNames: { Allow: [dns], AllowUnderscore: 1 }",
        (15, 67),
        &path("SubjectAlternativeNames.AllowUnderscore"),
        "must be `true` or `false`",
        None,
    );
    rejects(
        15,
        "        UnknownExtensions: refused",
        (15, 28),
        &path("UnknownExtensions"),
        "the choices are ignore, refuse",
        Some("refuse"),
    );
    rejects(
        15,
        "        IssuerChecks: { RequireCa: true }",
        (15, 25),
        &path("IssuerChecks.RequireCa"),
        "unknown key",
        Some("RequireCA"),
    );
}
