//! Alive, ready, and what is waited for: `/healthz` and `/readyz`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde::Serialize;
use wire::envelope::Envelope;

/// Readiness of a service: its dependencies and what is waited for; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    state: Arc<Mutex<DependencyStates>>,
}

#[derive(Debug, Default)]
struct DependencyStates {
    waits: BTreeMap<&'static str, Option<String>>,
    notes: BTreeMap<&'static str, String>,
}

/// The data of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadinessReport {
    /// State of each dependency: "ready", or what is waited for.
    pub dependencies: BTreeMap<&'static str, String>,
    /// Notes for callers on dependencies that are ready.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<&'static str, String>,
    /// Dependencies that are waited for.
    // Apart from the texts: a dependency may wait with any reason, even with "ready".
    #[serde(skip)]
    waiting: Vec<&'static str>,
}

/// Dependency of a [`Readiness`], for whoever watches it.
#[derive(Debug, Clone)]
pub struct Dependency {
    name: &'static str,
    readiness: Readiness,
}

impl Readiness {
    /// Adds a dependency that is not there yet.
    #[must_use]
    pub fn dependency(&self, name: &'static str) -> Dependency {
        // Not ready until somebody has looked: a service that just started knows nothing of it.
        self.lock().waits.insert(name, Some("not tried yet".to_owned()));
        Dependency { name, readiness: self.clone() }
    }

    /// The state of every dependency.
    #[must_use]
    pub fn report(&self) -> ReadinessReport {
        let state = self.lock();
        let told = |wait: &Option<String>| wait.clone().unwrap_or_else(|| "ready".to_owned());
        ReadinessReport {
            dependencies: state.waits.iter().map(|(name, wait)| (*name, told(wait))).collect(),
            notes: state.notes.clone(),
            waiting: state.waits.iter().filter(|(_, wait)| wait.is_some()).map(|(name, _)| *name).collect(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DependencyStates> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadinessReport {
    /// Reports whether every dependency is there.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Dependency {
    /// Name, as `/readyz` has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Marks it as there.
    pub fn ready(&self) {
        self.set(None);
    }

    /// Marks it as not there; `reason` says what is waited for, without secrets.
    pub fn waits(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()));
    }

    /// Reports whether it is there.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.readiness.lock().waits.get(self.name).is_some_and(Option::is_none)
    }

    /// Something that a caller should know though the dependency is there.
    pub fn note(&self, text: impl Into<String>) {
        self.readiness.lock().notes.insert(self.name, text.into());
    }

    fn set(&self, wait: Option<String>) {
        self.readiness.lock().waits.insert(self.name, wait);
    }
}

/// The routes `/healthz` and `/readyz`.
pub fn router(readiness: Readiness) -> Router {
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).with_state(readiness)
}

// Says nothing of dependencies: whoever restarts what is not alive would restart all in an outage.
async fn healthz() -> Json<Envelope<()>> {
    Json(Envelope::done("alive"))
}

// 503, so that whoever balances loads need not read the body.
async fn readyz(State(readiness): State<Readiness>) -> Response {
    // One report for status, message and data: a dependency may change between two.
    let report = readiness.report();
    if report.is_ready() {
        return Json(Envelope::of("ready", report)).into_response();
    }
    let missing = report.waiting.iter().map(|name| format!("{name} ({})", report.dependencies[name]));
    let message = format!("waiting for {}", missing.collect::<Vec<_>>().join(", "));
    let envelope = Envelope { error: true, message, data: Some(report) };
    (StatusCode::SERVICE_UNAVAILABLE, Json(envelope)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_when_all_are() {
        let readiness = Readiness::default();
        let (store, queue) = (readiness.dependency("mongo"), readiness.dependency("rabbitmq"));
        store.ready();
        assert!(!readiness.report().is_ready());
        queue.ready();
        assert!(readiness.report().is_ready());
        store.waits("connection refused");
        assert_eq!(readiness.report().dependencies["mongo"], "connection refused");
        assert!(!readiness.report().is_ready());
    }

    #[tokio::test]
    async fn an_answer_names_what_it_waits_for_whatever_the_reason() {
        let readiness = Readiness::default();
        let (store, queue) = (readiness.dependency("mongo"), readiness.dependency("rabbitmq"));
        store.waits("ready");
        queue.ready();
        let answer = readyz(State(readiness)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
        let envelope: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(envelope["message"], "waiting for mongo (ready)");
        let states = serde_json::json!({ "mongo": "ready", "rabbitmq": "ready" });
        assert_eq!(envelope["data"], serde_json::json!({ "dependencies": states }));
    }
}
