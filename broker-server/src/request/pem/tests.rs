use proptest::prelude::*;

use super::*;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAEC\n-----END PRIVATE KEY-----\n";

/// Reads the only block `PRIVATE KEY`.
fn key(text: &[u8]) -> Result<Vec<u8>, FieldErrorKind> {
    let block = only(text, |label| label == "PRIVATE KEY", "`PRIVATE KEY`", "private key")?;
    Ok(block.der()?.to_vec())
}

#[test]
fn ignores_surrounding_text_blank_lines_and_crlf() {
    let text = b"hello\r\n-----BEGIN A B-----\r\n\r\nAAEC\r\nAw==\r\n-----END A B-----\r\nbye\n-----BEGIN C-----\nBA==\n-----END C-----";
    let found = blocks(text).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].label, &found[0].der().unwrap()[..]), ("A B", &[0, 1, 2, 3][..]));
    assert_eq!((found[1].label, &found[1].der().unwrap()[..]), ("C", &[4][..]));
}

#[test]
fn takes_the_lax_form() {
    for text in [
        KEY.replace('\n', "\r\n"),
        KEY.replace('\n', "\r"),
        KEY.replace('\n', " "),
        KEY.replace('\n', ""),
        KEY.replace('\n', "\n\n \t"),
        KEY.replace("AAEC", "A\x0bA\x0cE\tC"),
        KEY.replace("-----\n", "-----  \n"),
        KEY.trim_end().to_owned(),
        format!("\u{feff}{KEY}"),
        format!("\u{feff}\r\n {KEY}"),
        format!("subject=CN=x\n\u{feff}{KEY}"),
        format!("Bag Attributes: <No Attributes>\n{KEY}"),
    ] {
        assert!(is_pem(text.as_bytes()));
        assert_eq!(key(text.as_bytes()), Ok(vec![0, 1, 2]), "{text:?}");
    }
}

#[test]
fn takes_text_of_any_encoding_around_blocks() {
    let comment = b"# M\xfcnchen \xff\xfe\0\n";
    let text = [&comment[..], KEY.as_bytes(), comment].concat();
    assert!(is_pem(&text));
    assert_eq!(key(&text), Ok(vec![0, 1, 2]));
    assert!(key(&[b"-----BEGIN \xff-----\nAAAA\n-----END \xff-----\n", KEY.as_bytes()].concat()).is_ok());
}

#[test]
fn broken_blocks_of_other_kinds_do_no_harm() {
    for other in [
        "-----BEGIN A-----\n$$$$\n-----END A-----\n",
        "-----BEGIN A-----\nA€A\n-----END A-----\n",
        "-----BEGIN A-----\nAAA\n-----END A-----\n",
        "-----BEGIN A-----\n-----END A-----\n",
        "-----BEGIN A-----\nAAAA\n",
        "-----BEGIN A-----\nAAAA\n-----END B-----\n",
        "-----BEGIN A-----\nAAAA\n-----END A---\n",
        "-----BEGIN A---\n",
        "-----END A-----\n",
        "-----BEGIN -----\nAAAA\n-----END -----\n",
    ] {
        for text in [format!("{other}{KEY}"), format!("{KEY}{other}"), format!("{other}{KEY}{other}")] {
            assert_eq!(key(text.as_bytes()), Ok(vec![0, 1, 2]), "{text}");
        }
    }
}

#[test]
fn recognizes_headers() {
    let text = |headers: &str| {
        format!("-----BEGIN PRIVATE KEY-----\n{headers}\n\nAAEC\n-----END PRIVATE KEY-----\n").into_bytes()
    };
    let encrypted = text("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00");
    let plain = text("Proc-Type: 4,MIC-CLEAR\nComment: one\n line more\n");
    for (text, expected) in [(&encrypted, true), (&plain, false)] {
        let block = blocks(text).unwrap()[0];
        assert_eq!(block.is_encrypted(), expected);
        assert!(block.has_headers());
        assert_eq!(*block.der().unwrap(), [0, 1, 2]);
    }
    assert!(!blocks(KEY.as_bytes()).unwrap()[0].has_headers());
}

