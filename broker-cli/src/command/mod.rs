//! One file per command: its arguments, and what it does.

#[cfg(feature = "bench")]
mod bench;
mod byte_format;
mod ca;
mod certificate;
mod certificate_format;
mod completions;
mod csr;
mod decrypt_data;
mod demo;
mod encrypt_data;
mod file_result;
mod frame;
mod hash_data;
mod health;
mod kem;
mod key;
mod key_pair;
mod keygen;
mod local_result;
mod man;
mod new_key;
mod notes;
mod profiles;
mod random;
mod run;
mod sign_certificate;
mod sign_data;
mod subject;
mod verify_data;
mod version;

pub(crate) use self::{
    completions::COMPLETE,
    run::{Context, Run},
};

run::commands! {
    /// The commands of the program.
    enum Command {
        Health(health::Health),
        HashData(hash_data::HashData),
        SignData(sign_data::SignData),
        VerifyData(verify_data::VerifyData),
        EncryptData(encrypt_data::EncryptData),
        DecryptData(decrypt_data::DecryptData),
        Keygen(keygen::Keygen),
        Key(key::Key),
        Kem(kem::Kem),
        SignCertificate(sign_certificate::SignCertificate),
        Csr(csr::CertificationRequest),
        Ca(ca::Authority),
        Certificate(certificate::Certificate),
        Random(random::Random),
        Profiles(profiles::Profiles),
        #[cfg(feature = "bench")]
        Bench(Box<bench::Bench>),
        Version(version::Version),
        Completions(completions::Completions),
        Man(man::Man),
        Demo(demo::Demo),
    }
}
