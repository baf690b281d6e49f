//! Benchmarks of Crypto Broker: the cryptography alone, the same through the socket, and the difference.
