//! `x402-prover`: serves the HTTP interface of the x402 payment prover.
#![forbid(unsafe_code)]

use std::{
    error::Error,
    future::Future,
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use broker_client::Client;
use clap::Parser;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use x402_prover::Limits;

/// Requests contain private inputs, so memory is wiped when it is freed.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// The first proof waits for the broker's setup of the circuit.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Serves the HTTP interface of the x402 payment prover. The broker makes the proofs.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The address to listen at, for plain HTTP
    #[arg(default_value = "127.0.0.1:8080")]
    address: SocketAddr,
    /// The broker's profile, which has the circuit `payment`
    #[arg(short, long, env = "X402_PROFILE", default_value = "Groth16-Dev")]
    profile: String,
    /// The broker's socket [default: CRYPTO_BROKER_SOCKET, or the broker's own default]
    #[arg(long)]
    socket: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "x402-prover: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let stop = stop()?;
    let mut builder = Client::builder().timeout(TIMEOUT).profile(arguments.profile);
    if let Some(socket) = arguments.socket {
        builder = builder.socket(socket);
    }
    let client = builder.connect().await?;
    let listener = TcpListener::bind(arguments.address).await?;
    writeln!(io::stdout(), "serving at http://{}", listener.local_addr()?)?;
    x402_prover::serve(listener, client, Limits::default(), stop).await;
    Ok(())
}

/// Returns a future that is ready at the first SIGINT or SIGTERM.
fn stop() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
