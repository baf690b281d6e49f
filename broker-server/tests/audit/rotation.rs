//! Rotation by rename and SIGHUP, under load.

use std::fs;

use broker_proto::v1::{self, pipeline_request::Operation};

use crate::{
    lines, stop,
    support::{
        Broker,
        aead::{NONCE, encrypt_request},
        pipeline::Pipeline,
        private_folder,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn rename_and_sighup_lose_no_record() {
    const USES: u64 = 30_000;
    const ROUNDS: u64 = 30;
    let folder = private_folder();
    let file = folder.path().join("audit.log");
    let mut broker = Broker::start(&["--audit-log", file.to_str().unwrap(), "--drain-idle", "0"]);
    let mut pipeline = Pipeline::open(&broker).await;
    let encrypt = || {
        Operation::EncryptData(encrypt_request(
            "FIPS-140-3-128bit",
            b"sixteen bytes!!!",
            &NONCE,
            None,
            b"text",
        ))
    };
    let mut answered = 0;
    for round in 0..ROUNDS {
        for number in 0..USES / ROUNDS {
            assert!(pipeline.send(round * (USES / ROUNDS) + number, encrypt()));
        }
        // Some answers have arrived, so the file exists again; most items are still in flight.
        for _ in 0..USES / ROUNDS / 2 {
            let (_, answer) = pipeline.next().await;
            assert!(matches!(answer, v1::pipeline_response::Result::EncryptData(_)), "{answer:?}");
            answered += 1;
        }
        fs::rename(&file, folder.path().join(format!("audit.log.{round}"))).unwrap();
        broker.signal("HUP");
        broker.logged(&["SIGHUP", "reopened", "profiles"]);
    }
    let (rest, outcome) = pipeline.finish().await;
    outcome.unwrap();
    assert_eq!(answered + rest.len() as u64, USES);
    assert_eq!(stop(&mut broker), Some(0));
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let records: usize = files.map(|file| lines(&file).len()).sum();
    assert_eq!(records as u64, USES);
}
