//! The table of operations: the one declaration of each.
//!
//! The table is a macro that passes its rows to another macro. `policy::permit` generates the types of the policy from it,
//! and the modules of `rpc` generate what dispatch needs: the methods, the items of a pipeline, and which uses of keys are
//! recorded. Each operation is implemented in `rpc/<operation>.rs`, without which the code does not compile.
//!
//! A row has these fields:
//! - `paths`: the method of the current API, then methods of older generations that have the same messages;
//! - `messages`: the request (for a stream: each message of it) and the response, types of `broker_proto::v1`. Their secret
//!   fields are declared in the `.proto` files (`debug_redact`), and all others in `proto/build/public.rs`;
//! - `key`: the type of `RpcOperation::Key`, the token that the operation holds while it runs: `KeyUse` if it uses or makes a
//!   secret key, so that every call leaves a record in the audit, otherwise `NoKey`;
//! - `section`: the section of the profile that decides, its field in `policy::profile::Profile`, and its type;
//! - `request`: the parsed request, and the parameters that the decision returns;
//! - `checks`: `custom` if a file of `policy` implements `Decide`, `none` if no rule depends on the request.
//!
//! There are these kinds:
//! - `unary`: one message, which is also an item of the pipeline, under the operation's own name;
//! - `stream`: a header, then data that is processed while it arrives;
//! - `upload`: a header, then data that is kept until it is complete. All of it is secret;
//! - `exchange`: a header, then items that have a response each.

