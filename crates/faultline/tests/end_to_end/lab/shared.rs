//! One system that several tests share: at a time, those that break nothing; in turns, those that break it and see it
//! healed. It starts with the first of them and ends with the last.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use faultline::checker::Verdict;
use faultline::lab::{ScenarioFile, System};
use faultline::report::Report;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Turn;

/// A system that runs.
pub(crate) struct Shared {
    /// The running system; none once it stops.
    system: Option<System>,
    runtime: Runtime,
    _runs: TempDir,
    _turn: Turn,
}

/// The system that is shared, started if it does not run.
pub(crate) fn shared() -> Arc<Shared> {
    static CURRENT: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    current.upgrade().unwrap_or_else(|| {
        let started = Arc::new(Shared::start());
        *current = Arc::downgrade(&started);
        started
    })
}

/// Largest number of runs on one system, so that its store stays small.
const RUNS: usize = 5;

/// Scenarios that ran before on the same system. A test that fails while it holds them prints them, since a fault of
/// theirs that no check noticed may be the cause.
pub(crate) struct EarlierRuns(Vec<String>);

impl Drop for EarlierRuns {
    fn drop(&mut self) {
        if std::thread::panicking() {
            match self.0.as_slice() {
                [] => eprintln!("no scenario ran before on this system"),
                names => eprintln!("scenarios that ran before on this system: {}", names.join(", ")),
            }
        }
    }
}

/// Runs a scenario, when it is its turn, on the system on which others have run theirs, and judges it.
pub(crate) fn run_in_turn(scenario: &ScenarioFile) -> (Report, EarlierRuns) {
    static WAITING: AtomicUsize = AtomicUsize::new(0);
    static CURRENT: Mutex<Option<(Shared, Vec<String>)>> = Mutex::new(None);
    WAITING.fetch_add(1, Ordering::SeqCst);
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    WAITING.fetch_sub(1, Ordering::SeqCst);
    // Taken out, so that a panic ends it.
    let (mut system, mut names) = current.take().unwrap_or_else(|| (Shared::start(), Vec::new()));
    let earlier = EarlierRuns(names.clone());
    names.push(scenario.name().to_owned());
    let report = system.run(scenario);
    let is_wanted = names.len() < RUNS && WAITING.load(Ordering::SeqCst) > 0;
    if is_wanted && report.verdict == Verdict::Pass {
        *current = Some((system, names));
    }
    (report, earlier)
}

impl Shared {
    fn start() -> Self {
        let turn = super::turn();
        let runs = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("a runtime");
        let started = runtime.block_on(super::lab(&runs).start());
        let system = started.unwrap_or_else(|error| panic!("{error}"));
        Self { system: Some(system), runtime, _runs: runs, _turn: turn }
    }

    fn system(&self) -> &System {
        self.system.as_ref().expect("a system that runs")
    }

    /// Runs a scenario on it and judges it.
    fn run(&mut self, scenario: &ScenarioFile) -> Report {
        let system = self.system.as_mut().expect("a system that runs");
        let report = self.runtime.block_on(system.run(scenario)).unwrap_or_else(|error| panic!("{error}"));
        super::runs::show(&report);
        report
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// Runs a future beside the tests, at most as long as the system.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Where a port of a node is reached.
    pub(crate) fn address(&self, node: &str, port: u16) -> SocketAddr {
        self.system().address(node, port).expect("a port of the topology")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some(system) = self.system.take() else { return };
        if let Err(error) = self.runtime.block_on(system.stop()) {
            eprintln!("{error}");
        }
    }
}
