//! Schedule, targets and recorder of a load, which all its threads share.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::time::Instant;

use super::clock::{now, signed};
use super::payload::Payloads;
use super::recording::LoadOperation;
use super::template::{Template, TemplateError, TemplateValues};
use crate::scenario::{Arrival, Schedule};
use crate::stack::topology::AnswerSpec;

/// Time beyond its own deadline for which an operation is waited for: its answer may be on the way.
// The deadline travels with the request. A service that keeps it answers 504, which says more than silence.
const GRACE: Duration = Duration::from_secs(1);

/// A load that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path that the schedule loads and the topology does not have.
    #[error("path: expected one of the topology, found \"{0}\"")]
    NoPath(String),
    /// A path whose requests can't be made.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The machine has no thread or timer left for the generator.
    #[error("the generator can't run: {0}")]
    System(#[from] io::Error),
}

/// One path of a load.
#[derive(Debug, Clone)]
pub struct PathTarget {
    /// Template of its requests.
    pub template: Template,
    /// True if its operations are entries, which carry data.
    pub stores: bool,
}

/// Context of a load, which its threads share.
pub(super) struct EngineContext<S> {
    run: String,
    pub(super) schedule: Schedule,
    /// Targets by stream.
    pub(super) targets: Vec<PathTarget>,
    payloads: Payloads,
    timeout: String,
    pub(super) limit: Duration,
    pub(super) start: Instant,
    pub(super) recorder: S,
}

impl<S> EngineContext<S> {
    /// Makes the context of a schedule that starts at `start`.
    ///
    /// # Errors
    /// [`LoadError::NoPath`] for a path without a target.
    pub(super) fn new(
        run: &str,
        schedule: &Schedule,
        targets: &BTreeMap<String, PathTarget>,
        start: Instant,
        recorder: S,
    ) -> Result<Self, LoadError> {
        let target =
            |path: &String| targets.get(path).cloned().ok_or_else(|| LoadError::NoPath(path.clone()));
        Ok(Self {
            run: run.to_owned(),
            // By stream, though streams of one path share a target: an arrival has the number of its
            // stream, which saves a search.
            targets: schedule.streams.iter().map(|stream| target(&stream.path)).collect::<Result<_, _>>()?,
            payloads: Payloads::new(schedule.seed),
            // Written once: each request carries it.
            timeout: format!("{:.3}", schedule.timeout.duration().as_secs_f64()),
            limit: schedule.timeout.duration() + GRACE,
            schedule: schedule.clone(),
            start,
            recorder,
        })
    }

    /// Returns the microseconds since the start of the load; negative before it.
    pub(super) fn now(&self) -> i64 {
        now(self.start)
    }

    /// Makes the operation of an arrival.
    pub(super) fn operation(&self, arrival: &Arrival) -> LoadOperation {
        let path = &self.schedule.streams[arrival.stream].path;
        // The entry carries this id in its data, so the checker does not depend on ids of the system, which a bug may
        // have corrupted.
        // The run's id comes first: stores are searched for entries that begin with it.
        let id = format!("{}-{path}-{:06}", self.run, arrival.number);
        // The length is decided by seed and number, so that a repeated run sends the same bytes.
        let data = if self.targets[arrival.stream].stores {
            let length = self.schedule.payload.of(self.schedule.seed, arrival.number);
            self.payloads.data(arrival.number, &id, length as usize)
        } else {
            String::new()
        };
        LoadOperation { id, data, stream: arrival.stream, due: signed(arrival.due) }
    }

    /// Returns the answer that the path of an operation declares.
    pub(super) fn answer(&self, operation: &LoadOperation) -> &AnswerSpec {
        self.targets[operation.stream].template.answer()
    }

    /// Makes the request of an operation.
    ///
    /// # Errors
    /// An invalid header value, which the operation made.
    pub(super) fn request(&self, operation: &LoadOperation) -> Result<Request<Full<Bytes>>, http::Error> {
        let fill = TemplateValues { id: &operation.id, data: &operation.data, timeout: &self.timeout };
        self.targets[operation.stream].template.request(fill)
    }
}
