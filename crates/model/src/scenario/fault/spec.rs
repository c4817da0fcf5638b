//! One fault as a file has it. Which keys there may be depends on its kind: see [`super::check`].

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::attribute_value::AttributeValue;
use super::kind::FaultKind;
use crate::scenario::duration::Span;
use faultline_toxics::Direction;

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FaultSpec {
    /// Kind of the fault.
    pub kind: FaultKind,
    /// Target, of a fault of a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<Spanned<String>>,
    /// Target, of a fault of a link: `from->to` or `from->to:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Spanned<String>>,
    /// One group of a partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Spanned<Vec<Spanned<String>>>>,
    /// Other group of a partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Spanned<Vec<Spanned<String>>>>,
    /// Directions of a partition; both if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Spanned<PartitionDirection>>,
    /// Time of the injection, after the start of the load.
    pub at: Spanned<Span>,
    /// Duration of the fault, until it is healed.
    #[serde(rename = "for")]
    pub lasts: Spanned<Span>,
    /// Directions of connections that a toxic affects; both if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Spanned<Directions>>,
    /// Share of connections that a toxic affects, above 0 and at most 1; all if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toxicity: Option<Spanned<f64>>,
    /// Attributes of a toxic: any other key.
    #[serde(flatten)]
    pub values: BTreeMap<Spanned<String>, Spanned<AttributeValue>>,
}

/// Direction in which a partition lets nothing pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartitionDirection {
    /// No bytes pass in either direction.
    #[default]
    Both,
    /// Bytes that the nodes send do not arrive.
    Outbound,
    /// Bytes that are sent to the nodes do not arrive.
    Inbound,
}

/// Directions of a connection that a toxic affects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directions {
    /// Both directions.
    #[default]
    Both,
    /// Bytes that the client sends.
    Upstream,
    /// Bytes that the server sends.
    Downstream,
}

impl Directions {
    /// Lists the directions.
    #[must_use]
    pub fn each(self) -> &'static [Direction] {
        match self {
            Self::Both => &[Direction::Upstream, Direction::Downstream],
            Self::Upstream => &[Direction::Upstream],
            Self::Downstream => &[Direction::Downstream],
        }
    }
}

impl FaultSpec {
    /// Returns the node or link; none of a partition.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.node.as_ref().or(self.link.as_ref()).map(|name| name.get_ref().as_str())
    }

    /// Returns the keys that only some kinds have, with their places; not those of a toxic's attributes.
    pub(super) fn own_keys(&self) -> Vec<(&'static str, std::ops::Range<usize>)> {
        let place = [
            ("node", self.node.as_ref().map(Spanned::span)),
            ("link", self.link.as_ref().map(Spanned::span)),
            ("nodes", self.nodes.as_ref().map(Spanned::span)),
            ("from", self.from.as_ref().map(Spanned::span)),
            ("direction", self.direction.as_ref().map(Spanned::span)),
            ("stream", self.stream.as_ref().map(Spanned::span)),
            ("toxicity", self.toxicity.as_ref().map(Spanned::span)),
        ];
        place.into_iter().filter_map(|(key, place)| Some((key, place?))).collect()
    }
}

// Not derived: an attribute must keep its place in the file, which serde's `flatten` takes from it.
impl<'de> Deserialize<'de> for FaultSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = FaultSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table with the keys of a fault")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FaultSpec, A::Error> {
        let (mut kind, mut node, mut link, mut nodes, mut from) = (None, None, None, None, None);
        let (mut direction, mut at, mut lasts, mut stream, mut toxicity) = (None, None, None, None, None);
        let mut values = BTreeMap::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            // No key comes twice: TOML forbids it.
            match key.get_ref().as_str() {
                "kind" => kind = Some(map.next_value()?),
                "node" => node = Some(map.next_value()?),
                "link" => link = Some(map.next_value()?),
                "nodes" => nodes = Some(map.next_value()?),
                "from" => from = Some(map.next_value()?),
                "direction" => direction = Some(map.next_value()?),
                "at" => at = Some(map.next_value()?),
                "for" => lasts = Some(map.next_value()?),
                "stream" => stream = Some(map.next_value()?),
                "toxicity" => toxicity = Some(map.next_value()?),
                _ => {
                    values.insert(key, map.next_value()?);
                }
            }
        }
        Ok(FaultSpec {
            kind: kind.ok_or_else(|| A::Error::missing_field("kind"))?,
            at: at.ok_or_else(|| A::Error::missing_field("at"))?,
            lasts: lasts.ok_or_else(|| A::Error::missing_field("for"))?,
            node,
            link,
            nodes,
            from,
            direction,
            stream,
            toxicity,
            values,
        })
    }
}
