//! A load without faults: starts the system if it must, sends the load, writes the result into a folder.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;

use super::system::{LoadTarget, SystemHandle};
use super::trial::{Trial, TrialMeasurement};
use crate::measure::figures::SecondFigures;
use crate::measure::{LoadResult, Second, Threshold, outcome};
use crate::runner::error::RunError;
use crate::runner::folder::{FolderError, RunFolder};
use crate::runner::machine;
use crate::runner::progress::{Listener, Progress, Stage, Tick};
use crate::scenario::Schedule;

/// Options of a load.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Schedule of the load.
    pub schedule: Schedule,
    /// Target of the load.
    pub target: LoadTarget,
    /// Thresholds that abort the load.
    pub abort_if: Vec<Threshold>,
    /// Folder that holds the folders of runs.
    pub runs: PathBuf,
}

/// Result of a load, and the folder that holds it.
#[derive(Debug, Clone)]
pub struct LoadOutput {
    /// Result of the load.
    pub result: LoadResult,
    /// Figures of each second and path.
    pub seconds: Vec<SecondFigures>,
    /// Folder of the load.
    pub folder: RunFolder,
}

/// Loads a system.
///
/// # Errors
/// [`RunError`] where nothing was measured; whatever was started is stopped then too.
pub async fn load(
    options: LoadOptions,
    mut listener: Box<dyn Listener>,
    cancel: CancellationToken,
) -> Result<LoadOutput, RunError> {
    let folder = RunFolder::create(&options.runs, "load", &options.schedule.scenario)?;
    folder.write_json("schedule.json", &options.schedule)?;
    let measured = on_system(&options, &folder, listener.as_mut(), &cancel).await;
    // Before the result is printed, so that the display does not overwrite it.
    listener.end();
    // The data goes also after a failure: a folder keeps logs and results, not databases.
    folder.remove_data()?;
    let (result, seconds) = measured?;
    folder.write_json("load.json", &result)?;
    Ok(LoadOutput { result, seconds, folder })
}

async fn on_system(
    options: &LoadOptions,
    folder: &RunFolder,
    listener: &mut dyn Listener,
    cancel: &CancellationToken,
) -> Result<(LoadResult, Vec<SecondFigures>), RunError> {
    let system = SystemHandle::ready(&options.target, &options.schedule, folder, listener, cancel).await?;
    let measured = measure(options, folder, &system, listener, cancel).await;
    system.end(listener).await;
    measured
}

async fn measure(
    options: &LoadOptions,
    folder: &RunFolder,
    system: &SystemHandle,
    listener: &mut dyn Listener,
    cancel: &CancellationToken,
) -> Result<(LoadResult, Vec<SecondFigures>), RunError> {
    let schedule = &options.schedule;
    let targets = &system.targets;
    let trial = Trial { run: folder.run().as_str(), schedule, targets, abort_if: &options.abort_if };
    // Collected before the load: asking programs for their versions takes CPU.
    let environment = tokio::task::spawn_blocking(machine::facts).await.unwrap_or_default();
    let started = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let mut seconds = SecondsWriter::create(folder)?;
    listener.on(&Progress::Stage(Stage::Load));
    let mut report = |tick: Tick| {
        seconds.write(&tick.seconds);
        listener.on(&Progress::Tick(tick));
    };
    let TrialMeasurement { phases, took, cpu, aborted } = trial.conduct(&mut report, cancel).await?;
    let figures = seconds.finish()?;
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let result = LoadResult {
        version: outcome::VERSION,
        run: folder.run().to_string(),
        faultline: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        aimed_at: system.description.clone(),
        schedule: schedule.clone(),
        phases,
        took: micros(took),
        generator_cpu: micros(cpu),
        aborted,
        interrupted: cancel.is_cancelled(),
        environment,
    };
    Ok((result, figures))
}

/// Writer of `seconds.jsonl`, a line for each second and path.
struct SecondsWriter {
    path: PathBuf,
    out: BufWriter<File>,
    failed: Option<std::io::Error>,
    figures: Vec<SecondFigures>,
}

impl SecondsWriter {
    fn create(folder: &RunFolder) -> Result<Self, FolderError> {
        let path = folder.path().join("seconds.jsonl");
        match File::create(&path) {
            Ok(file) => Ok(Self { path, out: BufWriter::new(file), failed: None, figures: Vec::new() }),
            Err(source) => Err(FolderError::writing(path, source)),
        }
    }

    /// Writes the figures of some seconds.
    fn write(&mut self, seconds: &[Second]) {
        // An error is reported at the end: it must not stop the load.
        for second in seconds {
            self.figures.push(SecondFigures::from(second));
            if self.failed.is_none() {
                self.failed = self.append(second).err();
            }
        }
    }

    fn append(&mut self, second: &Second) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.out, second)?;
        self.out.write_all(b"\n")
    }

    fn finish(mut self) -> Result<Vec<SecondFigures>, FolderError> {
        let written = self.failed.take().map_or_else(|| self.out.flush(), Err);
        written.map(|()| self.figures).map_err(|source| FolderError::writing(self.path, source))
    }
}
