//! `max_connections`: new connections are reset while a number of them is open.

use super::admission::{Admission, NewConnection};
use super::attribute::Attribute;
use super::spec::{Action, ToxicKind};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "max_connections",
    about: "resets new connections while the limit of open ones is reached",
    effect: "reset on arrival",
    attributes: &[Attribute::new("connections", "", "connections that may be open").at_least(0)],
    action: Action::Arrival(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, connection: NewConnection) -> Admission {
    // The new connection counts as open already.
    if connection.open > values.at_least_zero("connections") { Admission::Reset } else { Admission::Pass }
}
