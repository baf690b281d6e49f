//! CA certificates of other times.

use super::Setup;

#[tokio::test]
async fn cas_of_every_age_issue() {
    let setup = Setup::new();
    let csr = setup.csr("/CN=app", "");
    for (not_before, not_after) in [
        ("600101000000Z", "491231235959Z"),
        ("500101000000Z", "99991231235959Z"),
        ("00010101000000Z", "20991231235959Z"),
        ("19690101000000Z", "99991231235959Z"),
    ] {
        setup.make_dated_ca(not_before, not_after);
        for profile in ["Free", "Empty", "Checked", "AllowExpired", "Nested"] {
            let certificate = setup.issue(profile, &csr).await.unwrap();
            setup.verifies(&certificate, &["-x509_strict"]).unwrap();
        }
    }
}

#[tokio::test]
async fn issuers_must_be_valid_now_where_the_section_is_present() {
    let setup = Setup::new();
    let csr = setup.csr("/CN=app", "");
    for (not_before, not_after, text) in [
        ("200101000000Z", "210101000000Z", "from 2020-01-01T00:00:00Z to 2021-01-01T00:00:00Z"),
        ("500101000000Z", "600101000000Z", "from 1950-01-01T00:00:00Z to 1960-01-01T00:00:00Z"),
        ("00010101000000Z", "00020101000000Z", "from 0001-01-01T00:00:00Z to 0002-01-01T00:00:00Z"),
        ("21000101000000Z", "99991231235959Z", "from 2100-01-01T00:00:00Z to 9999-12-31T23:59:59Z"),
    ] {
        setup.make_dated_ca(not_before, not_after);
        for profile in ["Empty", "Checked"] {
            let (reason, message) = setup.issue(profile, &csr).await.unwrap_err();
            assert_eq!(reason, "ISSUER_NOT_ALLOWED", "{message}");
            assert!(message.contains(text) && message.contains(profile), "{message}");
        }
        for profile in ["Free", "AllowExpired"] {
            let certificate = setup.issue(profile, &csr).await.unwrap();
            assert!(setup.verifies(&certificate, &[]).is_err());
            setup.verifies(&certificate, &["-no_check_time"]).unwrap();
        }
    }
}
