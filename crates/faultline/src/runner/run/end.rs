//! The last lines of a history: the ends of nodes that were asked to stop, and the end of the run.

use tokio::time::Instant;

use crate::history::{Event, ExitStatus};
use crate::load::now;
use crate::runner::recorder::EventSender;
use crate::stack::StopOutcome;

/// End of a run, recorded once its system has ended too.
pub(super) struct RunEnd {
    /// Start of the load.
    pub(super) start: Instant,
    pub(super) interrupted: bool,
}

impl RunEnd {
    /// Records the end of a run, after those of the nodes of its system.
    pub(super) async fn record(self, sender: &EventSender, stops: Vec<StopOutcome>) {
        let Self { start, interrupted } = self;
        for stop in &stops {
            sender.record(stop_event(stop, start)).await;
        }
        sender.record(Event::End { at: now(start), interrupted }).await;
    }
}

/// Converts the end of a node into an event.
pub(super) fn stop_event(stop: &StopOutcome, start: Instant) -> Event {
    let status = match stop.status.code() {
        Some(code) => ExitStatus::Code(code),
        // An engine that does not answer hides how its container ended.
        None if stop.status.is_lost() => ExitStatus::Unseen,
        None => ExitStatus::Signal(stop.status.to_string()),
    };
    let micros = |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    Event::Stop(crate::history::Stop {
        node: stop.node.clone(),
        // The moment of the end itself: at a shutdown all ends are recorded together, after the slowest.
        at: now(start) - i64::try_from(stop.ended.elapsed().as_micros()).unwrap_or(i64::MAX),
        took: micros(stop.took),
        grace: micros(stop.grace),
        promised: stop.promised.to_vec(),
        status,
    })
}
