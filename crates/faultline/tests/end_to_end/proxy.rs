//! `faultline proxy` where it has few descriptors: new connections are refused, old ones go on, and the log says why.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Descriptors that the proxy may have: some for itself, and two for each connection.
const DESCRIPTORS: usize = 64;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, killed when the test ends, with the lines of its standard error.
struct Proxy {
    child: Child,
    api: SocketAddr,
    told: Receiver<String>,
}

impl Proxy {
    fn start() -> Self {
        let limited = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" proxy --listen 127.0.0.1:0");
        let mut child = Command::new("bash")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_faultline")])
            .env("NO_COLOR", "1")
            .env_remove("FAULTLINE_LOG")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bash");
        let mut line = String::new();
        let output = child.stdout.take().expect("its standard output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let api = line.split_once("http://").and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
        let (sender, told) = channel();
        let errors = BufReader::new(child.stderr.take().expect("its standard error"));
        std::thread::spawn(move || {
            errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, api: api.expect("an address"), told }
    }

    /// A request, and its answer.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = connect(self.api);
        let (body, host) = (body.to_string(), self.api);
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\n");
        write!(stream, "{head}connection: close\r\n\r\n{body}").expect("the API takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let body = answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
        body.unwrap_or_else(|| panic!("no JSON: {answer}"))
    }

    /// Whether it logs such a line, with what the system says.
    fn tells(&self, what: &str) -> bool {
        let mut lines = std::iter::from_fn(|| self.told.recv_timeout(PATIENCE).ok());
        lines.any(|line| line.contains(what) && line.ends_with("Too many open files (os error 24)"))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Whether a byte comes back; a timeout is neither.
fn echoes(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    match stream.write_all(b"x").and_then(|()| stream.read_exact(&mut byte)) {
        Ok(()) => true,
        Err(error) => {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "nobody answered, nor refused");
            false
        }
    }
}

fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    address
}

#[test]
fn out_of_descriptors_new_connections_are_refused_and_old_ones_go_on() {
    let proxy = Proxy::start();
    let upstream = echo_server().to_string();
    let wanted = json!({ "name": "few", "listen": "127.0.0.1:0", "upstream": upstream });
    let made = proxy.ask("POST", "/proxies", &wanted);
    let door: SocketAddr = made["listen"].as_str().unwrap().parse().unwrap();

    let mut taken = Vec::new();
    let mut refused = 0;
    for _ in 0..DESCRIPTORS {
        let mut stream = connect(door);
        if echoes(&mut stream) {
            taken.push(stream);
        } else {
            refused += 1;
        }
    }
    assert!(taken.len() > DESCRIPTORS / 4 && refused > DESCRIPTORS / 4, "{} and {refused}", taken.len());
    assert!(taken.iter_mut().all(echoes), "an old connection was given up");
    assert!(proxy.tells("the proxy of few cannot accept connections"));

    // With descriptors given back, it takes connections again, and requests.
    drop(taken.split_off(2));
    let begun = Instant::now();
    while !echoes(&mut connect(door)) {
        assert!(begun.elapsed() < PATIENCE, "it still refuses");
    }
    assert_eq!(proxy.ask("GET", "/proxies/few", &Value::Null)["name"], "few");
}
