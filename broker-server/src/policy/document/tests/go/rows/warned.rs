//! Documents that are refused strictly and load with a warning leniently.

use super::{BASIC, ENCRYPT, HASH, ISSUER, Row, SUBJECT, USAGES, USAGES_AND_BASIC};

pub(super) const ROWS: &[Row] = &[
    Row {
        what: "an unknown key, such as a misspelled one, one that is not text, or `KMS` in a profile",
        edits: &[
            ("HashAlg: sha3-512", "HashAlg: sha3-512\n      Colour: red"),
            ("HashAlg: sha3-512", "HashAlg: sha3-512\n      hashalg: sha-256"),
            ("HashAlg: sha3-512", "HashAlg: sha3-512\n      1: 2"),
            ("HashAlg: sha3-512", "HashAlg: sha3-512\n      true: 2"),
            ("HashAlg: sha3-512", "HashAlg: sha3-512\n      ~: 2"),
            ("HashAlg: sha3-512", "HashAlg: sha3-512\n      Nested: { a: { b: [1, 2] } }"),
            ("CryptoLibrary: native", "CryptoLibrary: native\n    FIPS: true"),
            ("  API:", "  KMS: { Client: openbao, Config: openbao.yaml }\n  API:"),
            ("  API:", "  KMS:\n  API:"),
            ("  API:", "  Owner: somebody\n  API:"),
            ("MaxKeySize: 4096", "MaxKeySize: 4096\n            Unit: bits"),
            ("        Subject:\n", "        CA: {}\n        Subject:\n"),
        ],
    },
    Row {
        what: "an optional key without a value",
        edits: &[
            (USAGES, "KeyUsage:"),
            (USAGES, "KeyUsage: ~"),
            ("ExtendedKeyUsage: [clientAuth]", "ExtendedKeyUsage:"),
            (BASIC, "\n      BasicConstraints:\n"),
            ("CA: false", "CA:"),
            ("CA: false", "CA: true\n        PathLenConstraint:"),
            ("CA: false", "CA: false\n        PathLenConstraint: ~"),
            ("SKIHashAlg: sha-256", "SKIHashAlg:"),
            ("SKIHashAlg: sha-256", "SKIHashAlg: ''"),
            ("  API:", "  Deprecation:\n  API:"),
            ("  API:", "  Deprecation: { ReplacedBy: Two, Reason: }\n  API:"),
        ],
    },
    Row {
        what: "an empty section of `API`",
        edits: &[
            (HASH, "\n"),
            (HASH, " {}\n"),
            (HASH, " ~\n"),
            (HASH, " { HashAlg: '' }\n"),
            (HASH, " { HashAlg: }\n"),
            (ENCRYPT, " {}\n"),
            (ENCRYPT, "\n"),
            ("    EncryptData:", "    SignData:\n    EncryptData:"),
            ("    EncryptData:", "    SignData: {}\n    EncryptData:"),
            (
                "",
                "- Name: A\n  Settings: { CryptoLibrary: native }\n  API:\n    HashData: { HashAlg: sha-256 }\n    SignCertificate:\n",
            ),
        ],
    },
    Row {
        what: "a duplicate entry in `KeyUsage` or `ExtendedKeyUsage`",
        edits: &[
            (USAGES, "KeyUsage: [digitalSignature, digitalSignature]"),
            (USAGES, "KeyUsage: [contentCommitment, nonRepudiation]"),
            ("ExtendedKeyUsage: [clientAuth]", "ExtendedKeyUsage: [clientAuth, serverAuth, clientAuth]"),
        ],
    },
    Row {
        what: "`Name: 123`, `Name: true`; a reason that is a number",
        edits: &[
            ("Name: One", "Name: 123"),
            ("Name: One", "Name: 2026"),
            ("Name: One", "Name: true"),
            ("  API:", "  Deprecation: { Reason: 5 }\n  API:"),
        ],
    },
    Row {
        what: "a name with spaces at its ends",
        edits: &[("Name: One", "Name: ' a '"), ("Name: One", "Name: 'a '"), ("Name: One", "Name: \" a\"")],
    },
    Row {
        what: "a whole number in quotes, with underscores, with `.0` or an exponent",
        edits: &[
            ("MinKeySize: 2048", "MinKeySize: \"2048\""),
            ("MinKeySize: 2048", "MinKeySize: 2_048"),
            ("MinKeySize: 2048", "MinKeySize: '2_048'"),
            ("MinKeySize: 2048", "MinKeySize: 2048.0"),
            ("MinKeySize: 2048", "MinKeySize: '2048.0'"),
            ("MinKeySize: 2048", "MinKeySize: 2.048e3"),
            ("MinKeySize: 2048", "MinKeySize: 2e3"),
            ("KeySize: 256", "KeySize: '256'"),
            ("TagLength: 128", "TagLength: 128.0"),
            ("CA: false", "CA: true\n        PathLenConstraint: '1'"),
            ("CA: false", "CA: true\n        PathLenConstraint: 1.0"),
        ],
    },
    Row {
        what: "no `MinKeySize`, an empty one, or 0",
        edits: &[
            ("            MinKeySize: 2048\n", ""),
            ("MinKeySize: 2048", "MinKeySize:"),
            ("MinKeySize: 2048", "MinKeySize: ~"),
            ("MinKeySize: 2048", "MinKeySize: 0"),
            ("            MinKeySize: 384\n", ""),
        ],
    },
    Row {
        what: "no `MaxKeySize`, an empty one, or 0; a kind of key without sizes",
        edits: &[
            ("            MaxKeySize: 4096\n", ""),
            ("MaxKeySize: 4096", "MaxKeySize:"),
            ("MaxKeySize: 4096", "MaxKeySize: 0"),
            ("            MinKeySize: 2048\n            MaxKeySize: 4096\n", ""),
            ("RSA:\n            MinKeySize: 2048\n            MaxKeySize: 4096\n", "RSA: {}\n"),
            ("            MaxKeySize: 521\n", ""),
        ],
    },
    Row {
        what: "a size above 65536",
        edits: &[("MaxKeySize: 4096", "MaxKeySize: 1000000"), ("MinKeySize: 2048", "MinKeySize: 100000")],
    },
    Row {
        what: "`MinKeySize` above `MaxKeySize`; an ECDSA size that no curve has",
        edits: &[
            ("MinKeySize: 2048", "MinKeySize: 4097"),
            ("MaxKeySize: 521", "MaxKeySize: 256"),
            ("MinKeySize: 384\n            MaxKeySize: 521", "MinKeySize: 400\n            MaxKeySize: 500"),
        ],
    },
    Row {
        what: "only `Subject`, only `Issuer`, none, or empty ones; `Issuer` without the kind of key that `SignAlg` needs",
        edits: &[
            (SUBJECT, "\n"),
            (SUBJECT, "\n        Subject:\n"),
            (SUBJECT, "\n        Subject: {}\n"),
            (ISSUER, "\n"),
            (ISSUER, "\n        Issuer: {}\n"),
            ("          ECDSA:", "          RSA:"),
            (
                "KeyConstraints:\n        Subject:\n          RSA:\n            MinKeySize: 2048\n            MaxKeySize: 4096\n        Issuer:\n          ECDSA:\n            MinKeySize: 384\n            MaxKeySize: 521\n",
                "KeyConstraints:\n",
            ),
            (
                "      KeyConstraints:\n        Subject:\n          RSA:\n            MinKeySize: 2048\n            MaxKeySize: 4096\n        Issuer:\n          ECDSA:\n            MinKeySize: 384\n            MaxKeySize: 521\n",
                "",
            ),
        ],
    },
    Row {
        what: "other kinds of key, such as `DSA`; sizes, or nothing, at `Ed25519` and `ML-DSA-65`",
        edits: &[
            (
                "        Subject:\n",
                "        Subject:\n          DSA: { MinKeySize: 1024, MaxKeySize: 3072 }\n",
            ),
            ("        Subject:\n", "        Subject:\n          Ed448:\n"),
            ("        Subject:\n", "        Subject:\n          EC: {}\n"),
            ("        Subject:\n", "        Subject:\n          RSA-PSS: {}\n"),
            ("        Subject:\n", "        Subject:\n          1: {}\n"),
            ("        Subject:\n", "        Subject:\n          Ed25519:\n"),
            (
                "        Subject:\n",
                "        Subject:\n          Ed25519: { MinKeySize: 256, MaxKeySize: 256 }\n",
            ),
            ("        Subject:\n", "        Subject:\n          ML-DSA-65: { MinKeySize: 1 }\n"),
            ("          RSA:", "          DSA:"),
        ],
    },
    Row {
        what: "keyCertSign without `CA: true`; encipherOnly or decipherOnly without keyAgreement",
        edits: &[
            (USAGES, "KeyUsage: [keyCertSign]"),
            (USAGES, "KeyUsage: [encipherOnly]"),
            (USAGES, "KeyUsage: [decipherOnly, digitalSignature]"),
        ],
    },
    Row {
        what: "`CA: true` without keyCertSign, with or without `PathLenConstraint`",
        edits: &[
            ("CA: false", "CA: true"),
            ("CA: false", "CA: true\n        PathLenConstraint: 0"),
            ("CA: false", "CA: true\n        PathLenConstraint: 1"),
            (USAGES_AND_BASIC, "BasicConstraints: { CA: true }\n"),
            (USAGES_AND_BASIC, "KeyUsage: []\n      BasicConstraints: { CA: true, PathLenConstraint: 0 }\n"),
            (USAGES_AND_BASIC, "KeyUsage: [cRLSign]\n      BasicConstraints: { CA: true }\n"),
        ],
    },
    Row {
        what: "`PathLenConstraint: -1`",
        edits: &[
            ("CA: false", "CA: true\n        PathLenConstraint: -1"),
            (
                USAGES_AND_BASIC,
                "KeyUsage: [keyCertSign]\n      BasicConstraints: { CA: true, PathLenConstraint: -1 }\n",
            ),
        ],
    },
    Row {
        what: "`KeyUsage` with nothing that a key of `Subject` can have, such as keyAgreement for RSA",
        edits: &[(USAGES, "KeyUsage: [keyAgreement]"), (USAGES, "KeyUsage: [keyAgreement, encipherOnly]")],
    },
    Row {
        what: "timeStamping beside another purpose",
        edits: &[
            ("[clientAuth]", "[timeStamping, clientAuth]"),
            ("[clientAuth]", "[serverAuth, timeStamping]"),
        ],
    },
    Row {
        what: "`SignData` without `SigningMode`",
        edits: &[
            ("    EncryptData:", "    SignData: { SignAlg: ecdsa }\n    EncryptData:"),
            ("    EncryptData:", "    SignData: { SignAlg: whatever }\n    EncryptData:"),
            ("    EncryptData:", "    SignData: { SignAlg: ecdsa, HashAlg: sha-256 }\n    EncryptData:"),
            ("    EncryptData:", "    SignData: { SignatureFormat: DER }\n    EncryptData:"),
        ],
    },
    Row {
        what: "`EncryptData` without `NonceStrategy` or `TagLength`",
        edits: &[
            ("      NonceStrategy: user-provided\n      TagLength: 128\n", ""),
            ("      NonceStrategy: user-provided\n", ""),
            ("      TagLength: 128\n", ""),
            ("TagLength: 128", "TagLength:"),
        ],
    },
    Row {
        what: "an invalid date in `Deprecation`",
        edits: &[
            ("  API:", "  Deprecation: { RemoveAfter: next year }\n  API:"),
            ("  API:", "  Deprecation: { DeprecatedSince: 2026 }\n  API:"),
        ],
    },
    Row {
        what: "an alias; a merge key whose keys are not there already",
        edits: &[
            (
                ISSUER,
                "\n        Issuer:\n          ECDSA: &e { MinKeySize: 384, MaxKeySize: 521 }\n          RSA: *e\n",
            ),
            (
                ISSUER,
                "\n        Issuer:\n          ECDSA: &e { MinKeySize: 384, MaxKeySize: 521 }\n          RSA: { <<: *e }\n",
            ),
            (
                "",
                "- Name: A\n  Settings: &s { CryptoLibrary: native }\n  API: &a { HashData: { HashAlg: sha-256 } }\n- Name: B\n  Settings: *s\n  API: *a\n",
            ),
            ("HashAlg: sha-384\n      SKIHashAlg: sha-256", "HashAlg: &h sha-384\n      SKIHashAlg: *h"),
        ],
    },
    Row {
        what: "a second YAML document that is not empty",
        edits: &[
            ("CA: false\n", "CA: false\n---\n- Name: Two\n"),
            ("CA: false\n", "CA: false\n---\nsomething else\n"),
        ],
    },
];
