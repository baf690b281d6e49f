//! A limit on the size of files (`RLIMIT_FSIZE`).

use std::process::{Command, Stdio};

use broker_proto::v1;
use tonic::Code;

use crate::support::{
    aead::{NONCE, encrypt_request},
    channel, private_folder, reason, server,
};

#[tokio::test]
async fn file_size_limit_fails_the_record_and_not_the_process() {
    let folder = private_folder();
    let (socket, file) = (folder.path().join("broker.sock"), folder.path().join("audit.log"));
    let program = server().get_program().to_owned();
    // The unit of ulimit is 1024 bytes.
    let mut child = Command::new("bash")
        .args(["-c", "ulimit -f 4; exec \"$@\"", "bash"])
        .arg(program)
        .arg("--socket")
        .arg(&socket)
        .arg("--audit-log")
        .arg(&file)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains("serving") {
        assert_ne!(std::io::BufRead::read_line(&mut log, &mut seen).unwrap(), 0, "{seen}");
    }
    let mut client = v1::crypto_service_client::CryptoServiceClient::new(channel(&socket).await);
    let encrypt = || encrypt_request("FIPS-140-3-128bit", b"sixteen bytes!!!", &NONCE, None, b"plaintext");
    let mut written = 0;
    let status = loop {
        match client.encrypt_data(encrypt()).await {
            Ok(_) => written += 1,
            Err(status) => break status,
        }
        assert!(written < 1000, "the limit has no effect");
    };
    assert_eq!((status.code(), reason(&status)), (Code::Internal, "AUDIT_UNAVAILABLE".into()));
    let hash = v1::HashDataRequest { profile: "Default".to_owned(), ..v1::HashDataRequest::default() };
    client.hash_data(hash).await.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().filter(|line| line.ends_with('}')).count(), written, "{text}");
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}
