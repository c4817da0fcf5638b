//! `broker-load`: virtual users of the broker, by goose. Its options are goose's own; without `--host` it starts the
//! system first and ends it afterwards.
//!
//! Virtual users wait for each answer before they go on (closed model): a system that stalls gets fewer requests, and the
//! time that others would have waited is not counted. `faultline load` measures the effect of an arrival rate.

use std::process::ExitCode;

use benches::RunningSystem;
use clap::Parser;
use faultline::cli::output::note;
use faultline::cli::target;
use goose::config::GooseConfiguration;
use goose::metrics::GooseMetrics;
use goose::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

/// Bytes of the data of an entry.
const PAYLOAD: usize = 256;

/// Options of goose, and one of ours.
#[derive(Parser)]
#[command(name = "broker-load", about = "Virtual users of the broker, by goose")]
struct GooseOptions {
    #[command(flatten)]
    goose: GooseConfiguration,
    /// Let the load go to a host that is not this machine. Only with the consent of those who run it
    #[arg(long, value_name = "HOST", help_heading = "Load test")]
    allow_remote: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match GooseOptions::try_parse() {
        Ok(options) => options,
        Err(error) => {
            // Printing fails only when nobody reads any more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    match attack(options).await {
        Ok(ended) => ended,
        Err((code, message)) => {
            note(format_args!("broker-load: {message}"));
            ExitCode::from(code)
        }
    }
}

/// Exit code, as those of `faultline`, and message.
type LoadFailure = (u8, String);

async fn attack(options: GooseOptions) -> Result<ExitCode, LoadFailure> {
    let GooseOptions { goose, allow_remote } = options;
    let asked_for = goose.run_time.as_deref().and_then(goose::util::parse_timespan).unwrap_or(0);
    if let Some(host) = &goose.host {
        let reached = target::of_url(host, allow_remote.as_deref());
        reached.map_err(|failure| (failure.exit as u8, failure.to_string()))?;
    }
    let only_prints = goose.version || goose.list || goose.scenarios_list;
    let alone = only_prints || goose.host.is_some();
    let attack = journeys(GooseAttack::initialize_with_config(goose).map_err(failure)?).map_err(failure)?;
    if alone {
        let asked_for = if only_prints { 0 } else { asked_for };
        return attack.execute().await.map(|metrics| ended(&metrics, asked_for)).map_err(failure);
    }
    let unavailable = |error: &dyn std::fmt::Display| (69, error.to_string());
    let system = RunningSystem::start().await.map_err(|error| unavailable(&error))?;
    let attacked = match system.address("broker", 8080) {
        Ok(address) => {
            let metrics = against(attack, &format!("http://{address}")).await.map_err(failure);
            metrics.map(|metrics| ended(&metrics, asked_for))
        }
        Err(error) => Err(unavailable(&error)),
    };
    // Also after a failure: nodes and data would remain.
    system.end().await;
    attacked
}

/// Failure of goose; its own text leaves out the option that it is about.
fn failure(error: GooseError) -> LoadFailure {
    let code = match &error {
        GooseError::ThresholdsFailed { .. } => 1,
        GooseError::Io(_) | GooseError::Serde(_) | GooseError::TokioJoin(_) => 70,
        GooseError::Reqwest(_) => 69,
        _ => 64,
    };
    let message = match &error {
        GooseError::InvalidOption { option, value, detail } => {
            format!("{option} can't be \"{value}\": {}", detail.trim())
        }
        GooseError::InvalidHost { host, detail, .. } => format!("--host \"{host}\": {}", detail.trim()),
        GooseError::FeatureNotEnabled { feature, detail } => format!("{feature}: {}", detail.trim()),
        GooseError::NoScenarios { detail } => detail.trim().to_owned(),
        _ => error.to_string(),
    };
    (code, message)
}

async fn against(attack: GooseAttack, host: &str) -> Result<GooseMetrics, GooseError> {
    attack.set_default(GooseDefault::Host, host)?.execute().await
}

/// Exit code of an attack. Goose does not report an interruption, but the attack is then shorter than the option says; an
/// attack without that option always ends by an interruption.
fn ended(metrics: &GooseMetrics, asked_for: usize) -> ExitCode {
    // One second less is no interruption, since goose counts whole seconds.
    if metrics.duration + 1 < asked_for { ExitCode::from(130) } else { ExitCode::SUCCESS }
}

/// Scenarios: one for each path, and one that mixes them; `--scenarios` chooses.
fn journeys(mut attack: GooseAttack) -> Result<GooseAttack, GooseError> {
    let mut mixed = scenario!("Mixed");
    for (name, weight, path) in [
        ("Ping", 20, transaction!(ping)),
        // A login takes a core for tens of milliseconds: with more of them nothing else is measured.
        ("Authenticate", 1, transaction!(authenticate)),
        ("LogJson", 10, transaction!(log_json)),
        ("LogGrpc", 10, transaction!(log_grpc)),
        ("LogAmqp", 10, transaction!(log_amqp)),
    ] {
        let path = path.set_name(name);
        mixed = mixed.register_transaction(path.clone().set_weight(weight)?);
        attack = attack.register_scenario(scenario!(name).register_transaction(path));
    }
    Ok(attack.register_scenario(mixed))
}

async fn ping(user: &mut GooseUser) -> TransactionResult {
    ask(user, "/", json!({}), None).await
}

async fn authenticate(user: &mut GooseUser) -> TransactionResult {
    let credentials = json!({ "email": "admin@example.com", "password": "password123" });
    ask(user, "/authentication", credentials, None).await
}

async fn log_json(user: &mut GooseUser) -> TransactionResult {
    log(user, "/json-logger").await
}

async fn log_grpc(user: &mut GooseUser) -> TransactionResult {
    log(user, "/grpc-logger").await
}

async fn log_amqp(user: &mut GooseUser) -> TransactionResult {
    log(user, "/rabbitmq-logger").await
}

async fn log(user: &mut GooseUser, route: &'static str) -> TransactionResult {
    // Filler of one byte: random text would cost more than sending it.
    let entry = json!({ "name": "broker-load", "data": "x".repeat(PAYLOAD) });
    ask(user, route, entry, Some(Uuid::now_v7().to_string())).await
}

/// Posts, and accepts only an answer with a good status, an envelope without an error, and the id.
async fn ask(
    user: &mut GooseUser,
    route: &'static str,
    body: Value,
    id: Option<String>,
) -> TransactionResult {
    let mut request = user.get_request_builder(&GooseMethod::Post, route)?.json(&body);
    if let Some(id) = &id {
        request = request.header("Idempotency-Key", id);
    }
    let request = GooseRequest::builder().set_request_builder(request).name(route).build();
    let mut answer = user.request(request).await?;
    let checked = match answer.response {
        Ok(response) => check(response.status().as_u16(), response.json().await.ok().as_ref(), id.as_deref()),
        // Goose counts it as a failure by itself.
        Err(_) => return Ok(()),
    };
    match checked {
        Ok(()) => Ok(()),
        Err(why) => user.set_failure(&why, &mut answer.request, None, None),
    }
}

/// Checks an answer; the error says what is wrong with it.
fn check(status: u16, envelope: Option<&Value>, id: Option<&str>) -> Result<(), String> {
    let envelope =
        envelope.ok_or_else(|| format!("answer: expected JSON, found none, with status {status}"))?;
    if !(200..300).contains(&status) || envelope["error"] != false {
        return Err(format!("answer: expected success, found status {status}: {}", envelope["message"]));
    }
    match id {
        Some(id) if envelope["data"]["id"] != id => {
            Err(format!("answer: expected the id {id}, found {envelope}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_is_whole_and_of_the_entry_is_good() {
        let good = json!({ "error": false, "message": "stored", "data": { "id": "a" } });
        assert_eq!(check(202, Some(&good), Some("a")), Ok(()));
        assert_eq!(check(200, Some(&good), None), Ok(()));
        assert!(check(202, Some(&good), Some("b")).is_err());
        assert!(check(503, Some(&json!({ "error": true, "message": "m" })), None).unwrap_err().contains("m"));
        assert!(check(200, Some(&json!({ "message": "m" })), None).is_err());
        assert!(check(200, None, None).is_err());
    }
}
