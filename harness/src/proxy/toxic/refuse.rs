//! New connections are reset.

use super::door::Entry;
use super::{Acts, Spec};

pub(super) static SPEC: Spec = Spec {
    name: "refuse",
    about: "new connections are reset as they come",
    effect: "reset as they came",
    attributes: &[],
    acts: Acts::Door(|_, _| Entry::Reset),
    of_toxiproxy: false,
};
