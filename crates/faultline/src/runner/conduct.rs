//! The life of a run: its folder and record, the stack started and ended around the work, the verdict.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::folder::{LOGS, RunFolder, SCENARIO};
use super::options::Options;
use super::progress::{Listener, Progress, Stage};
use super::recorder::{Recorder, Teller};
use super::run::Run;
use super::work::end;
use super::{judged, machine, sampler};
use crate::report::Report;
use crate::stack::{self, Ports, ProviderChoice, Site, Stack, StackError, Wiring};

/// Runs a schedule to its verdict. The report is in the run's folder too.
///
/// # Errors
/// [`RunError`] where there is no verdict; whatever was started is ended then too.
pub async fn run(
    options: Options,
    listener: Box<dyn Listener>,
    cancel: CancellationToken,
) -> Result<Report, RunError> {
    let folder = RunFolder::create(&options.runs, "run", &options.schedule.scenario)?;
    if options.keep {
        folder.keep_data()?;
    }
    let (recorder, teller) = begin_record(&options, &folder, listener)?;
    let conducted = live(&options, &folder, (&recorder, &teller), cancel).await;
    let judged = judge(&folder, (recorder, teller), conducted).await;
    if !options.keep {
        folder.remove_data()?;
    }
    judged
}

/// The same on a stack that runs, and goes on to run; `provider` tells how.
///
/// # Errors
/// [`RunError`] where there is no verdict.
pub async fn run_on(
    stack: &Arc<Stack>,
    provider: &str,
    mut options: Options,
    listener: Box<dyn Listener>,
    cancel: CancellationToken,
) -> Result<Report, RunError> {
    let folder = RunFolder::create(&options.runs, "run", &options.schedule.scenario)?;
    options.command =
        format!("faultline run {} --seed {}", folder.path().join(SCENARIO).display(), options.schedule.seed);
    if let Some(logs) = &options.logs {
        folder.link(LOGS, logs)?;
    }
    let (recorder, teller) = begin_record(&options, &folder, listener)?;
    let facts = tokio::task::spawn_blocking(machine::facts);
    tell_begin(&options, &folder, provider, (&recorder, &teller)).await;
    let environment = facts.await.unwrap_or_default();
    let run = Run { options: &options, folder: &folder, stack, teller: &teller, cancel };
    let info = run.info(Duration::ZERO, environment);
    let conducted = match run.conduct(info, &recorder).await {
        // The system goes on: nobody asked its nodes to stop.
        Ok(end) => {
            end.record(&teller, Vec::new()).await;
            Ok(())
        }
        Err(error) => Err(error),
    };
    judge(&folder, (recorder, teller), conducted).await
}

fn begin_record(
    options: &Options,
    folder: &RunFolder,
    listener: Box<dyn Listener>,
) -> Result<(Recorder, Teller), RunError> {
    folder.write_json("schedule.json", &options.schedule)?;
    Ok(Recorder::start(folder.path(), listener)?)
}

/// Ends the record of a run that was conducted, and judges it.
async fn judge(
    folder: &RunFolder,
    (recorder, teller): (Recorder, Teller),
    conducted: Result<(), RunError>,
) -> Result<Report, RunError> {
    if conducted.is_ok() {
        teller.tell(Progress::Stage(Stage::Judge)).await;
    }
    drop(teller);
    let recorded = recorder.finish().await;
    conducted?;
    recorded?;
    judged::judge(folder.path())
}

async fn tell_begin(
    options: &Options,
    folder: &RunFolder,
    provider: &str,
    (recorder, teller): (&Recorder, &Teller),
) {
    teller
        .tell(Progress::Begins {
            folder: folder.path().to_path_buf(),
            provider: provider.to_owned(),
            nodes: options.topology.nodes.len(),
            schedule: Box::new(options.schedule.clone()),
            timeline: recorder.timeline(),
        })
        .await;
}

/// Everything of a run for which its stack is there; afterwards no node runs any more.
async fn live(
    options: &Options,
    folder: &RunFolder,
    (recorder, teller): (&Recorder, &Teller),
    cancel: CancellationToken,
) -> Result<(), RunError> {
    let begun = Instant::now();
    // Asks programs for their versions; done while the stack starts, not when the load should.
    let facts = tokio::task::spawn_blocking(machine::facts);
    let site =
        Site { run: folder.run(), folder: folder.path(), ports: Ports::Free, overrides: &options.overrides };
    let ProviderChoice { provider, why } = stack::choose(options.choice, &options.topology, site).await?;
    tell_begin(options, folder, &why, (recorder, teller)).await;
    let topology = options.topology.clone();
    let stack = Arc::new(Stack::new(topology, provider, Wiring::Proxied, &options.registry).await?);
    let looking = options.watched.then(|| tokio::spawn(sampler::sample(Arc::clone(&stack), teller.clone())));
    let conducted = tokio::select! {
        started = start(&stack, options.ready_within, teller) => match started {
            Ok(()) => {
                let environment = facts.await.unwrap_or_default();
                let run = Run { options, folder, stack: &stack, teller, cancel };
                let info = run.info(begun.elapsed(), environment);
                run.conduct(info, recorder).await
            }
            Err(error) => Err(error.into()),
        },
        () = cancel.cancelled() => Err(RunError::Interrupted),
    };
    teller.tell(Progress::Stage(Stage::Shutdown)).await;
    end(looking).await;
    let stops = stack.shutdown().await;
    conducted?.record(teller, stops).await;
    Ok(())
}

async fn start(stack: &Stack, limit: Duration, teller: &Teller) -> Result<(), StackError> {
    stack.start(limit, &|starting| teller.mention(Progress::Starting(starting))).await
}
