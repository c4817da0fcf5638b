//! Log lines of the nodes around the entries in question.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::layout::LOGS;
use crate::report::details::{Details, EntryTrace, LINES, LOGGED, LogLine};

/// Characters of a line that are kept.
// A line may hold a whole payload or backtrace.
const LINE: usize = 400;

/// Adds lines to the first [`LOGGED`] entries in question, at most [`LINES`] of each node to each.
pub(in crate::runner) fn add(folder: &Path, details: &mut Details) {
    // A log that can't be read adds none, and is no error: a verdict does not depend on logs.
    let Ok(started) = OffsetDateTime::parse(&details.run.started, &Rfc3339) else { return };
    let logged = details.traces.len().min(LOGGED);
    let traces = &mut details.traces[..logged];
    if traces.is_empty() {
        return;
    }
    for path in logs(folder) {
        if let Err(error) = add_node(&path, started, traces) {
            tracing::warn!("{} is not in the report: {error}", path.display());
        }
    }
    for trace in traces {
        trace.log.sort();
    }
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(LOGS)).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    paths.sort();
    paths
}

fn add_node(path: &Path, started: OffsetDateTime, traces: &mut [EntryTrace]) -> io::Result<()> {
    let node = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut room = vec![LINES; traces.len()];
    let mut reader = BufReader::new(File::open(path)?);
    // Bytes and not text: a log may hold some that are no UTF-8, which must not end the reading.
    let (mut bytes, mut at) = (Vec::new(), None);
    loop {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&bytes);
        // A line without a time belongs to the one before it.
        if let Some(moment) = moment(&line) {
            at = i64::try_from((moment - started).whole_microseconds()).ok();
        }
        let Some(at) = at else { continue };
        for (trace, room) in traces.iter_mut().zip(&mut room) {
            let is_near = trace.moment().is_some_and(|(from, until)| (from..=until).contains(&at));
            if *room > 0 && (is_near || line.contains(&trace.id)) {
                *room -= 1;
                let text = line.trim_end().chars().take(LINE).collect();
                trace.log.push(LogLine { at, node: node.clone(), text });
            }
        }
    }
}

/// Parses the time at the start of a line, in the formats that servers write; UTC without a zone.
fn moment(line: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    // `get`, since an index within a character would panic.
    let text = format!("{}T{}", line.get(..10)?, line.get(11..19)?);
    let whole = PrimitiveDateTime::parse(&text, format).ok()?;
    let rest = line.get(19..)?;
    let digits = rest.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let fraction = rest.get(1..=digits).and_then(|digits| format!("0.{digits}").parse::<f64>().ok());
    let zone = rest.get(if digits > 0 { digits + 1 } else { 0 }..)?;
    // A zone in letters, as PostgreSQL writes it, is UTC: the lab starts the server with that zone.
    let moment = whole.assume_offset(offset(zone).unwrap_or(UtcOffset::UTC));
    Some(moment + time::Duration::seconds_f64(fraction.unwrap_or(0.0)))
}

/// Parses a zone like `+02:00`.
fn offset(zone: &str) -> Option<UtcOffset> {
    let sign = match zone.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let part = |range: std::ops::Range<usize>| zone.get(range)?.parse::<i8>().ok();
    UtcOffset::from_hms(sign * part(1..3)?, sign * part(4..6)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_every_server_are_understood() {
        let expected = OffsetDateTime::parse("2026-11-27T04:12:28.716Z", &Rfc3339).unwrap();
        for line in [
            "2026-11-27T04:12:28.716000Z  INFO chassis::link: logger is there",
            "2026-11-27 04:12:28.716000+00:00 [info] <0.215.0> Feature flags",
            "2026-11-27 06:12:28.716+02:00 [info] <0.215.0> Feature flags",
            "2026-11-27 04:12:28.716 UTC [17] LOG:  database system is ready",
            "2026-11-27T04:12:28.716Z\tINFO\tlistener\tListening",
        ] {
            let error = moment(line).unwrap() - expected;
            assert!(error.abs() < time::Duration::microseconds(10), "{line}: {error}");
        }
        for line in ["", "{", "INFO 2026", "2026-11-27", "9999-99-99 99:99:99", "é".repeat(30).as_str()] {
            assert_eq!(moment(line), None, "{line}");
        }
    }
}
