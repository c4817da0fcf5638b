//! What can be done to the bytes of a link, one file each.

mod latency;

pub use latency::Latency;

/// The toxics of a proxy at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toxics {
    /// Delays each piece of data, both ways.
    pub latency: Option<Latency>,
}
