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

    /// Reports whether every dependency is there.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.lock().waits.values().all(Option::is_none)
    }

    /// The state of every dependency.
    #[must_use]
    pub fn report(&self) -> ReadinessReport {
        let state = self.lock();
        let told = |wait: &Option<String>| wait.clone().unwrap_or_else(|| "ready".to_owned());
        ReadinessReport {
            dependencies: state.waits.iter().map(|(name, wait)| (*name, told(wait))).collect(),
            notes: state.notes.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DependencyStates> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    let report = readiness.report();
    if readiness.is_ready() {
        return Json(Envelope::of("ready", report)).into_response();
    }
    let missing: Vec<String> = report
        .dependencies
        .iter()
        .filter(|(_, told)| *told != "ready")
        .map(|(name, told)| format!("{name} ({told})"))
        .collect();
    let envelope =
        Envelope { error: true, message: format!("waiting for {}", missing.join(", ")), data: Some(report) };
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
        assert!(!readiness.is_ready());
        queue.ready();
        assert!(readiness.is_ready());
        store.waits("connection refused");
        assert_eq!(readiness.report().dependencies["mongo"], "connection refused");
        assert!(!readiness.is_ready());
    }
}
