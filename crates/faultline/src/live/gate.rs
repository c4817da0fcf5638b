//! Checks of requests: of the host and the origin, against pages of other sites that use a name of their own (DNS
//! rebinding) or a form; and of the token, without which nothing is changed.

use std::net::SocketAddr;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderName};
use rand::RngExt;
use subtle::ConstantTimeEq;

use crate::proxy::api::is_private;

/// Token of one program, which every change needs.
#[derive(Debug, Clone)]
pub struct Token(String);

/// Refusal of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The host is not this machine.
    #[error("host: expected the address that the terminal prints, found another name")]
    Host,
    /// The request comes from a page of another site.
    #[error("origin: expected the page of this lab, found another site")]
    Origin,
    /// The token is wrong or missing.
    #[error("a change needs the token: open the address that the terminal prints")]
    Token,
}

impl Token {
    /// Makes a new token, of 128 random bits.
    #[must_use]
    pub fn new() -> Self {
        let bits: u128 = rand::rng().random();
        Self(format!("{bits:032x}"))
    }

    /// Returns the token as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    fn is(&self, text: &str) -> bool {
        // Compared in constant time, so that the time tells nothing about the token.
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

/// Checks host and origin of a request to a lab that listens at an address.
///
/// # Errors
/// [`Refusal::Host`] or [`Refusal::Origin`].
pub fn admit(headers: &HeaderMap, listens: SocketAddr) -> Result<(), Refusal> {
    let header = |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let host = header(HOST).ok_or(Refusal::Host)?;
    // On loopback only loopback names are this lab's; else any private name, since viewers use the machine's.
    let is_ours = if listens.ip().is_loopback() { is_loopback(&host) } else { is_private(&host) };
    if !is_ours {
        return Err(Refusal::Host);
    }
    match header(ORIGIN) {
        // Browsers name the page that asks; other clients send no origin.
        // Only http: the lab has no TLS, so a page under https is another site.
        Some(origin) if origin != format!("http://{host}") => Err(Refusal::Origin),
        _ => Ok(()),
    }
}

/// Checks the token of a request.
///
/// # Errors
/// [`Refusal::Token`].
pub fn authorize(headers: &HeaderMap, token: &Token) -> Result<(), Refusal> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let text = value.and_then(|value| value.strip_prefix("Bearer "));
    if text.is_some_and(|text| token.is(text)) { Ok(()) } else { Err(Refusal::Token) }
}

fn is_loopback(host: &str) -> bool {
    // An IPv6 address has colons too; in brackets, what follows the last one is no number.
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_the_page_of_the_lab_itself_is_answered() {
        let loopback: SocketAddr = "127.0.0.1:8475".parse().unwrap();
        let open: SocketAddr = "0.0.0.0:8475".parse().unwrap();
        for (host, here, there) in [
            ("127.0.0.1:8475", true, true),
            ("localhost:8475", true, true),
            ("[::1]:8475", true, true),
            ("192.168.1.7:8475", false, true),
            ("lab:8475", false, true),
            ("rebind.example.com:8475", false, false),
            ("127.0.0.1.example.com", false, false),
        ] {
            let asked = headers(&[(HOST, host)]);
            assert_eq!(admit(&asked, loopback).is_ok(), here, "{host}");
            assert_eq!(admit(&asked, open).is_ok(), there, "{host}");
            let own = headers(&[(HOST, host), (ORIGIN, &format!("http://{host}"))]);
            assert_eq!(admit(&own, loopback).is_ok(), here, "{host}");
        }
        for origin in ["http://evil.example.com", "null", "http://127.0.0.1:4000", "https://127.0.0.1:8475"] {
            let asked = headers(&[(HOST, "127.0.0.1:8475"), (ORIGIN, origin)]);
            assert_eq!(admit(&asked, loopback), Err(Refusal::Origin), "{origin}");
        }
        assert_eq!(admit(&headers(&[]), loopback), Err(Refusal::Host));
    }

    #[test]
    fn changes_need_the_whole_token() {
        let token = Token::new();
        let result = |text: &str| authorize(&headers(&[(AUTHORIZATION, text)]), &token);
        assert!(result(&format!("Bearer {}", token.text())).is_ok());
        for wrong in [String::new(), "Bearer ".to_owned(), format!("Bearer {}", &token.text()[..31])] {
            assert_eq!(result(&wrong), Err(Refusal::Token));
        }
        assert_eq!(result(&format!("Bearer {}0", token.text())), Err(Refusal::Token));
        assert_eq!(authorize(&headers(&[]), &token), Err(Refusal::Token));
        assert_ne!(Token::new().text(), token.text());
    }
}
