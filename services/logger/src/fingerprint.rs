//! Fingerprints of entries' content, to tell a repeat from another entry under the same id.

use std::hash::{BuildHasher, RandomState};

/// 128 bits of a name and its data.
// Only fingerprints of the same [`Fingerprints`] can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64, u64);

/// Makes fingerprints with two secret keys of this process, so that nobody can craft two entries alike.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fingerprints(RandomState, RandomState);

impl Fingerprints {
    pub(crate) fn of(&self, name: &str, data: &str) -> Fingerprint {
        // As a pair: ("ab", "c") is not ("a", "bc").
        Fingerprint(self.0.hash_one((name, data)), self.1.hash_one((name, data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_pair_is_the_same() {
        let fingerprints = Fingerprints::default();
        assert_eq!(fingerprints.of("ab", "c"), fingerprints.clone().of("ab", "c"));
        assert_ne!(fingerprints.of("ab", "c"), fingerprints.of("a", "bc"));
    }
}
