//! `CryptoService.SignCertificate`.

use std::sync::Arc;

use broker_proto::v1::{
    SignCertificateRequest, SignCertificateResponse, sign_certificate_response::SignedCertificate,
};
use tonic::{Request, Response, Status};

use super::{
    Broker, Parts,
    call::{Call, deprecation},
};
use crate::{
    compute::{ComputeError, Lane},
    operation::certificate::{Issued, sign_certificate},
    policy::{
        decide,
        permit::{Operation as _, SignCertificate},
        profile::Profile,
    },
    request::{self, CertificateFormat},
    status::CallError,
    telemetry::audit::CertificateRecord,
};

impl Broker {
    pub(super) async fn answer_sign_certificate(
        &self,
        mut request: Request<SignCertificateRequest>,
    ) -> Result<Response<SignCertificateResponse>, Status> {
        let metadata = request.get_mut().metadata.take();
        let profile = &request.get_ref().profile;
        let call = Call::begin(&request, SignCertificate::NAME, profile, metadata, &self.0.limits)?;
        let profile = match self.0.catalogue.profile(profile) {
            Ok(profile) => Arc::clone(profile),
            Err(denial) => {
                let error = CallError::Denied(denial);
                call.log(Some(&error));
                Call::audit(&self.0, &call.record(&self.0, Some(&error), None))?;
                return Err(error.into());
            }
        };
        let (parts, context) = (Arc::clone(&self.0), call.context);
        let warning = deprecation(&profile);
        let seen = call.clone();
        // Parsing takes as long as some signatures, so all of it is the pool's. The audit is written there too: a
        // caller who hangs up cannot have a key used without a record.
        let job = move || issue(&parts, call, &profile, request.into_inner());
        let run = self.0.pool.run(Lane::Short, context.connection, Some(context.deadline), job);
        let (call, answer) = match run.await {
            Ok(ended) => ended?,
            Err(error) => {
                // The job has not written a line, or not yet. Where it panicked the key may have been used.
                let panicked = error == ComputeError::Panicked;
                let error = CallError::from(error);
                seen.log(Some(&error));
                if panicked {
                    Call::audit(&self.0, &seen.record(&self.0, Some(&error), None))?;
                }
                return Err(error.into());
            }
        };
        let descriptor = Some(call.descriptor());
        Ok(Response::new(SignCertificateResponse {
            metadata: call.metadata.into_echo(warning),
            signed_certificate: Some(answer),
            descriptor,
        }))
    }
}

/// Parses, decides, issues, records.
fn issue(
    parts: &Parts,
    mut call: Call,
    profile: &Arc<Profile>,
    mut message: SignCertificateRequest,
) -> Result<(Call, SignedCertificate), CallError> {
    let decided = request::SignCertificate::parse(&mut message, &parts.limits)
        .map_err(CallError::from)
        .and_then(|request| Ok(decide::sign_certificate(&call.context.caller, profile, request, call.now)?));
    drop(message);
    let permit = match decided {
        Ok(permit) => permit,
        Err(error) => {
            call.log(Some(&error));
            if matches!(error, CallError::Denied(_)) {
                Call::audit(parts, &call.record(parts, Some(&error), None))?;
            }
            return Err(error);
        }
    };
    call.algorithm = Some(permit.grant().scheme.descriptor());
    let format = permit.request().format;
    let issued = sign_certificate(permit, &parts.cache, call.context.caller.uid).map_err(CallError::from);
    let error = issued.as_ref().err();
    call.log(error);
    Call::audit(parts, &call.record(parts, error, issued.as_ref().ok().map(certificate)))?;
    Ok((call, encode(issued?, format)))
}

fn certificate(issued: &Issued) -> CertificateRecord {
    CertificateRecord {
        serial: issued.serial.clone(),
        subject_key_id: issued.subject_key_id.clone(),
        issuer: issued.issuer.clone(),
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
