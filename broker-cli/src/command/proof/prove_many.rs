//! `proof prove-many`.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use broker_client::{Error, ProofFormat, ProveManyItem, ProveManyRequest, ProveManyResponse};
use clap::{Args, ValueHint};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::{
    super::run::{Context, Run},
    prove::OPTIONS,
    target::{ExpectedKey, Target, patient},
    value_file,
};
use crate::{
    error::{Exit, Failure},
    input,
    location::Location,
    output::{Output, count},
    runtime::block_on,
};

/// The length of a line in bytes, above which it exceeds every message.
const MAX_LINE: u64 = 64 << 20;

/// The number of lines that are read ahead of the broker.
const LINES_AHEAD: usize = 16;

/// Prove many statements with one key
///
/// Each line of --inputs is a JSON object with the inputs of one statement, as snarkjs' input.json has them. For each, one
/// line is printed when its proof is done: {"line":1,"proof":{…},"publicSignals":["33"]}, or {"line":1,"error":{…}}. The
/// order is that in which the proofs are done. A statement that the broker refuses does not affect the others; the exit code
/// is then 1.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Example:
  printf '{\"a\":%d,\"b\":11}\\n' 3 4 5 | cryptobroker proof prove-many --profile Groth16-Dev --circuit multiply \\
    --inputs - > proofs.jsonl")]
pub(crate) struct ProveMany {
    #[command(flatten)]
    target: Target,
    /// The inputs: a JSON object on each line; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    inputs: Location,
    #[command(flatten)]
    key: ExpectedKey,
}

impl Run for ProveMany {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let mut request = ProveManyRequest::new(&self.target.circuit)
            .profile(&self.target.profile)
            .format(ProofFormat::SnarkjsJson);
        if let Some(fingerprint) = self.key.fingerprint {
            request = request.expect_key(fingerprint);
        }
        if let Some(timeout) = context.endpoint.timeout {
            request = request.timeout(timeout);
        }
        let failure = Arc::default();
        let lines = Lines::open(self.inputs, Arc::clone(&failure))?;
        let tally = block_on(async {
            let client = patient(context.endpoint).client()?;
            let mut proofs = client.prove_many(request, lines).await?;
            let mut tally = Tally::default();
            while let Some(response) = proofs.next().await? {
                tally.print(response, output)?;
            }
            Ok(tally)
        })
        .map_err(|failure| failure.with_options(&OPTIONS))?;
        if let Some(failure) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failure);
        }
        tally.end(output)
    }
}

/// How many inputs were proven, and how many were refused.
#[derive(Default)]
struct Tally {
    proven: usize,
    refused: usize,
}

impl Tally {
    fn print(&mut self, response: ProveManyResponse, output: &mut Output) -> Result<(), Failure> {
        let line = response.sequence;
        let value = match response.result {
            Ok(proved) => {
                self.proven += 1;
                let proof: Value = serde_json::from_slice(&proved.proof)
                    .map_err(|error| Failure::local("the broker's proof is not JSON", error))?;
                let public: Vec<&str> =
                    proved.public_signals.iter().map(|signal| signal.value.as_str()).collect();
                json!({ "line": line, "proof": proof, "publicSignals": public })
            }
            Err(refusal) => {
                self.refused += 1;
                let mut value = Failure::from(Error::from(refusal)).to_json();
                if let Some(object) = value.as_object_mut() {
                    object.insert("line".to_owned(), json!(line));
                }
                value
            }
        };
        output.json(&value)
    }

    fn end(self, output: &mut Output) -> Result<(), Failure> {
        let Self { proven, refused } = self;
        if refused == 0 {
            return Ok(());
        }
        output.note(format!("{} made, {} refused", count(proven, "proof"), count(refused, "input")));
        Err(Failure::Reported(Exit::Failed))
    }
}

/// The items of a file, which a thread reads ahead. The first failure ends them.
struct Lines(mpsc::Receiver<ProveManyItem>);

impl Lines {
    fn open(location: Location, failure: Arc<Mutex<Option<Failure>>>) -> Result<Self, Failure> {
        let source: Box<dyn Read + Send> = match &location {
            Location::Stdio => Box::new(io::stdin()),
            Location::File(path) => {
                Box::new(File::open(path).map_err(|source| input::unreadable(&location, source))?)
            }
        };
        let (sender, items) = mpsc::channel(LINES_AHEAD);
        let read = move || {
            if let Err(error) = read(&location, source, &sender) {
                *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        };
        thread::Builder::new()
            .name("inputs".into())
            .spawn(read)
            .map_err(|source| Failure::local("cannot start a thread", source))?;
        Ok(Self(items))
    }
}

impl tokio_stream::Stream for Lines {
    type Item = ProveManyItem;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<ProveManyItem>> {
        self.0.poll_recv(context)
    }
}

/// Sends the items of a source until its end, or until nobody takes them any more. The number of an item is that of its line,
/// from 1. Empty lines are skipped.
fn read(location: &Location, source: impl Read, items: &mpsc::Sender<ProveManyItem>) -> Result<(), Failure> {
    let mut reader = BufReader::new(source);
    for number in 1.. {
        let mut line = Zeroizing::new(Vec::new());
        let length = reader
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|source| input::unreadable(location, source))?;
        if length == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let values = value_file::parse(&line)
            .map_err(|why| Failure::invalid(format!("{location}: the inputs in line {number}: {why}")))?;
        let item = values
            .into_iter()
            .fold(ProveManyItem::new(number), |item, (name, value)| item.input(name, value));
        if items.blocking_send(item).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn count_items(text: &str) -> Result<usize, String> {
        let (sender, mut items) = mpsc::channel(10);
        read(&Location::Stdio, text.as_bytes(), &sender).map_err(|failure| failure.to_string())?;
        drop(sender);
        let mut count = 0;
        while items.blocking_recv().is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn each_line_is_an_item() {
        assert_eq!(count_items(""), Ok(0));
        assert_eq!(count_items("{\"a\": \"3\"}\n\n  \r\n{\"a\": 4}"), Ok(2));
    }

    #[test]
    fn an_error_names_the_line_and_no_value() {
        for (text, expected) in [
            ("{\"a\": 3}\n{\"a\": 4711.5}", "line 2: value 0 of the input \"a\""),
            ("{\"a\": \"4711\"", "line 1: "),
            ("\n[\"4711\"]\n", "line 2: the inputs must be a JSON object"),
        ] {
            let error = count_items(text).unwrap_err();
            assert!(error.contains(expected) && !error.contains("4711"), "{error}");
        }
    }
}
