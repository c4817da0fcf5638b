//! JSON schema of the `x-faultline` sections of a compose file, for editors.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::compose::{NodeSection, SystemSection};

/// Builds the schema of a compose file, which describes the lab's own sections and lets everything else pass.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let (node, system) =
        (generator.subschema_for::<NodeSection>(), generator.subschema_for::<SystemSection>());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A compose file with the sections of Faultline",
        "type": "object",
        "properties": {
            "services": {
                "type": "object",
                "additionalProperties": { "type": "object", "properties": { "x-faultline": node } },
            },
            "x-faultline": system,
        },
        "$defs": generator.take_definitions(true),
    })
}
