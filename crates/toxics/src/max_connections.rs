//! Only so many connections at a time.

use super::attribute::Attribute;
use super::door::{Admission, Arrival};
use super::spec::{Acts, Spec};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "max_connections",
    about: "while so many connections are open, new ones are reset as they come",
    effect: "reset as they came",
    attributes: &[Attribute::new("connections", "", "that may be open").at_least(0)],
    acts: Acts::Door(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, arrival: Arrival) -> Admission {
    if arrival.open > values.at_least_zero("connections") { Admission::Reset } else { Admission::Pass }
}
