//! `sign-certificate`.

use broker_client::{Encoding, SignCertificateRequest, SignCertificateResponse};
use serde_json::json;

use crate::{
    args,
    broker::Endpoint,
    error::Failure,
    input, json,
    outlet::Outlets,
    output::Output,
    place::Place,
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
    let outlets = match &out {
        // It goes there anyway.
        None | Some(Place::Standard) => None,
        Some(place) => Some(Outlets::new(false).public("--out", "certificate", place.clone())),
    };
    let inputs =
        [("--csr", Some(&args.csr)), ("--ca-cert", Some(&args.ca_cert)), ("--ca-key", Some(&args.ca_key))];
    input::at_most_one_standard(&inputs)?;
    match &outlets {
        Some(outlets) => outlets.check(&inputs.map(|(_, place)| place), output)?,
        None if args.format == args::Encoding::Der => output.takes_binary("certificate")?,
        None => {}
    }
    let request = check(args)?;
    block_on(async {
        let broker = endpoint.client()?;
        repeat(pause, output, async |output: &mut Output| {
            let answer = broker.sign_certificate(request.clone()).await?;
            print(&answer, outlets.as_ref(), output)
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
    let mut request =
        SignCertificateRequest::new(csr, ca_cert, std::mem::take(&mut *ca_key)).profile(args.profile);
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
    Ok(request.encoding(match args.format {
        args::Encoding::Pem => Encoding::Pem,
        args::Encoding::Der => Encoding::Der,
    }))
}

fn print(
    answer: &SignCertificateResponse,
    outlets: Option<&Outlets>,
    output: &mut Output,
) -> Result<(), Failure> {
    let bytes = answer.certificate.as_bytes();
    if let Some(outlets) = outlets {
        outlets.write(&[bytes], output)?;
    }
    let out = outlets.and_then(|outlets| outlets.iter().next());
    if output.is_json() {
        let mut value = json::signed(answer);
        if let (Some(out), Some(value)) = (out, value.as_object_mut()) {
            value.insert("out".into(), json!(out.place.to_string()));
        }
        return output.json(&value);
    }
    super::warn(answer.deprecation.as_ref(), output);
    super::detail(&answer.id, Some(&answer.descriptor), output);
    match out {
        Some(out) => super::written(out, &answer.descriptor, output),
        None => output.bytes(bytes),
    }
}
