//! Search for the highest rate at which an SLO holds: doubling, then halving the gap, then confirming.

use serde::{Deserialize, Serialize};

/// A found rate is at most this much below one that is too high.
const PRECISION: f64 = 1.05;

/// Number of trials that must confirm the rate that was found.
const CONFIRMATIONS: u32 = 3;

/// After a confirmation that fails the next is tried this much lower.
// A rate that held once may have held by luck; a rate a little lower is more likely to hold again.
const STEP_DOWN: f64 = 0.95;

/// Verdict of a trial at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialVerdict {
    /// The SLO held.
    Yes,
    /// The SLO did not hold.
    No,
    /// The generator was late: the trial says nothing about the system.
    // A late generator sends less than the rate, so that the system may not have been tried at all.
    Doubtful,
}

/// Next step of the search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// Try a rate, in arrivals per second.
    Try(f64),
    /// Try the rate that was found again, longer: confirmation `number`, from 1.
    Confirm {
        /// Arrival rate, per second.
        rate: f64,
        /// Number of the confirmation, from 1.
        number: u32,
    },
    /// The search is over.
    Over(SearchResult),
}

/// Result of a search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "found")]
pub enum SearchResult {
    /// Highest rate at which the SLO holds, confirmed.
    Capacity {
        /// Arrivals a second.
        rate: f64,
    },
    /// The SLO holds at the highest rate of the search.
    AlwaysMet {
        /// Highest rate of the search.
        up_to: f64,
    },
    /// The SLO does not hold at the lowest rate of the search.
    NeverMet {
        /// Lowest rate of the search.
        down_to: f64,
    },
    /// The SLO holds as far as the generator can tell.
    GeneratorLimit {
        /// The highest rate that held; none if even the lowest was doubtful.
        rate: Option<f64>,
        /// The rate at which the generator was late.
        late_at: f64,
    },
}

/// A search between two rates.
#[derive(Debug, Clone)]
pub struct Search {
    lowest: f64,
    highest: f64,
    holds: Option<f64>,
    fails: Option<f64>,
    doubtful: Option<f64>,
    confirmed: u32,
    next: Next,
}

impl Search {
    /// Begins at `start`, and stays from `lowest` to `highest`, all in arrivals a second.
    #[must_use]
    pub fn new(start: f64, lowest: f64, highest: f64) -> Self {
        let next = Next::Try(start.clamp(lowest, highest));
        Self { lowest, highest, holds: None, fails: None, doubtful: None, confirmed: 0, next }
    }

    /// Returns the next step.
    #[must_use]
    pub fn next(&self) -> Next {
        self.next
    }

    /// Records the verdict of the trial that [`next`](Self::next) asked for.
    pub fn went(&mut self, held: TrialVerdict) {
        self.next = match self.next {
            Next::Try(rate) => {
                match held {
                    TrialVerdict::Yes => self.holds = Some(rate),
                    TrialVerdict::No => self.fails = Some(rate),
                    TrialVerdict::Doubtful => self.doubtful = Some(rate),
                }
                self.closer()
            }
            Next::Confirm { rate, .. } => match held {
                TrialVerdict::Yes => {
                    self.confirmed += 1;
                    self.confirm(rate)
                }
                TrialVerdict::No => {
                    self.fails = Some(rate);
                    self.lower(rate)
                }
                TrialVerdict::Doubtful => {
                    self.doubtful = Some(rate);
                    self.lower(rate)
                }
            },
            over @ Next::Over(_) => over,
        };
    }

    /// The lowest rate that is too high, for the system or for the generator.
    fn ceiling(&self) -> Option<f64> {
        // A rate at which the generator is late is a ceiling too: nothing above it can be measured.
        let all = [self.fails, self.doubtful].into_iter().flatten();
        all.min_by(f64::total_cmp)
    }

    /// The rate at which the generator was late, if nothing lower was too much for the system.
    fn generator_limit(&self) -> Option<f64> {
        self.doubtful.filter(|late_at| self.fails.is_none_or(|fails| *late_at < fails))
    }

    fn closer(&mut self) -> Next {
        match (self.holds, self.ceiling()) {
            (Some(holds), None) if holds >= self.highest => self.confirm(holds),
            (Some(holds), None) => Next::Try((holds * 2.0).min(self.highest)),
            (Some(holds), Some(ceiling)) if ceiling / holds <= PRECISION => self.confirm(holds),
            // The middle by ratio, since the precision is a ratio too.
            (Some(holds), Some(ceiling)) => Next::Try((holds * ceiling).sqrt()),
            (None, Some(ceiling)) if ceiling <= self.lowest => self.nothing(ceiling),
            (None, Some(ceiling)) => Next::Try((ceiling / 2.0).max(self.lowest)),
            // Not reached: one of the three is set by the verdict of the first trial.
            (None, None) => self.next,
        }
    }

