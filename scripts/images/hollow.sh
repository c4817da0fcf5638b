#!/bin/sh
# Fills crates of which only the manifests are there with nothing, so that cargo can build what they depend on.
set -eu
for manifest in harness/Cargo.toml services/*/Cargo.toml; do
  crate=$(dirname "$manifest")
  mkdir -p "$crate/src"
  : >"$crate/src/lib.rs"
  echo 'fn main() {}' >"$crate/src/main.rs"
  echo 'fn main() {}' >"$crate/src/planted_main.rs"
  grep -q '^\[build-dependencies\]' "$manifest" && echo 'fn main() {}' >"$crate/build.rs"
done
