//! Rotation by rename and SIGHUP, under load.

use std::fs;

use broker_proto::v1::{self, pipeline_request::Operation};

use crate::{
    ended, lines,
    support::{
        Broker,
        aead::{NONCE, encrypt_request},
        pipeline::Pipeline,
        private_folder,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn no_record_is_lost_or_torn_by_rename_and_sighup() {
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
        // Some are answered, so the file is there again; most are on their way.
        for _ in 0..USES / ROUNDS / 2 {
            let (_, answer) = pipeline.next().await;
            assert!(matches!(answer, v1::pipeline_response::Result::EncryptData(_)), "{answer:?}");
            answered += 1;
        }
        fs::rename(&file, folder.path().join(format!("audit.log.{round}"))).unwrap();
        broker.signal("HUP");
        broker.logged(&["SIGHUP", "opened anew", "profiles"]);
    }
    let (rest, outcome) = pipeline.finish().await;
    outcome.unwrap();
    assert_eq!(answered + rest.len() as u64, USES);
    assert_eq!(ended(&mut broker), Some(0));
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let records: usize = files.map(|file| lines(&file).len()).sum();
    assert_eq!(records as u64, USES);
}
