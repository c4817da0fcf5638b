//! The checksum that a message carries through RabbitMQ: AMQP has none, and TCP's does not reach from one end to the
//! other.

/// CRC-32 (ISO-HDLC, as in gzip) of the entry's id, a zero byte and the body, as eight hexadecimal digits.
// Over the id and the body: they are all that an entry is made of. What TCP and AMQP check ends at the next process,
// and a bit that flips in one is stored as if it had been sent.
#[must_use]
pub fn of(id: &str, body: &[u8]) -> String {
    let mut crc = crc32fast::Hasher::new();
    crc.update(id.as_bytes());
    // The zero keeps id and body apart: no byte can move from one to the other unnoticed.
    crc.update(&[0]);
    crc.update(body);
    format!("{:08x}", crc.finalize())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_that_of_everyone_else() {
        // The check value of CRC-32/ISO-HDLC is cbf43926 for "123456789"; here of "k", 0, "body".
        assert_eq!(of("k", b"body"), format!("{:08x}", crc32fast::hash(b"k\0body")));
        assert_eq!(format!("{:08x}", crc32fast::hash(b"123456789")), "cbf43926");
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_seen(body in prop::collection::vec(any::<u8>(), 1..300), place in any::<prop::sample::Index>(), bit in 0..8) {
            let mut damaged = body.clone();
            damaged[place.index(body.len())] ^= 1u8 << bit;
            prop_assert_ne!(of("k", &body), of("k", &damaged));
        }
    }
}
