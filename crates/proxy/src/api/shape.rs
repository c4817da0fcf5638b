//! Proxies and toxics as JSON. Fields that Toxiproxy does not have follow those that it has.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::super::counters::Snapshot;
use super::super::proxy::ProxyView;
use super::super::registry::NewProxy;
use super::answer::ApiError;
use super::json::Fields;
use faultline_toxics::{Direction, NewToxic, Toxic, ToxicSettings, Values};

/// Proxy in an answer.
#[derive(Debug, Serialize)]
pub(super) struct ShownProxy {
    name: String,
    listen: String,
    upstream: String,
    enabled: bool,
    // Toxiproxy shows its logger by mistake, as an empty object.
    #[serde(rename = "Logger")]
    logger: serde_json::Map<String, serde_json::Value>,
    toxics: Vec<ShownToxic>,
    counters: Snapshot,
}

impl From<ProxyView> for ShownProxy {
    fn from(view: ProxyView) -> Self {
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

/// Toxic in an answer.
#[derive(Debug, Serialize)]
pub(super) struct ShownToxic {
    attributes: ShownValues,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    stream: String,
    #[serde(serialize_with = "as_go")]
    toxicity: f64,
    effects: EffectCounts,
}

#[derive(Debug, Serialize)]
struct EffectCounts {
    connections: u64,
    bytes: u64,
}

impl From<&Toxic> for ShownToxic {
    fn from(toxic: &Toxic) -> Self {
        let effects = toxic.effects();
        Self {
            attributes: ShownValues(toxic.settings.values().clone()),
            name: toxic.name.clone(),
            kind: toxic.settings.spec().name,
            stream: toxic.direction_text.clone(),
            toxicity: toxic.toxicity,
            effects: EffectCounts { connections: effects.connections(), bytes: effects.bytes() },
        }
    }
}

/// Serializes a number as Go does: an integer without a decimal point.
fn as_go<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Below 2^53, about 9e15, each whole number has an exact f64, so that the conversion loses nothing.
    if number.fract() == 0.0 && number.abs() < 1e15 {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

/// Values of attributes, in the order of the kind.
#[derive(Debug)]
struct ShownValues(Values);

impl Serialize for ShownValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0.iter() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// Reads the request for a proxy. `place` is its number among several, from 1; `with_toxics` tells whether `toxics` in the
/// body take effect.
pub(super) fn new_proxy(
    fields: &Fields,
    place: Option<usize>,
    with_toxics: bool,
) -> Result<NewProxy, ApiError> {
    let at = place.map_or_else(String::new, |place| format!(" at proxy {place}"));
    let required = |name: &str| {
        // Go cannot tell an absent text from an empty one, so Toxiproxy takes both for missing.
        let text = fields.string(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| ApiError::Missing(format!("{name}{at}")))
    };
    let name = required("name")?;
    let upstream = required("upstream")?;
    let mut toxics = Vec::new();
    let values = if with_toxics { fields.array("toxics")? } else { None };
    for toxic in values.unwrap_or_default() {
        toxics.push(new_toxic(&Fields::from_value(toxic, "a toxic")?)?);
    }
    Ok(NewProxy {
        name,
        upstream,
        listen: fields.string("listen")?.unwrap_or_default(),
        enabled: fields.boolean("enabled")?.unwrap_or(true),
        toxics,
    })
}

/// Reads the request for a toxic.
pub(super) fn new_toxic(fields: &Fields) -> Result<NewToxic, ApiError> {
    // An empty text is no direction: Go keeps the default only where the field is absent or null.
    let direction_text = fields.string("stream")?.unwrap_or_else(|| "downstream".to_owned());
    // Only compared in lower case: answers and the default name keep the text as the client wrote it.
    let direction = match direction_text.to_ascii_lowercase().as_str() {
        "upstream" => Direction::Upstream,
        "downstream" => Direction::Downstream,
        _ => return Err(ApiError::Direction),
    };
    // Toxiproxy checks the direction before the type, and clients see the first error only.
    let kind = fields.string("type")?.unwrap_or_default();
    let spec = faultline_toxics::kind(&kind).ok_or(ApiError::Kind)?;
    let name = fields.string("name")?.filter(|text| !text.is_empty());
    let name = name.unwrap_or_else(|| format!("{kind}_{direction_text}"));
    let toxicity = fields.number("toxicity")?.unwrap_or(1.0);
    let settings = with_changes(ToxicSettings::new(spec), fields)?;
    Ok(NewToxic { name, direction, direction_text: Some(direction_text), toxicity, settings, seed: None })
}

/// Sets the values that a body gives. As in Toxiproxy, attributes that the kind does not have are ignored.
pub(super) fn with_changes(mut settings: ToxicSettings, fields: &Fields) -> Result<ToxicSettings, ApiError> {
    let Some(attributes) = fields.get("attributes") else { return Ok(settings) };
    let attributes = Fields::from_value(attributes.clone(), "attributes")?;
    for attribute in settings.spec().attributes {
        if let Some(value) = attributes.integer(attribute.name)? {
            settings.set(attribute.name, value)?;
        }
    }
    Ok(settings)
}
