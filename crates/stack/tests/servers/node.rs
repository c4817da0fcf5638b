//! One real server in a test, with its folder, ports and process.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use faultline_stack::mark;
use faultline_stack::port::Port;
use faultline_stack::process::{Process, tail};
use faultline_stack::run_id::RunId;
use faultline_stack::server::{Server, ServerPlace, known};
use faultline_stack::tree;

/// How long a server may take to be ready, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of a test.
pub(crate) struct Node {
    server: Box<dyn Server>,
    place: ServerPlace,
    process: Option<Process>,
    _ports: Vec<Port>,
}

/// The processes of a run that are still there.
pub(crate) fn left_of(run: &RunId) -> Vec<(u32, String)> {
    let alive = tree::all().unwrap().into_iter().filter(|process| process.state != 'Z');
    let of_run =
        alive.filter(|process| tree::variable(process.pid, mark::RUN).as_deref() == Some(run.as_str()));
    let harness = |pid: u32| pid == std::process::id();
    of_run.filter(|process| !harness(process.pid)).map(|process| (process.pid, name(process.pid))).collect()
}

fn name(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// All three servers, started at the same time, ready.
pub(crate) async fn stack(run: &RunId) -> Vec<Node> {
    let start = |name: &'static str| async move {
        let mut node = Node::new(name, run);
        node.start().await;
        node
    };
    let (postgres, rabbitmq, mongo) = tokio::join!(start("postgres"), start("rabbitmq"), start("mongo"));
    vec![postgres, rabbitmq, mongo]
}

fn folder(run: &RunId) -> PathBuf {
    std::env::temp_dir().join(format!("faultline-{run}"))
}

/// Removes the folder of a run.
pub(crate) fn remove(run: &RunId) {
    std::fs::remove_dir_all(folder(run)).unwrap();
}

impl Node {
    /// One that does not run yet.
    pub(crate) fn new(name: &str, run: &RunId) -> Self {
        let dir = folder(run).join(name);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::set_permissions(folder(run), std::fs::Permissions::from_mode(0o711)).unwrap();
        let (container, environment) = compose(name);
        let port = Port::reserve().unwrap();
        let place = ServerPlace {
            log: folder(run).join(format!("{name}.log")),
            dir,
            ports: [(container, port.number())].into(),
            environment,
            run: run.clone(),
        };
        Self { server: known(name).unwrap(), place, process: None, _ports: vec![port] }
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self, container: u16) -> u16 {
        self.place.ports[&container]
    }

    /// Starts it for the first time, with its users and databases.
    pub(crate) async fn start(&mut self) {
        let begun = Instant::now();
        tokio::task::block_in_place(|| self.server.prepare(&self.place)).unwrap();
        let prepared = begun.elapsed();
        self.spawn();
        self.wait_ready().await;
        let ready = begun.elapsed();
        self.server.provision(&self.place).await.unwrap();
        self.server.provision(&self.place).await.unwrap();
        eprintln!(
            "{}: prepared {prepared:?}, ready {ready:?}, provisioned {:?}",
            self.place.log.display(),
            begun.elapsed()
        );
    }

    /// Preparing it a second time does nothing.
    pub(crate) fn is_prepared(&self) {
        let begun = Instant::now();
        self.server.prepare(&self.place).unwrap();
        assert!(begun.elapsed() < Duration::from_millis(100));
    }

    /// Waits until a file in its folder holds a text.
    pub(crate) async fn wait_for_text(&self, path: &str, text: &str) {
        let begun = Instant::now();
        let holds = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        while !std::fs::read(self.place.dir.join(path)).is_ok_and(holds) {
            assert!(begun.elapsed() < PATIENCE, "{path} does not hold {text}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills it with SIGKILL and starts it again, in the same folder, on the same port.
    pub(crate) async fn kill_and_start(&mut self) {
        let killed = self.process.take().unwrap().kill().await;
        assert_eq!(killed.to_string(), "SIGKILL");
        self.nothing_is_left().await;
        let begun = Instant::now();
        self.server.prepare(&self.place).unwrap();
        self.spawn();
        self.wait_ready().await;
        eprintln!("{}: ready again {:?}", self.place.log.display(), begun.elapsed());
    }

    /// Stops it in order; nothing of it may be left.
    pub(crate) async fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        let begun = Instant::now();
        let status = process.stop(self.server.stop_signal(), Duration::from_secs(20)).await;
        eprintln!("{}: stopped {:?}", self.place.log.display(), begun.elapsed());
        let promised = self.server.stop_codes();
        let is_promised = status.code().is_some_and(|code| promised.contains(&code));
        assert!(is_promised, "expected {promised:?}, found {status}\n{}", tail(&self.place.log));
        self.nothing_is_left().await;
        std::fs::remove_dir_all(&self.place.dir).unwrap();
        std::fs::remove_file(&self.place.log).unwrap();
        let _ = std::fs::remove_dir(folder(&self.place.run));
    }

    /// A file in its folder that only this user can read.
    pub(crate) fn is_secret(&self, path: &str) -> bool {
        self.place.dir.join(path).metadata().unwrap().permissions().mode() & 0o777 == 0o600
    }

    /// It must be ready now.
    pub(crate) async fn check_ready(&self) {
        self.server.ready(&self.place).await.unwrap();
    }

    fn spawn(&mut self) {
        let mut spec = self.server.spec(&self.place).unwrap();
        spec.env.extend(mark::environment(&self.place.run).map(|(key, value)| (key.into(), value.into())));
        self.process = Some(Process::spawn(&spec).unwrap());
    }

    async fn wait_ready(&self) {
        let begun = Instant::now();
        while let Err(waits) = self.server.ready(&self.place).await {
            let log = || tail(&self.place.log);
            let status = self.process.as_ref().unwrap().try_status();
            assert!(status.is_none(), "died: {}\n{}", status.unwrap(), log());
            assert!(begun.elapsed() < PATIENCE, "not ready: {waits}\n{}", log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A child of a child that was born when its parent died may need a moment.
    async fn nothing_is_left(&self) {
        let begun = Instant::now();
        while !self.left().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(2), "left: {:?}", self.left());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Its processes that are still there, among those of its run.
    fn left(&self) -> Vec<(u32, String)> {
        let folder = self.place.dir.clone();
        let in_folder = |pid: u32| {
            let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let home = tree::variable(pid, "HOME").unwrap_or_default();
            let folder = folder.to_string_lossy();
            String::from_utf8_lossy(&arguments).contains(&*folder) || home == folder
        };
        left_of(&self.place.run).into_iter().filter(|(pid, _)| in_folder(*pid)).collect()
    }
}

fn compose(name: &str) -> (u16, BTreeMap<String, String>) {
    let (port, variables): (u16, &[(&str, &str)]) = match name {
        "postgres" => (5432, &[("POSTGRES_PASSWORD", "password"), ("POSTGRES_DB", "users_db")]),
        "rabbitmq" => (5672, &[("RABBITMQ_DEFAULT_USER", "guest"), ("RABBITMQ_DEFAULT_PASS", "guest")]),
        _ => (
            27017,
            &[
                ("MONGO_INITDB_ROOT_USERNAME", "mongo"),
                ("MONGO_INITDB_ROOT_PASSWORD", "password"),
                ("MONGO_INITDB_DATABASE", "logs_db"),
            ],
        ),
    };
    (port, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}
