use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::{NewToxic, ToxicSettings};

fn toxic(id: u64, kind: &str, values: &[(&str, i64)]) -> Arc<Toxic> {
    let mut settings = ToxicSettings::new(crate::kind(kind).unwrap());
    for (name, value) in values {
        settings.set(name, *value).unwrap();
    }
    let direction = Direction::Upstream;
    let name = kind.to_owned();
    let new = NewToxic { name, direction, direction_text: None, toxicity: 1.0, settings, seed: None };
    Arc::new(Toxic::new(id, 0, new))
}

fn chain_of(toxics: &[Arc<Toxic>], now: Instant) -> ToxicChain {
    let mut chain = ToxicChain::new(ConnectionId { number: 0, direction: Direction::Upstream });
    chain.apply(toxics, now);
    chain
}

#[test]
fn no_reset_of_a_toxic_passes_a_silent_one_behind_it() {
    let start = Instant::now();
    let at = |ms| start + Duration::from_millis(ms);
    let reset = toxic(1, "reset_peer", &[("timeout", 10)]);
    let latency = toxic(2, "latency", &[("latency", 5)]);
    for before in [vec![reset.clone()], vec![reset, latency]] {
        let silent = toxic(3, "half_open", &[]);
        let all: Vec<_> = before.iter().chain([&silent]).cloned().collect();
        let mut chain = chain_of(&all, start);
        chain.push(StreamItem::Data(Bytes::from_static(b"x")), start);
        for ms in [10, 15, 20, 1000] {
            assert_eq!(chain.pop(at(ms)), None, "after {ms} ms");
        }
        assert_eq!(chain.due(), None);
        assert_eq!(silent.effects().connections(), 1);
        // It arrives when the cable is plugged in again, once.
        chain.apply(&before, at(1000));
        assert_eq!(chain.pop(at(1000)), Some(StreamItem::Reset));
        assert_eq!(chain.pop(at(2000)), None);
    }
}

#[test]
fn a_reset_does_not_pass_through_what_a_toxic_behind_holds() {
    let start = Instant::now();
    let chain = [toxic(1, "reset_peer", &[]), toxic(2, "latency", &[("latency", 3_600_000)])];
    let mut chain = chain_of(&chain, start);
    chain.push(StreamItem::End, start);
    assert_eq!(chain.pop(start), Some(StreamItem::Reset));
}
