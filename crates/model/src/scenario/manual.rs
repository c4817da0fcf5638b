//! Manual faults and loads, requested while a system runs, with the keys of a scenario file.

use serde_json::{Map, Value, json};

use super::duration::Span;
use super::fault::{AttributeValue, PlannedFault, TargetKind};
use super::format::Scenario;
use super::parse::read;
use super::schedule::Schedule;
use super::stream::Arrivals;
use super::validate::{self, Names};
use faultline_toxics::Action;

/// Longest manual load; a person ends it before.
const LONGEST: &str = "6h";

/// Reads a fault with the keys of a scenario but `at` and `for`, like
/// `{"kind": "latency", "link": "a->b", "latency": "200ms"}`. It begins at once and lasts until it is healed.
///
/// # Errors
/// The mistakes, with what was expected.
pub fn fault(given: &Map<String, Value>, names: &Names, seed: u64) -> Result<PlannedFault, String> {
    let mut given = given.clone();
    for key in ["at", "for"] {
        if given.contains_key(key) {
            return Err(format!(
                "a manual fault has no `{key}`: it begins at once and lasts until it is healed"
            ));
        }
    }
    // The format needs both keys, and refuses a duration of 0. The injection replaces them.
    given.insert("at".to_owned(), json!("0s"));
    given.insert("for".to_owned(), json!("1s"));
    let scenario = scenario(&json!({ "rates": {}, "fault": [given] }), names)?;
    let fault = scenario.fault.first().ok_or("no fault")?;
    Ok(PlannedFault::derive(fault.get_ref(), seed))
}

/// Reads a load at rates like `{"ping": "20/s"}`, which lasts until it is ended.
///
/// # Errors
/// The mistakes, with what was expected.
pub fn load(name: &str, rates: &Map<String, Value>, names: &Names, seed: u64) -> Result<Schedule, String> {
    if rates.is_empty() {
        return Err("no load: expected at least one path with a rate, like \"20/s\"".to_owned());
    }
    let scenario = scenario(&json!({ "rates": rates, "fault": [] }), names)?;
    Ok(Schedule::derive(name, &scenario, seed))
}

/// Makes an empty schedule, for faults without a load.
#[must_use]
pub fn rest(name: &str) -> Option<Schedule> {
    let scenario = scenario(&json!({ "rates": {}, "fault": [] }), &Names::default()).ok()?;
    Some(Schedule::derive(name, &scenario, 0))
}

/// Writes the manual faults and load of a session as a scenario file that repeats them.
///
/// # Errors
/// When it can't be written as TOML.
pub fn as_file(schedule: &Schedule) -> Result<String, toml::ser::Error> {
    // More than 0, which a stage must last.
    let lasts = Span::from_micros(schedule.ends().max(1));
    let rates: Map<String, Value> = schedule
        .streams
        .iter()
        // A manual load has one stage, so each path has one stream.
        .filter_map(|stream| match &stream.arrivals {
            Arrivals::Paced { rate, .. } => Some((stream.path.clone(), json!(rate))),
            Arrivals::Listed { .. } => None,
        })
        .collect();
    // A fault that was injected after the load is a mistake in a file.
    let faults = schedule.faults.iter().filter(|fault| fault.at < lasts);
    toml::to_string(&json!({
        "shows": schedule.shows,
        "load": [{ "for": lasts, "rates": rates }],
        "fault": faults.map(fault_as_given).collect::<Vec<_>>(),
    }))
}

fn fault_as_given(fault: &PlannedFault) -> Value {
    let lasted = fault.until.micros().saturating_sub(fault.at.micros()).max(1);
    let mut given = Map::new();
    given.insert("kind".to_owned(), json!(fault.kind));
    given.insert("at".to_owned(), json!(fault.at));
    given.insert("for".to_owned(), json!(Span::from_micros(lasted)));
    match fault.kind.place() {
        TargetKind::Node => drop(given.insert("node".to_owned(), json!(fault.target))),
        TargetKind::Link => drop(given.insert("link".to_owned(), json!(fault.target))),
        TargetKind::Groups => {
            if let Some(partition) = &fault.partition {
                given.insert("nodes".to_owned(), json!(partition.nodes));
                given.insert("from".to_owned(), json!(partition.from));
                given.insert("direction".to_owned(), json!(partition.direction));
            }
        }
    }
    if let (Some(toxic), Some(spec)) = (&fault.toxic, fault.kind.spec()) {
        // A toxic that takes effect on arrival refuses the key.
        if matches!(spec.action, Action::Bytes(_)) {
            given.insert("stream".to_owned(), json!(toxic.stream));
        }
        given.insert("toxicity".to_owned(), json!(toxic.toxicity));
        for attribute in spec.attributes {
            if let Some(value) = toxic.values.get(attribute.name) {
                given.insert(attribute.name.to_owned(), json!(AttributeValue::with_unit(*value, attribute)));
            }
        }
    }
    Value::Object(given)
}

