//! The id of an entry: that of the header `Idempotency-Key`, or a new one.

use chassis::problem::Problem;
use http::HeaderMap;
use uuid::Uuid;
use wire::headers::IDEMPOTENCY_KEY;
use wire::id::EntryId;

/// The id of the entry that a request brings.
pub(crate) fn of(headers: &HeaderMap) -> Result<EntryId, Problem> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let id = match (keys.next(), keys.next()) {
        // Version 7 begins with the time: the store's index grows at its end, not all over.
        (None, _) => EntryId::parse(Uuid::now_v7().to_string()),
        (Some(key), None) => EntryId::from_bytes(key.as_bytes()),
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request("the header Idempotency-Key is there more than once"));
        }
    };
    let id = id.map_err(|bad| Problem::bad_request(format!("the header Idempotency-Key: {bad}")))?;
    tracing::Span::current().record("entry", id.as_str());
    Ok(id)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn with(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_taken_and_none_makes_a_new_id_each_time() {
        assert_eq!(of(&with(&[b"k-1"])).unwrap().as_str(), "k-1");
        assert_ne!(of(&with(&[])).unwrap(), of(&with(&[])).unwrap());
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let long = vec![b'x'; 256];
        for bad in [&b""[..], b"a b", b"\xff", &long] {
            assert_eq!(of(&with(&[bad])).unwrap_err().status(), 400);
        }
        assert_eq!(of(&with(&[b"a", b"b"])).unwrap_err().status(), 400);
    }

    proptest! {
        #[test]
        fn any_header_is_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.insert(IDEMPOTENCY_KEY, value);
                if let Ok(id) = of(&headers) {
                    prop_assert_eq!(id.as_str().as_bytes(), &bytes[..]);
                }
            }
        }
    }
}
