# The Rust toolchain: checked, never installed, since how to get it is the developer's choice.

require_rust() {
  local wanted version
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  command -v cargo >/dev/null || fail "cargo is missing: install Rust $wanted or newer, for example with rustup (https://rustup.rs)"
  version=$(rustc --version 2>/dev/null | cut -d' ' -f2) || true
  [[ -n $version ]] || fail "rustc does not answer: install Rust $wanted or newer, for example with rustup (https://rustup.rs)"
  at_least "$version" "$wanted" || fail "Rust $version is too old: $wanted or newer is needed (with rustup: rustup update stable)"
}

# at_least VERSION WANTED: whether a version such as 1.95.0 is not below another.
at_least() { printf '%s\n%s\n' "$2" "${1%%-*}" | sort -VC; }
