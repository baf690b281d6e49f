//! The operation HashStream: HashData of any amount of data.

use broker_proto::v1;

use super::HashDataResponse;
use crate::message::{OperationRequest, Options, common_options, hash_format_options};

stream_operation! {
    /// Hashes any amount of data.
    ///
    /// A stream is sent once and never retried. Before it begins, the client checks the broker's health, which is
    /// retried like any call, and so finds a broker that was restarted. The stream then has no deadline but that of
    /// its request ([`timeout`](HashStreamRequest::timeout)). A refusal by the broker ends the call at once, even
    /// where data is left to send.
    hash_stream, hash_reader(HashStreamRequest) -> HashDataResponse {
        path: "/cryptobroker.v1.StreamService/HashStream",
        header: HashStreamHeader,
        key_use: Keyless,
    }
}

/// Requests the hash of data that need not fit into one message, by the algorithm of the profile.
///
/// ```no_run
/// use std::fs::File;
/// use broker_client::HashStreamRequest;
///
/// # async fn run(client: broker_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let request = HashStreamRequest::new().profile("Default");
/// let response = client.hash_reader(request, File::open("large.iso")?).await?;
/// println!("{}", response.value.to_hex());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct HashStreamRequest {
    format: v1::HashOutputFormat,
    options: Options,
}

impl HashStreamRequest {
    /// Creates a request for the hash as hex; [`raw`](Self::raw) requests bytes.
    pub fn new() -> Self {
        Self { format: v1::HashOutputFormat::Hex, options: Options::default() }
    }

    hash_format_options!();
    common_options!("Sets how long the whole stream may take. Default: no limit.");
}

impl Default for HashStreamRequest {
    fn default() -> Self {
        Self::new()
    }
}

impl OperationRequest for HashStreamRequest {
    type Message = v1::HashStreamHeader;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::HashStreamHeader {
        v1::HashStreamHeader { profile, metadata: Some(metadata), output_format: self.format.into() }
    }
}
