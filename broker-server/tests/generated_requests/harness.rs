//! A broker with the profiles and CAs of the generated requests.

use std::path::PathBuf;

use broker_proto::v1::{
    crypto_service_client::CryptoServiceClient, sign_certificate_response::SignedCertificate,
};
use tonic::transport::Channel;

use crate::{
    case::{Authority, Case, PROFILES},
    issued, refused,
    request::Keys,
    support::{Broker, pki::Ca, private_folder},
};

pub struct Harness {
    keys: Keys,
    cas: [(Authority, Ca, Vec<u8>); 3],
    client: CryptoServiceClient<Channel>,
    /// A PEM file with the certificates of all CAs.
    pub authorities: PathBuf,
    _broker: Broker,
    _folder: tempfile::TempDir,
}

/// What the broker did.
pub enum Outcome {
    /// The DER of the certificate.
    Issued(Vec<u8>),
    /// The reason.
    Refused(String),
}

/// An outcome, or what is wrong with it, and the certification request in PEM.
pub struct Answer {
    pub verdict: Result<Outcome, String>,
    pub request: String,
}

impl Harness {
    pub async fn start() -> Self {
        let folder = private_folder();
        std::fs::write(folder.path().join("Profiles.yaml"), include_str!("profiles.yaml")).unwrap();
        let broker = Broker::start(&["--profiles-dir", folder.path().to_str().unwrap()]);
        let cas =
            [(Authority::Ecdsa, "p-256"), (Authority::Rsa, "rsa-2048"), (Authority::Ed25519, "ed25519")].map(
                |(authority, kind)| {
                    let ca = Ca::new(kind);
                    let der = pem::parse(&ca.certificate).unwrap().into_contents();
                    (authority, ca, der)
                },
            );
        let authorities = folder.path().join("authorities.pem");
        std::fs::write(
            &authorities,
            cas.iter().map(|(_, ca, _)| ca.certificate.as_str()).collect::<String>(),
        )
        .unwrap();
        Self {
            keys: Keys::new(),
            cas,
            client: broker.crypto().await,
            authorities,
            _broker: broker,
            _folder: folder,
        }
    }

    /// Returns the certification request in PEM.
    pub fn pem(&self, case: &Case) -> String {
        encode(self.keys.certification_request(case))
    }

    /// Makes the call and judges the response.
    pub async fn call(&self, case: &Case) -> Answer {
        let (profile, authority) = PROFILES[case.profile];
        let (_, ca, ca_der) = self.cas.iter().find(|(kind, ..)| *kind == authority).unwrap();
        let der = self.keys.certification_request(case);
        let request = encode(der.clone());
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
        let time = |offset: Option<i64>| offset.map(|offset| (now + offset) as u64);
        let mut message = ca.request(profile, &request);
        message.valid_not_before = time(case.not_before);
        message.valid_not_after = time(case.not_after);
        message.subject.clone_from(&case.subject_text);
        message.crl_distribution_points.clone_from(&case.crl_urls);
        let verdict = match self.client.clone().sign_certificate(message).await {
            Ok(response) => match response.into_inner().signed_certificate {
                Some(SignedCertificate::Der(certificate)) => {
                    issued::check(case, &der, ca_der, &certificate).map(|()| Outcome::Issued(certificate))
                }
                other => Err(format!("expected a certificate in DER: {other:?}")),
            },
            Err(status) => refused::check(case, &der, &status).map(Outcome::Refused),
        };
        Answer { verdict, request }
    }
}

fn encode(request: Vec<u8>) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", request))
}

/// Describes everything of a case that is not in its certification request.
pub fn describe(case: &Case) -> String {
    let Case { profile, subject_text, crl_urls, not_before, not_after, .. } = case;
    let profile = PROFILES[*profile].0;
    format!(
        "profile {profile}, subject {subject_text:?}, CRL {crl_urls:?}, validity {not_before:?} to {not_after:?} from now"
    )
}
