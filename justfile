# What CI runs, by name. `just` alone lists the recipes.

_default:
    @just --list

# Everything that CI checks, in its order.
ci: fmt-check lint deny doc test

# Formats the code.
fmt:
    cargo fmt --all

fmt-check:
    cargo fmt --all -- --check

lint:
    cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

# Licences, banned crates and sources. Advisories need the network: `cargo deny check advisories`.
deny:
    cargo deny --locked check bans licenses sources

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

test:
    cargo test --workspace

# A newcomer's first minute.
demo:
    cargo run --release --bin cryptobroker -- demo
