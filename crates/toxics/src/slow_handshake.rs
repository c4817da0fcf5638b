//! New connections wait before they are passed on.

use super::attribute::Attribute;
use super::door::{Admission, Arrival};
use super::span::span;
use super::spec::{Acts, Spec};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "slow_handshake",
    about: "new connections are passed on to the server only after a while; nothing is answered until then",
    effect: "made to wait",
    attributes: &[Attribute::new("delay", "ms", "before the server is connected to").at_least(0).needed()],
    acts: Acts::Door(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, _: Arrival) -> Admission {
    if values.get("delay") > 0 { Admission::After(span(values.get("delay"))) } else { Admission::Pass }
}
