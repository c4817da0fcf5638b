//! `refuse`: new connections are reset.

use super::admission::Admission;
use super::spec::{Action, Spec};

pub(super) static SPEC: Spec = Spec {
    name: "refuse",
    about: "resets new connections",
    effect: "reset on arrival",
    attributes: &[],
    action: Action::Arrival(|_, _| Admission::Reset),
    of_toxiproxy: false,
};
