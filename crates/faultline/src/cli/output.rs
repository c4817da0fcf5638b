//! Standard output and standard error: the only place that writes to them.
//!
//! A reader may go at any time (`faultline list | head -1`), and standard streams may be closed or full. Macros like
//! `println!` panic then; clippy's `print_stdout` and `print_stderr` keep them out of the workspace.

use std::fmt::Display;
use std::io::{self, Write};

use super::exit::Failure;

/// Prints the product of a verb on standard output.
///
/// # Errors
/// A [`Failure`] when it can't be written. A reader that has gone is no failure: it had what it wanted.
pub fn print(text: impl Display) -> Result<(), Failure> {
    match write(&mut io::stdout().lock(), &text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::internal(format!("can't print: {error}")))
        }
        _ => Ok(()),
    }
}

/// Tells on standard output, as a line, what a verb has done or where it serves.
pub fn tell(line: impl Display) {
    // What the verb does goes on, whoever reads of it: half a clean-up would be worse than a line that is lost.
    let _ = write(&mut io::stdout().lock(), &format_args!("{line}\n"));
}

/// Tells progress or trouble on standard error, as a line.
pub fn note(line: impl Display) {
    // Nobody is left to be told that nobody can be told.
    let _ = write(&mut io::stderr().lock(), &format_args!("{line}\n"));
}

/// Writes a text in one piece, so that lines of several threads don't mix.
fn write(stream: &mut impl Write, text: &impl Display) -> io::Result<()> {
    stream.write_all(text.to_string().as_bytes())?;
    stream.flush()
}
