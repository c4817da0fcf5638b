//! Lengths of payloads: `256`, `64..1024`, or weighted, `64:50, 1024:40, 16384:10`.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scatter;

/// Lengths of payloads, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sizes {
    /// One length.
    Fixed(u32),
    /// Lengths from the first to the second, each as likely.
    Uniform(u32, u32),
    /// Lengths with their weights.
    Weighted(Vec<(u32, u32)>),
}

/// Error of reading lengths of payloads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid payload size \"{0}\": expected bytes like 256, a range like \"64..1024\", or sizes with weights like \"64:50, 1024:40, 16384:10\""
)]
pub struct BadSizes(String);

impl Sizes {
    /// Returns the shortest and the longest length.
    #[must_use]
    pub fn bounds(&self) -> (u32, u32) {
        match self {
            Self::Fixed(size) => (*size, *size),
            Self::Uniform(from, to) => (*from, *to),
            Self::Weighted(list) => {
                let sizes = || list.iter().map(|(size, _)| *size);
                (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0))
            }
        }
    }

    /// Draws the length of payload `number` under `seed`.
    #[must_use]
    // Drawn by number, so that the payload of an operation is the same in every run of one seed.
    pub fn of(&self, seed: u64, number: u64) -> u32 {
        let random = || scatter(seed, number);
        match self {
            Self::Fixed(size) => *size,
            // The remainder favours some lengths by less than one in 2^32, which no test could find.
            // In 64 bits, since the number of lengths may be 2^32.
            Self::Uniform(from, to) => from + (random() % (u64::from(to - from) + 1)) as u32,
            Self::Weighted(list) => {
                let total: u64 = list.iter().map(|(_, weight)| u64::from(*weight)).sum();
                let mut place = random() % total.max(1);
                for (size, weight) in list {
                    match place.checked_sub(u64::from(*weight)) {
                        Some(rest) => place = rest,
                        None => return *size,
                    }
                }
                // Not reached: `place` is below the sum of the weights.
                0
            }
        }
    }
}

impl FromStr for Sizes {
    type Err = BadSizes;

    fn from_str(text: &str) -> Result<Self, BadSizes> {
        let bad = || BadSizes(text.chars().take(60).collect());
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| bad());
        if let Some((from, to)) = text.split_once("..") {
            let (from, to) = (number(from)?, number(to)?);
            return if from < to { Ok(Self::Uniform(from, to)) } else { Err(bad()) };
        }
        if !text.contains(':') {
            return number(text).map(Self::Fixed);
        }
        let pair = |pair: &str| {
            let (size, weight) = pair.split_once(':').ok_or_else(bad)?;
            Ok((number(size)?, number(weight)?))
        };
        let list = text.split(',').map(pair).collect::<Result<Vec<_>, _>>()?;
        // A length with a weight of 0 would never be drawn.
        if list.iter().any(|(_, weight)| *weight == 0) { Err(bad()) } else { Ok(Self::Weighted(list)) }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(size) => write!(f, "{size}"),
            Self::Uniform(from, to) => write!(f, "{from}..{to}"),
            Self::Weighted(list) => {
                let pairs: Vec<String> =
                    list.iter().map(|(size, weight)| format!("{size}:{weight}")).collect();
                f.write_str(&pairs.join(", "))
            }
        }
    }
}

impl Serialize for Sizes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(size) => serializer.serialize_u32(*size),
            other => serializer.collect_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for Sizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Sizes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes like 256, or a text like \"64..1024\"")
            }

            fn visit_u64<E: de::Error>(self, size: u64) -> Result<Sizes, E> {
                u32::try_from(size).map(Sizes::Fixed).map_err(|_| E::custom(BadSizes(size.to_string())))
            }

            // TOML gives whole numbers as `i64`; JSON gives those that are not negative as `u64`.
            fn visit_i64<E: de::Error>(self, size: i64) -> Result<Sizes, E> {
                u32::try_from(size).map(Sizes::Fixed).map_err(|_| E::custom(BadSizes(size.to_string())))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Sizes, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any lengths from `shortest` on.
    pub(in super::super) fn any_sizes(shortest: u32) -> impl Strategy<Value = Sizes> {
        let size = shortest..1_000_000;
        prop_oneof![
            size.clone().prop_map(Sizes::Fixed),
            (size.clone(), 1u32..1000).prop_map(|(from, more)| Sizes::Uniform(from, from + more)),
            prop::collection::vec((size, 1u32..100), 1..4).prop_map(Sizes::Weighted),
        ]
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "-1", "9..3", "5:0", "5:x", "a", "1:2:3"] {
            assert!(text.parse::<Sizes>().is_err(), "{text}");
        }
    }

    #[test]
    fn weights_are_kept_about() {
        let sizes: Sizes = "64:80, 1024:20".parse().unwrap();
        let short = (0..10_000).filter(|number| sizes.of(7, *number) == 64).count();
        assert!((7_800..8_200).contains(&short), "{short}");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(sizes in any_sizes(0)) {
            prop_assert_eq!(sizes.to_string().parse(), Ok(sizes));
        }

        #[test]
        fn lengths_stay_in_bounds(sizes in any_sizes(0), seed: u64, number: u64) {
            let (least, most) = sizes.bounds();
            prop_assert!((least..=most).contains(&sizes.of(seed, number)));
        }
    }
}
