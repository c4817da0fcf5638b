//! W3C trace context, the `traceparent` header: <https://www.w3.org/TR/trace-context/>.

use std::fmt;

/// A `traceparent`, version 00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    parent: u64,
    flags: u8,
}

impl TraceContext {
    /// A context of its own; `trace` and `parent` come from a random source and must not be 0, which the
    /// standard forbids (0 is taken as 1).
    #[must_use]
    pub fn new(trace: u128, parent: u64) -> Self {
        Self { trace: trace.max(1), parent: parent.max(1), flags: 1 }
    }

    /// Reads a header; `None` for anything that the standard calls invalid, which is then ignored.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let well_formed = [(version, 2), (trace, 32), (parent, 16), (flags, 2)]
            .iter()
            .all(|(part, length)| part.len() == *length && part.bytes().all(is_lower_hex));
        // Version 00 has these four parts alone. Later versions may append more, which a reader passes over.
        if !well_formed || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let context = Self {
            trace: u128::from_str_radix(trace, 16).ok()?,
            parent: u64::from_str_radix(parent, 16).ok()?,
            flags: u8::from_str_radix(flags, 16).ok()?,
        };
        (context.trace != 0 && context.parent != 0).then_some(context)
    }

    /// Child of this context: the trace with another parent span.
    #[must_use]
    pub fn child(self, span: u64) -> Self {
        Self { parent: span.max(1), ..self }
    }

    /// The trace id: 32 hex digits in logs.
    #[must_use]
    pub fn trace_id(self) -> u128 {
        self.trace
    }
}

fn is_lower_hex(byte: u8) -> bool {
    // The standard demands lower case.
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Version 00 whatever was read: a sender uses the version that it knows.
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.parent, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_standards_example_is_read() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = TraceContext::parse(header).unwrap();
        assert_eq!(context.to_string(), header);
    }

    #[test]
    fn invalid_ones_are_ignored() {
        for header in [
            "",
            "00-0-0-0",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(trace in 1u128.., parent in 1u64..) {
            let context = TraceContext::new(trace, parent);
            prop_assert_eq!(TraceContext::parse(&context.to_string()), Some(context));
        }

        #[test]
        fn any_text_is_read_or_ignored(text in any::<String>()) {
            let _ = TraceContext::parse(&text);
        }
    }
}
