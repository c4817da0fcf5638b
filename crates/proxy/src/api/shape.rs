//! Proxies and toxics as the API takes and shows them. What Toxiproxy does not have stands behind what it has.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::super::counters::Snapshot;
use super::super::registry::NewProxy;
use super::super::single::View;
use super::answer::Refused;
use super::json::Fields;
use faultline_toxics::{Direction, NewToxic, Settings, Toxic, Values};

/// A proxy as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct ShownProxy {
    name: String,
    listen: String,
    upstream: String,
    enabled: bool,
    #[serde(rename = "Logger")]
    logger: serde_json::Map<String, serde_json::Value>,
    toxics: Vec<ShownToxic>,
    counters: Snapshot,
}

impl From<View> for ShownProxy {
    fn from(view: View) -> Self {
        Self {
            name: view.name,
            listen: view.listen,
            upstream: view.upstream,
            enabled: view.enabled,
            logger: serde_json::Map::new(),
            toxics: view.toxics.all().map(|toxic| ShownToxic::from(toxic.as_ref())).collect(),
            counters: view.counters,
        }
    }
}

/// A toxic as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct ShownToxic {
    attributes: Shown,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    stream: String,
    #[serde(serialize_with = "as_go")]
    toxicity: f64,
    effects: ShownEffects,
}

#[derive(Debug, Serialize)]
struct ShownEffects {
    connections: u64,
    bytes: u64,
}

impl From<&Toxic> for ShownToxic {
    fn from(toxic: &Toxic) -> Self {
        let effects = toxic.effects();
        Self {
            attributes: Shown(toxic.settings.values().clone()),
            name: toxic.name.clone(),
            kind: toxic.settings.spec().name,
            stream: toxic.written_stream.clone(),
            toxicity: toxic.toxicity,
            effects: ShownEffects { connections: effects.connections(), bytes: effects.bytes() },
        }
    }
}

/// A number as Go writes it: without a point where there is nothing behind it.
fn as_go<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

/// Attributes in the order of their kind.
#[derive(Debug)]
struct Shown(Values);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.iter() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// What is wanted of a proxy. `place` is its number among several, from 1; `toxics` whether those in the body count,
/// which Toxiproxy leaves out.
pub(super) fn new_proxy(fields: &Fields, place: Option<usize>, toxics: bool) -> Result<NewProxy, Refused> {
    let at = place.map_or_else(String::new, |place| format!(" at proxy {place}"));
    let required = |name: &str| {
        let given = fields.string(name)?.filter(|text| !text.is_empty());
        given.ok_or_else(|| Refused::Missing(format!("{name}{at}")))
    };
    let name = required("name")?;
    let upstream = required("upstream")?;
    let mut wanted = Vec::new();
    let given = if toxics { fields.array("toxics")? } else { None };
    for toxic in given.unwrap_or_default() {
        wanted.push(new_toxic(&Fields::of(toxic, "a toxic")?)?);
    }
    Ok(NewProxy {
        name,
        upstream,
        listen: fields.string("listen")?.unwrap_or_default(),
        enabled: fields.boolean("enabled")?.unwrap_or(true),
        toxics: wanted,
    })
}

/// What is wanted of a toxic.
pub(super) fn new_toxic(fields: &Fields) -> Result<NewToxic, Refused> {
    let given_stream = fields.string("stream")?.filter(|text| !text.is_empty());
    let written_stream = given_stream.unwrap_or_else(|| "downstream".to_owned());
    let stream = match written_stream.to_ascii_lowercase().as_str() {
        "upstream" => Direction::Upstream,
        "downstream" => Direction::Downstream,
        _ => return Err(Refused::Direction),
    };
    let kind = fields.string("type")?.unwrap_or_default();
    let spec = faultline_toxics::kind(&kind).ok_or(Refused::Kind)?;
    let given_name = fields.string("name")?.filter(|text| !text.is_empty());
    let name = given_name.unwrap_or_else(|| format!("{kind}_{written_stream}"));
    let toxicity = fields.number("toxicity")?.unwrap_or(1.0);
    let settings = changed(Settings::new(spec), fields)?;
    Ok(NewToxic { name, stream, written_stream: Some(written_stream), toxicity, settings, seed: None })
}

/// Settings with those that a body gives; what the kind does not have is ignored.
pub(super) fn changed(mut settings: Settings, fields: &Fields) -> Result<Settings, Refused> {
    let Some(attributes) = fields.get("attributes") else { return Ok(settings) };
    let attributes = Fields::of(attributes.clone(), "attributes")?;
    for attribute in settings.spec().attributes {
        if let Some(value) = attributes.integer(attribute.name)? {
            settings.set(attribute.name, value)?;
        }
    }
    Ok(settings)
}
