//! Follows the output of a container into a file, over all of its lives.

use std::path::PathBuf;

use futures::StreamExt;
use testcontainers::bollard::Docker;
use testcontainers::bollard::container::LogOutput;
use testcontainers::bollard::query_parameters::LogsOptionsBuilder;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;

/// Appends the output of a container after the moment `since` to a file, until the container ends. Returns the moment
/// of its last line, for its next start.
// The engine filters by whole seconds; so each line is requested with its moment, and known ones are skipped.
pub(super) async fn follow(docker: Docker, id: String, path: PathBuf, since: String) -> String {
    let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).timestamps(true);
    let options = options.since(seconds_of(&since));
    let mut lines = docker.logs(&id, Some(options.build()));
    let mut file = match OpenOptions::new().create(true).append(true).open(&path).await {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!("can't keep the log {}: {error}", path.display());
            return since;
        }
    };
    let mut last = since;
    // A lost connection ends the loop too; the next start reads on from the last moment.
    while let Some(Ok(output)) = lines.next().await {
        let Some((moment, text)) = split(&output) else { continue };
        if moment <= last {
            continue;
        }
        if let Err(error) = file.write_all(text.as_bytes()).await {
            tracing::warn!("can't write the log {}: {error}", path.display());
            break;
        }
        last = moment;
    }
    // What is not on disk yet is still in the writer.
    let _ = file.flush().await;
    last
}

/// The moment of a line, which sorts as text, and the line.
fn split(output: &LogOutput) -> Option<(String, String)> {
    let line = output.to_string();
    // Docker writes all moments in UTC with nine decimals, so their order as text is that in time.
    let (moment, text) = line.split_once(' ')?;
    Some((moment.to_owned(), text.to_owned()))
}

/// The seconds of a moment since 1970; 0, which is before all words, for what is none.
fn seconds_of(moment: &str) -> i32 {
    use time::format_description::well_known::Rfc3339;
    let moment = time::OffsetDateTime::parse(moment, &Rfc3339);
    moment.ok().and_then(|moment| i32::try_from(moment.unix_timestamp()).ok()).unwrap_or(0)
}
