//! One frame of RabbitMQ's is damaged on its way, so that what follows can't be understood or a delivery is lost
//! without a sign; heartbeats go on. The services must find out by themselves.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use faultline::stack::binary;
use mongodb::bson::doc;
use serde_json::json;

use super::damaging_way::{Damage, DamagingWay, HEAD};
use super::service::Service;
use super::store::Store;
use super::{PATIENCE, own};
use crate::lab::{self, Shared};

/// Methods of class `basic`.
const DELIVER: u8 = 60;
const ACK: u8 = 80;

/// The length of a frame becomes one of gigabytes.
fn lengthen(frame: &mut [u8]) {
    frame[3] |= 0x40;
}

/// A delivery becomes one to a consumer that does not exist.
fn misdirect(frame: &mut [u8]) {
    // After class and method, and the length of the tag.
    let tag = HEAD + 5;
    frame[tag] ^= 1;
}

/// A service beside the system's own, stopped when the test ends.
struct Beside {
    child: Child,
    /// Of its HTTP.
    address: SocketAddr,
}

impl Beside {
    fn start(service: &str, system: &Shared, way: &DamagingWay) -> Self {
        let (logger, http) = (system.address("logger", 50001), system.address("logger", 80));
        let named = |setting: &str| format!("{}_{setting}", service.to_uppercase());
        let mut child = Command::new(binary::service(service).expect("a built service"))
            .env(named("LISTEN"), "127.0.0.1:0")
            .env(named("AMQP_URL"), format!("amqp://guest:guest@{}/%2f", way.address))
            .env(named("LOGGER_GRPC_URL"), format!("http://{logger}"))
            .env(named("LOGGER_HTTP_URL"), format!("http://{http}"))
            .env(named("AUTHENTICATION_URL"), format!("http://{}", system.address("authentication", 80)))
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()
            .expect("a service that runs");
        let mut lines = BufReader::new(child.stderr.take().expect("its standard error")).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
        Self { child, address: address.expect("a service that tells its address") }
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.split(|c: char| !c.is_ascii_digit() && !".:".contains(c))
        .find_map(|word| word.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback()))
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// Entries are published until one is damaged on its way to a listener; all of them must be stored.
fn all_is_stored_though(how: fn(&mut [u8])) {
    let (system, broker, store) = (lab::shared(), Service::broker(), Store::open());
    let way = DamagingWay::open(&system, Damage::of_rabbits(DELIVER, how));
    let _listener = Beside::start("listener", &system, &way);
    let (until, mut ids) = (Instant::now() + PATIENCE, Vec::new());
    while !way.is_done() {
        assert!(Instant::now() < until, "the listener was delivered nothing within {PATIENCE:?}");
        let id = own("damaged");
        broker.post_as(&id, "/rabbitmq-logger", &json!({"name": "n", "data": "d"})).grants(202);
        ids.push(id);
        std::thread::sleep(Duration::from_millis(20));
    }
    for id in ids {
        store.comes(doc! { "_id": id });
    }
}

#[test]
fn a_delivery_with_a_damaged_length_comes_again() {
    all_is_stored_though(lengthen);
}

#[test]
fn a_delivery_that_gets_lost_comes_again_though_nothing_follows_it() {
    all_is_stored_though(misdirect);
}

#[test]
fn a_broker_whose_confirms_can_not_be_read_connects_again() {
    let (system, store) = (lab::shared(), Store::open());
    let way = DamagingWay::open(&system, Damage::of_rabbits(ACK, lengthen));
    let beside = Beside::start("broker", &system, &way);
    let broker = Service::reached_at("broker", beside.address);
    let until = Instant::now() + PATIENCE;
    // The first confirm is the damaged one.
    let confirmed = loop {
        assert!(Instant::now() < until, "nothing was confirmed within {PATIENCE:?}");
        let id = own("unconfirmed");
        let answer = broker.post_as(&id, "/rabbitmq-logger", &json!({"name": "n", "data": "d"}));
        if answer.status == 202 {
            break id;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(way.is_done());
    store.comes(doc! { "_id": confirmed });
}
