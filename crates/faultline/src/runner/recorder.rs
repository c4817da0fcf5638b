//! Writes the history, folds it into the timeline, and passes progress on to a listener.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::live_timeline::LiveTimeline;
use super::progress::{Listener, Progress};
use crate::history::{Event, Writer};

/// Name of the history in the folder of a run.
pub const FILE: &str = "history.jsonl";

/// Steps of progress that may wait to be recorded.
// A load of 20,000/s makes 40,000 events a second, so the disk may stall for a while before the load does.
const QUEUE: usize = 65_536;

/// A history that could not be written; what it holds is not the whole run.
#[derive(Debug, thiserror::Error)]
#[error("{what} the history {path}: {source}", path = path.display())]
pub struct RecordError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl RecordError {
    /// Makes the error of a history that can't be read back.
    pub(super) fn reading(path: &Path, source: io::Error) -> Self {
        Self { what: "can't read", path: path.to_path_buf(), source }
    }

    fn writing(path: &Path, source: io::Error) -> Self {
        Self { what: "can't write", path: path.to_path_buf(), source }
    }
}

/// Sender of progress into the queue of a recorder or listener.
#[derive(Debug, Clone)]
pub struct EventSender(mpsc::Sender<Progress>);

impl EventSender {
    /// Makes a sender to a listener alone: nothing is recorded.
    #[must_use]
    pub fn to(mut listener: Box<dyn Listener>) -> Self {
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        // A task is enough here: nothing is written, so nothing blocks.
        tokio::spawn(async move {
            while let Some(progress) = receiver.recv().await {
                listener.on(&progress);
            }
            listener.end();
        });
        Self(sender)
    }

    /// Sends progress; waits while the queue is full.
    pub async fn send(&self, progress: Progress) {
        // Without a receiver the recorder broke, which `closed` reports.
        let _ = self.0.send(progress).await;
    }

    /// Sends an event of the history.
    pub async fn record(&self, event: Event) {
        self.send(Progress::History(event)).await;
    }

    /// Sends progress that is dropped if the queue is full.
    pub fn offer(&self, progress: Progress) {
        let _ = self.0.try_send(progress);
    }

    /// Waits until the recorder ends early, mostly for a full disk. The run is in vain then.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}

/// The recorder of one run.
pub struct Recorder {
    thread: JoinHandle<Result<(), RecordError>>,
    timeline: LiveTimeline,
}

struct RecorderThread {
    path: PathBuf,
    writer: Writer<BufWriter<File>>,
    listener: Box<dyn Listener>,
    timeline: LiveTimeline,
}

impl Recorder {
    /// Starts to record into a run's folder.
    ///
    /// # Errors
    /// [`RecordError`] when the history can't be made.
    pub fn start(folder: &Path, listener: Box<dyn Listener>) -> Result<(Self, EventSender), RecordError> {
        let path = folder.join(FILE);
        let failed = |source| RecordError::writing(&path, source);
        let writer = Writer::new(BufWriter::new(File::create(&path).map_err(failed)?));
        let timeline = LiveTimeline::default();
        let work = RecorderThread { path: path.clone(), writer, listener, timeline: timeline.clone() };
        let (sender, receiver) = mpsc::channel(QUEUE);
        // A thread of its own, so that neither the disk nor a terminal ever delays the load.
        let thread =
            std::thread::Builder::new().name("recorder".to_owned()).spawn(move || work.run(receiver));
        let recorder = Self { thread: thread.map_err(failed)?, timeline };
        Ok((recorder, EventSender(sender)))
    }

    /// Returns the timeline of the run.
    #[must_use]
    pub fn timeline(&self) -> LiveTimeline {
        self.timeline.clone()
    }

    /// Waits until every sender is gone and everything is on disk.
    ///
    /// # Errors
    /// [`RecordError`] when the history is not whole.
    pub async fn finish(self) -> Result<(), RecordError> {
        let thread = self.thread;
        // Elsewhere, since the join of a thread would block the runtime.
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        match joined {
            Ok(Ok(result)) => result,
            // A listener that panics must not be taken for a history that is whole.
            _ => Err(RecordError::writing(Path::new(FILE), io::Error::other("the recorder panicked"))),
        }
    }
}

impl RecorderThread {
    fn run(mut self, receiver: mpsc::Receiver<Progress>) -> Result<(), RecordError> {
        let recorded = self.record(receiver);
        // Also after an error: a display that is not ended would leave a half line behind.
        self.listener.end();
        recorded?;
        let failed = RecordError::writing;
        self.writer.flush().map_err(|source| failed(&self.path, source))?;
        let file =
            self.writer.into_inner().into_inner().map_err(|error| failed(&self.path, error.into_error()))?;
        // The verdict is made from the file, and may be made again after a power cut.
        file.sync_all().map_err(|source| failed(&self.path, source))
    }

    fn record(&mut self, mut receiver: mpsc::Receiver<Progress>) -> Result<(), RecordError> {
        let failed = RecordError::writing;
        while let Some(progress) = receiver.blocking_recv() {
            if let Progress::History(event) = &progress {
                // Before the listener below, which reads the timeline when it receives this event.
                self.timeline.push(event);
                // An error ends this thread and drops the receiver, by which the run notices that it has no
                // history.
                self.writer.append(event).map_err(|source| failed(&self.path, source))?;
                // Flushed when idle only: a flush for each event could not keep up with the load.
                if receiver.is_empty() {
                    self.writer.flush().map_err(|source| failed(&self.path, source))?;
                }
            }
            // After the history, so that a listener never shows what a crash could lose.
            self.listener.on(&progress);
        }
        Ok(())
    }
}
