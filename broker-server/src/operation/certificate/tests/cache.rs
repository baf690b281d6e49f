//! The order of checks before a key is used, and the cache of loaded keys.

use super::*;

/// A new RSA key makes a signature when it enters the cache, so an empty cache shows that the key has not been used.
#[test]
fn rejected_request_does_not_use_the_private_key() {
    let openssl = OpenSsl::new();
    openssl.ca("ca", "rsa:2048");
    openssl.ca("other", "rsa:2048");
    openssl.csr("ca", &["-subj", "/CN=x"]);
    openssl.csr("other", &["-subj", "/"]);
    let mut der = openssl.run("req -in ca.csr -outform DER");
    let position = der.windows(4).position(|bytes| bytes == b"\x0c\x01x0").unwrap();
    der[position + 2] = b'y';
    openssl.write("forged.der", &der);
    openssl.run("req -inform DER -in forged.der -out forged.csr");

    let rule = rule(SignatureScheme::RsaPkcs1(SignatureHash::Sha256));
    for (csr, validity, expected) in [
        ("forged", None, CertificateError::ProofOfPossession),
        ("ca", Some((2, 1)), CertificateError::ValidityReversed),
        ("other", None, CertificateError::EmptySubject),
    ] {
        let cache = CaCache::new(2, Duration::from_secs(600));
        let sign = |message| {
            sign_certificate(permit_for(message, rule.clone(), validity), &cache, 1, &KeyUse::for_test())
        };
        assert_eq!(sign(openssl.message(csr, "ca")).unwrap_err(), expected);
        assert_eq!(cache.held(), 0, "{expected:?}");
        // The key is not even compared: the error does not change with a key that does not match.
        let mut message = openssl.message(csr, "ca");
        message.ca_private_key = openssl.read("other.key");
        assert_eq!(sign(message).unwrap_err(), expected);
    }
}

#[test]
fn cache_is_bounded_separates_callers_and_expires() {
    let openssl = OpenSsl::new();
    openssl.ca("a", "rsa:2048");
    openssl.ca("b", "rsa:2048");
    openssl.csr("a", &["-subj", "/CN=x"]);
    let rule = rule(SignatureScheme::RsaPkcs1(SignatureHash::Sha256));
    let sign = |cache: &CaCache, ca: &str, uid: u32| {
        sign_certificate(
            permit_for(openssl.message("a", ca), rule.clone(), None),
            cache,
            uid,
            &KeyUse::for_test(),
        )
        .unwrap();
    };
    let cache = CaCache::new(2, Duration::from_secs(600));
    for (ca, uid, held) in [("a", 1, 1), ("a", 1, 1), ("a", 2, 2), ("b", 1, 2), ("b", 1, 2)] {
        sign(&cache, ca, uid);
        assert_eq!(cache.len(), held);
    }
    for empty in [no_cache(), CaCache::new(9, Duration::ZERO)] {
        sign(&empty, "a", 1);
        assert!(empty.is_empty());
    }

    // A key that does not match the certificate never enters the cache.
    let mut message = openssl.message("a", "a");
    message.ca_private_key = openssl.read("b.key");
    let fresh = CaCache::new(2, Duration::from_secs(600));
    let error = sign_certificate(permit_for(message, rule.clone(), None), &fresh, 1, &KeyUse::for_test())
        .unwrap_err();
    assert_eq!(error, CertificateError::KeyMismatch);
    assert!(fresh.is_empty());

    // Expired keys are dropped even if no call arrives.
    let swept = Arc::new(CaCache::new(2, Duration::from_millis(1)));
    sign(&swept, "a", 1);
    swept.spawn_sweeper(Duration::from_millis(1)).unwrap();
    while swept.held() > 0 {
        std::thread::yield_now();
    }

    // A key never outlives the certificate's notAfter, even if that is before 1970.
    let key = rcgen::KeyPair::from_pem(&openssl.read("a.key")).unwrap();
    for year in [1960, 2000] {
        let mut params = rcgen::CertificateParams::default();
        params.not_before = rcgen::date_time_ymd(year, 1, 1);
        params.not_after = rcgen::date_time_ymd(year + 1, 1, 1);
        openssl.write("a.crt", params.self_signed(&key).unwrap().pem().as_bytes());
        sign(&fresh, "a", 1);
        assert!(fresh.is_empty());
    }
}
