//! Standard output and standard error: the only place that writes to them. Forms of output that all verbs share.
//!
//! A reader may go away at any time (`faultline list | head -1`), and standard streams may be closed or full. Macros like
//! `println!` panic then; clippy's `print_stdout` and `print_stderr` keep them out of the workspace.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::exit::Failure;
use crate::report::Style;

/// Prints the product of a verb on standard output.
///
/// # Errors
/// A [`Failure`] if it cannot be written. A reader that is gone is no failure: it had what it wanted.
pub fn print(text: impl Display) -> Result<(), Failure> {
    match write(&mut io::stdout().lock(), &text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::internal(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a line on standard output: what a verb has done, or its address.
pub fn print_line(line: impl Display) {
    // The verb goes on without a reader: half a clean-up would be worse than a line that is lost.
    let _ = write(&mut io::stdout().lock(), &format_args!("{line}\n"));
}

/// Prints a line of progress or an error on standard error.
pub fn note(line: impl Display) {
    // An error of standard error cannot be reported anywhere.
    let _ = write(&mut io::stderr().lock(), &format_args!("{line}\n"));
}

/// Writes a text in one piece, so that lines of several threads do not mix.
fn write(stream: &mut impl Write, text: &impl Display) -> io::Result<()> {
    stream.write_all(text.to_string().as_bytes())?;
    // A script may wait for this line, such as the address of an API.
    stream.flush()
}

/// Formats a value as one JSON document.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(text + "\n")
}

/// Returns the style of standard output.
pub(super) fn style() -> Style {
    Style::for_terminal(io::stdout().is_terminal(), std::env::var_os("NO_COLOR").is_some())
}
