//! The ports among which a harness looks for free ones, by the range from which the kernel gives ports to connections.

use std::fs;

/// First port that is tried below the kernel's range.
// Below it are the ports of well-known servers, which people start while a lab runs.
const FIRST: u16 = 15_000;

/// Range from which the kernel gives ports to connections, where it does not say.
// Linux's own default.
const KERNELS: (u16, u16) = (32_768, 60_999);

/// Number of ports below or above the kernel's range that is enough for the labs of a user.
// A lab needs some tens of ports.
const ENOUGH: u16 = 1000;

/// Ports among which a harness looks for free ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidates {
    pub(super) first: u16,
    pub(super) last: u16,
}

impl Candidates {
    /// Chooses ports by the kernel's range of this machine.
    pub(super) fn of_this_machine() -> Self {
        Self::outside(kernels_range())
    }

    /// Chooses the ports below the range of the kernel, else those above it, if there are enough.
    // The kernel gives ports of its own range to connections. A port outside stays free while its node is down, so that
    // no stranger answers in its place.
    fn outside((kernels_first, kernels_last): (u16, u16)) -> Self {
        let ranges = [(FIRST, kernels_first.saturating_sub(1)), (kernels_last.saturating_add(1), u16::MAX)];
        let enough = |(first, last): &(u16, u16)| last.saturating_sub(*first) >= ENOUGH;
        // Some machines give the kernel everything from 1024 to 65535. There a connection of any program may get the
        // port of a node that is down: its start fails then, which is rare, since the kernel chooses at random.
        let (first, last) = ranges.into_iter().find(enough).unwrap_or((FIRST, KERNELS.0 - 1));
        Self { first, last }
    }

    pub(super) fn count(self) -> u64 {
        u64::from(self.last - self.first) + 1
    }

    /// Returns the port that a harness tries at a step; as many steps as there are ports try each of them once.
    // In 64 bits, which no number of steps exceeds: a wrap in the middle of a round would repeat some ports and skip others.
    pub(super) fn nth(self, harness: u32, step: u64) -> u16 {
        // Labs that start together have similar process ids; the factor keeps their ports apart.
        let offset = (u64::from(harness) * 37 + step) % self.count();
        // Below the count, which is at most 65536.
        self.first + offset as u16
    }
}

/// Returns the first and the last port that the kernel gives to connections.
fn kernels_range() -> (u16, u16) {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut numbers = text.split_whitespace().map_while(|number| number.parse().ok());
    numbers.next().zip(numbers.next()).unwrap_or(KERNELS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ports_are_outside_the_kernels_range_where_there_are_any() {
        for (kernels, first, last) in [
            ((32_768, 60_999), 15_000, 32_767),
            ((16_001, 65_535), 15_000, 16_000),
            ((1024, 60_999), 61_000, 65_535),
            ((15_000, 60_999), 61_000, 65_535),
            ((15_500, 60_999), 61_000, 65_535),
            ((1024, 65_535), 15_000, 32_767),
            ((1024, 65_000), 15_000, 32_767),
        ] {
            assert_eq!(Candidates::outside(kernels), Candidates { first, last }, "{kernels:?}");
        }
    }

    proptest! {
        #[test]
        fn a_round_of_steps_tries_each_port_once(
            kernels in (1u16.., 1u16..),
            harness in any::<u32>(),
            // Around the end of 16 and 32 bits too.
            step in prop_oneof![0u64..200_000, u64::from(u32::MAX) - 40_000..u64::from(u32::MAX) + 40_000],
        ) {
            let candidates = Candidates::outside((kernels.0.min(kernels.1), kernels.0.max(kernels.1)));
            let round = step..step + candidates.count();
            let mut tried: Vec<u16> = round.map(|step| candidates.nth(harness, step)).collect();
            tried.sort_unstable();
            prop_assert!(tried.into_iter().eq(candidates.first..=candidates.last));
        }
    }
}
