//! A broker with profiles for proofs, and its client.

use broker_proto::v1::{self, groth16_service_client::Groth16ServiceClient};
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt as _;

use crate::support::{Broker, private_folder};

pub const PROFILES: &str = "\
Profiles:
  - Name: bn254
    API: { Groth16: { Curve: bn254, Setup: on-first-use, Circuits: [multiply, cube_root, payment] } }
  - Name: bls
    API: { Groth16: { Curve: bls12-381, Setup: on-first-use, Circuits: [multiply, cube_root] } }
  - Name: by-request
    API: { Groth16: { Curve: bn254, Setup: by-request, Circuits: [multiply] } }
  - Name: never
    API: { Groth16: { Curve: bn254, Circuits: [multiply, cube_root, payment] } }
  - Name: caller-key
    API: { Groth16: { Curve: bn254, Circuits: [multiply, payment], AllowCallerKey: true } }
  - Name: small
    API:
      Groth16:
        Curve: bn254
        Setup: on-first-use
        Circuits: [multiply, payment]
        Limits: { Constraints: 100, WitnessBytes: 1KiB, BatchItems: 2, Deadline: 5s }
  - Name: little-memory
    API:
      Groth16:
        Curve: bn254
        Setup: on-first-use
        Circuits: [payment]
        Limits: { WitnessBytes: 1KiB, MemoryPerProof: 1MiB }
";

pub struct Service {
    pub broker: Broker,
    channel: Channel,
}

impl Service {
    pub async fn start() -> Self {
        Self::with(PROFILES, &[]).await
    }

    pub async fn with(profiles: &str, arguments: &[&str]) -> Self {
        let folder = private_folder();
        std::fs::write(folder.path().join("Profiles.yaml"), profiles).unwrap();
        let arguments = [&["--profiles-dir", folder.path().to_str().unwrap()], arguments].concat();
        let broker = Broker::start(&arguments);
        let channel = broker.channel().await;
        Self { broker, channel }
    }

    pub fn client(&self) -> Groth16ServiceClient<Channel> {
        Groth16ServiceClient::new(self.channel.clone())
    }

    /// Returns a client whose calls are reset when they are dropped.
    pub fn leaving_client(&self) -> broker_client::Client {
        broker_client::Client::builder().socket(&self.broker.socket).connect_lazy().unwrap()
    }

    pub async fn prove(
        &self,
        profile: &str,
        circuit: &str,
        inputs: &[(&str, &str)],
        format: v1::ProofFormat,
    ) -> Result<v1::ProveResponse, Status> {
        let mut request = v1::ProveRequest::default();
        request.profile = profile.into();
        request.circuit = circuit.into();
        request.inputs = numbers(inputs);
        request.proof_format = format.into();
        Ok(self.client().prove(request).await?.into_inner())
    }

    pub async fn verify(
        &self,
        profile: &str,
        circuit: &str,
        item: v1::ProofItem,
    ) -> Result<v1::VerifyProofResponse, Status> {
        let request = v1::VerifyProofRequest {
            profile: profile.into(),
            circuit: circuit.into(),
            item: Some(item),
            ..Default::default()
        };
        Ok(self.client().verify(request).await?.into_inner())
    }

    pub async fn batch(
        &self,
        profile: &str,
        circuit: &str,
        items: Vec<v1::ProofItem>,
    ) -> Result<v1::BatchVerifyResponse, Status> {
        let request = v1::BatchVerifyRequest {
            profile: profile.into(),
            circuit: circuit.into(),
            items,
            ..Default::default()
        };
        Ok(self.client().batch_verify(request).await?.into_inner())
    }

    pub async fn list(&self, profile: &str) -> Result<v1::ListCircuitsResponse, Status> {
        let request = v1::ListCircuitsRequest { profile: profile.into(), metadata: None };
        Ok(self.client().list_circuits(request).await?.into_inner())
    }

    pub async fn setup(&self, profile: &str, circuit: &str) -> Result<v1::SetupResponse, Status> {
        let request = v1::SetupRequest { profile: profile.into(), circuit: circuit.into(), metadata: None };
        Ok(self.client().setup(request).await?.into_inner())
    }

    pub async fn export(
        &self,
        profile: &str,
        circuit: &str,
        format: v1::VerifyingKeyFormat,
        allow_single_party: bool,
    ) -> Result<v1::GetVerifyingKeyResponse, Status> {
        let request = v1::GetVerifyingKeyRequest {
            profile: profile.into(),
            circuit: circuit.into(),
            format: format.into(),
            allow_single_party,
            metadata: None,
        };
        Ok(self.client().get_verifying_key(request).await?.into_inner())
    }
}

/// Inputs of one number each; `text:` begins a text.
pub fn numbers(inputs: &[(&str, &str)]) -> Vec<v1::CircuitInput> {
    let input = |(name, value): &(&str, &str)| {
        let mut input = v1::CircuitInput::default();
        input.name = (*name).into();
        match value.strip_prefix("text:") {
            Some(text) => input.text = Some(text.into()),
            None => input.numbers = vec![(*value).into()],
        }
        input
    };
    inputs.iter().map(input).collect()
}

pub fn item(
    proof: &[u8],
    format: v1::ProofFormat,
    public: &[&str],
    expect: &[(&str, &str)],
) -> v1::ProofItem {
    v1::ProofItem {
        proof: proof.to_vec(),
        proof_format: format.into(),
        public_signals: public.iter().map(|value| (*value).into()).collect(),
        expect: numbers(expect),
    }
}

pub fn proof_item(proof: &[u8], format: v1::ProofFormat, public: &[&str]) -> v1::ProofItem {
    item(proof, format, public, &[])
}

pub fn signals(signals: &[v1::PublicSignal]) -> Vec<(&str, &str)> {
    signals.iter().map(|signal| (signal.name.as_str(), signal.value.as_str())).collect()
}

pub fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

pub fn field(status: &Status) -> String {
    status.get_details_error_info().unwrap().metadata.remove("field").unwrap_or_default()
}
