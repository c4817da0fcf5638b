//! Moments to the millisecond, which is what the store keeps.

use mongodb::bson::DateTime;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

// Always three digits of the second, so that texts sort like moments.
const TEXT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

impl Moment {
    pub(crate) fn now() -> Self {
        Self(DateTime::now().timestamp_millis())
    }

    pub(crate) fn from_bson(date: DateTime) -> Self {
        Self(date.timestamp_millis())
    }

    pub(crate) fn bson(self) -> DateTime {
        DateTime::from_millis(self.0)
    }

    /// RFC 3339 in UTC, to the millisecond; empty for a date beyond the year 9999.
    // Only a foreign writer can have stored such a date.
    pub(crate) fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|date| date.format(TEXT).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_written_in_utc_with_milliseconds() {
        assert_eq!(Moment(1_700_000_000_120).rfc3339(), "2023-11-14T22:13:20.120Z");
    }

    proptest! {
        #[test]
        fn any_date_of_the_store_is_told_or_passed_over(millis in any::<i64>()) {
            let _ = Moment(millis).rfc3339();
        }

        #[test]
        fn texts_sort_like_moments(a in 0i64..4_000_000_000_000, b in 0i64..4_000_000_000_000) {
            prop_assert_eq!(Moment(a).cmp(&Moment(b)), Moment(a).rfc3339().cmp(&Moment(b).rfc3339()));
        }

        #[test]
        fn the_store_keeps_it(millis in any::<i64>()) {
            prop_assert_eq!(Moment::from_bson(Moment(millis).bson()), Moment(millis));
        }
    }
}
