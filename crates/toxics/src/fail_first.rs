//! The first connections are reset, later ones pass.

use super::attribute::Attribute;
use super::door::{Admission, Arrival};
use super::spec::{Acts, Spec};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "fail_first",
    about: "the first so many connections are reset as they come, later ones pass",
    effect: "reset as they came",
    attributes: &[Attribute::new("connections", "", "that are reset, from when the toxic came")
        .at_least(0)
        .needed()],
    acts: Acts::Door(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, arrival: Arrival) -> Admission {
    if arrival.before < values.at_least_zero("connections") { Admission::Reset } else { Admission::Pass }
}
