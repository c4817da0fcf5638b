#!/bin/sh
# Fills crates of which only the manifests are there with nothing, so that cargo can build what they depend on.
set -eu
for manifest in benches/Cargo.toml harness/Cargo.toml services/*/Cargo.toml; do
  crate=$(dirname "$manifest")
  mkdir -p "$crate/src/bin"
  : >"$crate/src/lib.rs"
  echo 'fn main() {}' >"$crate/src/main.rs"
  echo 'fn main() {}' >"$crate/src/planted_main.rs"
  # Programs at a place of their own.
  sed -n 's/^path = "\(src\/bin\/.*\)"/\1/p' "$manifest" | while read -r program; do
    echo 'fn main() {}' >"$crate/$program"
  done
  grep -q '^\[build-dependencies\]' "$manifest" && echo 'fn main() {}' >"$crate/build.rs"
done
