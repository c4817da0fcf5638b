//! Who is not answered: browsers, as Toxiproxy does not, and pages of other sites that make them ask by a name of their
//! own (DNS rebinding).

use std::net::IpAddr;

use http::header::{HOST, ORIGIN, USER_AGENT};
use http::{HeaderMap, HeaderName};

/// Ends of names that no public site has.
const PRIVATE: [&str; 4] = [".localhost", ".local", ".internal", ".svc"];

/// Why a request is refused, if it is.
pub(super) fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    let told = |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if told(USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/")) {
        return Some("User agent not allowed\n");
    }
    if told(ORIGIN).is_some() {
        return Some("Origin not allowed: this API is not for web pages\n");
    }
    if told(HOST).is_some_and(|host| !is_private(&host)) {
        return Some("Host not allowed: use an address, localhost, or a name without dots\n");
    }
    None
}

/// Whether a host is an address, or a name that only a private network has.
pub fn is_private(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    name.parse::<IpAddr>().is_ok() || !name.contains('.') || PRIVATE.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_public_sites_are_told_from_others() {
        for host in
            ["127.0.0.1:8474", "[::1]:8474", "localhost", "toxiproxy:8474", "host.docker.internal:1", ""]
        {
            assert!(is_private(host), "{host}");
        }
        for host in ["example.com", "rebind.example.com:8474", "127.0.0.1.example.com"] {
            assert!(!is_private(host), "{host}");
        }
    }
}
