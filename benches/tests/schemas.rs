//! Published JSON schemas against the files and reports that they describe. The tests stand here and not in the lab, since
//! a validator turns on so many features that the lab's tests would build most dependencies a second time.

#![expect(clippy::unwrap_used, reason = "a test that can't go on ends here")]

use std::path::{Path, PathBuf};

use faultline::report::Report;
use jsonschema::Validator;
use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Validator by `docs/NAME.schema.json`, which must be a schema itself.
fn published(name: &str) -> Validator {
    let text = std::fs::read_to_string(repository().join(format!("docs/{name}.schema.json"))).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "{name}");
    jsonschema::validator_for(&schema).unwrap()
}

fn mistakes(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| error.to_string()).collect()
}

fn toml_value(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Value>(text).unwrap()).unwrap()
}

#[test]
fn every_scenario_of_the_repository_fits() {
    let validator = published("scenario");
    for entry in std::fs::read_dir(repository().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let scenario = toml_value(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(mistakes(&validator, &scenario), [""; 0], "{}", path.display());
    }
}

#[test]
fn a_wrong_scenario_does_not() {
    let validator = published("scenario");
    let good = "shows = \"x\"\n[[load]]\nfor = \"1s\"\nrates = { ping = \"1/s\" }\n";
    assert_eq!(mistakes(&validator, &toml_value(good)), [""; 0]);
    let fault = |keys: &str| format!("{good}[[fault]]\nat = \"1s\"\nfor = \"1s\"\n{keys}\n");
    for wrong in [
        good.replace("\"1s\"", "\"1 year\""),
        good.replace("1/s", "1 a second"),
        good.replace("shows", "says"),
        fault("kind = \"kill\"\nlink = \"a->b\""),
        fault("kind = \"latency\"\nlink = \"a->b\"\nlatency = 5"),
        fault("kind = \"slow_handshake\"\nlink = \"a->b\""),
        format!("{good}[expect]\nlost = -1\n"),
    ] {
        assert!(!validator.is_valid(&toml_value(&wrong)), "{wrong}");
    }
}

fn yaml_value(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn the_compose_file_of_the_repository_fits_and_a_wrong_one_does_not() {
    let validator = published("compose");
    let ours = std::fs::read_to_string(repository().join("docker-compose.yml")).unwrap();
    assert_eq!(mistakes(&validator, &yaml_value(&ours)), [""; 0]);
    for (right, wrong) in [
        ("writes: nothing", "writes: something"),
        ("kind: mongodb", "kind: oracle"),
        ("method: POST", "verb: POST"),
        ("port: 8080,", "port: 80800,"),
        ("server: rabbitmq", "servers: rabbitmq"),
    ] {
        let text = ours.replace(right, wrong);
        assert_ne!(text, ours, "{right}");
        assert!(!validator.is_valid(&yaml_value(&text)), "{wrong}");
    }
}

#[test]
fn a_report_fits() {
    let file = repository().join("crates/faultline/tests/end_to_end/old-run.jsonl");
    let history = faultline::history::read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let timeline = faultline::timeline::Timeline::of(&history);
    let report = Report::new(Path::new("runs/old"), &timeline.run, faultline::checker::judge(&timeline));
    assert_eq!(mistakes(&published("report"), &serde_json::to_value(&report).unwrap()), [""; 0]);
}
