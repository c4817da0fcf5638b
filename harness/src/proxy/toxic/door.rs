//! What becomes of a connection that comes: the toxics that act at the door, in their order.

use std::time::Duration;

use super::{Acts, Toxic};

/// What a toxic says of a connection that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// It may come in.
    Pass,
    /// It is reset.
    Reset,
    /// It may come in after a while.
    After(Duration),
}

/// A connection that comes.
#[derive(Debug, Clone, Copy)]
pub struct Coming {
    /// Connections that came while the toxic was there, before this one.
    pub before: u64,
    /// Connections that are open, with this one.
    pub open: u64,
}

/// What one toxic says of a connection; counts it if it does something.
pub(crate) fn entry(toxic: &Toxic, open: u64) -> Entry {
    let Acts::Door(decide) = toxic.values.spec().acts else { return Entry::Pass };
    let coming = Coming { before: toxic.effects().came(), open };
    let entry = decide(&toxic.values, coming);
    if entry != Entry::Pass {
        toxic.effects().add(true, 0);
    }
    entry
}