    fn nothing(&self, ceiling: f64) -> Next {
        Next::Over(match self.generator_limit() {
            Some(late_at) => SearchResult::GeneratorLimit { rate: None, late_at },
            None => SearchResult::NeverMet { down_to: ceiling },
        })
    }

    fn confirm(&mut self, rate: f64) -> Next {
        if self.confirmed < CONFIRMATIONS {
            return Next::Confirm { rate, number: self.confirmed + 1 };
        }
        Next::Over(match (self.generator_limit(), self.fails) {
            (Some(late_at), _) => SearchResult::GeneratorLimit { rate: Some(rate), late_at },
            (None, Some(_)) => SearchResult::Capacity { rate },
            (None, None) => SearchResult::AlwaysMet { up_to: rate },
        })
    }

    fn lower(&mut self, rate: f64) -> Next {
        // All confirmations have to be of one rate.
        self.confirmed = 0;
        let ceiling = rate;
        let rate = ceiling * STEP_DOWN;
        if rate < self.lowest {
            return self.nothing(ceiling);
        }
        // Not tried yet: its confirmations are its trials.
        self.holds = Some(rate);
        self.confirm(rate)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Searches a system that holds up to `capacity` with a generator that is late beyond `limit`.
    fn search(start: f64, capacity: f64, limit: f64) -> (SearchResult, u32) {
        let mut search = Search::new(start, 1.0, 100_000.0);
        for trials in 0..200 {
            let rate = match search.next() {
                Next::Try(rate) | Next::Confirm { rate, .. } => rate,
                Next::Over(found) => return (found, trials),
            };
            assert!((1.0..=100_000.0).contains(&rate), "{rate}");
            search.went(match rate {
                rate if rate > limit => TrialVerdict::Doubtful,
                rate if rate > capacity => TrialVerdict::No,
                _ => TrialVerdict::Yes,
            });
        }
        panic!("no end");
    }

    #[test]
    fn what_holds_always_or_never_is_said_plainly() {
        assert_eq!(search(100.0, 1e9, 1e9).0, SearchResult::AlwaysMet { up_to: 100_000.0 });
        assert_eq!(search(100.0, 0.5, 1e9).0, SearchResult::NeverMet { down_to: 1.0 });
        assert_eq!(search(100.0, 1e9, 0.5).0, SearchResult::GeneratorLimit { rate: None, late_at: 1.0 });
    }

    #[test]
    fn a_generator_that_is_late_bounds_what_can_be_said() {
        let (found, _) = search(100.0, 1e9, 5_000.0);
        assert!(
            matches!(found, SearchResult::GeneratorLimit { rate: Some(rate), late_at } if rate > 4_700.0 && late_at > 5_000.0),
            "{found:?}"
        );
    }

    #[test]
    fn a_rate_that_does_not_hold_again_is_given_up() {
        let mut search = Search::new(100.0, 1.0, 100.0);
        search.went(TrialVerdict::Yes);
        assert_eq!(search.next(), Next::Confirm { rate: 100.0, number: 1 });
        search.went(TrialVerdict::Yes);
        search.went(TrialVerdict::No);
        assert_eq!(search.next(), Next::Confirm { rate: 95.0, number: 1 });
        for _ in 0..3 {
            search.went(TrialVerdict::Yes);
        }
        assert_eq!(search.next(), Next::Over(SearchResult::Capacity { rate: 95.0 }));
    }

    #[test]
    fn a_doubtful_confirmation_is_the_limit_of_the_generator() {
        let mut search = Search::new(100.0, 1.0, 100.0);
        search.went(TrialVerdict::Yes);
        search.went(TrialVerdict::Doubtful);
        for _ in 0..3 {
            search.went(TrialVerdict::Yes);
        }
        let limit = SearchResult::GeneratorLimit { rate: Some(95.0), late_at: 100.0 };
        assert_eq!(search.next(), Next::Over(limit));
    }

    #[test]
    fn of_two_ceilings_the_lower_one_is_reported() {
        // The system fails at 100, and the generator is late at 50 and below.
        let mut search = Search::new(100.0, 40.0, 100.0);
        search.went(TrialVerdict::No);
        search.went(TrialVerdict::Doubtful);
        search.went(TrialVerdict::Doubtful);
        assert_eq!(search.next(), Next::Over(SearchResult::GeneratorLimit { rate: None, late_at: 40.0 }));
    }

    proptest! {
        #[test]
        fn the_capacity_is_found_to_five_percent(start in 1.0f64..50_000.0, capacity in 1.0f64..90_000.0) {
            let (found, trials) = search(start, capacity, 1e9);
            let SearchResult::Capacity { rate } = found else { return Err(TestCaseError::fail(format!("{found:?}"))) };
            prop_assert!(rate <= capacity && rate * PRECISION >= capacity * 0.999, "{rate} of {capacity}");
            prop_assert!(trials < 35, "{trials}");
        }
    }
}
