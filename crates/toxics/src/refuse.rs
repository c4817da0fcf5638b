//! `refuse`: new connections are reset.

use super::admission::Admission;
use super::spec::{Action, ToxicKind};

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "refuse",
    about: "resets new connections",
    effect: "reset on arrival",
    attributes: &[],
    action: Action::Arrival(|_, _| Admission::Reset),
    of_toxiproxy: false,
};
