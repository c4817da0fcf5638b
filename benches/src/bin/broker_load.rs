//! `broker-load`: journeys of users against the broker, by goose. Its options are goose's own; without `--host` it
//! starts the system first and ends it afterwards.
//!
//! Users of goose wait for each answer before they go on (a closed model): a system that stalls is asked less, and
//! the time that others would have waited is not counted. What a rate does to a system is asked with `faultline load`.

use std::process::ExitCode;

use benches::System;
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

/// Goose's own options, and one of ours.
#[derive(Parser)]
#[command(name = "broker-load", about = "Journeys of users against the broker, by goose")]
struct Options {
    #[command(flatten)]
    goose: GooseConfiguration,
    /// Let the load go to a host that is not this machine. Only with the consent of those who run it
    #[arg(long, value_name = "HOST", help_heading = "Load test")]
    allow_remote: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            // Printing can fail only where nobody reads any more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    match attack(options).await {
        Ok(ended) => ended,
        Err((code, told)) => {
            note(format_args!("broker-load: {told}"));
            ExitCode::from(code)
        }
    }
}

/// An exit code, as those of `faultline`, and what to tell.
type Failure = (u8, String);

async fn attack(options: Options) -> Result<ExitCode, Failure> {
    let Options { goose, allow_remote } = options;
    let asked_for = goose.run_time.as_deref().and_then(goose::util::parse_timespan).unwrap_or(0);
    if let Some(host) = &goose.host {
        let reached = target::of_url(host, allow_remote.as_deref());
        reached.map_err(|failure| (failure.exit as u8, failure.to_string()))?;
    }
    let tells = goose.version || goose.list || goose.scenarios_list;
    let alone = tells || goose.host.is_some();
    let attack = journeys(GooseAttack::initialize_with_config(goose).map_err(failure)?).map_err(failure)?;
    if alone {
        let asked_for = if tells { 0 } else { asked_for };
        return attack.execute().await.map(|metrics| ended(&metrics, asked_for)).map_err(failure);
    }
    let unavailable = |error: &dyn std::fmt::Display| (69, error.to_string());
    let system = System::start().await.map_err(|error| unavailable(&error))?;
    let attacked = match system.address("broker", 8080) {
        Ok(address) => {
            let metrics = against(attack, &format!("http://{address}")).await.map_err(failure);
            metrics.map(|metrics| ended(&metrics, asked_for))
        }
        Err(error) => Err(unavailable(&error)),
    };
    system.end().await;
    attacked
}

/// What goose's error means here; its own text leaves out which option it is about.
fn failure(error: GooseError) -> Failure {
    let code = match &error {
        GooseError::ThresholdsFailed { .. } => 1,
        GooseError::Io(_) | GooseError::Serde(_) | GooseError::TokioJoin(_) => 70,
        GooseError::Reqwest(_) => 69,
        _ => 64,
    };
    let told = match &error {
        GooseError::InvalidOption { option, value, detail } => {
            format!("{option} can't be \"{value}\": {}", detail.trim())
        }
        GooseError::InvalidHost { host, detail, .. } => format!("--host \"{host}\": {}", detail.trim()),
        GooseError::FeatureNotEnabled { feature, detail } => format!("{feature}: {}", detail.trim()),
        GooseError::NoScenarios { detail } => detail.trim().to_owned(),
        _ => error.to_string(),
    };
    (code, told)
}

async fn against(attack: GooseAttack, host: &str) -> Result<GooseMetrics, GooseError> {
    attack.set_default(GooseDefault::Host, host)?.execute().await
}

/// Goose ends in order when it is interrupted, and does not say so: then it took less than the seconds asked for. Without
/// any, to interrupt it is how it ends.
fn ended(metrics: &GooseMetrics, asked_for: usize) -> ExitCode {
    if metrics.duration + 1 < asked_for { ExitCode::from(130) } else { ExitCode::SUCCESS }
}

/// One scenario for each path, and one that mixes them; `--scenarios` chooses.
fn journeys(mut attack: GooseAttack) -> Result<GooseAttack, GooseError> {
    let mut mixed = scenario!("Mixed");
    for (name, weight, path) in [
        ("Ping", 20, transaction!(ping)),
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
    let entry = json!({ "name": "broker-load", "data": "x".repeat(PAYLOAD) });
    ask(user, route, entry, Some(Uuid::now_v7().to_string())).await
}

/// Posts, and takes for good only an answer with a good status, an envelope that is no error, and the id.
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
    let told = match answer.response {
        Ok(response) => check(response.status().as_u16(), response.json().await.ok().as_ref(), id.as_deref()),
        // Goose has counted it as a failure already.
        Err(_) => return Ok(()),
    };
    match told {
        Ok(()) => Ok(()),
        Err(why) => user.set_failure(&why, &mut answer.request, None, None),
    }
}

/// What is wrong with an answer.
fn check(status: u16, envelope: Option<&Value>, id: Option<&str>) -> Result<(), String> {
    let envelope = envelope.ok_or_else(|| format!("status {status}, and no JSON"))?;
    if !(200..300).contains(&status) || envelope["error"] != false {
        return Err(format!("status {status}: {}", envelope["message"]));
    }
    match id {
        Some(id) if envelope["data"]["id"] != id => {
            Err(format!("the answer is not of the entry: {envelope}"))
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
