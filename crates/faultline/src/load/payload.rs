//! The data of an entry: its operation's id, then filler that the seed decides; and a hash to tell whether
//! it came through unchanged. Pure.

use crate::scenario::scatter;

/// Length of the text that filler is cut out of.
// A fresh text for each entry would cost the generator more than sending it.
const FILLER: usize = 64 * 1024;

/// Payloads of a run's operations.
#[derive(Debug, Clone)]
pub struct Payloads {
    seed: u64,
    filler: String,
}

impl Payloads {
    /// Makes the payloads of a seed, which decides every byte but the ids.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Letters alone need no escape: the template puts data into JSON as it is.
        let letter = |number| char::from(b'a' + (scatter(seed, number) % 26) as u8);
        Self { seed, filler: (0..FILLER as u64).map(letter).collect() }
    }

    /// Makes the data of operation `number`: `length` bytes of printable ASCII that begin with `id` and a space.
    #[must_use]
    pub fn data(&self, number: u64, id: &str, length: usize) -> String {
        let mut text = String::with_capacity(length.max(id.len() + 1));
        // Never cut, even if the payload is to be shorter: without its id an entry belongs to no operation.
        text.push_str(id);
        text.push(' ');
        // Each entry begins at another place of the filler, so that a mixed-up entry has another hash.
        let mut from = scatter(self.seed, number) as usize % FILLER;
        while text.len() < length {
            let until = FILLER.min(from + length - text.len());
            text.push_str(&self.filler[from..until]);
            from = 0;
        }
        text
    }
}

/// Returns the id of the operation whose data a text is, if it is one.
#[must_use]
pub fn operation_of(data: &str) -> &str {
    // An id has no blank, as long as the name of its path has none.
    data.split(' ').next().unwrap_or_default()
}

/// Hashes data by FNV-1a, 64 bits (<https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>).
// Enough to see a change that nobody made on purpose. The history keeps it, so it must be the same in every
// version and on every machine; the hashers of the standard library promise neither.
#[must_use]
pub fn hash(data: &str) -> u64 {
    data.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_again_and_the_seed_decides_the_rest() {
        let text = |seed, number| Payloads::new(seed).data(number, "r-log-amqp-5", 100);
        assert_eq!((text(1, 5).len(), operation_of(&text(1, 5))), (100, "r-log-amqp-5"));
        assert_eq!(text(1, 5), text(1, 5));
        assert_ne!(text(1, 5), text(2, 5));
        assert_ne!(text(1, 5), text(1, 6));
    }

    #[test]
    fn a_payload_may_be_longer_than_the_filler_and_its_id_may_be_longer_than_it() {
        assert_eq!(Payloads::new(1).data(1, "a", 3 * FILLER).len(), 3 * FILLER);
        assert_eq!(Payloads::new(1).data(1, "a-1", 2), "a-1 ");
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
