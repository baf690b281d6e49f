//! The macros that declare an operation. One declaration yields the method of the async client, the method of the
//! blocking client, the answer of the fake broker (feature `testing`) and a test against the protocol's descriptors.

/// Declares an operation of one request message and one response message, which a pipeline can carry.
///
/// `path` is the path of the gRPC method. `pipeline_item` is the number of the operation's field in
/// `PipelineRequest` and in `PipelineResponse`; without it the operation is always a call of its own. `key_use`
/// decides about retries: see [`KeyUse`](crate::retry::KeyUse).
macro_rules! operation {
    (
        $(#[$attribute:meta])*
        $method:ident($request:ident) -> $response:ident {
            path: $path:literal,
            $(pipeline_item: $item:literal,)?
            key_use: $key_use:ident,
        }
    ) => {
        #[allow(clippy::module_inception)]
        mod $method {
            pub(super) const METHOD: crate::method::Method =
                crate::method::Method::new($path, crate::retry::KeyUse::$key_use)
                    $(.with_pipeline_item($item))?;

            #[cfg(test)]
            #[test]
            fn declaration_matches_protocol() {
                crate::operation::declare::check::unary::<super::$request, super::$response>(&METHOD);
            }
        }

        impl crate::client::Client {
            $(#[$attribute])*
            ///
            /// # Errors
            /// Fails with [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the broker refuses the request, and
            /// with another [`ErrorKind`](crate::ErrorKind) when the call gets no valid response.
            pub async fn $method(&self, request: $request) -> Result<$response, crate::error::Error> {
                self.call(&$method::METHOD, request).await
            }
        }

        #[cfg(feature = "blocking")]
        impl crate::client::blocking::Client {
            $(#[$attribute])*
            ///
            /// # Errors
            /// Fails with [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the broker refuses the request, and
            /// with another [`ErrorKind`](crate::ErrorKind) when the call gets no valid response. The parts of a
            /// stream cannot call the client that sends them: such a call fails with
            /// [`ErrorKind::Runtime`](crate::ErrorKind::Runtime).
            pub fn $method(&self, request: $request) -> Result<$response, crate::error::Error> {
                self.block_on(self.inner().$method(request))
            }
        }

        #[cfg(feature = "testing")]
        impl crate::testing::Answers<'_> {
            #[doc = concat!("Sets the answer to [`", stringify!($method), "`](crate::Client::", stringify!($method), ").")]
            pub fn $method(
                &self,
                answer: impl FnMut(v1::$request) -> Result<v1::$response, Box<crate::error::Rejection>>
                + Send
                + 'static,
            ) -> &Self {
                self.set(&$method::METHOD, answer)
            }
        }
    };
}

/// Declares an operation whose request is a header and any amount of data, and whose response is one message.
macro_rules! stream_operation {
    (
        $(#[$attribute:meta])*
        $stream:ident, $reader:ident($request:ident) -> $response:ident {
            path: $path:literal,
            header: $header:ident,
            key_use: $key_use:ident,
        }
    ) => {
        #[allow(clippy::module_inception)]
        mod $stream {
            pub(super) const METHOD: crate::method::Method =
                crate::method::Method::new($path, crate::retry::KeyUse::$key_use);

            #[cfg(test)]
            #[test]
            fn declaration_matches_protocol() {
                crate::operation::declare::check::stream::<super::$request, super::$response>(&METHOD);
            }
        }

        impl crate::client::Client {
            $(#[$attribute])*
            ///
            /// The parts may have any length. They are sent without a copy, and the client does not wipe them.
            ///
            /// # Errors
            /// Fails with [`ErrorKind::Input`](crate::ErrorKind::Input) when a part is an error, with
            /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the broker refuses the request, and with another
            /// [`ErrorKind`](crate::ErrorKind) when the call gets no valid response.
            pub async fn $stream(
                &self,
                request: $request,
                parts: impl tokio_stream::Stream<Item = std::io::Result<bytes::Bytes>> + Send + 'static,
            ) -> Result<$response, crate::error::Error> {
                self.call_with_data(&$stream::METHOD, request, parts).await
            }

            #[doc = concat!(
                "Sends the data that a reader returns until its end, otherwise like [`", stringify!($stream),
                "`](Self::", stringify!($stream), ")."
            )]
            ///
            /// The data is read on a thread of its own, ahead of the socket, into a few buffers that are reused, and
            /// wiped at the end. A read that still blocks when the call is over keeps its thread until it returns.
            ///
            /// # Errors
            #[doc = concat!(
                "Fails like [`", stringify!($stream), "`](Self::", stringify!($stream),
                "), and with [`ErrorKind::Input`](crate::ErrorKind::Input) when the reader fails."
            )]
            pub async fn $reader(
                &self,
                request: $request,
                reader: impl std::io::Read + Send + 'static,
            ) -> Result<$response, crate::error::Error> {
                self.$stream(request, crate::upload::read_ahead(reader)?).await
            }
        }

        #[cfg(feature = "blocking")]
        impl crate::client::blocking::Client {
            $(#[$attribute])*
            ///
            /// The parts may have any length. They are sent without a copy, and the client does not wipe them. While
            /// the iterator waits for a part, every call on this connection waits too, so data that may block should
            #[doc = concat!("be sent with [`", stringify!($reader), "`](Self::", stringify!($reader), ").")]
            ///
            /// # Errors
            /// Fails with [`ErrorKind::Input`](crate::ErrorKind::Input) when a part is an error, with
            /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the broker refuses the request, and with another
            /// [`ErrorKind`](crate::ErrorKind) when the call gets no valid response.
            pub fn $stream(
                &self,
                request: $request,
                parts: impl Iterator<Item = std::io::Result<bytes::Bytes>> + Send + 'static,
            ) -> Result<$response, crate::error::Error> {
                self.block_on(self.inner().$stream(request, tokio_stream::iter(parts)))
            }

            #[doc = concat!(
                "Sends the data that a reader returns until its end, otherwise like [`", stringify!($stream),
                "`](Self::", stringify!($stream), ")."
            )]
            ///
            /// The data is read on a thread of its own, ahead of the socket, into a few buffers that are reused, and
            /// wiped at the end. A read that still blocks when the call is over keeps its thread until it returns.
            ///
            /// # Errors
            #[doc = concat!(
                "Fails like [`", stringify!($stream), "`](Self::", stringify!($stream),
                "), and with [`ErrorKind::Input`](crate::ErrorKind::Input) when the reader fails."
            )]
            pub fn $reader(
                &self,
                request: $request,
                reader: impl std::io::Read + Send + 'static,
            ) -> Result<$response, crate::error::Error> {
                self.block_on(self.inner().$reader(request, reader))
            }
        }

        #[cfg(feature = "testing")]
        impl crate::testing::Answers<'_> {
            #[doc = concat!(
                "Sets the answer to [`", stringify!($stream), "`](crate::Client::", stringify!($stream), ") and [`",
                stringify!($reader), "`](crate::Client::", stringify!($reader),
                "). The closure gets the header and all of the data."
            )]
            pub fn $stream(
                &self,
                answer: impl FnMut(
                    v1::$header,
                    bytes::Bytes,
                ) -> Result<v1::$response, Box<crate::error::Rejection>>
                + Send
                + 'static,
            ) -> &Self {
                self.set_with_data(&$stream::METHOD, answer)
            }
        }
    };
}

