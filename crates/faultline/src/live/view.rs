//! The state of the lab as the page receives it, in JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::counts::RunCounters;
use super::faults::FaultState;
use super::pictures::Pictures;
use crate::checker::Verdict;
use crate::runner::sample::{LinkSample, NodeSample};
use crate::timeline::SecondCounts;

/// The run that goes on, or the last one.
#[derive(Debug, Clone, Serialize)]
pub struct RunState {
    pub(super) scenario: String,
    pub(super) shows: String,
    pub(super) seed: u64,
    /// Name of the run's folder.
    pub(super) folder: String,
    pub(super) provider: String,
    /// `starting`, `load`, `settle`, `drain`, `observe`, `shutdown`, `judge` or `over`.
    pub(super) stage: &'static str,
    /// Seconds from the start of the load until its end; none for one that a person ends.
    pub(super) ends: Option<f64>,
    /// Paths that are loaded.
    pub(super) paths: Vec<String>,
}

/// Verdict of the last run.
#[derive(Debug, Clone, Serialize)]
pub struct VerdictState {
    pub(super) verdict: Verdict,
    pub(super) why: String,
    /// Name of the run's folder.
    pub(super) folder: String,
}

/// Message about the run.
#[derive(Debug, Clone, Serialize)]
pub struct MessageLine {
    /// Seconds after the start of the load; none before it.
    pub(super) at: Option<f64>,
    pub(super) text: String,
}

/// State for a viewer: all of it, with all seconds or those that changed.
#[derive(Debug, Serialize)]
pub struct StateView<'a> {
    pub(super) nodes: &'a BTreeMap<String, NodeSample>,
    pub(super) links: &'a BTreeMap<String, LinkSample>,
    pub(super) run: &'a Option<RunState>,
    /// Faults of the run.
    pub(super) faults: Vec<FaultState>,
    /// Faults between two runs, since the last run began.
    pub(super) between: Vec<FaultState>,
    pub(super) counts: RunCounters,
    pub(super) verdict: &'a Option<VerdictState>,
    pub(super) lines: &'a [MessageLine],
    pub(super) seconds: Vec<SecondCounts>,
    pub(super) pictures: Pictures,
}
