//! The program, as a process.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
};

use hyper::StatusCode;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Broker, request, send};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_x402-prover"));
    for variable in ["CRYPTO_BROKER_SOCKET", "CRYPTO_BROKER_SERVER_UID", "X402_PROFILE"] {
        command.env_remove(variable);
    }
    command
}

/// Ends the program where a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test passes.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_serves_until_sigterm() {
    let broker = Broker::start();
    let mut command = program();
    command.arg("127.0.0.1:0").env("CRYPTO_BROKER_SOCKET", broker.socket()).stdout(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("serving at http://").unwrap().parse().unwrap();
    let answer = send(address, "POST", "/generate-proof", request().to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    kill_process(Pid::from_child(&running.0), Signal::TERM).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn misuse_exits_with_2_and_a_missing_broker_with_1() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code, message) in [
        (&["localhost"][..], 2, "invalid value"),
        (&["127.0.0.1:0", "surplus"], 2, "unexpected argument"),
        (&["127.0.0.1:0", "--socket", "s"], 1, "no broker answers at"),
    ] {
        let mut command = program();
        command.args(arguments).current_dir(&folder).stderr(Stdio::piped());
        let mut running = Running(command.spawn().unwrap());
        let mut errors = String::new();
        running.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert_eq!(running.0.wait().unwrap().code(), Some(code), "{errors}");
        assert!(errors.contains(message), "{errors}");
    }
}