/// Compares a declaration with the descriptors of the protocol.
#[cfg(test)]
pub(super) mod check {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

    use std::any::type_name;

    use broker_proto::v1;
    use prost::Message as _;
    use prost_types::{FileDescriptorSet, MethodDescriptorProto};

    use crate::{
        message::{OperationRequest, OperationResponse},
        method::Method,
    };

    pub(crate) fn unary<Q: OperationRequest, R: OperationResponse>(method: &Method) {
        let declared = find_method(method.path);
        assert!(!declared.client_streaming() && !declared.server_streaming());
        assert_eq!(declared.input_type(), protocol_name::<Q::Message>());
        assert_eq!(declared.output_type(), protocol_name::<R::Message>());
        let Some(item) = method.pipeline_item else { return };
        let [input, output] =
            ["PipelineRequest", "PipelineResponse"].map(|message| find_field(message, item));
        assert_eq!(input, declared.input_type());
        assert_eq!(output, declared.output_type());
    }

    pub(crate) fn stream<Q: OperationRequest, R: OperationResponse>(method: &Method) {
        let declared = find_method(method.path);
        assert!(declared.client_streaming() && !declared.server_streaming());
        let input = declared.input_type().rsplit('.').next().unwrap();
        assert_eq!(find_field(input, 1), protocol_name::<Q::Message>());
        assert_eq!(declared.output_type(), protocol_name::<R::Message>());
    }

    pub(crate) fn exchange<Q: OperationRequest>(method: &Method) {
        let declared = find_method(method.path);
        assert!(declared.client_streaming() && declared.server_streaming());
        let input = declared.input_type().rsplit('.').next().unwrap();
        assert_eq!(find_field(input, 2), protocol_name::<Q::Message>());
    }

    fn find_method(path: &str) -> MethodDescriptorProto {
        let (service, method) = path.strip_prefix("/cryptobroker.v1.").unwrap().split_once('/').unwrap();
        let mut services = descriptors().file.into_iter().flat_map(|file| file.service);
        let service = services.find(|found| found.name() == service).unwrap();
        service.method.into_iter().find(|found| found.name() == method).unwrap()
    }

    /// Returns the type of a field, by the name of its message and its number.
    fn find_field(message: &str, number: u32) -> String {
        let mut messages = descriptors().file.into_iter().flat_map(|file| file.message_type);
        let message = messages.find(|found| found.name() == message).unwrap();
        let mut fields = message.field.into_iter();
        fields.find(|field| field.number() as u32 == number).unwrap().type_name().to_owned()
    }

    fn descriptors() -> FileDescriptorSet {
        FileDescriptorSet::decode(v1::FILE_DESCRIPTOR_SET).unwrap()
    }

    /// Returns the name of a message in the protocol, of which the generated type has the last part.
    fn protocol_name<M>() -> String {
        format!(".cryptobroker.v1.{}", type_name::<M>().rsplit("::").next().unwrap())
    }
}
