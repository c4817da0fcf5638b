//! The first connections are reset, later ones pass.

use super::door::{Coming, Entry};
use super::{Acts, Attribute, Spec, Values};

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

fn decide(values: &Values, coming: Coming) -> Entry {
    if coming.before < values.at_least_zero(0) { Entry::Reset } else { Entry::Pass }
}
