//! Sends each operation at its due time, whatever became of the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::payload;
use super::template::{BadTemplate, Fill, Template};
use super::{Client, client::Sent};
use crate::history::{Event, Invoke, Settled};
use crate::scenario::{Arrival, Schedule};

/// How long after its own deadline an operation is still waited for: its answer may be on the way.
const GRACE: Duration = Duration::from_secs(1);

/// Load that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path that the schedule loads and the topology does not have.
    #[error("no path \"{0}\" in the topology")]
    NoPath(String),
    /// A path whose requests can't be made.
    #[error(transparent)]
    Template(#[from] BadTemplate),
}

/// Makes the load of one schedule.
pub struct Generator {
    shared: Arc<Shared>,
    /// Microseconds of an [`Instant`] after the start of the load.
    start: Instant,
}

struct Shared {
    run: String,
    schedule: Schedule,
    templates: BTreeMap<String, Template>,
    stores: BTreeMap<String, bool>,
    client: Client,
    events: mpsc::Sender<Event>,
    timeout: String,
}

/// An operation on its way.
struct Operation {
    id: String,
    data: String,
    path: String,
    due: i64,
}

impl Generator {
    /// For a schedule that starts at `start`. `templates` holds each path that it loads, and whether the
    /// path stores.
    ///
    /// # Errors
    /// [`LoadError::NoPath`] for a path without a template.
    pub fn new(
        run: &str,
        schedule: &Schedule,
        templates: BTreeMap<String, (Template, bool)>,
        start: Instant,
        events: mpsc::Sender<Event>,
    ) -> Result<Self, LoadError> {
        if let Some(stream) = schedule.streams.iter().find(|stream| !templates.contains_key(&stream.path)) {
            return Err(LoadError::NoPath(stream.path.clone()));
        }
        let stores = templates.iter().map(|(path, (_, stores))| (path.clone(), *stores)).collect();
        let templates = templates.into_iter().map(|(path, (template, _))| (path, template)).collect();
        let shared = Shared {
            run: run.to_owned(),
            timeout: format!("{:.3}", schedule.timeout.duration().as_secs_f64()),
            schedule: schedule.clone(),
            templates,
            stores,
            client: Client::default(),
            events,
        };
        Ok(Self { shared: Arc::new(shared), start })
    }

    /// Runs to the end of the schedule and of every operation, or until cancelled; operations under way
    /// are given up then, and stay without an end in the history.
    pub async fn run(self, cancel: CancellationToken) {
        let in_flight = Arc::new(Semaphore::new(self.shared.schedule.in_flight as usize));
        let mut under_way = JoinSet::new();
        let arrivals = self.shared.schedule.arrivals();
        let all = async {
            for arrival in arrivals {
                tokio::time::sleep_until(self.start + Duration::from_micros(arrival.due)).await;
                let operation = self.shared.operation(&arrival);
                match Arc::clone(&in_flight).try_acquire_owned() {
                    Ok(place) => {
                        under_way.spawn(Arc::clone(&self.shared).perform(operation, self.start, place));
                    }
                    Err(_) => self.shared.drop_it(operation).await,
                }
                while under_way.try_join_next().is_some() {}
            }
            while under_way.join_next().await.is_some() {}
        };
        tokio::select! {
            () = all => {}
            () = cancel.cancelled() => {}
        }
    }
}

impl Shared {
    fn operation(&self, arrival: &Arrival) -> Operation {
        let path = self.schedule.streams[arrival.stream].path.clone();
        let id = format!("{}-{path}-{:06}", self.run, arrival.number);
        let data = if self.stores[&path] {
            payload::data(self.schedule.seed, arrival.number, &id, self.schedule.payload as usize)
        } else {
            String::new()
        };
        Operation { id, data, path, due: signed(arrival.due) }
    }

    async fn drop_it(&self, operation: Operation) {
        let Operation { id, path, due, .. } = operation;
        self.emit(Event::Drop { id, path, due }).await;
    }

    async fn perform(self: Arc<Self>, operation: Operation, start: Instant, _place: OwnedSemaphorePermit) {
        let hash = self.stores[&operation.path].then(|| payload::hash(&operation.data));
        let sent = now(start);
        self.emit(Event::Invoke(Invoke {
            id: operation.id.clone(),
            path: operation.path.clone(),
            due: operation.due,
            sent,
            hash,
        }))
        .await;
        let Sent { outcome, status, message } = self.exchange(&operation).await;
        self.emit(Event::Settle(Settled { id: operation.id, at: now(start), outcome, status, message }))
            .await;
    }

    async fn exchange(&self, operation: &Operation) -> Sent {
        let fill = Fill { id: &operation.id, data: &operation.data, timeout: &self.timeout };
        match self.templates[&operation.path].request(fill) {
            Ok(request) => self.client.send(request, self.schedule.timeout.duration() + GRACE).await,
            Err(error) => Sent {
                outcome: super::classify::no_answer(true),
                status: None,
                message: Some(format!("the request can't be made: {error}")),
            },
        }
    }

    async fn emit(&self, event: Event) {
        // The receiver outlives the load; without it there is nobody left to tell.
        let _ = self.events.send(event).await;
    }
}

/// Microseconds after `start`; negative before it.
#[must_use]
pub fn now(start: Instant) -> i64 {
    let now = Instant::now();
    match now.checked_duration_since(start) {
        Some(after) => signed(u64::try_from(after.as_micros()).unwrap_or(u64::MAX)),
        None => -signed(u64::try_from((start - now).as_micros()).unwrap_or(u64::MAX)),
    }
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}
