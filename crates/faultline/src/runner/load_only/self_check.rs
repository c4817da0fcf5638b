//! The highest rate of the generator on this machine, against a server that answers at once.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::instant_server::InstantServer;
use super::trial::{Trial, TrialMeasurement};
use crate::load::{LoadError, PathTarget, Template};
use crate::measure::self_check::SelfCheckResult;
use crate::scenario::duration::Span;
use crate::scenario::rate::Rate;
use crate::scenario::stream::Arrivals;
use crate::scenario::{ArrivalRate, ArrivalStream, Expectations, Schedule, Sizes};
use crate::stack::topology::{AnswerSpec, PathSpec, Send, Writes};

/// Rates to try, in arrivals per second, until one is too high.
const RATES: [u32; 8] = [1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 50_000];

/// Checks one rate after the other, each for `lasts`, and reports each; ends with the first that does not hold.
///
/// # Errors
/// [`LoadError`] where the machine has no port, thread or timer left.
pub async fn check(
    lasts: Span,
    report: &mut (dyn FnMut(&SelfCheckResult) + std::marker::Send),
    cancel: &CancellationToken,
) -> Result<Vec<SelfCheckResult>, LoadError> {
    let server = InstantServer::serve().await?;
    let mut all = Vec::new();
    for rate in RATES {
        let checked = check_rate(rate, lasts, &server, cancel).await?;
        if cancel.is_cancelled() {
            break;
        }
        report(&checked);
        // Higher rates would be late too, so the first that does not hold is the last.
        let holds = checked.holds;
        all.push(checked);
        if !holds {
            break;
        }
    }
    Ok(all)
}

async fn check_rate(
    rate: u32,
    lasts: Span,
    server: &InstantServer,
    cancel: &CancellationToken,
) -> Result<SelfCheckResult, LoadError> {
    let schedule = schedule(rate, lasts);
    let send = Send {
        node: String::new(),
        port: 0,
        method: "GET".to_owned(),
        route: "/".to_owned(),
        headers: BTreeMap::new(),
        json: None,
    };
    let spec = PathSpec {
        send,
        through: Vec::new(),
        stored_in: None,
        writes: Some(Writes::Nothing),
        answer: AnswerSpec::any(),
    };
    let template = Template::new(PATH, &spec, server.address)?;
    let targets = [(PATH.to_owned(), PathTarget { template, stores: false })].into();
    let trial = Trial { run: "check", schedule: &schedule, targets: &targets, abort_if: &[] };
    let measured = trial.conduct(&mut |_| {}, cancel).await?;
    Ok(checked(rate, &measured))
}

const PATH: &str = "hello";

fn schedule(rate: u32, lasts: Span) -> Schedule {
    // Poisson, as the arrivals of many people are, which is harder than an even rate.
    let rate = ArrivalRate {
        spacing: crate::scenario::arrival_rate::Spacing::Poisson,
        ..ArrivalRate::constant(Rate::per_second(rate))
    };
    // Fixed seeds, so that two checks send the same.
    let arrivals = Arrivals::Paced { rate, offset: Span::ZERO, seed: 1 };
    Schedule {
        version: crate::scenario::schedule::VERSION,
        scenario: "check".to_owned(),
        shows: "the highest rate of the generator".to_owned(),
        seed: 0,
        timeout: Span::from_secs(5),
        payload: Sizes::Fixed(0),
        in_flight: 2000,
        streams: vec![ArrivalStream { path: PATH.to_owned(), from: Span::ZERO, until: lasts, arrivals }],
        faults: Vec::new(),
        expect: Expectations::default(),
    }
}

fn checked(rate: u32, measured: &TrialMeasurement) -> SelfCheckResult {
    let total = measured.total();
    let millis = |micros: Option<u64>| micros.unwrap_or(0) as f64 / 1000.0;
    SelfCheckResult {
        rate,
        sent: total.sent(),
        // Dropped operations have no lateness, so their share stands beside it.
        late: total.late_share().max(total.dropped_share()),
        latest_ms: millis(total.lateness.max()),
        p50_ms: millis(total.from_due.quantile(0.5)),
        p99_ms: millis(total.from_due.quantile(0.99)),
        cpu_us: measured.cpu.as_secs_f64() * 1e6 / total.sent().max(1) as f64,
        // An operation that is sent late or dropped is the generator's own fault.
        holds: total.is_timely() && total.dropped == 0,
    }
}
