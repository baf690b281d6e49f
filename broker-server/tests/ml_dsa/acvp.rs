//! NIST's ACVP vectors. The broker's signatures are hedged (FIPS 204 3.4), so they are verified with the vector's public key
//! instead of being compared.

use base64ct::{Base64, Encoding as _};

use super::{
    LIBRARIES, broker,
    calls::{Case, Clients, expanded_key, public_key},
    profile,
};

#[tokio::test]
async fn acvp_vectors() {
    let broker = broker("");
    let mut clients = Clients::new(&broker).await;
    let text = include_str!("../fixtures/ml_dsa/acvp.json");
    let vectors: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    let (mut valid, mut pre_hashed, mut signed) = (0, 0, 0);
    for (index, vector) in vectors.iter().enumerate() {
        let field = |name: &str| vector[name].as_str();
        let bytes = |name| field(name).map(|text| Base64::decode_vec(text).unwrap());
        let (set, pre_hash) = (field("set").unwrap(), field("pre_hash").unwrap_or_default());
        let (context, message) = (bytes("context").unwrap(), bytes("message").unwrap());
        let public = public_key(set, &bytes("public_key").unwrap());
        let signature = bytes("signature").unwrap();
        let expected = vector["valid"].as_bool().unwrap();
        for library in LIBRARIES {
            let name = profile(library, set, pre_hash);
            let case = Case::new(&name, &context, &message);
            let what = format!("vector {index}, {name}");
            assert_eq!(clients.verify(&public, case, &signature).await.unwrap(), expected, "{what}");
            assert_eq!(clients.verify_stream(&public, case, &signature).await.unwrap(), expected, "{what}");
            let Some(key) = bytes("private_key") else { continue };
            let private = expanded_key(set, &key);
            let unary = clients.sign(&private, case).await.unwrap();
            let algorithm = match pre_hash {
                "" => format!("ml-dsa-{set}"),
                hash => format!("hash-ml-dsa-{set}-with-{hash}"),
            };
            assert_eq!(unary.descriptor.unwrap().algorithm, algorithm);
            let streamed = clients.sign_stream(&private, case).await.unwrap();
            for ours in [unary.signature, streamed.signature] {
                assert!(clients.verify(&public, case, &ours).await.unwrap(), "{what}");
            }
            signed += 1;
        }
        valid += usize::from(expected);
        pre_hashed += usize::from(!pre_hash.is_empty());
    }
    assert_eq!((vectors.len(), valid, pre_hashed, signed), (34, 22, 19, 2 * 16));
}
