//! Defects of CA certificates, one by one, and the verdicts of the broker and of `openssl verify`.

use super::{CA, Setup};

/// A CA certificate, a request, and the verdict.
pub(super) struct Row {
    /// The extensions of the CA certificate.
    pub(super) ca: String,
    /// The profile without its prefix `Checked` or `Free`.
    pub(super) profile: &'static str,
    pub(super) subject: &'static str,
    pub(super) names: &'static str,
    /// A part of the refusal's message; empty where both verdicts are to accept.
    pub(super) refused: &'static str,
}

fn row(ca: &str, refused: &'static str) -> Row {
    Row { ca: ca.to_owned(), profile: "", subject: "/O=Org/CN=app", names: "", refused }
}

fn with(extension: &str, refused: &'static str) -> Row {
    row(&format!("{CA}{extension}\n"), refused)
}

/// Name constraints with the names that they judge.
fn names(constraints: &str, subject: &'static str, names: &'static str, refused: &'static str) -> Row {
    Row { subject, names, ..with(&format!("nameConstraints=critical,{constraints}"), refused) }
}

fn own_extensions() -> Vec<Row> {
    let without = |line: &str| {
        CA.lines().filter(|l| !l.starts_with(line)).map(|l| format!("{l}\n")).collect::<String>()
    };
    let authority = |profile, path_len: &str, refused| Row {
        profile,
        ..row(&CA.replace("CA:TRUE", &format!("CA:TRUE{path_len}")), refused)
    };
    vec![
        row(CA, ""),
        row(&without("keyUsage"), ""),
        row(&without("subjectKeyIdentifier"), ""),
        row(&CA.replace("CA:TRUE", "CA:FALSE"), "do not assert cA"),
        row(&CA.replace("keyCertSign,", ""), "lacks keyCertSign"),
        row(&CA.replace("CA:TRUE", "CA:TRUE,pathlen:0"), ""),
        authority("Authority", "", ""),
        authority("Authority", ",pathlen:0", "path length is 0"),
        authority("Authority", ",pathlen:1", ""),
        authority("Authority1", ",pathlen:2", ""),
        with("1.2.3.4=ASN1:NULL", ""),
        with("1.2.3.4=critical,ASN1:NULL", "1.2.3.4"),
        with("issuerAltName=critical,DNS:a.example", "2.5.29.18"),
        with("authorityInfoAccess=critical,OCSP;URI:http://a.example", "1.3.6.1.5.5.7.1.1"),
        with("subjectInfoAccess=critical,caRepository;URI:http://a.example", "1.3.6.1.5.5.7.1.11"),
        with("freshestCRL=critical,URI:http://a.example", "2.5.29.46"),
        with("tlsfeature=critical,status_request", "1.3.6.1.5.5.7.1.24"),
        with("noCheck=critical,ignored", ""),
        with("subjectAltName=critical,DNS:a.example", ""),
        with("crlDistributionPoints=critical,URI:http://a.example", ""),
        with("certificatePolicies=critical,1.2.3", ""),
        with("policyMappings=critical,1.2.3:1.2.4", ""),
        with("policyConstraints=critical,requireExplicitPolicy:0", ""),
        with("inhibitAnyPolicy=critical,0", ""),
        with("nsCertType=critical,sslCA", ""),
        with("sbgp-ipAddrBlock=critical,IPv4:10.0.0.0/8", ""),
        with("sbgp-autonomousSysNum=critical,AS:1", ""),
        with("proxyCertInfo=critical,language:id-ppl-anyLanguage", "1.3.6.1.5.5.7.1.14"),
        with("proxyCertInfo=language:id-ppl-anyLanguage", "RFC 3820"),
        with("2.5.29.17=DER:0500", "malformed subjectAltName"),
        with("2.5.29.30=DER:0500", "malformed nameConstraints"),
        with("2.5.29.31=DER:0500", "malformed cRLDistributionPoints"),
        with("2.5.29.37=DER:0500", "malformed extKeyUsage"),
        with("extendedKeyUsage=serverAuth,clientAuth,codeSigning", ""),
        with("extendedKeyUsage=critical,serverAuth,clientAuth", ""),
        with("extendedKeyUsage=serverAuth", "does not include clientAuth"),
        with("extendedKeyUsage=critical,codeSigning", "does not include serverAuth, clientAuth"),
    ]
}

