//! `sign-certificate`.

use std::{
    fs::Permissions,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use broker_client::{Encoding, SignCertificateRequest, SignCertificateResponse};
use serde_json::json;

use crate::{
    args,
    broker::Endpoint,
    error::Failure,
    input, json,
    output::{GOOD, Output},
    repeat::{block_on, repeat},
};

/// The files are read once, before anything is asked.
pub(super) fn run(
    args: args::SignCertificate,
    endpoint: Endpoint,
    output: &mut Output,
) -> Result<(), Failure> {
    let pause = args.repeat;
    let out = args.out.clone();
    let request = check(args)?;
    block_on(async {
        let broker = endpoint.client()?;
        repeat(pause, output, async |output: &mut Output| {
            let answer = broker.sign_certificate(request.clone()).await?;
            print(&answer, out.as_ref(), output)
        })
        .await
    })
}

fn check(args: args::SignCertificate) -> Result<SignCertificateRequest, Failure> {
    if let (Some(from), Some(to)) = (args.not_before, args.not_after)
        && from > to
    {
        return Err(Failure::usage("--not-before lies after --not-after".to_owned()));
    }
    let csr = input::text(&args.csr)?;
    let ca_cert = input::text(&args.ca_cert)?;
    let mut ca_key = input::secret_text(&args.ca_key)?;
    // Moved, not copied: the request wipes it.
    let mut request = SignCertificateRequest::new(args.profile, csr, ca_cert, std::mem::take(&mut *ca_key));
    if let Some(subject) = args.subject {
        request = request.subject(subject);
    }
    for url in args.crl_urls {
        request = request.crl_url(url);
    }
    if let Some(time) = args.not_before {
        request = request.not_before_unix(time);
    }
    if let Some(time) = args.not_after {
        request = request.not_after_unix(time);
    }
    Ok(request.encoding(match args.encoding {
        args::Encoding::Pem => Encoding::Pem,
        args::Encoding::Der => Encoding::Der,
    }))
}

fn print(
    answer: &SignCertificateResponse,
    out: Option<&PathBuf>,
    output: &mut Output,
) -> Result<(), Failure> {
    let bytes = answer.certificate.as_bytes();
    if let Some(path) = out {
        replace(path, bytes).map_err(|source| Failure::write(path, source))?;
    }
    if output.is_json() {
        let mut value = json::signed(answer);
        if let (Some(path), Some(value)) = (out, value.as_object_mut()) {
            value.insert("out".into(), json!(path.display().to_string()));
        }
        return output.json(&value);
    }
    super::warn(answer.deprecation.as_ref(), output);
    match out {
        Some(path) => output.line(format!(
            "{GOOD}written{GOOD:#} {} ({}, {})",
            path.display(),
            answer.descriptor.profile,
            answer.descriptor.algorithm
        )),
        None => output.bytes(bytes),
    }
}

/// Writes a file whole or not at all: a reader never sees half a certificate.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Something like /dev/stdout is written to, not replaced.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".cryptobroker-")
        // A certificate is public; the process's umask applies.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(plain)?;
    file.write_all(bytes).map_err(plain)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Without the temporary file's name, which means nothing to a reader.
fn plain(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason.to_owned()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leaf.pem");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let absent = replace(&folder.path().join("no/such/folder"), b"x").unwrap_err();
        assert_eq!(absent.to_string(), "No such file or directory (os error 2)");
        assert!(replace(folder.path(), b"x").is_err());
    }
}
