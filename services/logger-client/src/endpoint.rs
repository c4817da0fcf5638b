//! The logger's address.

use tonic::transport::Endpoint;

/// A URL that is no address of the logger's gRPC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected http://host:50001, found \"{found}\"")]
pub struct BadEndpoint {
    found: String,
}

/// Reads the URL of a logger.
///
/// # Errors
/// [`BadEndpoint`] for anything but http, a host and a port.
pub fn endpoint(url: &str) -> Result<Endpoint, BadEndpoint> {
    let bad = || BadEndpoint { found: url.chars().take(80).collect() };
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| bad())?;
    // Not https: tonic is built without TLS, so each connection would fail.
    if endpoint.uri().scheme_str() != Some("http") || endpoint.uri().host().is_none() {
        return Err(bad());
    }
    // A call is a few small frames: waiting to fill a packet would only delay them.
    Ok(endpoint.tcp_nodelay(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_url_is_told_with_what_would_be_right() {
        assert!(endpoint("http://logger:50001").is_ok());
        for url in ["", "logger:50001", "amqp://logger", "http://"] {
            let error = endpoint(url).unwrap_err().to_string();
            assert!(error.contains("http://host:50001"), "{url}: {error}");
        }
    }
}
