//! A load without faults: starts the stack if it must, loads it, writes what was measured into a folder.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::folder::{FolderError, RunFolder};
use super::machine;
use super::progress::{Listener, Progress, Stage};
use super::system::{Aim, System};
use super::trial::{Measured, Tick, Trial};
use crate::measure::figures::SecondFigures;
use crate::measure::{LoadResult, Second, Threshold, outcome};
use crate::scenario::Schedule;

/// What to load and how.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The exact arrivals.
    pub schedule: Schedule,
    /// What they go to.
    pub aim: Aim,
    /// What ends the load before its time.
    pub abort_if: Vec<Threshold>,
    /// The folder that holds the folders of runs.
    pub runs: PathBuf,
}

/// The result, and the folder that it is in.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The result.
    pub result: LoadResult,
    /// The same second by second, in numbers.
    pub seconds: Vec<SecondFigures>,
    /// The folder.
    pub folder: RunFolder,
}

/// Loads a system.
///
/// # Errors
/// [`RunError`] where nothing was measured; whatever was started is ended then too.
pub async fn load(
    options: LoadOptions,
    mut listener: Box<dyn Listener>,
    cancel: CancellationToken,
) -> Result<Loaded, RunError> {
    let folder = RunFolder::create(&options.runs, "load", &options.schedule.scenario)?;
    folder.write_json("schedule.json", &options.schedule)?;
    let loaded = on_system(&options, &folder, listener.as_mut(), &cancel).await;
    listener.end();
    folder.remove_data()?;
    let (result, seconds) = loaded?;
    folder.write_json("load.json", &result)?;
    Ok(Loaded { result, seconds, folder })
}

async fn on_system(
    options: &LoadOptions,
    folder: &RunFolder,
    listener: &mut dyn Listener,
    cancel: &CancellationToken,
) -> Result<(LoadResult, Vec<SecondFigures>), RunError> {
    let system = System::ready(&options.aim, &options.schedule, folder, listener, cancel).await?;
    let measured = measure(options, folder, &system, listener, cancel).await;
    system.end(listener).await;
    measured
}

async fn measure(
    options: &LoadOptions,
    folder: &RunFolder,
    system: &System,
    listener: &mut dyn Listener,
    cancel: &CancellationToken,
) -> Result<(LoadResult, Vec<SecondFigures>), RunError> {
    let schedule = &options.schedule;
    let targets = &system.targets;
    let trial = Trial { run: folder.run().as_str(), schedule, targets, abort_if: &options.abort_if };
    let environment = tokio::task::spawn_blocking(machine::facts).await.unwrap_or_default();
    let started = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let mut seconds = Seconds::create(folder)?;
    listener.on(&Progress::Stage(Stage::Load));
    let mut told = |tick: Tick| {
        seconds.write(&tick.seconds);
        listener.on(&Progress::Tick(tick));
    };
    let Measured { phases, took, cpu, aborted } = trial.conduct(&mut told, cancel).await?;
    let figures = seconds.finish()?;
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let result = LoadResult {
        version: outcome::VERSION,
        run: folder.run().to_string(),
        faultline: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        aimed_at: system.told.clone(),
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

/// Writes `seconds.jsonl`, a line for each second and path.
struct Seconds {
    path: PathBuf,
    out: BufWriter<File>,
    failed: Option<std::io::Error>,
    figures: Vec<SecondFigures>,
}

impl Seconds {
    fn create(folder: &RunFolder) -> Result<Self, FolderError> {
        let path = folder.path().join("seconds.jsonl");
        match File::create(&path) {
            Ok(file) => Ok(Self { path, out: BufWriter::new(file), failed: None, figures: Vec::new() }),
            Err(source) => Err(FolderError::writing(path, source)),
        }
    }

    /// An error is told at the end: the load goes on.
    fn write(&mut self, seconds: &[Second]) {
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
