//! `slow_handshake`: new connections wait before the proxy connects to the server.

use super::admission::{Admission, NewConnection};
use super::attribute::Attribute;
use super::span::span;
use super::spec::{Action, ToxicKind};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "slow_handshake",
    about: "delays the connection to the server for new connections; nothing is answered until then",
    effect: "delayed on arrival",
    attributes: &[Attribute::new("delay", "ms", "time before the proxy connects to the server")
        .at_least(0)
        .needed()],
    action: Action::Arrival(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, _: NewConnection) -> Admission {
    // The kernel finishes the client's handshake all the same. What is late is the server's side of it.
    if values.get("delay") > 0 { Admission::After(span(values.get("delay"))) } else { Admission::Pass }
}