fn name_constraints() -> Vec<Row> {
    let directory = |kind: &str, base: &str, subject, refused| {
        let section = format!("{kind};dirName:base\n\n[base]\n{base}");
        names(&section, subject, "", refused)
    };
    let app = "/CN=app";
    let mut rows = Vec::new();
    for (form, constraint, inside, outside) in [
        (
            "dns",
            "DNS:a.example",
            &["DNS:a.example", "DNS:b.A.Example", "DNS:*.a.example"][..],
            &["DNS:xa.example", "DNS:example", "DNS:a.example.test"][..],
        ),
        (
            "dns",
            "DNS:.a.example",
            &["DNS:b.a.example", "DNS:c.b.a.example"],
            &["DNS:a.example", "DNS:xa.example"],
        ),
        (
            "ip",
            "IP:10.1.0.0/255.255.0.0",
            &["IP:10.1.2.3", "IP:10.1.255.255"],
            &["IP:10.2.0.0", "IP:fc00::1"],
        ),
        (
            "ip",
            "IP:fc00:0:0:0:0:0:0:0/fe00:0:0:0:0:0:0:0",
            &["IP:fc00::1", "IP:fd00::1"],
            &["IP:fe00::1", "IP:10.1.2.3"],
        ),
        (
            "email",
            "email:me@a.example",
            &["email:me@A.example"],
            &["email:Me@a.example", "email:you@a.example"],
        ),
        (
            "email",
            "email:a.example",
            &["email:me@a.example"],
            &["email:me@b.a.example", "email:me@xa.example"],
        ),
        (
            "email",
            "email:.a.example",
            &["email:me@b.a.example"],
            &["email:me@a.example", "email:me@xa.example"],
        ),
        (
            "uri",
            "URI:a.example",
            &["URI:https://A.example/x", "URI:https://a.example:8443/x", "URI:spiffe://a.example/w"],
            &["URI:https://b.a.example/", "URI:https://xa.example/a.example"],
        ),
        (
            "uri",
            "URI:.a.example",
            &["URI:https://b.a.example/"],
            &["URI:https://a.example/", "URI:https://xa.example/"],
        ),
    ] {
        for (kind, allowed, refused) in [("permitted", inside, outside), ("excluded", outside, inside)] {
            let constraint = format!("{kind};{constraint}");
            rows.extend(allowed.iter().map(|name| names(&constraint, app, name, "")));
            rows.extend(refused.iter().map(|name| names(&constraint, app, name, form)));
        }
    }
    rows.extend([
        directory("permitted", "O=Org", "/O=Org/CN=app", ""),
        directory("permitted", "O=Org", "/O=oRG/OU=x/CN=app", ""),
        directory("permitted", "O=Org", "/O=Org2/CN=app", "directory"),
        directory("permitted", "O=Org", "/CN=app/O=Org", "directory"),
        directory("permitted", "O=Org\nOU=One", "/O=Org/CN=app", "directory"),
        directory("excluded", "O=Org", "/O= org /CN=app", "directory"),
        directory("excluded", "O=Org", "/O=Org2/CN=app", ""),
        Row { profile: "Authority", ..directory("permitted", "O=Org", "/O=Other/CN=app", "directory") },
        // The subject may be empty where the certificate has names, and then no constraint applies to it.
        Row { names: "DNS:a.example", ..directory("permitted", "O=Org", "/", "") },
        // Names of other forms are not constrained.
        names("permitted;DNS:a.example", app, "IP:10.0.0.1,email:me@b.example,URI:urn:x:y", ""),
        // A URI without a host cannot be constrained.
        names("excluded;URI:a.example", app, "URI:urn:x:y", "no host name"),
        // One of several names.
        names("permitted;DNS:a.example,permitted;DNS:b.example", app, "DNS:b.example,DNS:a.example", ""),
        names(
            "permitted;DNS:a.example,excluded;DNS:b.a.example",
            app,
            "DNS:a.example,DNS:b.a.example",
            "exclude",
        ),
        names("permitted;DNS:a.example", app, "DNS:a.example,DNS:c.example", "c.example"),
        // The subject's mailboxes, and its CN where there is no dNSName.
        names(
            "permitted;email:a.example",
            "/CN=app/emailAddress=me@b.example",
            "",
            "emailAddress me@b.example",
        ),
        names("permitted;email:a.example", "/CN=app/emailAddress=me@a.example", "", ""),
        names("permitted;DNS:a.example", "/CN=www.b.example", "", "CN www.b.example"),
        names("permitted;DNS:a.example", "/CN=www.b.example", "IP:10.0.0.1", "CN www.b.example"),
        names("permitted;DNS:a.example", "/CN=www.b.example", "DNS:a.example", ""),
        names("permitted;DNS:a.example", "/CN=www.a.example", "", ""),
        names("permitted;DNS:a.example", "/CN=An application", "", ""),
        Row {
            profile: "NoNames",
            ..names("permitted;DNS:a.example", "/CN=www.b.example", "DNS:a.example", "CN www.b")
        },
        Row { profile: "NoNames", ..names("permitted;DNS:a.example", app, "DNS:b.example", "") },
        // Alternative names that the broker makes of the CN.
        Row {
            profile: "FromCommonName",
            ..names("permitted;DNS:a.example", app, "", "alternative name dns:app")
        },
        Row { profile: "FromCommonName", ..names("permitted;DNS:a.example", "/CN=b.a.example", "", "") },
        // Forms that are never issued constrain nothing, and an empty extension neither.
        names("permitted;otherName:1.2.3.4;UTF8:x,excluded;RID:1.2.3", app, "DNS:a.example", ""),
        with("2.5.29.30=critical,DER:3000", ""),
        // minimum 1
        Row { names: "DNS:a.example", ..with(MINIMUM, "minimum") },
    ]);
    rows
}

