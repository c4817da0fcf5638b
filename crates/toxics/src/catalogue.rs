//! The catalogue of all kinds of toxics.

use super::spec::ToxicKind;
use super::{
    bandwidth, close_after, corrupt, fail_first, half_open, latency, limit_data, max_connections, noop,
    refuse, reset_peer, slicer, slow_close, slow_handshake, timeout,
};

/// All kinds; Toxiproxy's first.
// The documentation and the list of faults have this order.
pub static KINDS: [&ToxicKind; 15] = [
    &latency::SPEC,
    &bandwidth::SPEC,
    &slow_close::SPEC,
    &timeout::SPEC,
    &reset_peer::SPEC,
    &slicer::SPEC,
    &limit_data::SPEC,
    &noop::SPEC,
    &corrupt::SPEC,
    &half_open::SPEC,
    &close_after::SPEC,
    &refuse::SPEC,
    &fail_first::SPEC,
    &slow_handshake::SPEC,
    &max_connections::SPEC,
];

/// Returns the kind of this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static ToxicKind> {
    KINDS.into_iter().find(|spec| spec.name == name)
}
