//! The documents, by the row of the table that they belong to.

/// A document as the Go broker's own examples are written; the cases below change it.
pub(super) const BASE: &str = "\
- Name: One
  Settings:
    CryptoLibrary: native
  API:
    HashData:
      HashAlg: sha3-512
    EncryptData:
      EncryptAlg: aes-gcm
      KeySize: 256
      NonceStrategy: user-provided
      TagLength: 128
    SignCertificate:
      SignAlg: ecdsa
      HashAlg: sha-384
      SKIHashAlg: sha-256
      Validity:
        ValidNotBeforeOffset: -1h
        ValidNotAfterOffset: 8760h
      KeyConstraints:
        Subject:
          RSA:
            MinKeySize: 2048
            MaxKeySize: 4096
        Issuer:
          ECDSA:
            MinKeySize: 384
            MaxKeySize: 521
      KeyUsage: [digitalSignature, keyEncipherment]
      ExtendedKeyUsage: [clientAuth]
      BasicConstraints:
        CA: false
";

pub(super) const SUBJECT: &str = "
        Subject:
          RSA:
            MinKeySize: 2048
            MaxKeySize: 4096
";
pub(super) const ISSUER: &str = "
        Issuer:
          ECDSA:
            MinKeySize: 384
            MaxKeySize: 521
";
pub(super) const USAGES: &str = "KeyUsage: [digitalSignature, keyEncipherment]";
pub(super) const ENCRYPT: &str = "
      EncryptAlg: aes-gcm
      KeySize: 256
      NonceStrategy: user-provided
      TagLength: 128
";
pub(super) const HASH: &str = "
      HashAlg: sha3-512
";
pub(super) const BASIC: &str = "
      BasicConstraints:
        CA: false
";

/// A row of the table by its first cell, and documents of that row.
pub(super) struct Row {
    pub(super) what: &'static str,
    /// Each replaces a part of [`BASE`] by another; the empty part stands for the whole document.
    pub(super) edits: &'static [(&'static str, &'static str)],
}

