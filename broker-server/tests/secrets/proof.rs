//! The private inputs and witnesses of proofs.

use ark_bn254::Fr;
use ark_ff::{BigInteger as _, PrimeField as _};
use broker_groth16::field::Montgomery as _;
use broker_proto::v1::{self, ProofFormat, groth16_service_client::Groth16ServiceClient};

use crate::{
    Leaks, secret,
    support::{Broker, private_folder, reason},
};

const PROFILES: &str = "\
Profiles:
  - Name: the profile of proofs
    API: { Groth16: { Curve: bn254, Setup: on-first-use, Circuits: [multiply, payment] } }
";

/// A number that nobody else has, in decimal. Its forms in memory are added to the leaks.
fn number(seed: u64, what: &str, leaks: &mut Leaks) -> Fr {
    let value = Fr::from_le_bytes_mod_order(&secret(seed, 40));
    let text = value.to_string();
    leaks.bytes(&format!("{what} in decimal"), text.as_bytes());
    leaks.bytes(&format!("{what} as an integer"), &value.into_bigint().to_bytes_le());
    leaks.bytes(&format!("{what} in Montgomery form"), &value.into_montgomery().to_bytes_le());
    value
}

fn request(circuit: &str, inputs: &[(&str, String)]) -> v1::ProveRequest {
    let mut request = v1::ProveRequest::default();
    request.profile = "the profile of proofs".into();
    request.circuit = circuit.into();
    request.proof_format = ProofFormat::Arkworks.into();
    for (name, value) in inputs {
        let mut input = v1::CircuitInput::default();
        input.name = (*name).into();
        match value.strip_prefix("text:") {
            Some(text) => input.text = Some(text.into()),
            None => input.numbers = vec![value.clone()],
        }
        request.inputs.push(input);
    }
    request
}

/// The witness of `multiply`: 1, c, a, b.
fn witness(values: [Fr; 3]) -> Vec<u8> {
    let mut bytes = b"wtns".to_vec();
    bytes.extend([2_u32, 2, 1].map(u32::to_le_bytes).concat());
    bytes.extend(40_u64.to_le_bytes());
    bytes.extend(32_u32.to_le_bytes());
    bytes.extend(Fr::MODULUS.to_bytes_le());
    bytes.extend(4_u32.to_le_bytes());
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend(128_u64.to_le_bytes());
    bytes.extend([Fr::from(1)].iter().chain(&values).flat_map(|value| value.into_bigint().to_bytes_le()));
    bytes
}

#[tokio::test]
async fn inputs_and_witnesses_leave_no_copy_and_are_told_nobody() {
    let folder = private_folder();
    std::fs::write(folder.path().join("Profiles.yaml"), PROFILES).unwrap();
    let audit = folder.path().join("audit.log");
    let broker = Broker::start(&[
        "--dev",
        "--profiles-dir",
        folder.path().to_str().unwrap(),
        "--audit-log",
        audit.to_str().unwrap(),
        "--log-level",
        "debug",
    ]);
    let (mut leaks, mut clients, mut errors) = (Leaks::default(), Vec::new(), Vec::new());
    let mut texts = Vec::new();

    // Factors as named inputs, right and wrong, and as witnesses.
    for round in 0..3 {
        let [a, b] = [0, 1].map(|index| {
            number(1000 + 10 * round + index, &format!("factor {index} of round {round}"), &mut leaks)
        });
        texts.extend([a, b].map(|value| value.to_string()));
        let named = |c: Option<Fr>| {
            let mut inputs = vec![("a", a.to_string()), ("b", b.to_string())];
            inputs.extend(c.map(|c| ("c", c.to_string())));
            request("multiply", &inputs)
        };
        let file = |values| {
            let mut request = request("multiply", &[]);
            request.witness = witness(values);
            request
        };
        let mut malformed = file([a * b, a, b]);
        malformed.witness.truncate(200);
        let mut unknown = named(None);
        unknown.inputs[1].name = "factor".into();
        let mut surplus = named(None);
        surplus.inputs[1].numbers[0].push('9');
        for (request, expected) in [
            (named(None), ""),
            (file([a * b, a, b]), ""),
            (named(Some(a)), "WITNESS_UNSATISFIED"),
            (file([a, a, b]), "WITNESS_UNSATISFIED"),
            (malformed, "FIELD_MALFORMED"),
            (unknown, "INPUT_INVALID"),
            (surplus, "INPUT_INVALID"),
        ] {
            // Each call has its own connection, so that no later message overwrites its buffers.
            let mut client = Groth16ServiceClient::new(broker.channel().await);
            let result = client.prove(request).await;
            clients.push(client);
            match result {
                Ok(_) => assert_eq!(expected, ""),
                Err(status) => {
                    assert_eq!(reason(&status), expected, "{status}");
                    errors.push(format!("{status:?}"));
                }
            }
        }
    }

    // What must be secret of a payment; and an amount is too short to be found in memory.
    let [secret, salt] =
        [(2000, "the secret"), (2001, "the salt")].map(|(seed, what)| number(seed, what, &mut leaks));
    let (sender, transaction) = ("a sender whose name is long enough", "a transaction of which nobody knows");
    leaks.bytes("the sender", sender.as_bytes());
    leaks.bytes("the transaction", transaction.as_bytes());
    texts.extend([secret.to_string(), salt.to_string(), sender.to_owned(), transaction.to_owned()]);
    for (amount, expected) in [(1_500_000, ""), (999_999, "WITNESS_UNSATISFIED")] {
        let inputs = [
            ("minAmount", "1000000".to_owned()),
            ("recipient", "text:shop".to_owned()),
            ("maxAge", "60".to_owned()),
            ("currentTime", "1700000000".to_owned()),
            ("context", "text:order 7".to_owned()),
            ("amount", amount.to_string()),
            ("sender", format!("text:{sender}")),
            ("transaction", format!("text:{transaction}")),
            ("paymentTime", "1699999950".to_owned()),
            ("secret", secret.to_string()),
            ("salt", salt.to_string()),
        ];
        let mut client = Groth16ServiceClient::new(broker.channel().await);
        let result = client.prove(request("payment", &inputs)).await;
        clients.push(client);
        match result {
            Ok(_) => assert_eq!(expected, ""),
            Err(status) => {
                assert_eq!(reason(&status), expected, "{status}");
                errors.push(format!("{status:?}"));
            }
        }
    }

    leaks.assert_gone(&broker, "the profile of proofs");
    let audit = std::fs::read_to_string(audit).unwrap();
    assert!(audit.lines().count() >= 3 * 7 + 2, "{audit}");
    broker.signal("TERM");
    let log = broker.logged_until_end();
    for text in &texts {
        assert!(!audit.contains(text), "{text} is in the audit");
        assert!(!log.iter().any(|line| line.contains(text)), "{text} is in the log");
        assert!(!errors.iter().any(|error| error.contains(text)), "{text} is in an error");
    }
}
