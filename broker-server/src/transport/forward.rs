//! The write half of an I/O layer.

/// Implements `AsyncWrite` for an I/O layer by forwarding to its field `stream`. With `after_write = method`, the layer's
/// `method(&mut self, cx, slices, count)` is called after each write of the first `count` bytes of `slices`. The caller
/// imports `std::io`, `Pin`, `Context`, `Poll` and `AsyncWrite`.
macro_rules! forward_writes {
    ($layer:ident<$($lifetime:lifetime,)? S> $(, after_write = $after_write:ident)?) => {
        impl<$($lifetime,)? S: AsyncWrite + Unpin> AsyncWrite for $layer<$($lifetime,)? S> {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
                $(if let Poll::Ready(Ok(count)) = polled {
                    self.$after_write(cx, &[io::IoSlice::new(bytes)], count);
                })?
                polled
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                slices: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
                $(if let Poll::Ready(Ok(count)) = polled {
                    self.$after_write(cx, slices, count);
                })?
                polled
            }

            fn is_write_vectored(&self) -> bool {
                self.stream.is_write_vectored()
            }

            fn poll_flush(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.stream).poll_flush(cx)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.stream).poll_shutdown(cx)
            }
        }
    };
}

pub(super) use forward_writes;
