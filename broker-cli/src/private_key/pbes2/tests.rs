#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::process::{Command, Stdio};

use der::Encode;

use super::*;

fn openssl(arguments: &str) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments.split(' ')).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Returns the folder, the plain key and the key encrypted by these options, in DER.
fn encrypted(options: &str) -> (Vec<u8>, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    openssl(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {path}/key"));
    let plain = openssl(&format!("pkcs8 -topk8 -nocrypt -in {path}/key -outform DER"));
    let der = openssl(&format!("pkcs8 -topk8 {options} -in {path}/key -outform DER -passout pass:secret"));
    (plain, der)
}

#[test]
fn decrypts_what_openssl_encrypts() {
    for options in [
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc -v2prf hmacWithSHA384",
        "-v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 10000",
        "-v2 aes256 -v2prf hmacWithSHA1",
        "-scrypt",
        "-scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 2",
    ] {
        let (plain, der) = encrypted(options);
        assert!(looks_encrypted(&der) && !looks_encrypted(&plain), "{options}");
        assert_eq!(*Scheme::parse(&der).unwrap().decrypt(b"secret").unwrap(), plain, "{options}");
        let error = Scheme::parse(&der).unwrap().decrypt(b"Secret").unwrap_err();
        assert!(matches!(error, Error::WrongPassword), "{options}: {error}");
    }
}

#[test]
fn refuses_weak_ciphers_with_the_reason() {
    for (options, text) in [
        ("-v2 des3", "Triple-DES"),
        ("-v2 aes-256-cbc -v2prf hmacWithSHA224", "pseudorandom function hmacWithSHA224"),
        ("-v2 aes-256-cfb", "cipher 2.16.840.1.101.3.4.1.44"),
        ("-v1 PBE-SHA1-3DES", "a scheme of PKCS #12"),
    ] {
        let (_, der) = encrypted(options);
        assert!(looks_encrypted(&der), "{options}");
        let error = Scheme::parse(&der).err().unwrap().to_string();
        assert!(error.contains(text) && error.contains("openssl pkcs8"), "{options}: {error}");
    }
}

/// Returns the result of reading these parameters of PBKDF2 or scrypt.
fn read(oid: ObjectIdentifier, parameters: &impl Encode) -> Result<Derivation, Error> {
    let der = parameters.to_der().unwrap();
    let algorithm = AlgorithmIdentifierRef { oid, parameters: Some(AnyRef::try_from(&der[..]).unwrap()) };
    if oid == PBKDF2 { pbkdf2(&algorithm, 32) } else { scrypt(&algorithm, 32) }
}

#[test]
fn refuses_derivations_that_are_too_expensive() {
    let salt = OctetStringRef::new(b"saltsalt").unwrap();
    let iterated = |iterations| {
        let salt = AnyRef::new(der::Tag::OctetString, b"saltsalt").unwrap();
        read(PBKDF2, &Pbkdf2Parameters { salt, iterations, key_length: Some(32), prf: None })
    };
    assert!(iterated(1).is_ok() && iterated(10_000_000).is_ok());
    for iterations in [10_000_001, u64::from(u32::MAX) + 1, u64::MAX] {
        let error = iterated(iterations).err().unwrap();
        assert!(matches!(&error, Error::Expensive(text) if text.contains("iterations")), "{error}");
    }
    assert!(matches!(iterated(0), Err(Error::Malformed)));
    let scrypted = |cost, block_size, parallelization| {
        read(SCRYPT, &ScryptParameters { salt, cost, block_size, parallelization, key_length: None })
    };
    assert!(scrypted(1 << 18, 8, 1).is_ok() && scrypted(16384, 8, 16).is_ok());
    for (n, r, p) in
        [(1 << 19, 8, 1), (1 << 40, 8, 1), (2, u64::MAX, 1), (16384, 8, 200), (u64::MAX, u64::MAX, u64::MAX)]
    {
        assert!(matches!(scrypted(n, r, p), Err(Error::Expensive(_))), "{n} {r} {p}");
    }
    for (n, r, p) in [(3, 8, 1), (1, 8, 1), (0, 8, 1), (16384, 0, 1), (16384, 8, 0)] {
        assert!(matches!(scrypted(n, r, p), Err(Error::Malformed)), "{n} {r} {p}");
    }
}

#[test]
fn damaged_files_do_not_panic() {
    for options in ["-v2 aes-256-cbc -iter 1", "-scrypt -scrypt_N 2 -scrypt_r 1"] {
        let (_, der) = encrypted(options);
        for end in 0..der.len() {
            assert!(Scheme::parse(&der[..end]).is_err());
        }
        for place in 0..der.len() {
            for change in [1, 0x20, 0x80, 0xff] {
                let mut damaged = der.clone();
                damaged[place] ^= change;
                looks_encrypted(&damaged);
                drop(Scheme::parse(&damaged));
            }
        }
    }
}
