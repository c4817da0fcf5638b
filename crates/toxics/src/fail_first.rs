//! `fail_first`: the first connections are reset, later ones are accepted.

use super::admission::{Admission, NewConnection};
use super::attribute::Attribute;
use super::spec::{Action, ToxicKind};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "fail_first",
    about: "resets the first new connections, and accepts later ones",
    effect: "reset on arrival",
    attributes: &[Attribute::new(
        "connections",
        "",
        "connections that are reset, counted from the injection",
    )
    .at_least(0)
    .needed()],
    action: Action::Arrival(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, connection: NewConnection) -> Admission {
    // Since the injection, also those that passed: an update does not restart the count.
    if connection.before < values.at_least_zero("connections") { Admission::Reset } else { Admission::Pass }
}
