//! `refuse`: new connections are reset.

use super::admission::Admission;
use super::spec::{Action, ToxicKind};

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "refuse",
    about: "resets new connections",
    effect: "reset on arrival",
    attributes: &[],
    // The kernel has finished the handshake before anyone can decide, so a reset comes closest to a refusal.
    // The fault `down` closes the listener, after which the system refuses by itself.
    action: Action::Arrival(|_, _| Admission::Reset),
    of_toxiproxy: false,
};
