//! Known-answer tests. Vectors are in hexadecimal: key, nonce, associated data, plaintext, ciphertext, tag.

use super::{Aead, Cipher, CipherError, TABLES};

type Vector = [&'static str; 6];

/// NIST CAVP, `gcmtestvectors.zip`: `gcmEncryptExtIV128.rsp` (tags of 96, 96, 96, 104, 112, 120 and 128 bits),
/// `gcmEncryptExtIV192.rsp` (128), `gcmEncryptExtIV256.rsp` (120).
const CAVP: [Vector; 9] = [
    [
        "f00fdd018c02e03576008b516ea971ad",
        "3b3e276f9e98b1ecb7ce6d28",
        "",
        "2853e66b7b1b3e1fa3d1f37279ac82be",
        "55d2da7a3fb773b8a073db499e24bf62",
        "cba06bb4f6e097199250b0d1",
    ],
    [
        "9aa701eaf1146ae9a8aa14f36294e8e0",
        "fd78280e023ff4cdcaab5e67",
        "",
        "806f21e96bcd6c8ec1b7f688978c0ffd24492cd38eb62361fd73eeffbee4d9f9d7ad32d408ffc6706647bc723c620c83020f06",
        "010428fc5b03162f7e001fd2f4f2d1a8ab13ce97063c82cfe62e7cd5b26551b03a55358857159959ab021e7015f370b6fc1f16",
        "87b981bdd2c37fcc6ff734a9",
    ],
    [
        "70fb02388301f16c4193b0fc70683f3f",
        "aec612be7c1ddb659a4b315c",
        "3859b3c9d0b42d45c43e8ebd4c8cbde1b6eb2106",
        "68e6bc0b08b8adbdc00005ae44723c8e",
        "a7c52a23b09062a1fb77d47ff83a114f",
        "79f91fa572220432ee3a6495",
    ],
    [
        "27e3626a8347f252519f3a391712f65a",
        "e50b6bbe4ac7307f75421a71",
        "96fe6e72597f596ae93907a820ba79a8",
        "bf386209503082f15ed8461ddd",
        "34d347fa1b56d2cf691f1ce062",
        "cb083ec9d63075bea3bba1c0d4",
    ],
    [
        "87f96a86404a2c793b26d7e12c5aaffa",
        "5c6699381a9360ec83dd98dc",
        "f89016b26cea39ea38a038a0f18af53f72f7fd17",
        "43b2b8c81cfcc1e5a27b171e80dcf74f",
        "4f3112a81a3531261ce900d92b43faf2",
        "c3a2481fc31a33b46c6b64041d5d",
    ],
    [
        "da0b615656135194ba6d3c851099bc48",
        "d39d4b4d3cc927885090e6c3",
        "e7e5e6f8dac913036cb2ff29e8625e0e",
        "",
        "",
        "ab967711a5770461724460b07237e2",
    ],
    [
        "fe47fcce5fc32665d2ae399e4eec72ba",
        "5adb9609dbaeb58cbd6e7275",
        "88319d6e1d3ffa5f987199166c8a9b56c2aeba5a",
        "7c0e88c88899a779228465074797cd4c2e1498d259b54390b85e3eef1c02df60e743f1b840382c4bccaf3bafb4ca8429bea063",
        "98f4826f05a265e6dd2be82db241c0fbbbf9ffb1c173aa83964b7cf5393043736365253ddbc5db8778371495da76d269e5db3e",
        "291ef1982e4defedaa2249f898556b47",
    ],
    [
        "fbc0b4c56a714c83217b2d1bcadd2ed2e9efb0dcac6cc19f",
        "5f4b43e811da9c470d6a9b01",
        "",
        "d2ae38c4375954835d75b8e4c2f9bbb4",
        "69482957e6be5c54882d00314e0259cf",
        "191e9f29bef63a26860c1e020a21137e",
    ],
    [
        "7f7168a406e7c1ef0fd47ac922c5ec5f659765fb6aaa048f7056f6c6b5d8513d",
        "b8b5e407adc0e293e3e7e991",
        "ff7628f6427fbcef1f3b82b37404e116",
        "b706194bb0b10c474e1b2d7b2278224c",
        "8fada0b8e777a829ca9680d3bf4f3574",
        "daca354277f6335fc8bec90886da70",
    ],
];

/// The plaintext and associated data of the test cases 4, 10 and 16 of McGrew and Viega, "The Galois/Counter Mode of
/// Operation (GCM)", the basis of SP 800-38D.
const TEXT: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
                    b16aedf5aa0de657ba637b39";
const DATA: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const NONCE: &str = "cafebabefacedbaddecaf888";

/// These test cases, and 1, 7 and 13, which have no plaintext.
const GCM: [Vector; 6] = [
    [
        "00000000000000000000000000000000",
        "000000000000000000000000",
        "",
        "",
        "",
        "58e2fccefa7e3061367f1d57a4e7455a",
    ],
    [
        "000000000000000000000000000000000000000000000000",
        "000000000000000000000000",
        "",
        "",
        "",
        "cd33b28ac773f74ba00ed1f312572435",
    ],
    [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000",
        "",
        "",
        "",
        "530f8afbc74536b9a963b4f1c4cb738b",
    ],
    [
        "feffe9928665731c6d6a8f9467308308",
        NONCE,
        DATA,
        TEXT,
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b39\
         6a0aac973d58e091",
        "5bc94fbc3221a5db94fae95ae7121a47",
    ],
    [
        "feffe9928665731c6d6a8f9467308308feffe9928665731c",
        NONCE,
        DATA,
        TEXT,
        "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b\
         2fe324d9ccda2710",
        "2519498e80f1478f37ba55bd6d27618c",
    ],
    [
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        NONCE,
        DATA,
        TEXT,
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e63\
         93ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ],
];

/// RFC 8439 2.8.2.
const CHACHA20_POLY1305: Vector = [
    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    "070000004041424344454647",
    "50515253c0c1c2c3c4c5c6c7",
    "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f\
     6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c6420\
     62652069742e",
    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e06\
     0b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d265\
     86cec64b6116",
    "1ae10b594f09e26a7e902ecbd0600691",
];

#[test]
fn matches_vectors_of_nist_and_rfc_8439() {
    let gcm = CAVP.into_iter().chain(GCM).map(|vector| (Aead::AesGcm, vector));
    for (algorithm, vector) in gcm.chain([(Aead::ChaCha20Poly1305, CHACHA20_POLY1305)]) {
        let [key, nonce, data, plaintext, ciphertext, tag] = vector.map(|text| hex::decode(text).unwrap());
        let nonce = nonce.try_into().unwrap();
        // A shorter tag is a prefix of the full one (SP 800-38D 7.1), so a vector covers all shorter tags, too.
        let shortest = if algorithm == Aead::AesGcm { 12 } else { 16 };
        for tag in (shortest..=tag.len()).map(|length| &tag[..length]) {
            let cipher = Cipher { algorithm, key: &key, tag_length: tag.len() };
            for (library, table) in TABLES {
                let case = format!("{library} {} {vector:?} {}", algorithm.name(), tag.len());
                let mut text = plaintext.clone();
                assert_eq!(table.seal(&cipher, &nonce, &data, &mut text).unwrap(), tag, "{case}");
                assert_eq!(text, ciphertext, "{case}");
                table.open(&cipher, &nonce, &data, &mut text, tag).unwrap();
                assert_eq!(text, plaintext, "{case}");
            }
        }
    }
}

/// NIST CAVP, `gcmDecrypt128.rsp`, tags of 120 bits, no plaintext: count 0, which succeeds, and count 1, which fails.
#[test]
fn matches_nist_decryption_verdicts() {
    for (key, nonce, tag, opens) in [
        (
            "eac258e99c55e6ae8ef1da26640613d7",
            "4e8df20faaf2c8eebe922902",
            "e39aeaebe86aa309a4d062d6274339",
            Ok(()),
        ),
        (
            "3726cf02fcc6b8639a5497652c94350d",
            "55fef82cde693ce76efcc193",
            "3d68111a81ed22d2ef5bccac4fc27f",
            Err(CipherError::Authentication),
        ),
    ] {
        let [key, nonce, tag] = [key, nonce, tag].map(|text| hex::decode(text).unwrap());
        let cipher = Cipher { algorithm: Aead::AesGcm, key: &key, tag_length: tag.len() };
        for (library, table) in TABLES {
            let opened = table.open(&cipher, &nonce.clone().try_into().unwrap(), b"", &mut [], &tag);
            assert_eq!(opened, opens, "{library}");
        }
    }
}
