//! Answer or error to `ok`, `fail`, `info`, by what each status promises. Pure.

use crate::history::Outcome;

/// Classifies an answer by its status and, for a success, by whether it is what its path declares.
///
/// A refusal (4xx, 503) promises that there was no effect. Any other 5xx, and 408, leave it open; so does a success in
/// another shape than the declared one: nobody knows who sent it, or what was done before.
#[must_use]
pub fn answer(status: u16, is_declared: bool) -> Outcome {
    match status {
        200..=299 if is_declared => Outcome::Ok,
        200..=299 => Outcome::Info,
        // A server that gave up waiting may have processed what it had received.
        408 => Outcome::Info,
        400..=499 | 503 => Outcome::Fail,
        // Redirects too: none is followed, since an operation is sent once.
        _ => Outcome::Info,
    }
}

/// Classifies an operation without an answer: one that never had a connection surely had no effect.
#[must_use]
pub fn no_answer(never_connected: bool) -> Outcome {
    if never_connected { Outcome::Fail } else { Outcome::Info }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_means_what_it_promises() {
        for (status, outcome) in [
            (200, Outcome::Ok),
            (202, Outcome::Ok),
            (301, Outcome::Info),
            (400, Outcome::Fail),
            (408, Outcome::Info),
            (429, Outcome::Fail),
            (500, Outcome::Info),
            (503, Outcome::Fail),
            (504, Outcome::Info),
        ] {
            assert_eq!(answer(status, true), outcome, "{status}");
            assert_ne!(answer(status, false), Outcome::Ok, "{status}");
        }
        assert_eq!(answer(200, false), Outcome::Info);
    }
}
