//! A system of two shell scripts, for tests of the lab that need no servers: `web`, for which the test answers on the port
//! that it is given, and `worker`, which does nothing until it is asked to stop.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use faultline::stack::{Topology, topology};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The system.
pub(crate) struct Small {
    folder: tempfile::TempDir,
    control: Arc<Control>,
}

/// Decisions of the test while the system runs.
#[derive(Default)]
struct Control {
    unready: AtomicBool,
    over: AtomicBool,
}

impl Small {
    /// A system whose worker answers SIGTERM by a command of the shell, like `exit 0`; with none it is deaf.
    pub(crate) fn new(worker_at_sigterm: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().display();
        let web = format!("trap 'exit 0' TERM\nprintf %s \"$LISTEN\" > {at}/new\nmv {at}/new {at}/listen\n");
        script(folder.path(), "web", &web);
        let worker = format!("trap '{worker_at_sigterm}' TERM\necho $$ > {at}/worker.pid\n");
        script(folder.path(), "worker", &worker);
        std::fs::write(folder.path().join("compose.yml"), compose(folder.path())).expect("written");
        let control = Arc::new(Control::default());
        let (listen, shared) = (folder.path().join("listen"), Arc::clone(&control));
        std::thread::spawn(move || serve_each(&listen, &shared));
        Self { folder, control }
    }

    /// Path of the compose file.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("compose.yml")
    }

    /// Topology of the compose file.
    pub(crate) fn topology(&self) -> Topology {
        topology::read_file(&self.file()).expect("the topology")
    }

    /// A function that kills the worker.
    pub(crate) fn killer(&self) -> impl Fn() + Send + use<> {
        let file = self.folder.path().join("worker.pid");
        move || {
            let pid = std::fs::read_to_string(&file).expect("the worker's pid");
            kill(Pid::from_raw(pid.trim().parse().expect("a number")), Signal::SIGKILL).expect("killed");
        }
    }

    /// Makes `web` say that it is not ready, or that it is.
    pub(crate) fn set_unready(&self, unready: bool) {
        self.control.unready.store(unready, Ordering::SeqCst);
    }

    /// Tells whether the worker that was started last lives.
    pub(crate) fn worker_lives(&self) -> bool {
        let pid = std::fs::read_to_string(self.folder.path().join("worker.pid")).expect("the worker's pid");
        let pid = pid.trim().parse().expect("a number");
        // Signal 0 only asks. One that has ended and was not reaped would count as living; the lab reaps its children.
        kill(Pid::from_raw(pid), None).is_ok()
    }

    /// Path of the worker's program.
    pub(crate) fn worker(&self) -> PathBuf {
        self.folder.path().join("worker")
    }

    /// A function after which `web` says that it is not ready.
    pub(crate) fn unreadier(&self) -> impl Fn() + Send + use<> {
        let control = Arc::clone(&self.control);
        move || control.unready.store(true, Ordering::SeqCst)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        self.control.over.store(true, Ordering::SeqCst);
    }
}

fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    // `wait` ends at a signal that is trapped, `sleep` by itself would not.
    let text = format!("#!/bin/sh\n{text}while :; do sleep 1000 & wait; done\n");
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
}

fn compose(folder: &Path) -> String {
    let at = folder.display();
    format!(
        "
x-faultline:
  paths:
    ping: {{ send: {{ node: web, port: 80, method: GET, route: / }}, through: [web], writes: nothing }}
services:
  web:
    expose: [80]
    environment: {{ LISTEN: '0.0.0.0:80' }}
    x-faultline: {{ binary: {at}/web, listen: {{ LISTEN: 80 }}, ready: {{ port: 80, route: /readyz }} }}
  worker:
    x-faultline: {{ binary: {at}/worker }}
"
    )
}

/// Serves in the name of each `web` that tells its address, until the test is over.
fn serve_each(listen: &Path, control: &Arc<Control>) {
    while !control.over.load(Ordering::SeqCst) {
        if let Ok(address) = std::fs::read_to_string(listen) {
            std::fs::remove_file(listen).expect("removed");
            let listener = TcpListener::bind(address.trim()).expect("the port of web");
            let control = Arc::clone(control);
            std::thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let control = Arc::clone(&control);
                    std::thread::spawn(move || answer(stream, &control));
                }
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn answer(mut stream: TcpStream, control: &Control) {
    let mut request = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut request) {
        let asks_for_readiness = request[..read].starts_with(b"GET /readyz ");
        let (status, message) = match asks_for_readiness && control.unready.load(Ordering::SeqCst) {
            true => ("503 Service Unavailable", "waits for the test"),
            false => ("200 OK", "here"),
        };
        let body = format!("{{\"error\":{},\"message\":\"{message}\"}}", status != "200 OK");
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n");
        let whole = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(whole.as_bytes()).is_err() {
            return;
        }
    }
}