pub(super) const ROWS: &[Row] = &[
    Row {
        what: "words for algorithms, libraries and kinds of key in another case, such as `NATIVE`",
        edits: &[
            ("", BASE),
            ("CryptoLibrary: native", "CryptoLibrary: NATIVE"),
            ("CryptoLibrary: native", "CryptoLibrary: Native"),
            ("CryptoLibrary: native", "CryptoLibrary: 'native'"),
            ("sha3-512", "SHA3-512"),
            ("SignAlg: ecdsa", "SignAlg: ECDSA"),
            ("HashAlg: sha-384", "HashAlg: Sha-384"),
            ("SKIHashAlg: sha-256", "SKIHashAlg: SHA-256"),
            ("          RSA:", "          rsa:"),
            ("          ECDSA:", "          EcDsa:"),
            ("aes-gcm", "AES-GCM"),
        ],
    },
    Row {
        what: "`True` and `FALSE`; sizes in another base, such as `0x800`; names that YAML reads as text",
        edits: &[
            ("CA: false", "CA: False"),
            ("CA: false", "CA: FALSE"),
            ("CA: false", "CA: True"),
            ("CA: false", "CA: TRUE"),
            ("MinKeySize: 2048", "MinKeySize: 0x800"),
            ("MinKeySize: 2048", "MinKeySize: 0o4000"),
            ("MinKeySize: 2048", "MinKeySize: 0b100000000000"),
            ("MinKeySize: 2048", "MinKeySize: +2048"),
            ("Name: One", "Name: 2026-01-01"),
            ("Name: One", "Name: 12:30:00"),
            ("Name: One", "Name: yes"),
            ("Name: One", "Name: Ω"),
            ("Name: One", "Name: One\n    Two"),
            ("Name: One", "Name: !!str 123"),
        ],
    },
    Row {
        what: "durations as Go reads them, such as `1h30m`, `.5h` or `1µs`",
        edits: &[
            ("BeforeOffset: -1h", "BeforeOffset: 0"),
            ("BeforeOffset: -1h", "BeforeOffset: '0'"),
            ("BeforeOffset: -1h", "BeforeOffset: 0h"),
            ("BeforeOffset: -1h", "BeforeOffset: -1h30m"),
            ("BeforeOffset: -1h", "BeforeOffset: +1h"),
            ("BeforeOffset: -1h", "BeforeOffset: 1.5h"),
            ("BeforeOffset: -1h", "BeforeOffset: .5h"),
            ("BeforeOffset: -1h", "BeforeOffset: 1µs"),
            ("BeforeOffset: -1h", "BeforeOffset: 1us"),
            ("BeforeOffset: -1h", "BeforeOffset: -0.5s"),
            ("AfterOffset: 8760h", "AfterOffset: -1h"),
            ("AfterOffset: 8760h", "AfterOffset: 1000000h"),
        ],
    },
    Row {
        what: "YAML's other spellings: lists over lines, quoted keys, comments, `---`, `%YAML`, CRLF, standard tags",
        edits: &[
            (USAGES, "KeyUsage:\n        - digitalSignature\n        - keyEncipherment"),
            (USAGES, "KeyUsage:\n      - digitalSignature"),
            (USAGES, "KeyUsage: [digitalSignature, ]"),
            (USAGES, "KeyUsage: !!seq [digitalSignature]"),
            ("HashAlg: sha3-512", "\"HashAlg\": sha3-512 # the default"),
            ("HashAlg: sha3-512", "? HashAlg\n      : sha3-512"),
            ("HashAlg: sha3-512", "HashAlg: >-\n        sha3-512"),
            ("HashAlg: sha3-512", "HashAlg: !!str sha3-512"),
            ("HashAlg: sha3-512", "HashAlg: &unused sha3-512"),
            ("- Name: One", "---\n- Name: One"),
            ("- Name: One", "%YAML 1.2\n---\n- Name: One"),
            ("CA: false\n", "CA: false\n---\n"),
            ("CA: false\n", "CA: false\n...\n"),
            ("CryptoLibrary: native\n", "CryptoLibrary: native\r\n"),
        ],
    },
    Row {
        what: "no `KeyUsage`, `ExtendedKeyUsage`, `BasicConstraints` or `SKIHashAlg`, or an empty one (`[]`, `{}`)",
        edits: &[
            (USAGES, "KeyUsage: []"),
            (USAGES, ""),
            ("ExtendedKeyUsage: [clientAuth]", "ExtendedKeyUsage: []"),
            ("ExtendedKeyUsage: [clientAuth]", ""),
            ("      SKIHashAlg: sha-256\n", ""),
            (BASIC, "\n"),
            (BASIC, "\n      BasicConstraints: {}\n"),
        ],
    },
    Row {
        what: "no `CryptoLibrary`, or `aws-lc`; the map with `Profiles`",
        edits: &[
            ("  Settings:\n    CryptoLibrary: native\n", ""),
            ("  Settings:\n    CryptoLibrary: native\n", "  CryptoLibrary: native\n"),
            ("CryptoLibrary: native", "CryptoLibrary: aws-lc"),
            ("- Name: One", "Profiles:\n- Name: One"),
        ],
    },
    Row { what: "`Name: 010`, `1_000`", edits: &[("Name: One", "Name: 010"), ("Name: One", "Name: 1_000")] },
    Row {
        what: "a key that does not exist, such as a misspelt one, one that is no text, or `KMS` in a profile",
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
        what: "a key left empty that need not be there",
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
        what: "a section of `API` that is empty",
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
        what: "a usage twice",
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
        what: "`PathLenConstraint` without keyCertSign; `PathLenConstraint: -1`",
        edits: &[
            ("CA: false", "CA: true\n        PathLenConstraint: 0"),
            ("CA: false", "CA: true\n        PathLenConstraint: 1"),
            ("CA: false", "CA: true\n        PathLenConstraint: -1"),
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
        what: "a date of `Deprecation` that is none",
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
        what: "a second YAML document with something in it",
        edits: &[
            ("CA: false\n", "CA: false\n---\n- Name: Two\n"),
            ("CA: false\n", "CA: false\n---\nsomething else\n"),
        ],
    },
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
        what: "one kind of key twice, in two cases (`RSA` and `rsa`)",
        edits: &[(
            "        Subject:\n",
            "        Subject:\n          rsa: { MinKeySize: 1, MaxKeySize: 2 }\n",
        )],
    },
    Row {
        what: "a section of `API` without the key it needs, such as `HashData` with `HashAlgo`; a profile whose sections are all empty or passed over",
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
        what: "a `NonceStrategy` or `TagLength` that there is not",
        edits: &[("user-provided", "counter"), ("TagLength: 128", "TagLength: 64")],
    },
    Row {
        what: "a validity that leads to a time before 1970",
        edits: &[("BeforeOffset: -1h", "BeforeOffset: -876000h")],
    },
    Row {
        what: "tags of one's own; a merge key with a section that merges another",
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
        what: "an algorithm, a usage, a duration or a size that means nothing",
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
        what: "a key or a name twice, also by a merge key; a merge key with a list; an alias of nothing; what is no YAML",
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
