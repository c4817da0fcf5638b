//! The deadline of a call, from its `grpc-timeout`.

use std::time::Duration;

use chassis::deadline::{Deadline, LONGEST};
use tonic::{Request, Status};

/// The deadline of `request`; `default` from now where it has none.
pub(super) fn of<T>(request: &Request<T>, default: Duration) -> Result<Deadline, Status> {
    let time = match request.metadata().get("grpc-timeout") {
        None => default,
        Some(value) => value.to_str().ok().and_then(parse).ok_or_else(|| {
            Status::invalid_argument("grpc-timeout: expected up to 8 digits and a unit, one of HMSmun")
        })?,
    };
    // A client may ask for years; the queue would hold its entry for as long.
    let time = time.min(LONGEST);
    // tonic drops a handler at that moment and answers with a word of its own, which does not say whether anything
    // was stored. So the logger's own deadline is a little earlier, and its answer still arrives.
    let margin = (time / 20).clamp(Duration::from_millis(1), Duration::from_millis(50));
    Ok(Deadline::after(time).earlier(margin))
}

fn parse(text: &str) -> Option<Duration> {
    let split = text.len().checked_sub(1).filter(|split| *split >= 1 && *split <= 8)?;
    let (digits, unit) = (text.get(..split)?, text.get(split..)?);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // At most 8 digits, as gRPC has it, so no product below overflows.
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_those_of_the_standard() {
        assert_eq!(parse("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parse("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for text in ["", "m", "-1S", "1", "123456789S", "1s", "1é"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_leaves_time_for_the_answer() {
        let mut request = Request::new(());
        request.set_timeout(Duration::from_secs(1));
        let deadline = of(&request, Duration::from_secs(10)).unwrap();
        assert_eq!(deadline.remaining(), Duration::from_millis(950));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