/// If each block had a buffer of the length of the whole text, this test would wipe 4 MB a hundred thousand times.
#[test]
fn many_blocks_take_linear_time() {
    const BLOCKS: usize = 100_000;
    let text = "-----BEGIN A-----\nAAEC\n-----END A-----\n".repeat(BLOCKS);
    let found = blocks(text.as_bytes()).unwrap();
    assert_eq!(found.len(), BLOCKS);
    assert!(found.iter().all(|block| *block.der().unwrap() == [0, 1, 2]));
    let unfinished = "-----BEGIN A-----\n".repeat(BLOCKS) + &"-".repeat(BLOCKS);
    assert_eq!(blocks(unfinished.as_bytes()).unwrap().len(), BLOCKS);
}

#[test]
fn rejects_malformed_text() {
    for (text, error) in [
        ("", PemError::NoBlock),
        ("-----BEGIN A", PemError::NoBlock),
        ("see -----BEGIN A-----\nAAAA\n-----END A-----", PemError::NoBlock),
        ("-----BEGIN A-----\nAAAA\n", PemError::NoEnd),
        ("-----BEGIN A-----\nAAAA\n-----END B-----", PemError::NoEnd),
        ("-----BEGIN A-----\nAAAA\n-----END a-----", PemError::NoEnd),
        ("-----BEGIN A-----\nAAAA\n-----END A\n-----", PemError::NoEnd),
        ("-----BEGIN A-----\nAAAA\n-----BEGIN A-----\nAAAA\n-----END A-----", PemError::NoEnd),
        ("-----BEGIN A-----\nA\n-----END A-----", PemError::BadBase64),
        ("-----BEGIN A-----\nA€AA\n-----END A-----", PemError::BadBase64),
        ("-----BEGIN A-----\n-----END A-----", PemError::BadBase64),
        ("-----BEGIN A-----\nAAAA\n------END A-----", PemError::BadBase64),
        ("-----BEGIN A-----\nAAAA\n a: b\nAAAA\n-----END A-----", PemError::BadBase64),
        (r"-----BEGIN A-----\nAAAA\n-----END A-----", PemError::BadBase64),
    ] {
        let found = blocks(text.as_bytes()).and_then(|blocks| blocks[0].der());
        assert_eq!(found.err(), Some(error), "{text}");
    }
    for text in
        ["-----BEGIN  PRIVATE KEY-----", "-----BEGIN private key-----", "-----BEGIN\tPRIVATE KEY-----"]
    {
        assert!(key(KEY.replace("-----BEGIN PRIVATE KEY-----", text).as_bytes()).is_err());
    }
    assert!(key(KEY.repeat(2).as_bytes()).unwrap_err().to_string().contains("more than one private key"));
}

proptest! {
    #[test]
    fn reads_what_openssl_style_writers_write(
        der in prop::collection::vec(any::<u8>(), 1..300),
        width in 1..100_usize,
        end in "\n|\r\n|\r",
        before in "[^-]{0,40}",
        after in any::<Vec<u8>>(),
    ) {
        use base64ct::Base64;
        let base64 = Base64::encode_string(&der);
        let body: String = base64.as_bytes().chunks(width)
            .map(|line| format!("{}{end}", std::str::from_utf8(line).unwrap())).collect();
        let text = format!("{before}{end}-----BEGIN PRIVATE KEY-----{end}{body}-----END PRIVATE KEY-----{end}");
        let text = [text.as_bytes(), &after[..]].concat();
        prop_assert_eq!(key(&text), Ok(der));
    }

    #[test]
    fn arbitrary_text_does_not_panic(text in "(-----BEGIN |-----END |A|-----|-|\n|:| |AAAA|Proc-Type: ENCRYPTED){0,30}") {
        for block in blocks(text.as_bytes()).unwrap_or_default() {
            let _ = (block.der(), block.is_encrypted(), block.has_headers());
        }
    }
}
