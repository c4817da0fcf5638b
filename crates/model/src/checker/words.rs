//! Words that several checks share.

/// Names that a line has room for.
const NAMES: usize = 6;

/// Lists names of a kind such as `paths`, or counts them where they are many.
pub(super) fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>, kind: &str) -> String {
    match names.len() {
        0..=NAMES => names.collect::<Vec<_>>().join(", "),
        many => format!("{many} {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_paths_are_named_and_many_are_counted() {
        assert_eq!(names(["a", "b"].into_iter(), "paths"), "a, b");
        assert_eq!(names(["a"; 7].into_iter(), "paths"), "7 paths");
    }
}
