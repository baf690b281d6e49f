//! Exit codes of failures that need no broker.

use crate::{
    run,
    support::{cryptobroker, json, stderr},
};

#[test]
fn wrong_command_line_exits_with_2_as_text_and_as_json() {
    let wrong: [&[&str]; 12] = [
        &["no-such-command"],
        &["hash-data"],
        &["hash-data", "x", "--file", "y"],
        &["kem", "encapsulate", "--public-key", "x"],
        &["hash-data", "x", "--format", "octal"],
        &["hash-data", "x", "--verbose", "--quiet"],
        &["sign-certificate", "--csr", "x"],
        &["health", "--timeout", "soon"],
        &["health", "--watch", "--loop", "5"],
        &["completions", "cobol"],
        &["profiles", "explain", "--issuer-key-type", "rot13"],
        &["profiles", "explain", "--second-key-type", "ml-dsa-65"],
    ];
    for arguments in wrong {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).starts_with("error: "), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
        let output = cryptobroker().args(arguments).args(["--output", "json"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(json(&output.stderr)["error"]["code"], "USAGE", "{arguments:?}");
    }
}

#[test]
fn unreachable_broker_exits_with_3_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("none.sock");
    let socket = socket.to_str().unwrap();
    let calls: [&[&str]; 5] =
        [&["health"], &["hash", "x"], &["version"], &["profiles", "list"], &["health", "--watch"]];
    for arguments in calls {
        let output = cryptobroker().args(arguments).args(["--socket", socket]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", stderr(&output));
        let text = stderr(&output);
        assert!(text.contains(socket) && text.contains("cryptobroker-server"), "{text}");
        let as_grpc_writes_it = format!("unix://{socket}");
        let output = cryptobroker().args(arguments).args(["--socket", &as_grpc_writes_it]).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(3), text), "{arguments:?}");
        let output = cryptobroker().args(arguments).args(["--socket", "unix://host/s"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("unix:///PATH"), "{}", stderr(&output));
        let output = cryptobroker()
            .args(arguments)
            .args(["--output", "json"])
            .env("CRYPTO_BROKER_SOCKET", format!("{socket},/other"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        let error = json(&output.stderr);
        assert_eq!(error["error"]["code"], "UNAVAILABLE");
        assert!(error["error"]["message"].as_str().unwrap().contains(socket));
    }
}

#[test]
fn missing_file_exits_with_1() {
    for arguments in [
        &["hash", "--file", "/no/such/file"][..],
        &["sign", "--csr", "/no/such", "--caCert", "/no/such", "--caKey", "/no/such"],
        &["profiles", "validate", "/no/such/file"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains("/no/such"), "{}", stderr(&output));
    }
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["profiles", "validate", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/Profiles.yaml"), "{}", stderr(&output));
}

#[test]
fn help_and_version_exit_with_0() {
    for arguments in [&["--help"][..], &["--version"], &["hash", "--help"], &["version", "--client"]] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty());
    }
    let output = run(&["version", "--client", "--output", "json"]);
    assert_eq!(json(&output.stdout)["client"]["version"], env!("CARGO_PKG_VERSION"));
}
