# What CI runs, by name. `just` alone lists the recipes.

_default:
    @just --list

# Everything that CI checks, in its order.
ci: fmt-check lint deny doc test fips bench-gate

# Formats the code.
fmt:
    cargo fmt --all

fmt-check:
    cargo fmt --all -- --check

lint:
    cargo clippy --workspace --all-targets --features broker-client/blocking --locked -- -D warnings

# Licences, banned crates and sources. Advisories need the network: `cargo deny check advisories`.
deny:
    cargo deny --locked check bans licenses sources

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

test:
    cargo test --workspace

# The build with AWS-LC's FIPS 140-3 module. Needs cmake, Go and perl besides the C compiler.
fips:
    cargo clippy -p broker-server -p broker-cli --all-targets --features broker-cli/fips --locked -- -D warnings
    cargo test -p broker-server --features fips --locked

# What a call costs beside its cryptography: about a minute, with `--full` more than half an hour.
overhead *options:
    cargo run --release -p broker-benches --bin overhead -- {{options}}

# The instructions of the hot paths against the record. Needs valgrind, and gungraun-runner 0.20.0.
bench-gate:
    cargo run -p broker-benches --bin gate --locked

# Records them anew.
bench-record:
    cargo run -p broker-benches --bin gate --locked -- --record

# A newcomer's first minute.
demo:
    cargo run --release --bin cryptobroker -- demo
