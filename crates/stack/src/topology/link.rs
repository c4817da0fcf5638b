//! Links, found from the addresses in environments: `other-node:port` in a value is a link to it.

use std::collections::BTreeMap;
use std::ops::Range;

/// One directed connection between two nodes, to one port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The node that connects.
    pub from: String,
    /// The node that is connected to.
    pub to: String,
    /// Port, as in compose.
    pub port: u16,
}

impl Link {
    /// Returns the name: `from->to:port`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}->{}:{}", self.from, self.to, self.port)
    }

    /// Returns `from->to`, which stands for every port.
    #[must_use]
    pub fn short_name(&self) -> String {
        format!("{}->{}", self.from, self.to)
    }
}

/// An address of a node in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Place of `node:port` in the text, in bytes.
    pub place: Range<usize>,
    /// Name of the node.
    pub node: String,
    /// Number of the port.
    pub port: u16,
}

/// Finds every `node:port` in a text, for nodes that exist, in order.
#[must_use]
pub fn addresses<'a>(text: &str, nodes: impl Iterator<Item = &'a str> + Clone) -> Vec<Address> {
    // The dot too: `x.mongo:5` is a host of its own, not the node mongo.
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut found = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let start = text[..colon].rfind(|c| !is_host(c)).map_or(0, |at| at + last_width(text, at));
        let host = &text[start..colon];
        let digits = text[colon + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = colon + 1 + digits;
        let Ok(port) = text[colon + 1..end].parse::<u16>() else { continue };
        let ends_there = !text[end..].starts_with(is_host);
        // `user:1234@host` looks like an address too.
        if ends_there && !text[end..].starts_with('@') && nodes.clone().any(|node| node == host) {
            found.push(Address { place: start..end, node: host.to_owned(), port });
        }
    }
    found
}

fn last_width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// Replaces every address of a node in a text.
#[must_use]
pub fn rewrite<'a>(
    text: &str,
    nodes: impl Iterator<Item = &'a str> + Clone,
    replacement: &dyn Fn(&str, u16) -> Option<String>,
) -> String {
    let mut rewritten = String::with_capacity(text.len());
    let mut done = 0;
    for address in addresses(text, nodes) {
        if let Some(new) = replacement(&address.node, address.port) {
            rewritten.push_str(&text[done..address.place.start]);
            rewritten.push_str(&new);
            done = address.place.end;
        }
    }
    rewritten.push_str(&text[done..]);
    rewritten
}

/// Finds the links of one node in its environment.
#[must_use]
pub fn links_of(from: &str, environment: &BTreeMap<String, String>, nodes: &[&str]) -> Vec<Link> {
    let others = nodes.iter().copied().filter(|node| *node != from);
    let found = environment.values().flat_map(|value| addresses(value, others.clone()));
    let mut links: Vec<Link> =
        found.map(|address| Link { from: from.to_owned(), to: address.node, port: address.port }).collect();
    links.sort();
    links.dedup();
    links
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NODES: [&str; 3] = ["mongo", "logger", "my-db"];

    fn names(text: &str) -> Vec<(String, u16)> {
        addresses(text, NODES.into_iter()).into_iter().map(|a| (a.node, a.port)).collect()
    }

    #[test]
    fn addresses_are_found_in_urls_lists_and_plain() {
        assert_eq!(names("mongodb://mongo:password@mongo:27017/x"), [("mongo".into(), 27017)]);
        assert_eq!(names("logger:1,my-db:2"), [("logger".into(), 1), ("my-db".into(), 2)]);
        assert_eq!(names("host=my-db port=5 mongodb:1 logger:99999 logger:1234@other:5 x.mongo:5"), []);
        assert_eq!(names("é mongo:5"), [("mongo".into(), 5)]);
    }

    #[test]
    fn addresses_are_replaced_where_they_stand() {
        let new = rewrite("a://mongo:pw@mongo:27017,mongo:2/x", NODES.into_iter(), &|node, port| {
            (port == 27017).then(|| format!("127.0.0.1:{}", node.len()))
        });
        assert_eq!(new, "a://mongo:pw@127.0.0.1:5,mongo:2/x");
    }

    proptest! {
        #[test]
        fn any_text_keeps_what_is_no_address(text in "\\PC{0,60}") {
            prop_assert_eq!(rewrite(&text, NODES.into_iter(), &|_, _| None), text);
        }
    }
}
