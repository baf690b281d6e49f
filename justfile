# Recipes for the steps of CI and for other frequent tasks. `just` alone lists them.

_default:
    @just --list

# Runs all CI steps in order, like `.ci/run`.
ci:
    .ci/run

# Formats the code.
fmt:
    cargo fmt --all

fmt-check:
    .ci/run fmt-check

lint:
    .ci/run lint

# Checks licences, banned crates and sources of dependencies.
deny:
    .ci/run deny

doc:
    .ci/run doc

test:
    .ci/run test

# Checks the client library with each of its features.
client:
    .ci/run client

# Lints and tests the build with AWS-LC's FIPS 140-3 module. Needs cmake, Go, perl and make besides the C compiler.
fips:
    .ci/run fips

# Compares the instruction counts of the hot paths with the recorded ones. Needs valgrind.
bench-gate:
    .ci/run bench-gate

# Compares the API of broker-client with that of a commit or tag: `just semver TAG`.
semver baseline='HEAD~1':
    BASELINE={{baseline}} .ci/run semver

# Tests clients in other languages. Needs Go, Node.js and npm.
interop:
    .ci/run interop

# Lints issued certificates with zlint and pkilint. Needs Go and Python.
lint-certificates:
    .ci/run lint-certificates

# Compares the schema of profile documents with the broker's reader. Needs Python.
schema:
    .ci/run schema

# Records new instruction counts of the hot paths. Needs valgrind.
bench-record:
    .ci/run bench-record

# Measures the overhead of a call beyond its cryptography: about a minute, with `--full` more than half an hour.
overhead *options:
    cargo run --release -p broker-benches --bin overhead -- {{options}}

# Runs the demo.
demo:
    cargo run --release --bin cryptobroker -- demo
