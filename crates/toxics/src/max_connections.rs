//! `max_connections`: new connections are reset while a number of them is open.

use super::admission::{Admission, Arrival};
use super::attribute::Attribute;
use super::spec::{Action, Spec};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "max_connections",
    about: "resets new connections while the limit of open ones is reached",
    effect: "reset on arrival",
    attributes: &[Attribute::new("connections", "", "connections that may be open").at_least(0)],
    action: Action::Arrival(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, arrival: Arrival) -> Admission {
    // The new connection counts as open already.
    if arrival.open > values.at_least_zero("connections") { Admission::Reset } else { Admission::Pass }
}
