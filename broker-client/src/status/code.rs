//! The status codes of gRPC.

use std::fmt;

macro_rules! codes {
    ($($code:ident = $number:literal $name:literal;)+) => {
        /// The gRPC status codes, except OK.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {$(
            #[doc = concat!("`", $name, "`, ", stringify!($number), ".")]
            $code,
        )+}

        impl Code {
            /// Returns the name in the gRPC specification, such as `INVALID_ARGUMENT`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }

            /// Returns the number of the code in the gRPC specification.
            pub fn number(self) -> i32 {
                match self {
                    $(Self::$code => $number,)+
                }
            }

            /// Returns the code with this number, or [`Code::Unknown`] for a number that gRPC does not define and
            /// for 0, since an error cannot have the code OK.
            pub fn from_number(number: i32) -> Self {
                match number {
                    $($number => Self::$code,)+
                    _ => Self::Unknown,
                }
            }
        }
    };
}
codes! {
    Cancelled = 1 "CANCELLED";
    Unknown = 2 "UNKNOWN";
    InvalidArgument = 3 "INVALID_ARGUMENT";
    DeadlineExceeded = 4 "DEADLINE_EXCEEDED";
    NotFound = 5 "NOT_FOUND";
    AlreadyExists = 6 "ALREADY_EXISTS";
    PermissionDenied = 7 "PERMISSION_DENIED";
    ResourceExhausted = 8 "RESOURCE_EXHAUSTED";
    FailedPrecondition = 9 "FAILED_PRECONDITION";
    Aborted = 10 "ABORTED";
    OutOfRange = 11 "OUT_OF_RANGE";
    Unimplemented = 12 "UNIMPLEMENTED";
    Internal = 13 "INTERNAL";
    Unavailable = 14 "UNAVAILABLE";
    DataLoss = 15 "DATA_LOSS";
    Unauthenticated = 16 "UNAUTHENTICATED";
}

impl Code {
    /// Reports whether a later attempt may succeed: UNAVAILABLE, RESOURCE_EXHAUSTED and ABORTED.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Unavailable | Self::ResourceExhausted | Self::Aborted)
    }

    /// Reports whether a broker returns this code only before it executes anything.
    pub(crate) fn is_before_execution(self) -> bool {
        match self {
            Self::InvalidArgument
            | Self::NotFound
            | Self::AlreadyExists
            | Self::PermissionDenied
            | Self::ResourceExhausted
            | Self::FailedPrecondition
            | Self::OutOfRange
            | Self::Unimplemented
            | Self::Unauthenticated => true,
            Self::Cancelled
            | Self::Unknown
            | Self::DeadlineExceeded
            | Self::Aborted
            | Self::Internal
            | Self::Unavailable
            | Self::DataLoss => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_match_grpc_and_others_are_unknown() {
        for number in 1..=16 {
            let code = Code::from_number(number);
            assert_eq!(number, code.number());
            assert_eq!(
                code.name(),
                format!("{:?}", tonic::Code::from_i32(number)).to_uppercase_snake(),
                "{number}"
            );
        }
        for number in [0, 17, -1, i32::MAX] {
            assert_eq!(Code::Unknown, Code::from_number(number), "{number}");
        }
    }

    trait UpperSnake {
        fn to_uppercase_snake(&self) -> String;
    }

    impl UpperSnake for String {
        /// Converts `NotFound` to `NOT_FOUND`.
        fn to_uppercase_snake(&self) -> String {
            let mut name = Self::new();
            for letter in self.chars() {
                if letter.is_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.extend(letter.to_uppercase());
            }
            name
        }
    }
}