macro_rules! with_operations {
    ($callback:ident) => {
        $callback! {
            unary {
                /// `CryptoService.HashData`.
                HashData {
                    paths: ["/cryptobroker.v1.CryptoService/HashData"],
                    messages: HashDataRequest => HashDataResponse,
                    key: NoKey,
                    section: "HashData" in hash_data: HashDataRule,
                    request: request::HashData => (),
                    checks: none,
                }
                /// `CryptoService.SignCertificate`.
                SignCertificate {
                    paths: ["/cryptobroker.v1.CryptoService/SignCertificate"],
                    messages: SignCertificateRequest => SignCertificateResponse,
                    key: KeyUse,
                    section: "SignCertificate" in sign_certificate: SignCertificateRule,
                    request: request::SignCertificate => CertificateParameters,
                    checks: custom,
                }
                /// `CryptoService.SignData`.
                SignData {
                    paths: ["/cryptobroker.v1.CryptoService/SignData"],
                    messages: SignDataRequest => SignDataResponse,
                    key: KeyUse,
                    section: "SignData" in sign_data: SignDataRule,
                    request: request::SignData => SignatureParameters,
                    checks: custom,
                }
                /// `CryptoService.VerifyData`.
                VerifyData {
                    paths: ["/cryptobroker.v1.CryptoService/VerifyData"],
                    messages: VerifyDataRequest => VerifyDataResponse,
                    key: NoKey,
                    section: "SignData" in sign_data: SignDataRule,
                    request: request::VerifyData => SignatureParameters,
                    checks: custom,
                }
                /// `SignatureKeyService.GenerateKeyPair`.
                GenerateSignatureKeyPair {
                    paths: ["/cryptobroker.v1.SignatureKeyService/GenerateKeyPair"],
                    messages: GenerateKeyPairRequest => GenerateKeyPairResponse,
                    key: KeyUse,
                    section: "SignData" in sign_data: SignDataRule,
                    request: request::GenerateKeyPair => KeyPairParameters,
                    checks: custom,
                }
                /// `CryptoService.EncryptData`.
                EncryptData {
                    paths: [
                        "/cryptobroker.v1.CryptoService/EncryptData",
                        "/CryptoBroker.CryptoGrpc/EncryptData",
                    ],
                    messages: EncryptDataRequest => EncryptDataResponse,
                    key: KeyUse,
                    section: "EncryptData" in encrypt_data: EncryptDataRule,
                    request: request::EncryptData => (),
                    checks: custom,
                }
                /// `CryptoService.DecryptData`.
                DecryptData {
                    paths: [
                        "/cryptobroker.v1.CryptoService/DecryptData",
                        "/CryptoBroker.CryptoGrpc/DecryptData",
                    ],
                    messages: DecryptDataRequest => DecryptDataResponse,
                    key: KeyUse,
                    section: "EncryptData" in encrypt_data: EncryptDataRule,
                    request: request::DecryptData => (),
                    checks: custom,
                }
                /// `SymmetricKeyService.GenerateKey`.
                GenerateKey {
                    paths: ["/cryptobroker.v1.SymmetricKeyService/GenerateKey"],
                    messages: GenerateKeyRequest => GenerateKeyResponse,
                    key: KeyUse,
                    section: "EncryptData" in encrypt_data: EncryptDataRule,
                    request: request::GenerateKey => (),
                    checks: none,
                }
                /// `KemService.GenerateKeyPair`.
                GenerateKemKeyPair {
                    paths: ["/cryptobroker.v1.KemService/GenerateKeyPair"],
                    messages: GenerateKeyPairRequest => GenerateKeyPairResponse,
                    key: KeyUse,
                    section: "KEM" in kem: KemRule,
                    request: request::GenerateKeyPair => (),
                    checks: custom,
                }
                /// `KemService.Encapsulate`.
                Encapsulate {
                    paths: ["/cryptobroker.v1.KemService/Encapsulate"],
                    messages: EncapsulateRequest => EncapsulateResponse,
                    key: KeyUse,
                    section: "KEM" in kem: KemRule,
                    request: request::Encapsulate => (),
                    checks: custom,
                }
                /// `KemService.Decapsulate`. Policy has checked that the key fits the profile's mechanism. A seed of
                /// ML-KEM fits every parameter set, because it has the same form for all.
                Decapsulate {
                    paths: ["/cryptobroker.v1.KemService/Decapsulate"],
                    messages: DecapsulateRequest => DecapsulateResponse,
                    key: KeyUse,
                    section: "KEM" in kem: KemRule,
                    request: request::Decapsulate => (),
                    checks: custom,
                }
                /// `Groth16Service.ListCircuits`.
                ListCircuits {
                    paths: ["/cryptobroker.v1.Groth16Service/ListCircuits"],
                    messages: ListCircuitsRequest => ListCircuitsResponse,
                    key: NoKey,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::ListCircuits => (),
                    checks: none,
                }
                /// `Groth16Service.GetVerifyingKey`.
                GetVerifyingKey {
                    paths: ["/cryptobroker.v1.Groth16Service/GetVerifyingKey"],
                    messages: GetVerifyingKeyRequest => GetVerifyingKeyResponse,
                    key: NoKey,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::GetVerifyingKey => CircuitParameters,
                    checks: custom,
                }
                /// `Groth16Service.Setup`. The record of the use of secret randomness is written by whatever makes the key,
                /// which other operations cause, too, under `Setup: on-first-use`.
                SetupCircuit {
                    paths: ["/cryptobroker.v1.Groth16Service/Setup"],
                    messages: SetupRequest => SetupResponse,
                    key: NoKey,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::SetupCircuit => CircuitParameters,
                    checks: custom,
                }
                /// `Groth16Service.Prove`. The witness is the secret that it uses.
                Prove {
                    paths: ["/cryptobroker.v1.Groth16Service/Prove"],
                    messages: ProveRequest => ProveResponse,
                    key: KeyUse,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::Prove => CircuitParameters,
                    checks: custom,
                }
                /// `Groth16Service.CheckWitness`.
                CheckWitness {
                    paths: ["/cryptobroker.v1.Groth16Service/CheckWitness"],
                    messages: CheckWitnessRequest => CheckWitnessResponse,
                    key: KeyUse,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::CheckWitness => CircuitParameters,
                    checks: custom,
                }
                /// `Groth16Service.Verify`.
                VerifyProof {
                    paths: ["/cryptobroker.v1.Groth16Service/Verify"],
                    messages: VerifyProofRequest => VerifyProofResponse,
                    key: NoKey,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::VerifyProof => CircuitParameters,
                    checks: custom,
                }
                /// `Groth16Service.BatchVerify`.
                BatchVerify {
                    paths: ["/cryptobroker.v1.Groth16Service/BatchVerify"],
                    messages: BatchVerifyRequest => BatchVerifyResponse,
                    key: NoKey,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::BatchVerify => CircuitParameters,
                    checks: custom,
                }
            }
            stream {
                /// `StreamService.HashStream`.
                HashStream {
                    paths: ["/cryptobroker.v1.StreamService/HashStream"],
                    messages: HashStreamRequest => HashDataResponse,
                    key: NoKey,
                    section: "HashData" in hash_data: HashDataRule,
                    request: request::HashStream => (),
                    checks: none,
                }
                /// `StreamService.SignStream`.
                SignStream {
                    paths: ["/cryptobroker.v1.StreamService/SignStream"],
                    messages: SignStreamRequest => SignDataResponse,
                    key: KeyUse,
                    section: "SignData" in sign_data: SignDataRule,
                    request: request::SignStream => SignatureParameters,
                    checks: custom,
                }
                /// `StreamService.VerifyStream`.
                VerifyStream {
                    paths: ["/cryptobroker.v1.StreamService/VerifyStream"],
                    messages: VerifyStreamRequest => VerifyDataResponse,
                    key: NoKey,
                    section: "SignData" in sign_data: SignDataRule,
                    request: request::VerifyStream => SignatureParameters,
                    checks: custom,
                }
            }
            upload {
                /// `Groth16Service.ProveStream`. The witness is the secret that it uses.
                ProveStream {
                    paths: ["/cryptobroker.v1.Groth16Service/ProveStream"],
                    messages: ProveStreamRequest => ProveResponse,
                    key: KeyUse,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::ProveStream => CircuitParameters,
                    checks: custom,
                }
            }
            exchange {
                /// `Groth16Service.ProveMany`. Policy decides on the header before any item is read, and then on each item,
                /// which is a `Prove` with a record of its own.
                ProveMany {
                    paths: ["/cryptobroker.v1.Groth16Service/ProveMany"],
                    messages: ProveManyRequest => ProveManyResponse,
                    key: KeyUse,
                    section: "Groth16" in groth16: Groth16Rule,
                    request: request::ProveMany => CircuitParameters,
                    checks: custom,
                }
            }
        }
    };
}
