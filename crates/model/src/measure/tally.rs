//! What became of the operations of one path.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use crate::history::Outcome;

/// Lateness in microseconds above which an operation counts as late.
// The latency of a late operation says more of the generator than of the system.
pub const LATE: u64 = 10_000;

/// A larger share of late operations than this makes a result doubtful.
// A larger share would reach the percentile 99.9, which reports show.
const TOO_MANY_LATE: f64 = 0.001;

/// Different messages that are kept.
// A message may name an id, and then no two are the same.
const MESSAGES: usize = 10;

/// Counts and latencies of the operations of one path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Operations that were acknowledged.
    pub ok: u64,
    /// Surely without an effect.
    pub fail: u64,
    /// Outcome unknown.
    pub info: u64,
    /// Dropped: the limit of operations in flight was reached.
    pub dropped: u64,
    /// Sent, but more than [`LATE`] after they were due.
    pub late: u64,
    /// Latency of those that are ok, from when they were due.
    pub from_due: Latency,
    /// Latency of those that are ok, from when they were sent.
    pub from_sent: Latency,
    /// Latency of those that are not, from when they were due.
    pub not_ok: Latency,
    /// Lateness of sending.
    pub lateness: Latency,
    /// Answers by status.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<u16, u64>,
    /// Messages of outcomes that are not ok, the first few different texts, with their counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub messages: BTreeMap<String, u64>,
}

/// One operation that ended. Times in microseconds after the start of the load.
#[derive(Debug, Clone, Copy)]
pub struct OperationEnd<'a> {
    /// Due time, in microseconds after the start of the load.
    pub due: i64,
    /// Time of sending, in microseconds after the start of the load.
    pub sent: i64,
    /// Time of the answer, in microseconds after the start of the load.
    pub ended: i64,
    /// Outcome of the operation.
    pub outcome: Outcome,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Text of the answer or of the connection's error.
    pub message: Option<&'a str>,
}

impl Tally {
    /// Makes an empty tally with latencies to within 1 %.
    #[must_use]
    pub fn coarse() -> Self {
        Self::with(Latency::coarse)
    }

    /// Makes an empty tally with latencies to within 0.1 %.
    #[must_use]
    pub fn fine() -> Self {
        Self::with(Latency::fine)
    }

    fn with(latency: fn() -> Latency) -> Self {
        Self {
            ok: 0,
            fail: 0,
            info: 0,
            dropped: 0,
            late: 0,
            from_due: latency(),
            from_sent: latency(),
            not_ok: latency(),
            lateness: latency(),
            statuses: BTreeMap::new(),
            messages: BTreeMap::new(),
        }
    }

    /// Adds an operation.
    pub fn count(&mut self, ended: OperationEnd<'_>) {
        let after = |moment: i64, start: i64| u64::try_from(moment - start).unwrap_or(0);
        let lateness = after(ended.sent, ended.due);
        self.lateness.record(lateness);
        self.late += u64::from(lateness > LATE);
        match ended.outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Fail => self.fail += 1,
            Outcome::Info => self.info += 1,
        }
        // Apart from the others: an operation that fails at once would improve the latency.
        if ended.outcome == Outcome::Ok {
            self.from_due.record(after(ended.ended, ended.due));
            self.from_sent.record(after(ended.ended, ended.sent));
        } else {
            self.not_ok.record(after(ended.ended, ended.due));
        }
        if let Some(status) = ended.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        if let Some(message) = ended.message {
            self.keep_message(message, 1);
        }
    }

    /// Adds all of another.
    pub fn add(&mut self, other: &Self) {
        self.ok += other.ok;
        self.fail += other.fail;
        self.info += other.info;
        self.dropped += other.dropped;
        self.late += other.late;
        self.from_due.add(&other.from_due);
        self.from_sent.add(&other.from_sent);
        self.not_ok.add(&other.not_ok);
        self.lateness.add(&other.lateness);
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (message, count) in &other.messages {
            self.keep_message(message, *count);
        }
    }

    /// Sums up several tallies.
    #[must_use]
    pub fn sum<'a>(tallies: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::fine();
        tallies.into_iter().for_each(|tally| sum.add(tally));
        sum
    }

    /// Tells whether the generator was in time: at most 0.1 % of the operations were late.
    #[must_use]
    pub fn is_timely(&self) -> bool {
        self.late_share() <= TOO_MANY_LATE
    }

    /// Returns the number of operations that ended, or never will.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.ok + self.fail + self.info
    }

    /// Returns the number of operations that were due.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.sent() + self.dropped
    }

    /// The share of those offered that are not ok, 0 to 1.
    #[must_use]
    pub fn error_share(&self) -> f64 {
        // Dropped operations are errors too: an SLO must not be met because the system could not be asked.
        share(self.offered() - self.ok, self.offered())
    }

    /// The share of those sent that were late, 0 to 1.
    #[must_use]
    pub fn late_share(&self) -> f64 {
        share(self.late, self.sent())
    }

    /// The share of those offered that were not sent, 0 to 1.
    #[must_use]
    pub fn dropped_share(&self) -> f64 {
        share(self.dropped, self.offered())
    }

    fn keep_message(&mut self, message: &str, count: u64) {
        // Not `entry`, which needs an owned text for each operation that is not ok.
        if let Some(seen) = self.messages.get_mut(message) {
            *seen += count;
        } else if self.messages.len() < MESSAGES {
            self.messages.insert(message.to_owned(), count);
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(outcome: Outcome, sent: i64, ended: i64) -> OperationEnd<'static> {
        let message = (outcome != Outcome::Ok).then_some("no room");
        OperationEnd { due: 1_000, sent, ended, outcome, status: Some(202), message }
    }

    #[test]
    fn latency_counts_from_the_due_time_and_beside_it_from_the_sending() {
        let mut tally = Tally::fine();
        tally.count(ended(Outcome::Ok, 21_000, 26_000));
        assert_eq!((tally.from_due.max(), tally.from_sent.max()), (Some(25_007), Some(5_003)));
        assert_eq!((tally.late, tally.ok, tally.statuses[&202]), (1, 1, 1));
    }

    #[test]
    fn one_that_is_not_ok_has_no_part_in_the_latency_of_those_that_are() {
        let mut tally = Tally::fine();
        tally.count(ended(Outcome::Fail, 1_000, 2_000));
        tally.dropped = 1;
        assert_eq!((tally.from_due.count(), tally.not_ok.count(), tally.offered()), (0, 1, 2));
        assert_eq!((tally.error_share(), tally.dropped_share(), tally.messages["no room"]), (1.0, 0.5, 1));
    }

    #[test]
    fn two_are_added() {
        let mut tally = Tally::fine();
        tally.count(ended(Outcome::Ok, 1_000, 2_000));
        let mut sum = tally.clone();
        sum.count(ended(Outcome::Info, 1_000, 2_000));
        sum.add(&tally);
        assert_eq!((sum.ok, sum.info, sum.from_due.count(), sum.sent()), (2, 1, 2, 3));
    }
}
