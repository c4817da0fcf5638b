//! Former names of arguments and keys, which still work for one version, each with a warning.

use std::ffi::OsString;
use std::path::Path;

use super::output;
use crate::scenario::retired;

/// Arguments with their former names, which are hidden aliases until version 0.2.
const ARGUMENTS: [(&str, &str); 2] = [("--control", "--baseline"), ("--objective", "--slo")];

/// Warns of each argument that is called by a former name.
pub(super) fn warn_of_arguments(arguments: impl Iterator<Item = OsString>) {
    for (former, name) in retired_arguments(arguments) {
        output::note(format_args!(
            "warning: argument: expected {name}, found its former name {former}, which works until version 0.2"
        ));
    }
}

/// Warns of each key of a scenario that is called by a former name.
pub(super) fn warn_of_keys(file: &Path, text: &str) {
    for mistake in retired::keys(text) {
        let (file, line, column) = (file.display(), mistake.line, mistake.column);
        output::note(format_args!("warning: {file}:{line}:{column}: {}", mistake.message));
    }
}

fn retired_arguments(arguments: impl Iterator<Item = OsString>) -> Vec<(&'static str, &'static str)> {
    // Those behind `--` are values.
    let names = arguments.map_while(|argument| (argument != "--").then_some(argument));
    let names: Vec<String> = names
        .map(|argument| argument.to_string_lossy().split('=').next().unwrap_or_default().to_owned())
        .collect();
    ARGUMENTS.into_iter().filter(|(former, _)| names.iter().any(|name| name == former)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_former_argument_works_and_is_named_with_the_new_one() {
        for (line, found) in [
            (vec!["faultline", "run", "x", "--control"], Some(ARGUMENTS[0])),
            (vec!["faultline", "capacity", "x", "--objective=p99 < 1s"], Some(ARGUMENTS[1])),
            (vec!["faultline", "capacity", "x", "--slo", "p99 < 1s"], None),
        ] {
            assert!(Cli::try_parse_from(&line).is_ok(), "{line:?}");
            assert_eq!(retired_arguments(line.into_iter().map(OsString::from)).first().copied(), found);
        }
    }
}
