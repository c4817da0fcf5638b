#!/bin/sh
# Fills crates of which only the manifests are there with nothing, so that cargo can build what they depend on.
set -eu
# hollow FILE: a program that does nothing.
hollow() {
  mkdir -p "$(dirname "$1")"
  echo 'fn main() {}' >"$1"
}
for manifest in benches/Cargo.toml crates/*/Cargo.toml services/*/Cargo.toml; do
  crate=$(dirname "$manifest")
  hollow "$crate/src/main.rs"
  hollow "$crate/src/planted_main.rs"
  : >"$crate/src/lib.rs"
  # Programs at a place of their own, and benches.
  sed -n -e 's/^path = "\(src\/bin\/.*\)"/\1/p' -e '/^\[\[bench\]\]/{n;s/^name = "\(.*\)"/benches\/\1.rs/p;}' "$manifest" |
    while read -r program; do hollow "$crate/$program"; done
  if grep -q '^\[build-dependencies\]' "$manifest"; then hollow "$crate/build.rs"; fi
done
