//! The services that the broker serves besides the protocol's own (health and reflection).

/// A service, as health and reflection know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The full name, such as `cryptobroker.v1.CryptoService`.
    pub name: &'static str,
    /// Whether a method of the service uses a secret key or makes one.
    pub keyed: bool,
    /// Whether only a broker that was started for development serves it.
    pub(super) development: bool,
}

impl Service {
    const fn keyed(name: &'static str) -> Self {
        Self { name, keyed: true, development: false }
    }

    const fn keyless(name: &'static str) -> Self {
        Self { name, keyed: false, development: false }
    }

    const fn development(name: &'static str) -> Self {
        Self { name, keyed: false, development: true }
    }
}

/// Every service. Health, reflection and the transport take their lists from here.
pub(super) const SERVICES: [Service; 10] = [
    Service::keyed("cryptobroker.v1.CryptoService"),
    Service::keyless("cryptobroker.v1.InfoService"),
    Service::keyed("cryptobroker.v1.KemService"),
    Service::keyed("cryptobroker.v1.PipelineService"),
    Service::keyed("cryptobroker.v1.SignatureKeyService"),
    Service::keyed("cryptobroker.v1.StreamService"),
    // The older generations.
    Service::keyed("protobuf.CryptoBroker"),
    Service::keyed("CryptoBroker.CryptoGrpc"),
    Service::development("cryptobroker.v1.CryptoDevService"),
    Service::development("CryptoBroker.CryptoGrpcDev"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use prost::Message as _;
    use prost_types::FileDescriptorSet;

    use super::*;

    #[test]
    fn lists_every_described_service_once() {
        let files = FileDescriptorSet::decode(broker_proto::v1::FILE_DESCRIPTOR_SET).unwrap();
        let mut described: Vec<String> = files
            .file
            .iter()
            .flat_map(|file| {
                file.service.iter().map(|service| format!("{}.{}", file.package(), service.name()))
            })
            .collect();
        let mut listed: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
        described.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, described);
    }
}
