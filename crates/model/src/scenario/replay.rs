//! Arrivals that are listed in a file, a line each: seconds after the start, and a path.

use std::collections::BTreeMap;

use super::duration::Span;
use super::mistake::{Mistake, Mistakes};
use super::stream::{ArrivalStream, Arrivals};

/// End of the arrivals, in seconds: a day. An arrival comes before it.
// The longest duration that is read back from a schedule.
const LATEST: f64 = 86_400.0;

/// Reads lines like `1.250,log-json`; empty ones and those that begin with `#` are passed over. Order does not
/// matter. `file` is its name in messages.
///
/// # Errors
/// [`Mistakes`] with the place of each invalid line, or of a file without arrivals.
pub fn read(file: &str, text: &str) -> Result<Vec<ArrivalStream>, Mistakes> {
    let mut due: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut list = Vec::new();
    let mut at = 0;
    // With its line end, whose bytes count in the place of the next line.
    for line in text.split_inclusive('\n') {
        let place = at..at + line.trim_end().len();
        at += line.len();
        match arrival(line.trim()) {
            Some(Ok((time, path))) => due.entry(path.to_owned()).or_default().push(time),
            Some(Err(message)) => list.push(Mistake::at(text, &place, message)),
            None => {}
        }
    }
    // Every mistake is reported at once, since a file of recorded arrivals is long.
    if due.is_empty() && list.is_empty() {
        list.push(Mistake::at(text, &(0..0), "no arrivals: expected a line for each, like 1.250,log-json"));
    }
    if list.is_empty() { Ok(listed(due)) } else { Err(Mistakes { file: file.to_owned(), list }) }
}

/// Makes one stream for each path.
#[must_use]
pub fn listed(due: BTreeMap<String, Vec<u64>>) -> Vec<ArrivalStream> {
    let last = due.values().flatten().max().copied().unwrap_or(0);
    let stream = |(path, mut due): (String, Vec<u64>)| {
        due.sort_unstable();
        // The end of a stream is not part of it, and the last arrival is.
        let until = Span::from_micros(last + 1);
        ArrivalStream { path, from: Span::ZERO, until, arrivals: Arrivals::Listed { due } }
    };
    due.into_iter().map(stream).collect()
}

fn arrival(line: &str) -> Option<Result<(u64, &str), String>> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let invalid = || format!("invalid arrival \"{line}\": expected seconds and a path, like 1.250,log-json");
    let (seconds, path) =
        line.split_once(',').map_or((line, ""), |(seconds, path)| (seconds.trim(), path.trim()));
    let seconds = seconds.parse::<f64>().ok().filter(|seconds| (0.0..LATEST).contains(seconds));
    Some(match seconds {
        Some(seconds) if !path.is_empty() => Ok(((seconds * 1e6).round() as u64, path)),
        _ => Err(invalid()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_read_in_any_order() {
        let streams = read("a.csv", "# seconds,path\n0.5,b\n1.25, a\n\n0.25,b\n").unwrap();
        assert_eq!(streams.len(), 2);
        assert_eq!(streams[1].times().collect::<Vec<_>>(), [250_000, 500_000]);
        assert_eq!(streams[0].until, Span::from_micros(1_250_001));
    }

    #[test]
    fn a_line_that_is_none_is_told_with_its_place() {
        for (text, told) in [
            ("0.5,a\nx,b\n", "a.csv:2:1: invalid arrival \"x,b\""),
            ("-1,a\n", "a.csv:1:1"),
            ("0.5\n", "a.csv:1:1: invalid arrival \"0.5\""),
            ("# nothing\n", "no arrivals"),
        ] {
            let error = read("a.csv", text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
