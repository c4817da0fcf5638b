//! A caller by HTTP/1.1 that sends the same bytes again and again, with a new id in them. It costs about as little as wrk,
//! so on a machine that client and server share it shows the server, and a stranger with wrk finds the same rate.

use std::net::SocketAddr;

use httparse::{EMPTY_HEADER, Response, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::closed::{CallOutcome, Caller};
use crate::failure::BenchError;
use crate::http::{IDEMPOTENCY_KEY, Parts, Question};

/// Bytes that the largest answer may have.
const ANSWER: usize = 16 * 1024;

/// Headers that an answer may have.
const HEADERS: usize = 32;

/// Caller on one connection.
#[derive(Debug)]
pub struct PreparedCaller {
    stream: TcpStream,
    request: PreparedRequest,
    answer: Vec<u8>,
}

/// Bytes of a request, and where the id stands in them.
#[derive(Debug, Clone)]
struct PreparedRequest {
    bytes: Vec<u8>,
    ids: Vec<usize>,
}

impl PreparedCaller {
    /// Connects `number` times.
    ///
    /// # Errors
    /// Returns the error of the system.
    pub async fn many(
        number: usize,
        address: SocketAddr,
        question: &Question,
    ) -> Result<Vec<Self>, BenchError> {
        let request = PreparedRequest::new(address, question)?;
        let mut callers = Vec::with_capacity(number);
        for _ in 0..number {
            let stream = TcpStream::connect(address).await?;
            // A request is one write; waiting to fill a packet would only delay it.
            stream.set_nodelay(true)?;
            callers.push(Self { stream, request: request.clone(), answer: vec![0; ANSWER] });
        }
        Ok(callers)
    }
}

impl PreparedRequest {
    fn new(address: SocketAddr, question: &Question) -> Result<Self, BenchError> {
        let placeholder = Uuid::nil().to_string();
        let Parts { method, route, key, body } = question.parts(&placeholder);
        let body = serde_json::to_string(&body)?;
        let key = key.map(|key| format!("{IDEMPOTENCY_KEY}: {key}\r\n")).unwrap_or_default();
        let text = format!(
            "{method} {route} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n{key}\r\n{body}",
            body.len()
        );
        // Both the header and the data hold the id, since the checker finds an entry by its data.
        let ids = text.match_indices(&placeholder).map(|(place, _)| place).collect();
        Ok(Self { bytes: text.into_bytes(), ids })
    }

    fn renew_id(&mut self) {
        // A ping has no id, and making one would be a part of its cost.
        if self.ids.is_empty() {
            return;
        }
        let mut text = Uuid::encode_buffer();
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut text).as_bytes();
        for place in &self.ids {
            self.bytes[*place..place + id.len()].copy_from_slice(id);
        }
    }
}

impl Caller for PreparedCaller {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        self.request.renew_id();
        self.stream.write_all(&self.request.bytes).await?;
        // One buffer of a fixed size: a read that does not fill it tells tokio that the socket is empty, which saves the
        // read that would say so.
        let mut length = 0;
        loop {
            let read = self.stream.read(&mut self.answer[length..]).await?;
            length += read;
            if is_whole(&self.answer[..length])? {
                return Ok(CallOutcome::Done);
            }
            // A full buffer reads 0 bytes, as the end of the stream does.
            if read == 0 {
                let expected = "expected an answer of at most 16 KiB";
                return Err(format!("{expected}, found the end after {length} bytes").into());
            }
        }
    }
}

/// Returns true once an answer is whole.
///
/// # Errors
/// Fails on an answer that is not 200 or 202 with a length: the bench would measure something else.
fn is_whole(bytes: &[u8]) -> Result<bool, BenchError> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut answer = Response::new(&mut headers);
    // The head is parsed again when the body comes later; nearly all answers come whole.
    let Status::Complete(head) = answer.parse(bytes)? else { return Ok(false) };
    if !matches!(answer.code, Some(200 | 202)) {
        let found = String::from_utf8_lossy(bytes);
        return Err(format!("answer: expected 200 or 202, found {found}").into());
    }
    let length = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let length = length.ok_or("answer: expected a Content-Length, found none")?;
    Ok(bytes.len() >= head + length)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use tokio::net::TcpListener;

    use super::*;
    use crate::closed::{self, Until};

    const WHOLE: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}";

    proptest! {
        #[test]
        fn an_answer_is_whole_only_when_its_last_byte_is_there(length in 0..WHOLE.len()) {
            prop_assert!(!is_whole(&WHOLE[..length]).unwrap());
        }
    }

    #[test]
    fn an_answer_that_is_not_good_or_has_no_length_is_an_error() {
        assert!(is_whole(WHOLE).unwrap());
        let error = |bytes: &[u8]| is_whole(bytes).unwrap_err().to_string();
        assert!(error(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n").contains("503"));
        assert!(error(b"HTTP/1.1 200 OK\r\n\r\n").contains("Content-Length"));
    }

    #[tokio::test]
    async fn every_request_has_an_id_of_its_own_everywhere_in_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let question = Question::Log { route: "/grpc-logger", size: 64 };
        let length = PreparedRequest::new(address, &question).unwrap().bytes.len();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut ids, mut request) = (HashSet::new(), vec![0; length]);
            while stream.read_exact(&mut request).await.is_ok() {
                let text = String::from_utf8(request.clone()).unwrap();
                let (_, rest) = text.split_once("Idempotency-Key: ").unwrap();
                let id = rest[..36].to_owned();
                assert_eq!(text.matches(&id).count(), 2, "{text}");
                assert!(text.starts_with("POST /grpc-logger HTTP/1.1\r\n"), "{text}");
                ids.insert(id);
                // In two pieces, as a network may deliver it.
                stream.write_all(&WHOLE[..20]).await.unwrap();
                stream.write_all(&WHOLE[20..]).await.unwrap();
            }
            ids.len()
        });
        let connect = async move || PreparedCaller::many(1, address, &question).await;
        let lap = closed::run_on_one_thread(connect, Until::Calls(20)).await.unwrap();
        assert_eq!(lap.done.count(), 20);
        drop(lap);
        assert_eq!(server.await.unwrap(), 20);
    }
}
