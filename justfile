# The steps of CI by name, and what else one runs often. `just` alone lists the recipes.

_default:
    @just --list

# Everything that CI checks, in its order: the same as `.ci/run`.
ci:
    .ci/run

# Formats the code.
fmt:
    cargo fmt --all

fmt-check:
    .ci/run fmt-check

lint:
    .ci/run lint

# Licences, banned crates and sources.
deny:
    .ci/run deny

doc:
    .ci/run doc

test:
    .ci/run test

# The client library with its blocking facade.
client:
    .ci/run client

# The build with AWS-LC's FIPS 140-3 module. Needs cmake, Go, perl and make besides the C compiler.
fips:
    .ci/run fips

# The instructions of the hot paths against the record. Needs valgrind.
bench-gate:
    .ci/run bench-gate

# Compares the API of broker-client with that of a commit or tag: `just semver TAG`.
semver baseline='HEAD~1':
    BASELINE={{baseline}} .ci/run semver

# Clients of other languages. Needs Go, Node.js and npm.
interop:
    .ci/run interop

# Records the instructions of the hot paths anew.
bench-record:
    .ci/run bench-record

# What a call costs beside its cryptography: about a minute, with `--full` more than half an hour.
overhead *options:
    cargo run --release -p broker-benches --bin overhead -- {{options}}

# A newcomer's first minute.
demo:
    cargo run --release --bin cryptobroker -- demo
