//! Who is answered, and who may act: pages of other sites that make a browser ask by a name of their own (DNS rebinding)
//! or by a form are refused, and nothing is done without the token that the terminal prints.

use std::net::SocketAddr;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderName};
use rand::RngExt;

use crate::proxy::api::is_private;

/// The token of one program, which whoever acts must know.
#[derive(Debug, Clone)]
pub struct Token(String);

/// Why a request is not answered, or nothing is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// By a name that is not this machine's.
    #[error("the host is not one of this lab's: use the address that the terminal prints")]
    Host,
    /// By a page of another site.
    #[error("the origin is not this lab's page")]
    Origin,
    /// By somebody who does not know the token.
    #[error("acting needs the token that the terminal prints: open the address that stands there")]
    Token,
}

impl Token {
    /// A new one, of 128 random bits.
    #[must_use]
    pub fn new() -> Self {
        let bits: u128 = rand::rng().random();
        Self(format!("{bits:032x}"))
    }

    /// As it is printed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    fn is(&self, said: &str) -> bool {
        // In the same time wherever it differs.
        let differs = self.0.bytes().zip(said.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        said.len() == self.0.len() && differs == 0
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a request may be answered by a lab that listens at an address.
///
/// # Errors
/// Why not.
pub fn admit(headers: &HeaderMap, listens: SocketAddr) -> Result<(), Refusal> {
    let told = |name: HeaderName| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let host = told(HOST).ok_or(Refusal::Host)?;
    let is_ours = if listens.ip().is_loopback() { is_loopback(&host) } else { is_private(&host) };
    if !is_ours {
        return Err(Refusal::Host);
    }
    match told(ORIGIN) {
        Some(origin) if origin != format!("http://{host}") => Err(Refusal::Origin),
        _ => Ok(()),
    }
}

/// Whether whoever asks knows the token.
///
/// # Errors
/// [`Refusal::Token`].
pub fn authorize(headers: &HeaderMap, token: &Token) -> Result<(), Refusal> {
    let said = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let said = said.and_then(|said| said.strip_prefix("Bearer "));
    if said.is_some_and(|said| token.is(said)) { Ok(()) } else { Err(Refusal::Token) }
}

fn is_loopback(host: &str) -> bool {
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
    fn acting_needs_the_token_whole() {
        let token = Token::new();
        let said = |text: &str| authorize(&headers(&[(AUTHORIZATION, text)]), &token);
        assert!(said(&format!("Bearer {}", token.text())).is_ok());
        for wrong in [String::new(), "Bearer ".to_owned(), format!("Bearer {}", &token.text()[..31])] {
            assert_eq!(said(&wrong), Err(Refusal::Token));
        }
        assert_eq!(said(&format!("Bearer {}0", token.text())), Err(Refusal::Token));
        assert_eq!(authorize(&headers(&[]), &token), Err(Refusal::Token));
        assert_ne!(Token::new().text(), token.text());
    }
}