/// nameConstraints with one permitted dNSName `a` and minimum 1.
const MINIMUM: &str = "2.5.29.30=critical,DER:300AA0083006820161800101";

/// Returns every row.
pub(super) fn all_rows() -> impl Iterator<Item = Row> {
    own_extensions().into_iter().chain(name_constraints())
}

#[tokio::test]
async fn verdicts_are_those_of_openssl() {
    let setup = Setup::new();
    let mut differing = Vec::new();
    let (mut accepted, mut refused) = (0, 0);
    for row in all_rows() {
        let case = format!("{}{:?} {} {}", row.ca, row.profile, row.subject, row.names);
        setup.make_ca(&row.ca);
        let csr = setup.csr(row.subject, row.names);
        let free = setup.issue(&format!("Free{}", row.profile), &csr).await;
        let free = free.unwrap_or_else(|refusal| panic!("{case}: {refusal:?}"));
        let checked = setup.issue(&format!("Checked{}", row.profile), &csr).await;
        let openssl = |certificate: &str| {
            // Purposes are judged only if the verifier is asked for one.
            let options: &[&[&str]] = match row.ca.contains("extendedKeyUsage") {
                true => &[&["-purpose", "sslserver"], &["-purpose", "sslclient"]],
                false => &[&[]],
            };
            options.iter().try_for_each(|options| setup.verifies(certificate, options))?;
            if row.profile.starts_with("Authority") { setup.verifies_below(certificate) } else { Ok(()) }
        };
        let verdict = openssl(&free);
        if verdict.is_ok() != row.refused.is_empty() {
            differing.push(format!("{case}: openssl: {verdict:?}"));
        }
        match checked {
            Ok(certificate) => {
                accepted += 1;
                if !row.refused.is_empty() {
                    differing.push(format!("{case}: issued"));
                }
                // The other CA certificates are not accepted strictly themselves.
                let options: &[&str] = if row.ca.starts_with(CA) { &["-x509_strict"] } else { &[] };
                let verdict = setup.verifies(&certificate, options);
                verdict.unwrap_or_else(|text| panic!("{case}: {text}"));
            }
            Err((reason, message)) => {
                refused += 1;
                if reason != "ISSUER_NOT_ALLOWED" || row.refused.is_empty() || !message.contains(row.refused)
                {
                    differing.push(format!("{case}: {reason}: {message}"));
                }
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(accepted > 40 && refused > 40, "{accepted} accepted, {refused} refused");
}
