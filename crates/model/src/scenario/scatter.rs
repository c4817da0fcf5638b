//! A random number for each of a row, without the ones before it.

/// Number `number` of the row that `seed` begins: the mixing function of `SplitMix64` (Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", 2014).
#[must_use]
// A number for each index, not a sequence: the choice for one operation does not depend on how many came before.
pub fn scatter(seed: u64, number: u64) -> u64 {
    // The published generator adds its constant before each output, so number 0 has one addition already.
    let mut mixed = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_is_the_published_one() {
        let row: Vec<u64> = (0..3).map(|number| scatter(1_234_567, number)).collect();
        assert_eq!(row, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }
}
