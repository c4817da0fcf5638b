//! How much the generator holds on this machine, against a server that answers at once.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::hello::Hello;
use super::trial::{Measured, Trial};
use crate::load::{LoadError, Target, Template};
use crate::measure::self_check::SelfCheckResult;
use crate::scenario::arrival_rate::Spacing;
use crate::scenario::duration::Span;
use crate::scenario::rate::Rate;
use crate::scenario::stream::Arrivals;
use crate::scenario::{ArrivalRate, ArrivalStream, Expectations, Schedule, Sizes};
use crate::stack::topology::{AnswerSpec, PathSpec, Send, Writes};

/// Rates that are tried, in arrivals a second, until one is too high.
const RATES: [u32; 8] = [1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 50_000];

/// Checks one rate after the other, each for `lasts`, and tells of each; ends with the first that does not hold.
///
/// # Errors
/// [`LoadError`] where the system does not give what it needs.
pub async fn check(
    lasts: Span,
    told: &mut (dyn FnMut(&SelfCheckResult) + std::marker::Send),
    cancel: &CancellationToken,
) -> Result<Vec<SelfCheckResult>, LoadError> {
    let hello = Hello::serve().await?;
    let mut all = Vec::new();
    for rate in RATES {
        let checked = one(rate, lasts, &hello, cancel).await?;
        if cancel.is_cancelled() {
            break;
        }
        told(&checked);
        let holds = checked.holds;
        all.push(checked);
        if !holds {
            break;
        }
    }
    Ok(all)
}

async fn one(
    rate: u32,
    lasts: Span,
    hello: &Hello,
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
    let template = Template::new(PATH, &spec, hello.address)?;
    let targets = [(PATH.to_owned(), Target { template, stores: false })].into();
    let trial = Trial { run: "check", schedule: &schedule, targets: &targets, abort_if: &[] };
    let measured = trial.conduct(&mut |_| {}, cancel).await?;
    Ok(checked(rate, &measured))
}

const PATH: &str = "hello";

fn schedule(rate: u32, lasts: Span) -> Schedule {
    // Poisson, as the arrivals of many people are: harder than evenly.
    let rate = Rate::per_second(rate);
    let pace = ArrivalRate { spacing: Spacing::Poisson, ..ArrivalRate::constant(rate) };
    let arrivals = Arrivals::Paced { rate: pace, offset: Span::ZERO, seed: 1 };
    Schedule {
        version: crate::scenario::schedule::VERSION,
        scenario: "check".to_owned(),
        shows: "how much the generator holds".to_owned(),
        seed: 0,
        timeout: Span::from_secs(5),
        payload: Sizes::Fixed(0),
        in_flight: 2000,
        streams: vec![ArrivalStream { path: PATH.to_owned(), from: Span::ZERO, until: lasts, arrivals }],
        faults: Vec::new(),
        expect: Expectations::default(),
    }
}

fn checked(rate: u32, measured: &Measured) -> SelfCheckResult {
    let total = measured.total();
    let millis = |micros: Option<u64>| micros.unwrap_or(0) as f64 / 1000.0;
    SelfCheckResult {
        rate,
        sent: total.sent(),
        late: total.late_share().max(total.dropped_share()),
        latest_ms: millis(total.lateness.max()),
        p50_ms: millis(total.from_due.quantile(0.5)),
        p99_ms: millis(total.from_due.quantile(0.99)),
        cpu_us: measured.cpu.as_secs_f64() * 1e6 / total.sent().max(1) as f64,
        holds: total.is_timely() && total.dropped == 0,
    }
}
