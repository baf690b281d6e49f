//! The services that the broker serves besides gRPC's health and reflection.

use super::methods;

/// A service, as health and reflection list it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The full name, such as `cryptobroker.v1.CryptoService`.
    pub name: &'static str,
    /// Whether a method of the service uses a secret key or makes one.
    pub uses_key: bool,
    /// Whether only a broker that was started for development serves it.
    pub(super) development: bool,
}

/// Services that only a broker which was started for development serves.
const DEVELOPMENT: [&str; 2] = ["cryptobroker.v1.CryptoDevService", "CryptoBroker.CryptoGrpcDev"];

/// Returns every service but health and reflection, which list these services.
pub(super) fn services() -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for method in methods::broker_methods() {
        let name = method.service();
        match services.iter_mut().find(|service| service.name == name) {
            Some(service) => service.uses_key |= method.uses_key,
            None => {
                let development = DEVELOPMENT.contains(&name);
                services.push(Service { name, uses_key: method.uses_key, development });
            }
        }
    }
    services
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn lists_every_service_of_descriptor_set() {
        let files = FileDescriptorSet::decode(broker_proto::v1::FILE_DESCRIPTOR_SET).unwrap();
        let mut described: Vec<String> = files
            .file
            .iter()
            .flat_map(|file| {
                file.service.iter().map(|service| format!("{}.{}", file.package(), service.name()))
            })
            .collect();
        let services = services();
        let mut listed: Vec<&str> = services.iter().map(|service| service.name).collect();
        described.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, described);
    }

    #[test]
    fn lists_services_with_keys_and_for_development() {
        let names = |wanted: fn(&Service) -> bool| -> Vec<&str> {
            services().iter().filter(|service| wanted(service)).map(|service| service.name).collect()
        };
        assert_eq!(
            names(|service| service.uses_key),
            [
                "cryptobroker.v1.CryptoService",
                "cryptobroker.v1.SignatureKeyService",
                "cryptobroker.v1.SymmetricKeyService",
                "cryptobroker.v1.KemService",
                "cryptobroker.v1.Groth16Service",
                "cryptobroker.v1.StreamService",
                "cryptobroker.v1.PipelineService",
                "CryptoBroker.CryptoGrpc",
                "protobuf.CryptoBroker",
            ]
        );
        assert_eq!(names(|service| service.development), DEVELOPMENT);
    }
}
