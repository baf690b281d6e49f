//! Where the verdicts of the broker and of `openssl verify` differ, and why.

use super::{CA, Setup};

/// Names that other verifiers, or later versions of OpenSSL, refuse, and names that RFC 5280 says to refuse.
#[tokio::test]
async fn refuses_names_that_openssl_overlooks() {
    let setup = Setup::new();
    for (constraints, subject, names, text) in [
        // A wildcard covers an excluded host. Go refuses it.
        ("excluded;DNS:b.a.example", "/CN=app", "DNS:*.a.example", "exclude"),
        // A client compares a CN with its host name in these forms, too.
        ("permitted;DNS:a.example", "/CN=*.b.example", "", "CN *.b.example"),
        ("permitted;DNS:a.example", "/CN=www.b.example.", "", "CN www.b.example"),
        // RFC 5280 4.2.1.10: an IP address in place of a host name cannot be constrained.
        ("excluded;URI:a.example", "/CN=app", "URI:https://10.0.0.1/", "IP address"),
        ("excluded;URI:a.example", "/CN=app", "URI:https://[fc00::1]/", "IP address"),
        // The host follows the user information (RFC 3986 3.2).
        ("excluded;URI:a.example", "/CN=app", "URI:https://user@a.example/", "exclude"),
    ] {
        setup.make_ca(&format!("{CA}nameConstraints=critical,{constraints}\n"));
        let csr = setup.csr(subject, names);
        setup.verifies(&setup.issue("Free", &csr).await.unwrap(), &[]).unwrap();
        let (reason, message) = setup.issue("Checked", &csr).await.unwrap_err();
        assert!(reason == "ISSUER_NOT_ALLOWED" && message.contains(text), "{names}: {message}");
    }
}

/// A CA certificate of version 1, or without basicConstraints, is refused by `-x509_strict` and by RFC 5280 6.1.4 (k), but not
/// otherwise.
#[tokio::test]
async fn a_ca_has_basic_constraints() {
    let setup = Setup::new();
    let csr = setup.csr("/CN=app", "");
    for extensions in ["", "keyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"] {
        setup.make_ca(extensions);
        let certificate = setup.issue("Free", &csr).await.unwrap();
        setup.verifies(&certificate, &[]).unwrap();
        assert!(setup.verifies(&certificate, &["-x509_strict"]).is_err());
        assert_eq!(setup.issue("Checked", &csr).await.unwrap_err().0, "ISSUER_NOT_ALLOWED");
    }
}

/// anyExtendedKeyUsage includes every purpose (RFC 5280 4.2.1.12). OpenSSL accepts it unless it is asked for a purpose.
#[tokio::test]
async fn any_extended_key_usage_includes_every_purpose() {
    let setup = Setup::new();
    setup.make_ca(&format!("{CA}extendedKeyUsage=anyExtendedKeyUsage\n"));
    let certificate = setup.issue("Checked", &setup.csr("/CN=app", "")).await.unwrap();
    setup.verifies(&certificate, &["-x509_strict"]).unwrap();
    assert!(setup.verifies(&certificate, &["-purpose", "sslserver"]).is_err());
}

/// A path length that is not smaller than that of the CA is never reached, so the profile and the CA do not fit.
#[tokio::test]
async fn path_length_must_be_smaller() {
    let setup = Setup::new();
    setup.make_ca(&CA.replace("CA:TRUE", "CA:TRUE,pathlen:1"));
    let (_, message) = setup.issue("CheckedAuthority1", &setup.csr("/CN=app", "")).await.unwrap_err();
    assert!(message.contains("path length is 1"), "{message}");
}
