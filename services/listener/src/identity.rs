//! The id of an entry whose message brings none.

/// FNV-1a with 128 bits.
// It need not withstand malice: should two messages be made to have one hash, the logger compares their content, and
// the second goes to the dead letters.
#[derive(Debug, Clone, Copy)]
struct Fnv(u128);

impl Fnv {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ u128::from(byte)).wrapping_mul(Self::PRIME))
    }

    fn add(self, bytes: &[u8]) -> Self {
        // The length in front of each part keeps the parts apart.
        let length = (bytes.len() as u64).to_be_bytes();
        length.iter().chain(bytes).copied().fold(self, Self::byte)
    }
}

/// The id of a message by what stays the same in every delivery of it.
// A redelivery must get the same id, or it would be stored twice; and RabbitMQ tells nothing that stays the same but
// the message itself. So the id is made of the body, the routing key, and the timestamp where the publisher set one.
// The price: two messages without an id and without a timestamp that are the same to the byte become one entry. A
// publisher that wants them counted separately sets `message_id`.
pub(crate) fn derive(body: &[u8], routing_key: &str, timestamp: Option<u64>) -> String {
    let timestamp = timestamp.map(u64::to_be_bytes);
    let hash = Fnv(Fnv::OFFSET)
        .add(body)
        .add(routing_key.as_bytes())
        .add(timestamp.as_ref().map_or(&[][..], |bytes| &bytes[..]));
    format!("amqp-{:032x}", hash.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hash_is_that_of_everyone_else() {
        let hash = b"foobar".iter().fold(Fnv(Fnv::OFFSET), |hash, byte| hash.byte(*byte));
        assert_eq!(hash.0, 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn it_is_the_same_in_every_release() {
        // A message may be redelivered to a newer listener.
        assert_eq!(derive(b"x", "log.INFO", None), "amqp-eae835b72a3c99aa670dbc83b065f5a6");
    }

    proptest! {
        #[test]
        fn only_the_same_message_has_the_same_id(
            a in ("[ab]{0,3}", "[ab]{0,3}", prop::option::of(0u64..3)),
            b in ("[ab]{0,3}", "[ab]{0,3}", prop::option::of(0u64..3)),
        ) {
            let id = |(body, key, at): &(String, String, Option<u64>)| derive(body.as_bytes(), key, *at);
            prop_assert_eq!(id(&a) == id(&b), a == b);
        }
    }
}
