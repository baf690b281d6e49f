//! `CryptoService.SignCertificate`.

use broker_proto::v1::{
    SignCertificateRequest, SignCertificateResponse, sign_certificate_response::SignedCertificate,
};

use super::{BrokerState, call::Call, handler::Handler};
use crate::{
    operation::certificate::{Issued, sign_certificate},
    policy::{Permit, permit::SignCertificate},
    request::{self, CertificateFormat, FieldError, Limits},
    status::CallError,
    telemetry::audit::{CertificateRecord, KeyUse},
};

impl Handler for SignCertificate {
    type Output = SignedCertificate;

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
    ) -> Result<SignedCertificate, CallError> {
        let format = permit.request().format;
        let issued = sign_certificate(permit, &state.cache, call.context.caller.uid, key)?;
        call.certificate = Some(record(&issued));
        Ok(encode(issued, format))
    }

    fn respond(certificate: SignedCertificate) -> SignCertificateResponse {
        SignCertificateResponse {
            signed_certificate: Some(certificate),
            ..SignCertificateResponse::default()
        }
    }
}

/// Returns what the audit records about the certificate.
fn record(issued: &Issued) -> CertificateRecord {
    CertificateRecord {
        serial: issued.serial.clone(),
        subject_key_id: issued.subject_key_id.clone(),
        issuer: issued.issuer.clone(),
        subject: issued.subject.clone(),
        names: issued.names.clone(),
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
