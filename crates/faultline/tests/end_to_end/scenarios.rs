//! Every scenario gives the verdict that its comment promises, on the real system: most of them some after each
//! other on the same, so that what one of them has broken for good shows in the next.

use faultline::checker::Verdict;
use faultline::lab::ScenarioFile;
use faultline::report::Report;
use faultline::scenario::{Entries, Schedule, SystemUse};

use crate::lab::{self, EarlierRuns};

/// Checks the promises of every scenario by the report of a run: it passes, and nothing is lost, duplicated or corrupted.
fn promises_are_kept(name: &str, run: impl FnOnce(&ScenarioFile) -> (Report, Option<EarlierRuns>)) {
    let scenario = lab::scenario(name);
    // Held to the end, so that a failure names the scenarios that ran before on the same system.
    let (report, _earlier) = run(&scenario);
    assert_eq!(report.verdict, Verdict::Pass, "{}", report.why);
    for (path, figures) in &report.paths {
        assert!(figures.tally.ok > 0, "nothing was acknowledged on {path}");
        if path.starts_with("log-") {
            assert_eq!(
                (figures.lost, figures.duplicated, figures.corrupted),
                (Some(0), Some(0), Some(0)),
                "{path}"
            );
        }
    }
    assert_eq!(report.faults.len(), lab::parsed(&scenario).fault.len());
    assert!(report.faults.iter().all(|fault| fault.evidence.iter().all(|seen| seen.shown)));
}

/// Runs a scenario on the system that it asks for. Scenarios of the store ask for their own: after such a fault much is
/// sent again and looked up, and FerretDB, where it stands in for MongoDB, reads all that it holds for each; with the
/// entries of earlier runs that takes seconds.
fn run(scenario: &ScenarioFile) -> (Report, Option<EarlierRuns>) {
    match lab::parsed(scenario).system {
        SystemUse::Own => (lab::run(scenario, |lab| lab), None),
        SystemUse::Shared => {
            let (report, earlier) = lab::run_in_turn(scenario);
            (report, Some(earlier))
        }
    }
}

/// What is not asked is not seen to work.
#[test]
fn a_load_that_would_end_too_early_goes_on_until_everything_works_again() {
    let text = r#"
        shows = "a fault that lasts as long as the load"
        [[load]]
        for = "5s"
        rates = { ping = "20/s", log-amqp = "50/s" }
        [[fault]]
        kind = "kill"
        node = "rabbitmq"
        at = "2s"
        for = "3s"
    "#;
    let report = lab::run(&ScenarioFile::from_toml("short", text), |lab| lab);
    assert_eq!(report.verdict, Verdict::Pass, "{}", report.why);
    let recovered = report.faults[0].recover_ms["log-amqp"];
    assert!(report.paths["log-amqp"].tally.offered >= 250 + 10, "{recovered:?}");
    assert!(report.paths["ping"].tally.offered > 100, "the other paths go on beside it");
    assert!(recovered.is_some());
}

/// What nobody looked at does not pass: neither where every path that writes names no store, nor where one of them does not.
#[test]
fn entries_of_paths_that_name_no_store_are_not_checked() {
    let text = r#"
        shows = "what no store is named for is not checked"
        [[load]]
        for = "2s"
        rates = { ping = "20/s", log-json = "20/s", log-grpc = "20/s" }
    "#;
    let schedule = Schedule::derive("stores", &lab::parsed(&ScenarioFile::from_toml("stores", text)), 1);
    for forgotten in [&["log-json"][..], &["log-json", "log-grpc", "log-amqp"]] {
        let mut system = lab::system();
        for path in forgotten {
            system.paths.get_mut(*path).expect("a path").stored_in = None;
        }
        let report = lab::run_schedule(system.clone(), schedule.clone());
        assert_eq!(report.verdict, Verdict::Unknown, "{}", report.why);
        assert!(report.why.contains("in x-faultline.paths.log-"), "{}", report.why);
        assert_eq!(report.paths["log-json"].lost, None);

        let mut excused = schedule.clone();
        excused.expect.entries = Entries::NotChecked;
        let report = lab::run_schedule(system, excused);
        assert_eq!(report.verdict, Verdict::Pass, "{}", report.why);
        assert!(report.why.contains("lost and duplicated not checked on "), "{}", report.why);
    }
}

macro_rules! scenarios {
    ($($test:ident = $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            promises_are_kept($name, run);
        })*

        /// A scenario that nobody tests would promise what nobody has seen.
        #[test]
        fn every_scenario_has_a_test() {
            let tested = [$($name),*];
            for entry in std::fs::read_dir(lab::repository().join("scenarios")).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                assert!(tested.contains(&name.as_str()), "{name} has no test");
            }
        }
    };
}

scenarios! {
    authentication_paused = "authentication-paused",
    authentication_slow_close = "authentication-slow-close",
    broker_killed = "broker-killed",
    broker_logger_cut = "broker-logger-cut",
    broker_logger_short_lived = "broker-logger-short-lived",
    broker_rabbitmq_reset = "broker-rabbitmq-reset",
    grpc_sliced = "grpc-sliced",
    grpc_vanishing = "grpc-vanishing",
    healthy = "healthy",
    listener_killed = "listener-killed",
    listener_logger_cut_short = "listener-logger-cut-short",
    listener_partitioned = "listener-partitioned",
    listener_rabbitmq_corrupt = "listener-rabbitmq-corrupt",
    listener_unheard = "listener-unheard",
    logger_killed = "logger-killed",
    logger_mongo_half_open = "logger-mongo-half-open",
    logger_mongo_thin = "logger-mongo-thin",
    logger_refusing = "logger-refusing",
    logger_slow_handshake = "logger-slow-handshake",
    mongo_few_connections = "mongo-few-connections",
    mongo_killed = "mongo-killed",
    mongo_slow = "mongo-slow",
    postgres_killed = "postgres-killed",
    rabbitmq_fails_first = "rabbitmq-fails-first",
    rabbitmq_killed = "rabbitmq-killed",
    rabbitmq_killed_with_backlog = "rabbitmq-killed-with-backlog",
    rabbitmq_paused = "rabbitmq-paused",
}

/// Of three listeners and two loggers one each dies with work in its hands, and the others take it over.
#[test]
fn listeners_and_loggers_share_without_duplicates() {
    for name in ["listener-killed", "logger-killed"] {
        let run = |scenario: &ScenarioFile| {
            lab::run(scenario, |lab| lab.replicas("listener", 3).unwrap().replicas("logger", 2).unwrap())
        };
        promises_are_kept(name, |scenario| (run(scenario), None));
    }
}
