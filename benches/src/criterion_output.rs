//! Reader of criterion's files: for each bench a folder with `new/benchmark.json` and `new/estimates.json`.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::failure::BenchError;
use crate::figures::{BenchFigures, Figure};

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

#[derive(Deserialize)]
struct CriterionEstimates {
    /// Absent where all samples have the same number of iterations.
    slope: Option<CriterionEstimate>,
    mean: CriterionEstimate,
}

#[derive(Deserialize)]
struct CriterionEstimate {
    confidence_interval: Interval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// Adds every bench below `folder`, in seconds for one iteration; none where there is no such folder.
///
/// # Errors
/// Names the file that can't be read.
pub fn collect(folder: &Path, into: &mut BenchFigures) -> Result<(), BenchError> {
    if folder.exists() { walk(folder, into) } else { Ok(()) }
}

fn walk(folder: &Path, into: &mut BenchFigures) -> Result<(), BenchError> {
    let located = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(located)? {
        let path = entry.map_err(located)?.path();
        if !path.is_dir() {
            continue;
        }
        // `new` is the last run, `base` the one before, `change` their comparison.
        if path.ends_with("new") {
            let Benchmark { full_id } = read(&path.join("benchmark.json"))?;
            into.add(full_id, figure(read(&path.join("estimates.json"))?));
        } else {
            walk(&path, into)?;
        }
    }
    Ok(())
}

fn figure(estimates: CriterionEstimates) -> Figure {
    // The slope leaves out what a sample costs once. Flat samples have no slope.
    let CriterionEstimate { confidence_interval: Interval { lower_bound, upper_bound }, point_estimate } =
        estimates.slope.unwrap_or(estimates.mean);
    let seconds = |nanos: f64| nanos / 1e9;
    Figure {
        value: seconds(point_estimate),
        unit: "s".to_owned(),
        interval: Some((seconds(lower_bound), seconds(upper_bound))),
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, BenchError> {
    let located = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| located(&error))?;
    Ok(serde_json::from_str(&text).map_err(|error| located(&error))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benches_are_found_and_their_slope_is_taken_where_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut none = BenchFigures::default();
        collect(&folder.path().join("nothing"), &mut none).unwrap();
        collect(folder.path(), &mut none).unwrap();
        assert!(none.figures.is_empty());
        let estimate = |at: f64| {
            format!(
                "{{\"confidence_interval\":{{\"confidence_level\":0.95,\"lower_bound\":{at},\"upper_bound\":{at}}},\
                 \"point_estimate\":{at},\"standard_error\":0}}"
            )
        };
        for (name, slope) in [("a", estimate(1e9)), ("b", "null".to_owned())] {
            let new = folder.path().join("group").join(name).join("new");
            fs::create_dir_all(&new).unwrap();
            fs::write(new.join("benchmark.json"), format!("{{\"full_id\":\"group/{name}\"}}")).unwrap();
            let text = format!("{{\"mean\":{},\"slope\":{slope}}}", estimate(2e9));
            fs::write(new.join("estimates.json"), text).unwrap();
        }
        let mut figures = BenchFigures::default();
        collect(folder.path(), &mut figures).unwrap();
        assert_eq!((figures.value("group/a"), figures.value("group/b")), (Some(1.0), Some(2.0)));
    }
}
