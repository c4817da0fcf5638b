//! `fail_first`: the first connections are reset, later ones are accepted.

use super::admission::{Admission, Arrival};
use super::attribute::Attribute;
use super::spec::{Action, Spec};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
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

fn decide(values: &Values, arrival: Arrival) -> Admission {
    if arrival.before < values.at_least_zero("connections") { Admission::Reset } else { Admission::Pass }
}
