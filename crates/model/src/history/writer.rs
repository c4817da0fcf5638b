//! Events to lines, into any writer.

use std::io::{self, Write};

use super::event::Event;

/// Writes a history, a line an event.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Makes a writer into `out`, which should be buffered.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Appends one event.
    ///
    /// # Errors
    /// What the writer says.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, event)?;
        // The line feed comes last: without it the reader takes the line for one that was cut off.
        self.out.write_all(b"\n")
    }

    /// Flushes the buffer.
    ///
    /// # Errors
    /// What the writer says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Returns the underlying writer.
    pub fn into_inner(self) -> W {
        self.out
    }
}
