//! `CryptoService.SignCertificate`.

use broker_proto::v1::{
    SignCertificateRequest, SignCertificateResponse, sign_certificate_response::SignedCertificate,
};

use super::{BrokerState, call::Call, handler::Handler, trailers::Trailers};
use crate::{
    operation::certificate::{Issued, sign_certificate},
    policy::{Permit, permit::SignCertificate},
    request::{self, CertificateFormat, FieldError, Limits},
    status::CallError,
    telemetry::audit::{CertificateRecord, KeyUse},
};

impl Handler for SignCertificate {
    type Output = Answer;

    fn parse(
        mut message: SignCertificateRequest,
        limits: &Limits,
    ) -> Result<request::SignCertificate, FieldError> {
        request::SignCertificate::parse(&mut message, limits)
    }

    fn algorithm(permit: &Permit<Self>) -> &'static str {
        permit.parameters().scheme.certificate_algorithm_name()
    }

    fn run(
        state: &BrokerState,
        call: &mut Call,
        permit: Permit<Self>,
        key: &KeyUse,
    ) -> Result<Answer, CallError> {
        let format = permit.request().format;
        let mut issued = sign_certificate(permit, &state.cache, call.context.caller.uid, key)?;
        call.certificate = Some(record(&issued));
        let ignored_extensions = std::mem::take(&mut issued.ignored_extensions);
        Ok(Answer { certificate: encode(issued, format), ignored_extensions })
    }

    fn respond(answer: Answer) -> SignCertificateResponse {
        SignCertificateResponse {
            signed_certificate: Some(answer.certificate),
            ignored_extensions: answer.ignored_extensions,
            ..SignCertificateResponse::default()
        }
    }

    fn trailers(response: &SignCertificateResponse) -> Option<Trailers> {
        Trailers::ignored_extensions(&response.ignored_extensions)
    }
}

/// What the response says.
pub(super) struct Answer {
    certificate: SignedCertificate,
    ignored_extensions: Vec<String>,
}

/// Returns what the audit records about the certificate.
fn record(issued: &Issued) -> CertificateRecord {
    CertificateRecord {
        serial: issued.serial.clone(),
        subject_key_id: issued.subject_key_id.clone(),
        issuer: issued.issuer.clone(),
        subject: issued.subject.clone(),
        names: issued.names.clone(),
        ignored_extensions: issued.ignored_extensions.clone(),
        not_before: issued.not_before,
        not_after: issued.not_after,
    }
}

fn encode(issued: Issued, format: CertificateFormat) -> SignedCertificate {
    match format {
        CertificateFormat::Der => SignedCertificate::Der(issued.der),
        CertificateFormat::Pem => {
            let block = pem::Pem::new("CERTIFICATE", issued.der);
            let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            SignedCertificate::Pem(pem::encode_config(&block, config))
        }
    }
}
