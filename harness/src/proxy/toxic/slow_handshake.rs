//! New connections wait before they are passed on.

use super::door::{Coming, Entry};
use super::{Acts, Attribute, Spec, Values, span};

pub(super) static SPEC: Spec = Spec {
    name: "slow_handshake",
    about: "new connections are passed on to the server only after a while; nothing is answered until then",
    effect: "made to wait",
    attributes: &[Attribute::new("delay", "ms", "before the server is connected to").at_least(0).needed()],
    acts: Acts::Door(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, _: Coming) -> Entry {
    if values.at(0) > 0 { Entry::After(span(values.at(0))) } else { Entry::Pass }
}
