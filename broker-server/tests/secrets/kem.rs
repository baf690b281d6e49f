//! Seeds, decapsulation keys and shared secrets.

use broker_proto::v1::{self, kem_service_client::KemServiceClient};
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};

use crate::{
    Leaks, secret,
    support::{self, Broker, aead::key_source},
};

#[tokio::test]
async fn decapsulation_keys_and_shared_secrets_leave_no_copy() {
    let libraries = ["native", "aws-lc"];
    let cases = libraries.map(|library| {
        ["ml-kem-512", "ml-kem-768", "ml-kem-1024", "x-wing"]
            .map(|name| (format!("{name}-{library}"), library, name))
    });
    let mut text = String::from("Profiles:\n");
    for (profile, library, name) in cases.iter().flatten() {
        text += &format!(
            "  - {{ Name: {profile}, CryptoLibrary: {library}, API: {{ KEM: {{ KemAlg: {name}, AllowSeed: true }} }} }}\n"
        );
    }
    let folder = support::private_folder();
    std::fs::write(folder.path().join("Profiles.yaml"), text).unwrap();
    let broker = Broker::start(&["--dev", "--profiles-dir", folder.path().to_str().unwrap()]);
    let (mut leaks, mut clients) = (Leaks::default(), Vec::new());
    for (index, (profile, _, name)) in cases.iter().flatten().enumerate() {
        let length = if *name == "x-wing" { 32 } else { 64 };
        let seed = secret(100 + index as u64, length);
        leaks.bytes(&format!("{profile}: seed"), &seed);
        let mut generator = KemServiceClient::new(broker.channel().await);
        let (mut public, mut forms) = (Vec::new(), Vec::new());
        for encoding in [3, 2, 1] {
            let mut generate = v1::GenerateKeyPairRequest::default();
            generate.profile.clone_from(profile);
            generate.seed = Some(seed.clone());
            generate.key_encoding = encoding;
            let pair = generator.generate_key_pair(generate).await.unwrap().into_inner();
            public.clone_from(&pair.public_key);
            forms.push(pair.private_key.clone());
        }
        leaks.pem(&format!("{profile}: PEM"), std::str::from_utf8(&forms[0]).unwrap());
        if *name == "x-wing" {
            // draft-connolly-cfrg-xwing-kem-10 5.2.
            let mut expanded = [0; 96];
            shake::Shake256::default().chain(&seed).finalize_xof().read(&mut expanded);
            leaks.bytes(&format!("{profile}: expanded seed"), &expanded);
        }
        if let Some(expanded) = expanded(name, &seed) {
            leaks.bytes(&format!("{profile}: expanded key"), &expanded[..expanded.len() / 3]);
            leaks.bytes(&format!("{profile}: expanded key, as numbers"), &numbers(&expanded[..48]));
            forms.push(expanded);
        }
        clients.push(generator);
        // A random pair, whose response with a secret is the last message of its connection.
        let mut generator = KemServiceClient::new(broker.channel().await);
        let mut generate = v1::GenerateKeyPairRequest::default();
        generate.profile.clone_from(profile);
        let pair = generator.generate_key_pair(generate.clone()).await.unwrap().into_inner();
        leaks.bytes(&format!("{profile}: new key"), &pair.private_key);
        clients.push(generator);
        let mut generator = KemServiceClient::new(broker.channel().await);
        generate.seed = Some(secret(200 + index as u64, length + 1));
        leaks.bytes(&format!("{profile}: seed of a wrong length"), generate.seed.as_ref().unwrap());
        generator.generate_key_pair(generate).await.unwrap_err();
        clients.push(generator);
        for (index, form) in forms.iter().enumerate() {
            let mut encapsulator = KemServiceClient::new(broker.channel().await);
            let encapsulate = v1::EncapsulateRequest {
                profile: profile.clone(),
                key_source: key_source(&public),
                metadata: None,
            };
            let encapsulated = encapsulator.encapsulate(encapsulate).await.unwrap().into_inner();
            let mut decapsulator = KemServiceClient::new(broker.channel().await);
            let request = v1::DecapsulateRequest {
                profile: profile.clone(),
                key_source: key_source(form),
                ciphertext: encapsulated.ciphertext.clone(),
                metadata: None,
            };
            let decapsulated = decapsulator.decapsulate(request.clone()).await.unwrap().into_inner();
            assert_eq!(decapsulated.shared_secret, encapsulated.shared_secret);
            leaks.bytes(&format!("{profile}: shared secret {index}"), &decapsulated.shared_secret);
            // The same key in invalid requests.
            let mut refused = KemServiceClient::new(broker.channel().await);
            let truncated = encapsulated.ciphertext[1..].to_vec();
            refused
                .decapsulate(v1::DecapsulateRequest { ciphertext: truncated, ..request.clone() })
                .await
                .unwrap_err();
            refused
                .decapsulate(v1::DecapsulateRequest { profile: "none".into(), ..request })
                .await
                .unwrap_err();
            clients.extend([encapsulator, decapsulator, refused]);
        }
    }
    leaks.assert_gone(&broker, "ml-kem-1024-native");
}

/// Unpacks numbers of 12 bits to 16 bits each.
fn numbers(packed: &[u8]) -> Vec<u8> {
    let pair = |triple: &[u8]| {
        let [a, b, c] = [0, 1, 2].map(|index| u16::from(triple[index]));
        [a | (b & 0xf) << 8, b >> 4 | c << 4].map(u16::to_le_bytes).concat()
    };
    packed.chunks(3).flat_map(pair).collect()
}

/// Returns the expanded form of a decapsulation key; `None` for X-Wing, which has none.
#[allow(deprecated)] // the form, which the crate advises against
fn expanded(name: &str, seed: &[u8]) -> Option<Vec<u8>> {
    use ml_kem::{ExpandedKeyEncoding as _, ml_kem_512, ml_kem_768, ml_kem_1024};
    Some(match name {
        "ml-kem-512" => {
            ml_kem_512::DecapsulationKey::from_seed(seed.try_into().unwrap()).to_expanded_bytes().to_vec()
        }
        "ml-kem-768" => {
            ml_kem_768::DecapsulationKey::from_seed(seed.try_into().unwrap()).to_expanded_bytes().to_vec()
        }
        "ml-kem-1024" => {
            ml_kem_1024::DecapsulationKey::from_seed(seed.try_into().unwrap()).to_expanded_bytes().to_vec()
        }
        _ => return None,
    })
}
