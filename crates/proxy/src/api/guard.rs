//! The requests that are refused: those of browsers, as in Toxiproxy, and those of pages of other sites that reach this
//! address by a name of their own (DNS rebinding).

use std::net::IpAddr;

use http::header::{HOST, ORIGIN, USER_AGENT};
use http::{HeaderMap, HeaderName};

/// Endings of names that no public site has.
// Reserved by RFC 6761, by RFC 6762 and by ICANN; the last one is that of services in Kubernetes.
const PRIVATE: [&str; 4] = [".localhost", ".local", ".internal", ".svc"];

/// Returns the reason to refuse a request, if there is one.
pub(super) fn refusal(headers: &HeaderMap) -> Option<&'static str> {
    // `to_str` would fail for bytes that are no text, and such a header would pass unchecked.
    let header = |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if header(USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/")) {
        // Toxiproxy's text, with the line break of Go's http.Error.
        return Some("User agent not allowed\n");
    }
    // Browsers send it with requests of pages; no client of Toxiproxy does.
    if header(ORIGIN).is_some() {
        return Some("Origin not allowed: this API is not for web pages\n");
    }
    // The name of a public site that resolves to this machine is a page that rebinds its DNS.
    if header(HOST).is_some_and(|host| !is_private(&host)) {
        return Some("Host not allowed: use an address, localhost, or a name without dots\n");
    }
    None
}

/// Returns true if a host is an address, or a name that only a private network has.
pub fn is_private(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    // A name without a dot is one of /etc/hosts, a container network or a search list, never of a site.
    name.parse::<IpAddr>().is_ok() || !name.contains('.') || PRIVATE.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_public_sites_are_not_private() {
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
