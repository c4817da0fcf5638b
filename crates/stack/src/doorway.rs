//! The way from a node to the proxies of its links.

use std::net::{IpAddr, Ipv4Addr};

/// Address at which the proxies of a node's links listen, and its name as the node writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doorway {
    /// The address of this machine that the proxies listen on.
    pub listen: IpAddr,
    /// The host name or address by which the node reaches them.
    pub host: String,
}

impl Doorway {
    /// Returns the doorway of a node that runs on this machine, outside any container.
    #[must_use]
    pub fn loopback() -> Self {
        Self { listen: Ipv4Addr::LOCALHOST.into(), host: Ipv4Addr::LOCALHOST.to_string() }
    }
}
