//! Figures of a report as the timeline has them. It goes when [`Details`] holds a timeline.

use std::collections::BTreeMap;

use super::super::details::Details;
use super::super::model::Report;
use crate::measure::Tally;
use faultline_model::timeline::{Counts, FaultWindow, PathSecond, Second};

/// Returns the seconds of all paths.
pub(super) fn seconds(details: &Details) -> Vec<Second> {
    let mut seconds: BTreeMap<u64, Second> = BTreeMap::new();
    for second in &details.seconds {
        let number = second.second;
        let entry =
            seconds.entry(number).or_insert_with(|| Second { second: number, paths: BTreeMap::new() });
        entry.paths.insert(second.path.clone(), figures(&second.tally));
    }
    seconds.into_values().collect()
}

fn figures(tally: &Tally) -> PathSecond {
    let Tally { ok, fail, info, dropped, .. } = *tally;
    let at = |share| tally.from_due.quantile(share).map(|micros| micros as f64 / 1000.0);
    let counts = Counts { offered: tally.offered(), dropped, ok, fail, info };
    PathSecond { counts, p50: at(0.5), p99: at(0.99), max: at(1.0) }
}

/// Returns the windows of the faults.
pub(super) fn windows(report: &Report) -> Vec<FaultWindow> {
    let window = |(index, fault): (usize, &crate::checker::FaultFigures)| FaultWindow {
        index,
        name: fault.what.clone(),
        begin: fault.from_ms * 1000,
        active: None,
        heal: fault.undo_ms.map(|ms| ms * 1000),
        healed: None,
        ready: fault.to_ms.map(|ms| ms * 1000),
        evidence: Vec::new(),
        broken: false,
        affected: fault.recover_ms.keys().cloned().collect(),
    };
    report.faults.iter().enumerate().map(window).collect()
}
