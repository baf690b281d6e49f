//! Options about how requests are sent.

use std::fmt;

use clap::ValueEnum;

/// The protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wire {
    /// `cryptobroker.v1`
    V1,
    /// `CryptoBroker.CryptoGrpc`, HashData and SignCertificate: versions 0.4 and later
    G3,
    /// `CryptoBroker.CryptoGrpc`, Hash and Sign: versions 0.2 and 0.3
    G2,
    /// `protobuf.CryptoBroker`: version 0.1
    G0,
}

/// The way in which requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Lane {
    /// A call for each
    Unary,
    /// One stream for all of a connection
    Pipeline,
}

/// The code that sends requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClientKind {
    /// The client library, as an application uses it
    Library,
    /// The generated stub and nothing else
    Stub,
}

/// Displays each value by the name that the command line takes.
macro_rules! display_value_name {
    ($($type:ty),+) => {
        $(impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.to_possible_value().map_or(Ok(()), |value| f.pad(value.get_name()))
            }
        })+
    };
}

display_value_name!(Wire, Lane, ClientKind);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_displayed_as_the_command_line_takes_them() {
        assert_eq!(format!("{:>4}", Wire::G3), "  g3");
        assert_eq!(Lane::Pipeline.to_string(), "pipeline");
    }
}
