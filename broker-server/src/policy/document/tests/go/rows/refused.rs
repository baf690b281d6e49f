//! Documents that are refused strictly and leniently.

use super::{HASH, ISSUER, Row, SUBJECT, USAGES};

pub(super) const ROWS: &[Row] = &[
    Row {
        what: "another number as a name, such as `1.10` or `0x10`",
        edits: &[
            ("Name: One", "Name: 1.5"),
            ("Name: One", "Name: 1.10"),
            ("Name: One", "Name: 0x10"),
            ("Name: One", "Name: 1e3"),
            ("Name: One", "Name: .inf"),
        ],
    },
    Row {
        what: "control characters in a name",
        edits: &[
            ("Name: One", "Name: \"a\\tb\""),
            ("Name: One", "Name: \"\\0\""),
            ("Name: One", "Name: |\n    One"),
        ],
    },
    Row {
        what: "a size with a leading zero or a fraction",
        edits: &[
            ("MinKeySize: 2048", "MinKeySize: 04000"),
            ("MinKeySize: 2048", "MinKeySize: '04000'"),
            ("MinKeySize: 2048", "MinKeySize: 08"),
            ("MinKeySize: 2048", "MinKeySize: 2048.5"),
            ("CA: false", "CA: true\n        PathLenConstraint: 1.5"),
        ],
    },
    Row {
        what: "a path length below -1 or above 255",
        edits: &[
            ("CA: false", "CA: true\n        PathLenConstraint: -5"),
            ("CA: false", "CA: true\n        PathLenConstraint: 256"),
        ],
    },
    Row {
        what: "a kind of key twice, in different case (`RSA` and `rsa`)",
        edits: &[(
            "        Subject:\n",
            "        Subject:\n          rsa: { MinKeySize: 1, MaxKeySize: 2 }\n",
        )],
    },
    Row {
        what: "a section of `API` without a required key, such as `HashData` with `HashAlgo`; a profile whose sections are all empty or ignored",
        edits: &[
            (HASH, " { HashAlgo: sha-256 }\n"),
            (HASH, " { Colour: red }\n"),
            (
                "",
                "- Name: A\n  Settings: { CryptoLibrary: native }\n  API:\n    SignData: { SignAlg: ecdsa }\n",
            ),
        ],
    },
    Row {
        what: "an unknown `NonceStrategy` or `TagLength`",
        edits: &[("user-provided", "counter"), ("TagLength: 128", "TagLength: 64")],
    },
    Row {
        what: "a validity that leads to a time before 1970",
        edits: &[("BeforeOffset: -1h", "BeforeOffset: -876000h")],
    },
    Row {
        what: "custom tags; a merge key in a merged section",
        edits: &[
            ("Name: One", "Name: !x One"),
            ("HashAlg: sha3-512", "HashAlg: !secret sha3-512"),
            (
                ISSUER,
                "\n        Issuer:\n          ECDSA: &e { MinKeySize: 384, MaxKeySize: 521 }\n          DSA: &f { <<: *e }\n          RSA: { <<: *f }\n",
            ),
        ],
    },
    Row {
        what: "no profile at all",
        edits: &[("", ""), ("", "[]\n"), ("", "~\n"), ("", "---\n# nothing\n")],
    },
    Row {
        what: "a name that is empty or longer than 64 bytes",
        edits: &[
            ("Name: One", "Name: ''"),
            ("Name: One", "Name:"),
            ("Name: One", "Name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"),
            ("- Name: One\n  Settings", "- Settings"),
        ],
    },
    Row {
        what: "an unknown algorithm or usage; an invalid duration or size",
        edits: &[
            ("sha3-512", "md5"),
            ("sha3-512", "' sha3-512'"),
            ("SKIHashAlg: sha-256", "SKIHashAlg: sha256"),
            ("SignAlg: ecdsa", "SignAlg: dsa"),
            ("HashAlg: sha-384", "HashAlg: sha3-384"),
            (USAGES, "KeyUsage: [DigitalSignature]"),
            (USAGES, "KeyUsage: [digitalSignature, ~]"),
            ("[clientAuth]", "[any]"),
            ("BeforeOffset: -1h", "BeforeOffset: 1d"),
            ("BeforeOffset: -1h", "BeforeOffset: 30"),
            ("BeforeOffset: -1h", "BeforeOffset:"),
            ("BeforeOffset: -1h", "BeforeOffset: 1h 30m"),
            ("BeforeOffset: -1h", "BeforeOffset: 9000h"),
            ("AfterOffset: 8760h", "AfterOffset: 2562047h48m"),
            ("MinKeySize: 2048", "MinKeySize: -1"),
            ("MinKeySize: 2048", "MinKeySize: 2048 bits"),
            ("MinKeySize: 2048", "MinKeySize: true"),
            ("MinKeySize: 2048", "MinKeySize: 99999999999999999999"),
            ("KeySize: 256", "KeySize: 100"),
        ],
    },
    Row {
        what: "`yes`, `on` or `'true'` for `true`; a word where a list belongs; a list where a section belongs",
        edits: &[
            ("CA: false", "CA: yes"),
            ("CA: false", "CA: on"),
            ("CA: false", "CA: 'false'"),
            ("CA: false", "CA: 0"),
            (USAGES, "KeyUsage: digitalSignature"),
            (USAGES, "KeyUsage: {}"),
            (HASH, " []\n"),
            (HASH, " sha-256\n"),
            (SUBJECT, "\n        Subject: []\n"),
        ],
    },
    Row {
        what: "`PathLenConstraint` without `CA: true`",
        edits: &[
            ("CA: false", "CA: false\n        PathLenConstraint: 0"),
            ("CA: false", "CA: false\n        PathLenConstraint: 3"),
        ],
    },
    Row {
        what: "a key or a name twice, also by a merge key; a merge key with a list; an undefined alias; invalid YAML",
        edits: &[
            ("HashAlg: sha3-512", "HashAlg: sha3-512\n      HashAlg: sha-256"),
            (
                "- Name: One",
                "- Name: One\n  Settings: { CryptoLibrary: native }\n  API: { HashData: { HashAlg: sha-256 } }\n- Name: One",
            ),
            (
                ISSUER,
                "\n        Issuer:\n          ECDSA: &e { MinKeySize: 384, MaxKeySize: 521 }\n          RSA: { <<: *e, MinKeySize: 2048 }\n",
            ),
            ("sha3-512", "*nothing"),
            (
                ISSUER,
                "\n        Issuer:\n          DSA: &e { MinKeySize: 384 }\n          ECDSA: &f { MaxKeySize: 521, MinKeySize: 256 }\n          RSA: { <<: [*e] }\n",
            ),
            (
                ISSUER,
                "\n        Issuer:\n          ECDSA: &a { MinKeySize: 384, MaxKeySize: 521, <<: { MinKeySize: 1 } }\n          RSA: { <<: *a }\n",
            ),
            ("    HashData:", "\tHashData:"),
            ("CA: false\n", "CA: false\n---\n: : {{\n"),
            ("- Name: One", "- \n- Name: One"),
        ],
    },
];
