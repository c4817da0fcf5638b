//! Which pages may use the broker from a browser.

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};
use wire::headers::{IDEMPOTENCY_KEY, REQUEST_TIMEOUT};

/// Origins as they are set: `*` is any http or https origin.
pub(crate) fn layer(origins: &[String]) -> CorsLayer {
    let origins: Vec<String> = origins.iter().map(|origin| origin.trim().to_owned()).collect();
    let allowed = AllowOrigin::predicate(move |origin, _| is_allowed(&origins, origin));
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            CONTENT_TYPE,
            HeaderName::from_static(IDEMPOTENCY_KEY),
            HeaderName::from_static(REQUEST_TIMEOUT),
        ])
        .expose_headers([RETRY_AFTER])
}

fn is_allowed(origins: &[String], origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let web = origin.starts_with("http://") || origin.starts_with("https://");
    origins.iter().any(|allowed| if allowed == "*" { web } else { allowed == origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origins: &[&str], origin: &'static str) -> bool {
        let origins: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
        is_allowed(&origins, &HeaderValue::from_static(origin))
    }

    #[test]
    fn any_web_origin_or_those_that_are_listed() {
        assert!(allowed(&["*"], "http://localhost:5173"));
        assert!(!allowed(&["*"], "null"));
        assert!(allowed(&["http://a", "http://b"], "http://b"));
        assert!(!allowed(&["http://a"], "http://b"));
    }
}
