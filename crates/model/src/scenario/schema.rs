//! The format of scenario files as a JSON schema (draft 2020-12), from which editors complete and check.

use serde_json::{Map, Value, json};

use super::fault::{FaultKind, kind};
use super::format::{Expectations, Operations};
use faultline_toxics::Attribute;

/// A number with a point, if any.
const NUMBER: &str = r"[0-9]+(\.[0-9]*)?";

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let operations = serde_json::to_value(Operations::default()).unwrap_or_default();
    let expect = serde_json::to_value(Expectations::<String>::default()).unwrap_or_default();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of Faultline",
        "type": "object",
        "required": ["shows", "load"],
        "additionalProperties": false,
        "properties": {
            "shows": { "type": "string", "description": "What the scenario shows, in one sentence." },
            "operations": closed("How operations are sent.", &json!({
                "timeout": given(&duration("How long an operation may take."), &operations["timeout"]),
                "payload": given(&payload(), &operations["payload"]),
                "in-flight": given(
                    &count("How many operations may be under way at once; one that is due beyond it is dropped."),
                    &operations["in-flight"],
                ),
            }), &[]),
            "load": {
                "type": "array",
                "minItems": 1,
                "description": "Phases of load, one after the other.",
                "items": closed("Arrivals that come whatever the system does.", &json!({
                    "for": duration("How long it lasts."),
                    "rates": {
                        "type": "object",
                        "description": "Arrivals on each path of the topology; a path that is not named rests.",
                        "additionalProperties": pace(),
                    },
                }), &["for", "rates"]),
            },
            "fault": {
                "type": "array",
                "description": "Faults, each at its time.",
                "items": { "oneOf": kind::all().map(fault).collect::<Vec<_>>() },
            },
            "expect": closed("What must hold for the verdict pass.", &expectations(&expect), &[]),
        },
    })
}

fn expectations(default: &Value) -> Value {
    let share_of = |about: &str, key: &str| given(&share(about), &default[key]);
    let count_of = |about: &str, key: &str| given(&count(about), &default[key]);
    json!({
        "lost": count_of("Acknowledged entries that may be missing from the store.", "lost"),
        "duplicated": count_of("Entries that may be in the store more than once.", "duplicated"),
        "unexpected": count_of("Entries that may be stored though refused or never sent.", "unexpected"),
        "without-fault": share_of("Operations that must be ok while no fault is.", "without-fault"),
        "unaffected": share_of("Operations that must be ok on paths that don't use what is faulty.", "unaffected"),
        "during": {
            "type": "object",
            "description": "Operations that must be ok during the faults, by path, whatever is faulty.",
            "additionalProperties": share("The share of the path."),
        },
        "entries": {
            "enum": ["checked", "not-checked"],
            "default": "checked",
            "description": "Paths that name no store make the verdict unknown, or are told as not checked.",
        },
        "recovers-within": given(
            &duration("Time from the undoing of a fault until each path works again."),
            &default["recovers-within"],
        ),
        "drains-within": given(
            &duration("Time from the end of the load until every acknowledged entry is stored."),
            &default["drains-within"],
        ),
    })
}

/// A fault of one kind, with the keys that it has.
fn fault(kind: FaultKind) -> Value {
    let attributes = kind.spec().map_or(&[][..], |spec| spec.attributes);
    let needed = kind.needed_keys();
    let mut keys = Map::new();
    keys.insert("kind".to_owned(), json!({ "const": kind.name(), "description": kind.about() }));
    for key in needed.iter().copied().chain(kind.other_keys()) {
        let of_toxic = attributes.iter().find(|attribute| attribute.name == key);
        keys.insert(key.to_owned(), of_toxic.map_or_else(|| own(key), attribute));
    }
    let needed: Vec<&str> = std::iter::once("kind").chain(needed).collect();
    closed(kind.about(), &Value::Object(keys), &needed)
}

/// A key that is not an attribute of a toxic.
fn own(key: &str) -> Value {
    let names = |about: &str| json!({ "type": "array", "minItems": 1, "items": { "type": "string" }, "description": about });
    match key {
        "node" => json!({ "type": "string", "description": "A node of the topology." }),
        "link" => {
            json!({ "type": "string", "pattern": "->", "description": "A link, from->to or from->to:port." })
        }
        "nodes" => names("The nodes that are cut off."),
        "from" => names("The nodes that they are cut from."),
        "direction" => json!({ "enum": ["both", "outbound", "inbound"], "default": "both" }),
        "stream" => json!({ "enum": ["both", "upstream", "downstream"], "default": "both" }),
        "toxicity" => json!({
            "type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 1,
            "description": "The share of connections that it acts on.",
        }),
        "at" => duration("When it begins, after the start of the load."),
        _ => duration("For how long, until it is undone."),
    }
}

fn attribute(attribute: &Attribute) -> Value {
    match attribute.unit {
        "ms" | "µs" => duration(attribute.about),
        _ => json!({
            "type": "integer",
            "minimum": i64::from(attribute.needed && !attribute.effective_at_zero),
            "description": attribute.about,
        }),
    }
}

fn closed(about: &str, properties: &Value, needed: &[&str]) -> Value {
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": needed,
        "additionalProperties": false,
    })
}

fn given(schema: &Value, default: &Value) -> Value {
    let mut schema = schema.clone();
    schema["default"] = default.clone();
    schema
}

fn count(about: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": about })
}

fn duration(about: &str) -> Value {
    json!({
        "type": "string",
        "pattern": format!(r"^\s*{NUMBER}\s*(us|ms|s|min|h)\s*$"),
        "description": about,
        "examples": ["250ms", "5s"],
    })
}

fn share(about: &str) -> Value {
    json!({ "type": "string", "pattern": format!(r"^\s*{NUMBER}\s*%\s*$"), "description": about, "examples": ["99%"] })
}

fn pace() -> Value {
    let rate = format!(r"{NUMBER}\s*/\s*(s|min)");
    json!({
        "type": "string",
        "pattern": format!(r"^\s*(poisson\s+)?{rate}(\s*\.\.\s*{rate})?(\s+in\s+[0-9]+\s+steps)?\s*$"),
        "description": "A rate, a ramp, or steps; with poisson the arrivals know nothing of each other.",
        "examples": ["200/s", "20/s..200/s", "20/s..200/s in 10 steps", "poisson 200/s"],
    })
}

fn payload() -> Value {
    json!({
        "description": "Lengths of the data of entries in bytes, at least 64.",
        "oneOf": [
            { "type": "integer", "minimum": 64 },
            { "type": "string", "pattern": r"^[0-9.:, ]+$", "examples": ["64..1024", "64:50, 1024:50"] },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_every_fault_with_every_key() {
        let schema = schema();
        let faults = schema["properties"]["fault"]["items"]["oneOf"].as_array().unwrap();
        assert_eq!(faults.len(), kind::all().count());
        for fault in faults {
            let keys = fault["properties"].as_object().unwrap();
            assert!(
                fault["required"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|key| keys.contains_key(key.as_str().unwrap()))
            );
        }
    }
}
