//! Seconds of a load, from the operations of a run: what comparisons take.

use std::collections::BTreeMap;

use super::Operation;
use crate::history::Outcome;
use crate::measure::Second;
use crate::measure::tally::{OperationEnd, Tally};

/// Sorts operations by the second that they were due in and by path.
#[must_use]
pub fn load_seconds(operations: &[Operation]) -> Vec<Second> {
    let mut tallies: BTreeMap<(u64, &str), Tally> = BTreeMap::new();
    for operation in operations {
        let second = u64::try_from(operation.due).unwrap_or(0) / 1_000_000;
        // Coarse as the seconds of a load, so that runs and loads are compared at one precision.
        let tally = tallies.entry((second, &operation.path)).or_insert_with(Tally::coarse);
        // A dropped operation has neither a latency nor a lateness.
        let Some(sent) = operation.sent else {
            tally.dropped += 1;
            continue;
        };
        tally.count(OperationEnd {
            due: operation.due,
            sent,
            ended: operation.last_seen(),
            outcome: operation.outcome.unwrap_or(Outcome::Info),
            status: operation.status,
            message: operation.message.as_deref(),
        });
    }
    let second =
        |((second, path), tally): ((u64, &str), Tally)| Second { second, path: path.to_owned(), tally };
    tallies.into_iter().map(second).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_count_in_the_second_that_they_were_due_in() {
        let operation = |due: i64, sent: Option<i64>, outcome| Operation {
            id: "1".into(),
            path: "a".into(),
            due,
            sent,
            ended: sent.map(|sent| sent + 500_000),
            outcome,
            hash: None,
            status: None,
            message: None,
            undeclared: false,
        };
        let all = load_seconds(&[
            operation(900_000, Some(900_010), Some(Outcome::Ok)),
            operation(1_000_000, None, None),
            operation(1_500_000, Some(1_500_000), Some(Outcome::Info)),
        ]);
        let of = |second: &Second| (second.second, second.tally.ok, second.tally.info, second.tally.dropped);
        assert_eq!(all.iter().map(of).collect::<Vec<_>>(), [(0, 1, 0, 0), (1, 0, 1, 1)]);
    }
}
