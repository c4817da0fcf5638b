//! The life of a run: its folder and history, the stack that is started and stopped around the work, the verdict.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::context::RunContext;
use super::controls::Controls;
use super::options::{LoadEnd, RunOptions};
use super::work::{spawn, stop_task};
use crate::report::Report;
use crate::runner::error::RunError;
use crate::runner::folder::{LOGS, RunFolder, SCENARIO};
use crate::runner::machine;
use crate::runner::observe::usage;
use crate::runner::progress::{Listener, Progress, Stage};
use crate::runner::recorder::{EventSender, Recorder};
use crate::runner::verdict;
use crate::stack::{Stack, StackBuilder, StackError};

/// Runs a schedule to its verdict on a system of its own, and writes the report into the run's folder.
///
/// # Errors
/// [`RunError`] where there is no verdict; whatever was started is stopped then too.
pub(super) async fn run(
    mut options: RunOptions,
    listener: Box<dyn Listener>,
    controls: Controls,
) -> Result<Report, RunError> {
    let folder = RunFolder::create(&options.runs, "run", &options.schedule.scenario)?;
    if options.keep {
        // Before the start: if this lab is killed, `heal` must know it too.
        folder.keep_data()?;
    }
    keep_command(&mut options, &folder);
    let (recorder, sender) = begin_record(&options, &folder, listener)?;
    let conducted = live(&options, &folder, (&recorder, &sender), &controls).await;
    let report = judge(&folder, (recorder, sender), conducted).await;
    if !options.keep
        && let Err(error) = folder.remove_data()
    {
        // No reason to keep a finished verdict from its reader; `faultline heal` removes what is left.
        tracing::warn!("{error}");
    }
    report
}

/// Runs a schedule on a stack that is up before and after it.
///
/// # Errors
/// [`RunError`] where there is no verdict.
pub(super) async fn run_on(
    stack: &Arc<Stack>,
    mut options: RunOptions,
    listener: Box<dyn Listener>,
    controls: Controls,
) -> Result<Report, RunError> {
    let folder = RunFolder::create(&options.runs, "run", &options.schedule.scenario)?;
    keep_command(&mut options, &folder);
    if let Some(logs) = &options.logs {
        // The report looks for logs in the run's own folder, also when it is judged again later.
        folder.link(LOGS, logs)?;
    }
    let (recorder, sender) = begin_record(&options, &folder, listener)?;
    let facts = tokio::task::spawn_blocking(machine::facts);
    send_begin(&options, &folder, stack.provider_reason(), (&recorder, &sender)).await;
    let environment = facts.await.unwrap_or_default();
    let run = RunContext { options: &options, folder: &folder, stack, sender: &sender, controls: &controls };
    let info = run.info(Duration::ZERO, environment);
    let conducted = match run.conduct(info, &recorder).await {
        // The system goes on: nobody asked its nodes to stop.
        Ok(end) => {
            end.record(&sender, Vec::new()).await;
            Ok(())
        }
        Err(error) => Err(error),
    };
    judge(&folder, (recorder, sender), conducted).await
}

/// Sets the command that repeats a run whose scenario stands in its own folder.
fn keep_command(options: &mut RunOptions, folder: &RunFolder) {
    // That of a manual load is written at its end, with all that a person did.
    let has_copy = options.scenario.is_some() && options.command.is_empty();
    if has_copy || options.load_end == LoadEnd::Manual {
        let file = folder.path().join(SCENARIO).display().to_string();
        let seed = options.schedule.seed.to_string();
        let mut words = vec!["faultline".to_owned(), "run".to_owned(), file, "--seed".to_owned(), seed];
        words.extend(options.arguments.iter().cloned());
        options.command = words.join(" ");
    }
}

fn begin_record(
    options: &RunOptions,
    folder: &RunFolder,
    listener: Box<dyn Listener>,
) -> Result<(Recorder, EventSender), RunError> {
    folder.write_json("schedule.json", &options.schedule)?;
    if let Some(text) = &options.scenario {
        folder.write_text(SCENARIO, text)?;
    }
    Ok(Recorder::start(folder.path(), listener)?)
}

/// Closes the history of a run that was conducted, and judges it.
async fn judge(
    folder: &RunFolder,
    (recorder, sender): (Recorder, EventSender),
    conducted: Result<(), RunError>,
) -> Result<Report, RunError> {
    if conducted.is_ok() {
        sender.send(Progress::Stage(Stage::Judge)).await;
    }
    // The recorder ends when its last sender is dropped.
    drop(sender);
    let recorded = recorder.finish().await;
    // A run whose history can't be written is cancelled and ends well here; its error is that of
    // the recorder.
    conducted?;
    recorded?;
    // Judged from disk, as `faultline report` does it later, so that both give the same verdict.
    verdict::judge(folder.path())
}

async fn send_begin(
    options: &RunOptions,
    folder: &RunFolder,
    provider: &str,
    (recorder, sender): (&Recorder, &EventSender),
) {
    sender
        .send(Progress::Begins {
            folder: folder.path().to_path_buf(),
            provider: provider.to_owned(),
            nodes: options.topology.nodes.len(),
            schedule: Box::new(options.schedule.clone()),
            timeline: recorder.timeline(),
        })
        .await;
}

/// Starts the stack, conducts the run and stops the stack; no node runs afterwards.
async fn live(
    options: &RunOptions,
    folder: &RunFolder,
    (recorder, sender): (&Recorder, &EventSender),
    controls: &Controls,
) -> Result<(), RunError> {
    let begun = Instant::now();
    // Asking programs for their versions takes time, so it happens while the stack starts and not when the load should.
    let facts = tokio::task::spawn_blocking(machine::facts);
    let builder = StackBuilder::new(options.topology.clone())
        .choice(options.choice)
        .overrides(options.overrides.clone())
        .registry(&options.registry)
        .ready_within(options.ready_within);
    let stack = Arc::new(builder.build(folder.run(), folder.path()).await?);
    controls.faults.set_stack(&stack);
    send_begin(options, folder, stack.provider_reason(), (recorder, sender)).await;
    let sampling = options.watched.then(|| spawn(usage::sample(Arc::clone(&stack), sender.clone())));
    // Everything after the stack exists ends in the shutdown below, also an interrupted start.
    // Only the start is raced with the interrupt, not the work behind `=>`: that ends by itself
    // with a whole history.
    let conducted = tokio::select! {
        started = start(&stack, sender) => match started {
            Ok(()) => {
                let environment = facts.await.unwrap_or_default();
                let run = RunContext { options, folder, stack: &stack, sender, controls };
                let info = run.info(begun.elapsed(), environment);
                run.conduct(info, recorder).await
            }
            Err(error) => Err(error.into()),
        },
        () = controls.cancel.cancelled() => Err(RunError::Interrupted),
    };
    sender.send(Progress::Stage(Stage::Shutdown)).await;
    // Before the shutdown, which viewers must not take for the death of every node.
    stop_task(sampling).await;
    let stops = stack.shutdown().await;
    conducted?.record(sender, stops).await;
    Ok(())
}

async fn start(stack: &Stack, sender: &EventSender) -> Result<(), StackError> {
    // Offered, since the callback can't wait; a line that is missing on the display does no harm.
    stack.start(&|starting| sender.offer(Progress::Starting(starting))).await
}
