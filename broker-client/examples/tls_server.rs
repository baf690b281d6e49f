//! A TLS server whose handshakes the broker signs: each is a SignData.
//!
//! `cargo run -p broker-client --features rustls --example tls_server -- server.crt server.key Default`
//!
//! The key must be on P-521, because the profile `Default` signs by ECDSA with SHA-512, which TLS combines only
//! with this curve. `curl -k https://127.0.0.1:8443/` makes a handshake.

use std::{
    env,
    error::Error,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use broker_client::{
    adapter::{SigningKey, TlsKey},
    blocking::Client,
    zeroize::Zeroizing,
};
use rustls::{
    ServerConfig, ServerConnection, SignatureScheme, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
    sign::{CertifiedKey, SingleCertAndKey},
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [certificate, key, profile] = arguments.as_slice() else {
        eprintln!("usage: tls_server CERTIFICATES KEY PROFILE (PEM files)");
        return ExitCode::from(2);
    };
    match run(certificate, key, profile) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(certificate: &str, key: &str, profile: &str) -> Result<(), Box<dyn Error>> {
    // The timeout bounds how long a broker that does not respond can block a handshake.
    let client = Client::builder().profile(profile).timeout(Duration::from_secs(2)).connect()?;
    let key = Zeroizing::new(fs::read_to_string(key).map_err(|error| format!("{key}: {error}"))?);
    let key = TlsKey::new(SigningKey::new(client, key), SignatureScheme::ECDSA_NISTP521_SHA512)?;
    let certificates = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;

    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(certificates, Arc::new(key)))));
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:8443")?;
    eprintln!("https://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        if let Err(error) = respond(Arc::clone(&config), stream?) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

/// Reads the head of a request and responds with a line of text.
fn respond(config: Arc<ServerConfig>, stream: TcpStream) -> Result<(), Box<dyn Error>> {
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, stream));
    let mut line = String::new();
    while stream.read_line(&mut line)? > 0 && !line.ends_with("\r\n\r\n") {}
    let body = "The broker has signed this handshake.\n";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let stream = stream.get_mut();
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}
