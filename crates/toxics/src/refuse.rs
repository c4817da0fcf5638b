//! New connections are reset.

use super::door::Admission;
use super::spec::{Acts, Spec};

pub(super) static SPEC: Spec = Spec {
    name: "refuse",
    about: "new connections are reset as they come",
    effect: "reset as they came",
    attributes: &[],
    acts: Acts::Door(|_, _| Admission::Reset),
    of_toxiproxy: false,
};
