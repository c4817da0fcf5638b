//! The data of an entry: its operation's id, then filler that the seed decides; and a hash to tell whether
//! it came through unchanged. Pure.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The data of operation `number`: `length` bytes of printable ASCII that begin with `id` and a space.
#[must_use]
pub fn data(seed: u64, number: u64, id: &str, length: usize) -> String {
    let mut text = String::with_capacity(length);
    text.push_str(id);
    text.push(' ');
    // A stream of its own for each operation, so that its data does not depend on the others.
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number);
    while text.len() < length {
        text.push(char::from(random.random_range(b'a'..=b'z')));
    }
    text
}

/// The operation that a text is the data of, if it looks like one's.
#[must_use]
pub fn operation_of(data: &str) -> &str {
    data.split(' ').next().unwrap_or_default()
}

/// FNV-1a, 64 bits (<https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>): enough to see a change that
/// nobody made on purpose, and the same on every machine.
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
        let text = data(1, 5, "r-log-amqp-5", 100);
        assert_eq!((text.len(), operation_of(&text)), (100, "r-log-amqp-5"));
        assert_eq!(text, data(1, 5, "r-log-amqp-5", 100));
        assert_ne!(text, data(2, 5, "r-log-amqp-5", 100));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
