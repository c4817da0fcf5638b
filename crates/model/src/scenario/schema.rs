//! JSON schema (draft 2020-12) of scenario files, for editors.

use serde_json::{Map, Value, json};

use super::fault::{FaultKind, kind};
use super::format::{Expectations, OperationSettings};
use super::validate::{MAX_PAYLOAD, MIN_PAYLOAD};
use faultline_toxics::Attribute;

/// Pattern of a number, with or without a point.
const NUMBER: &str = r"([0-9]+\.?[0-9]*|\.[0-9]+)";

/// Builds the schema.
#[must_use]
// Not derived from the types: rates and durations are texts in a file, and the keys of a fault depend on its
// kind. Defaults are read from the types, so that they cannot differ.
pub fn schema() -> Value {
    let operations = serde_json::to_value(OperationSettings::default()).unwrap_or_default();
    let expect = serde_json::to_value(Expectations::<String>::default()).unwrap_or_default();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of Faultline",
        "type": "object",
        "required": ["shows", "load"],
        "additionalProperties": false,
        "properties": {
            "shows": { "type": "string", "description": "Subject of the scenario, in one sentence." },
            "system": {
                "enum": ["shared", "own"],
                "default": "shared",
                "description": "System that a test of the scenario runs on: one that other scenarios use too, or its own.",
            },
            "operations": closed("Settings of all operations.", &json!({
                "timeout": with_default(&duration("Time that an operation may take."), &operations["timeout"]),
                "payload": with_default(&payload(), &operations["payload"]),
                "in-flight": with_default(
                    &count("Largest number of operations in flight; one that is due beyond it is dropped."),
                    &operations["in-flight"],
                ),
            }), &[]),
            "load": {
                "type": "array",
                "minItems": 1,
                "description": "Stages of the load, one after the other.",
                "items": closed("Arrivals at their times, however slow the system is.", &json!({
                    "for": duration("Duration of the stage."),
                    "rates": {
                        "type": "object",
                        "description": "Arrival rate of each path of the topology; a path that is not named gets no operations.",
                        "additionalProperties": arrival_rate(),
                    },
                }), &["for", "rates"]),
            },
            "fault": {
                "type": "array",
                "description": "Faults, each at its time.",
                "items": { "oneOf": kind::all().map(fault).collect::<Vec<_>>() },
            },
            "expect": closed("Conditions of the verdict pass.", &expectations(&expect), &[]),
        },
    })
}

fn expectations(default: &Value) -> Value {
    let share_of = |about: &str, key: &str| with_default(&share(about), &default[key]);
    let count_of = |about: &str, key: &str| with_default(&count(about), &default[key]);
    json!({
        "lost": count_of("Acknowledged entries that may be missing from the store.", "lost"),
        "duplicated": count_of("Entries that may be in the store more than once.", "duplicated"),
        "unexpected": count_of("Entries that may be stored though failed or dropped.", "unexpected"),
        "steady-state": share_of("Operations that must be ok outside every fault window.", "steady-state"),
        "unaffected": share_of("Operations that must be ok on paths that depend on no active fault's target.", "unaffected"),
        "during": {
            "type": "object",
            "description": "Operations that must be ok during the faults, by path, whichever fault is active.",
            "additionalProperties": share("Share of the path."),
        },
        "entries": {
            "enum": ["checked", "not-checked"],
            "default": "checked",
            "description": "Paths that name no store make the verdict unknown, or are reported as not checked.",
        },
        "recovers-within": with_default(
            &duration("Time from healing a fault until each path has recovered."),
            &default["recovers-within"],
        ),
        "drains-within": with_default(
            &duration("Time from the end of the load until every acknowledged entry is stored."),
            &default["drains-within"],
        ),
    })
}

/// Describes a fault of one kind, with its keys.
fn fault(kind: FaultKind) -> Value {
    let attributes = kind.spec().map_or(&[][..], |spec| spec.attributes);
    let needed = kind.needed_keys();
    let mut keys = Map::new();
    keys.insert("kind".to_owned(), json!({ "const": kind.name(), "description": kind.about() }));
    for key in needed.iter().copied().chain(kind.other_keys()) {
        let of_toxic = attributes.iter().find(|attribute| attribute.name == key);
        keys.insert(key.to_owned(), of_toxic.map_or_else(|| common_key(key), attribute));
    }
    let needed: Vec<&str> = std::iter::once("kind").chain(needed).collect();
    closed(kind.about(), &Value::Object(keys), &needed)
}

/// Describes a key that is not an attribute of a toxic.
fn common_key(key: &str) -> Value {
    let names = |about: &str| json!({ "type": "array", "minItems": 1, "items": { "type": "string" }, "description": about });
    match key {
        "node" => json!({ "type": "string", "description": "A node of the topology." }),
        "link" => {
            json!({ "type": "string", "pattern": "->", "description": "A link, from->to or from->to:port." })
        }
        "nodes" => names("One group of nodes."),
        "from" => names("The other group of nodes."),
        "direction" => json!({ "enum": ["both", "outbound", "inbound"], "default": "both" }),
        "stream" => json!({ "enum": ["both", "upstream", "downstream"], "default": "both" }),
        "toxicity" => json!({
            "type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 1,
            "description": "Share of connections that the toxic affects.",
        }),
        "at" => duration("Time of the injection, after the start of the load."),
        // `for` is the only key that is left.
        _ => duration("Duration of the fault, until it is healed."),
    }
}

fn attribute(attribute: &Attribute) -> Value {
    match attribute.unit {
        "ms" | "µs" => duration(attribute.about),
        _ => json!({
            "type": "integer",
            // The rule of `AttributeValue::value`. The pattern of a duration cannot say it.
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

fn with_default(schema: &Value, default: &Value) -> Value {
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

fn arrival_rate() -> Value {
    let rate = format!(r"{NUMBER}\s*/\s*(s|min)");
    json!({
        "type": "string",
        "pattern": format!(r"^\s*(poisson\s+)?{rate}(\s*\.\.\s*{rate})?(\s+in\s+[0-9]+\s+steps)?\s*$"),
        "description": "A rate, a ramp, or steps; with poisson the arrivals are independent of each other.",
        "examples": ["200/s", "20/s..200/s", "20/s..200/s in 10 steps", "poisson 200/s"],
    })
}

fn payload() -> Value {
    json!({
        "description": format!("Lengths of the data of entries in bytes, {MIN_PAYLOAD} to {MAX_PAYLOAD}."),
        "oneOf": [
            { "type": "integer", "minimum": MIN_PAYLOAD, "maximum": MAX_PAYLOAD },
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
