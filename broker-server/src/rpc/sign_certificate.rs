//! `CryptoService.SignCertificate`.

use broker_proto::v1::{
    SignCertificateRequest, SignCertificateResponse, sign_certificate_response::SignedCertificate,
};

use super::{
    Broker, BrokerState, CallContext,
    call::{Call, Weight},
};
use crate::{
    operation::certificate::{Issued, sign_certificate},
    policy::{
        decide,
        permit::{Operation as _, SignCertificate},
    },
    request::{self, CertificateFormat},
    status::CallError,
    telemetry::audit::CertificateRecord,
};

impl Broker {
    pub(super) async fn answer_sign_certificate(
        &self,
        context: CallContext,
        mut message: SignCertificateRequest,
    ) -> Result<SignCertificateResponse, CallError> {
        let metadata = message.metadata.take();
        let call = Call::begin(context, SignCertificate::NAME, &message.profile, metadata, &self.0.limits)?;
        // Parsing takes as long as some signatures, so all of it is the pool's.
        let job = move |parts: &BrokerState, call: &mut Call| issue(parts, call, message);
        let (call, answer) = self.compute(call, Weight::Short, job).await?;
        let (descriptor, metadata) = call.into_parts();
        Ok(SignCertificateResponse { metadata, signed_certificate: Some(answer), descriptor })
    }
}

/// Parses, decides, issues.
fn issue(
    parts: &BrokerState,
    call: &mut Call,
    mut message: SignCertificateRequest,
) -> Result<SignedCertificate, CallError> {
    let profile = call.find_profile(parts)?;
    let request = request::SignCertificate::parse(&mut message, &parts.limits)?;
    drop(message);
    let permit = decide::<SignCertificate>(&call.context.caller, profile, request, call.now)?;
    let key_use = call.use_key(parts, permit.grant().scheme.descriptor())?;
    let format = permit.request().format;
    let issued = sign_certificate(permit, &parts.cache, call.context.caller.uid, &key_use)?;
    call.certificate = Some(certificate(&issued));
    Ok(encode(issued, format))
}

fn certificate(issued: &Issued) -> CertificateRecord {
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
