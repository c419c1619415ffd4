# What a newcomer needs. CI runs `.ci/run`, which does the same on a clean clone.

# Show this list
default:
    @just --list --unsorted

# Run scenarios: `just run scenarios/lab3/4.3-at-once.ron`
run *FILES:
    cargo run --release -- run {{FILES}}

# Pass the tests of everything
test:
    cargo test --workspace

# Is the house in order? (arrows, lengths, leftovers, orphans)
tidy:
    cargo test --test all tidy

# Accept what the snapshots would become; read the difference before you commit it
accept:
    INSTA_UPDATE=always cargo test --workspace
    git diff --stat snapshots

# Format everything
fmt:
    cargo fmt --all

# Warnings are errors, as in CI
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Build the documentation; broken links are errors
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Measure requests per second, memory and instructions
bench:
    cargo bench

# Change the core's algorithms and states in every small way; does a test object? (hours)
# `just mutants -f crates/balance/src/retry.rs` asks it of one file.
mutants *ARGS:
    PROPTEST_MAX_SHRINK_ITERS=0 INSTA_UPDATE=no cargo mutants --jobs 1 {{ARGS}}

# Licences, advisories, bans
deny:
    cargo deny check

# Everything that CI does
ci:
    .ci/run