/// Reads the text that a file would hold.
// TOML, since it gives the same checks and the same messages as for a file.
fn scenario(given: &Value, names: &Names) -> Result<Scenario, String> {
    let file = json!({
        "shows": "a load and faults by hand",
        "load": [{ "for": LONGEST, "rates": given["rates"] }],
        "fault": given["fault"],
    });
    let text = toml::to_string(&file).map_err(|error| error.to_string())?;
    let joined = |list: Vec<super::Mistake>| {
        let messages: Vec<String> = list.into_iter().map(|mistake| mistake.message).collect();
        messages.join("; ")
    };
    // Faults between two runs have no load.
    let scenario = read("by hand", &text, |scenario| validate::alone(scenario, &text))
        .map_err(|mistakes| joined(mistakes.list))?;
    let list = validate::names(&scenario, names, &text);
    if list.is_empty() { Ok(scenario) } else { Err(joined(list)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{FaultKind, parse};

    fn names() -> Names {
        Names {
            nodes: ["broker".to_owned(), "mongo".to_owned()].into(),
            links: ["broker->mongo".to_owned(), "broker->mongo:1".to_owned()].into(),
            paths: ["ping".to_owned()].into(),
        }
    }

    fn manual(given: Value) -> Result<PlannedFault, String> {
        fault(given.as_object().unwrap(), &names(), 1)
    }

    #[test]
    fn a_fault_has_the_words_of_a_scenario() {
        let killed = manual(json!({ "kind": "kill", "node": "mongo" })).unwrap();
        assert_eq!((killed.kind, killed.target.as_str()), (FaultKind::Kill, "mongo"));
        let slow = json!({ "kind": "latency", "link": "broker->mongo", "latency": "200ms", "toxicity": 0.5 });
        let toxic = manual(slow).unwrap().toxic.unwrap();
        assert_eq!((toxic.values["latency"], toxic.toxicity), (200, 0.5));
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        for (given, right) in [
            (json!({ "kind": "kill", "node": "redis" }), "expected one of broker, mongo"),
            (json!({ "kind": "explode", "node": "mongo" }), "`kill`"),
            (json!({ "kind": "latency", "link": "broker->mongo" }), "needs `latency`"),
            (json!({ "kind": "latency", "link": "broker->mongo", "latency": 200 }), "\"200ms\""),
            (json!({ "kind": "kill", "node": "mongo", "at": "1s" }), "begins at once"),
            (json!({ "kind": "kill", "node": ["mongo"] }), "string"),
            (json!({ "node": "mongo" }), "kind"),
        ] {
            let message = manual(given.clone()).unwrap_err();
            assert!(message.contains(right), "{given}: {message}");
        }
    }

    #[test]
    fn what_was_done_by_hand_is_a_scenario_that_does_it_again() {
        let rates = json!({ "ping": "20/s" });
        let mut schedule = load("by-hand", rates.as_object().unwrap(), &names(), 1).unwrap();
        schedule.streams[0].until = Span::from_millis(12_345);
        let partition = json!({ "kind": "partition", "nodes": ["broker"], "from": ["mongo"] });
        for given in [
            json!({ "kind": "kill", "node": "mongo" }),
            json!({ "kind": "latency", "link": "broker->mongo", "latency": "200ms", "toxicity": 0.5 }),
            partition,
        ] {
            let at = Span::from_secs(1 + 2 * schedule.faults.len() as u64);
            let fault = manual(given).unwrap();
            schedule.faults.push(PlannedFault { at, until: Span::from_micros(at.micros() + 5), ..fault });
        }
        let text = as_file(&schedule).unwrap();
        let again = Schedule::derive("by-hand", &parse("again", &text).unwrap(), 1);
        assert_eq!(again.streams.len(), 1);
        assert_eq!(again.ends(), 12_345_000);
        for (again, was) in again.faults.iter().zip(&schedule.faults) {
            assert_eq!(PlannedFault { seed: was.seed, ..again.clone() }, *was, "{text}");
        }
    }

    #[test]
    fn a_load_has_paths_that_exist_and_rates() {
        let rates = |value: Value| load("x", value.as_object().unwrap(), &names(), 1);
        assert_eq!(rates(json!({ "ping": "20/s" })).unwrap().streams.len(), 1);
        for (given, right) in [
            (json!({}), "20/s"),
            (json!({ "pong": "1/s" }), "expected one of ping"),
            (json!({ "ping": "fast" }), "200/s"),
        ] {
            let message = rates(given.clone()).unwrap_err();
            assert!(message.contains(right), "{given}: {message}");
        }
        assert!(rest("x").unwrap().streams.is_empty());
    }
}
