//! The proxies of links, and the environments rewritten to them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::error::StackError;
use super::port::Port;
use super::provider::Provider;
use super::topology::{Link, Node, Topology, link};
use faultline_proxy::{NewToxic, Proxy, ProxyError, Registry, Snapshot, Toxic};

/// Connection of nodes to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wiring {
    /// Each link passes through a proxy, in which faults can be injected.
    Proxied,
    /// Without one wherever nodes can reach each other and nothing has to share connections out among replicas: what is
    /// measured then is the system alone.
    Direct,
}

/// The links of a stack.
#[derive(Debug)]
pub struct Links {
    proxies: BTreeMap<Link, LinkProxy>,
    /// Address that a node writes for a link without a proxy.
    direct: BTreeMap<Link, String>,
}

#[derive(Debug)]
struct LinkProxy {
    address: SocketAddr,
    /// The address as the node at its beginning writes it.
    written: String,
    proxy: Arc<Proxy>,
    _port: Port,
}

impl Links {
    /// Starts one proxy for each link that has one, on a port that stays its own while the link is cut, and puts it in
    /// the registry, in the place of one of the same link before.
    // The port of a cut link stays reserved: a connection to it must be refused, and not reach another program.
    pub(super) async fn start(
        topology: &Topology,
        provider: &dyn Provider,
        wiring: Wiring,
        registry: &Registry,
    ) -> Result<Self, StackError> {
        let (mut proxies, mut direct) = (BTreeMap::new(), BTreeMap::new());
        for link in &topology.links {
            let ends: Vec<&str> = topology.replicas(&link.to).collect();
            if wiring == Wiring::Direct
                // Connections to replicas need a proxy, which distributes them.
                && ends.len() == 1
                && let Some(written) = provider.neighbour(&link.to, link.port)
            {
                direct.insert(link.clone(), written);
                continue;
            }
            let upstreams = upstreams(&ends, link.port, provider)?;
            let port =
                Port::reserve().map_err(|source| StackError::Port { node: link.from.clone(), source })?;
            let doorway = provider.doorway(&link.from);
            let address = SocketAddr::from((doorway.listen, port.number()));
            let written = format!("{}:{}", doorway.host, port.number());
            // The toxics of a fault bring the seed of the schedule; this one is for the proxy API.
            let proxy = Arc::new(Proxy::new(&link.name(), &address.to_string(), upstreams, 0));
            proxy.enable().await?;
            registry.insert(Arc::clone(&proxy)).await;
            proxies.insert(link.clone(), LinkProxy { address, written, proxy, _port: port });
        }
        Ok(Self { proxies, direct })
    }

    /// The environment of a node with the address of every other node replaced by that of the link to it.
    pub(super) fn rewrite(&self, topology: &Topology, node: &Node) -> BTreeMap<String, String> {
        // An address of the node itself says where it listens.
        let others = topology.nodes.keys().map(String::as_str).filter(|other| *other != node.name.as_str());
        let proxied = |to: &str, port: u16| {
            let link = Link { from: node.name.to_string(), to: to.to_owned(), port };
            self.proxies.get(&link).map(|entry| &entry.written).or_else(|| self.direct.get(&link)).cloned()
        };
        let rewritten = |value: &String| link::rewrite(value, others.clone(), &proxied);
        node.environment.iter().map(|(key, value)| (key.clone(), rewritten(value))).collect()
    }

    /// Returns the address at which the proxy of a link listens; none without a proxy.
    #[must_use]
    pub fn address(&self, link: &Link) -> Option<SocketAddr> {
        self.proxies.get(link).map(|entry| entry.address)
    }

    /// The proxy of a link; none without one.
    #[must_use]
    pub fn proxy(&self, link: &Link) -> Option<&Proxy> {
        self.proxies.get(link).map(|entry| entry.proxy.as_ref())
    }

    /// Measures from now on how long answers take on every link.
    pub fn time_answers(&self) {
        self.proxies.values().for_each(|entry| entry.proxy.time_answers());
    }

    /// Sums up the counters of the proxies of some links.
    #[must_use]
    pub fn counters(&self, links: &[&Link]) -> Snapshot {
        self.entries(links).map(|entry| entry.proxy.counters()).fold(Snapshot::default(), Snapshot::plus)
    }

    /// Cuts links: connections end, new ones are refused.
    pub async fn cut(&self, links: &[&Link]) {
        for entry in self.entries(links) {
            entry.proxy.disable().await;
        }
    }

    /// Restores links that were cut.
    ///
    /// # Errors
    /// [`ProxyError`] when a proxy can't listen again.
    pub async fn heal(&self, links: &[&Link]) -> Result<(), ProxyError> {
        for entry in self.entries(links) {
            entry.proxy.enable().await?;
        }
        Ok(())
    }

    /// Puts a toxic on links. It must be new to them. Returns the number of links that have it now.
    pub async fn add(&self, links: &[&Link], toxic: &NewToxic) -> usize {
        let mut added = 0;
        for entry in self.entries(links) {
            match entry.proxy.add(toxic.clone()).await {
                Ok(_) => added += 1,
                Err(error) => tracing::error!("{} on {}: {error}", toxic.name, entry.proxy.name()),
            }
        }
        added
    }

    /// Removes the toxic of a name from links. Returns it for each link that had it, with its counters.
    pub async fn remove(&self, links: &[&Link], name: &str) -> Vec<Arc<Toxic>> {
        let mut removed = Vec::new();
        for entry in self.entries(links) {
            removed.extend(entry.proxy.remove(name).await);
        }
        removed
    }

    fn entries<'a>(&'a self, links: &'a [&Link]) -> impl Iterator<Item = &'a LinkProxy> {
        links.iter().filter_map(|link| self.proxies.get(link))
    }
}

fn upstreams(ends: &[&str], port: u16, provider: &dyn Provider) -> Result<Vec<SocketAddr>, StackError> {
    let address = |end: &&str| {
        let address = provider.address(end, port);
        address.ok_or_else(|| StackError::NoPort { node: (*end).to_owned(), port })
    };
    ends.iter().map(address).collect()
}
