//! CA keys.

use crate::{
    Leaks,
    support::{Broker, pki},
};

#[tokio::test]
async fn ca_key_leaves_no_copy() {
    for kind in ["p-384", "rsa-3072"] {
        let broker = Broker::start(&["--dev"]);
        let mut client = broker.crypto().await;
        let ca = pki::Ca::new(kind);
        let csr = pki::csr(ca.folder.path(), if kind == "p-384" { "p-256" } else { "rsa-3072" });
        let profile = if kind == "p-384" { "Default" } else { "FIPS-140-3-128bit" };
        for _ in 0..8 {
            client.sign_certificate(ca.request(profile, &csr)).await.unwrap();
            client.sign_certificate(ca.request("no profile", &csr)).await.unwrap_err();
            client.sign_certificate(ca.request(profile, "no CSR")).await.unwrap_err();
            client.sign_certificate(ca.request("PCI", &csr)).await.ok();
        }
        let der = pem::parse(&ca.key).unwrap().into_contents();
        let mut leaks = Leaks::default();
        leaks.pem("the key", &ca.key);
        leaks.numbers("the key", &der);
        leaks.assert_gone(&broker, "KSA-ADVANCED-2020");
    }
}
