//! Only so many connections at a time.

use super::door::{Coming, Entry};
use super::{Acts, Attribute, Spec, Values};

pub(super) static SPEC: Spec = Spec {
    name: "max_connections",
    about: "while so many connections are open, new ones are reset as they come",
    effect: "reset as they came",
    attributes: &[Attribute::new("connections", "", "that may be open").at_least(0)],
    acts: Acts::Door(decide),
    of_toxiproxy: false,
};

fn decide(values: &Values, coming: Coming) -> Entry {
    if coming.open > values.at_least_zero(0) { Entry::Reset } else { Entry::Pass }
}
