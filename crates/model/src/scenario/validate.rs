//! Checks beyond the types of the format: keys that belong together, times that fit, names that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::arrival_rate::ArrivalRate;
use super::duration::Span;
use super::fault::{FaultSpec, check};
use super::format::{LoadPhase, Scenario};
use super::mistake::Mistake;

/// Shortest payload, in bytes: it carries the operation's id.
// The checker recognises an entry by the id in its data.
pub const MIN_PAYLOAD: u32 = 64;

/// Longest payload, in bytes: the most that an entry may hold.
// The example system's own limit, repeated here, since the lab knows that system from its compose file only.
pub const MAX_PAYLOAD: u32 = 1024 * 1024;

/// Names of the topology that a scenario may use.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Names of nodes.
    pub nodes: BTreeSet<String>,
    /// Links, as `from->to` and `from->to:port`.
    pub links: BTreeSet<String>,
    /// Names of paths.
    pub paths: BTreeSet<String>,
}

struct MistakeList<'a> {
    source: &'a str,
    list: Vec<Mistake>,
}

impl MistakeList<'_> {
    fn add(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.list.push(Mistake::at(self.source, span, message));
    }
}

/// Finds mistakes that need no topology, in the order of the file.
#[must_use]
pub fn alone(scenario: &Scenario, source: &str) -> Vec<Mistake> {
    let mut found = MistakeList { source, list: Vec::new() };
    check_load(scenario, &mut found);
    for fault in &scenario.fault {
        for (place, message) in check::keys(fault) {
            found.add(&place, message);
        }
        check_times(fault, scenario.lasts(), &mut found);
    }
    check_overlaps(&scenario.fault, &mut found);
    sorted(found)
}

/// Finds paths on which less than one operation is expected, in the order of the file.
// A path without an operation can't be judged, so that such a scenario would prove nothing.
#[must_use]
pub fn arrivals(scenario: &Scenario, source: &str) -> Vec<Mistake> {
    let mut found = MistakeList { source, list: Vec::new() };
    let mut paths: BTreeMap<&str, Busiest<'_>> = BTreeMap::new();
    for phase in &scenario.load {
        for (path, rate) in phase.rates.get_ref() {
            let expected = rate.expected(phase.lasts.get_ref().duration().as_secs_f64());
            let busiest = Busiest { expected, place: path.span(), rate: *rate, phase };
            let latest = paths.entry(path.get_ref()).or_insert_with(|| busiest.clone());
            // The busiest stage, not the sum: each stage spaces its arrivals anew, and fractions are lost.
            if busiest.expected > latest.expected {
                *latest = busiest;
            }
        }
    }
    if let (true, Some(phase)) = (paths.is_empty(), scenario.load.first()) {
        let message = "rates: expected at least one path, found none in the whole load; an example is { ping = \"20/s\" }";
        found.add(&phase.rates.span(), message);
    }
    for (path, busiest) in &paths {
        let (rate, lasts) = (busiest.rate, busiest.phase.lasts.get_ref());
        // A stage of no length is a mistake of its own.
        if busiest.expected < 1.0 - ROUNDING && *lasts > Span::ZERO {
            let message =
                format!("path {path}: expected a rate that sends an operation, found {rate} for {lasts}");
            found.add(&busiest.place, message);
        }
    }
    check_during(scenario, &paths.keys().copied().collect::<Vec<_>>(), &mut found);
    sorted(found)
}

/// Rounding error of an expected number of arrivals.
// `1/min..3/min` for 30 s expects one arrival, which floating point may make a little less.
const ROUNDING: f64 = 1e-9;

/// The stage in which most operations of a path are expected.
#[derive(Clone)]
struct Busiest<'a> {
    expected: f64,
    place: Range<usize>,
    rate: ArrivalRate,
    phase: &'a LoadPhase,
}

fn check_during(scenario: &Scenario, loaded: &[&str], found: &mut MistakeList<'_>) {
    for path in scenario.expect.during.keys() {
        if !loaded.contains(&path.get_ref().as_str()) {
            let (path, loaded, place) = (path.get_ref(), loaded.join(", "), path.span());
            found.add(&place, format!("path {path}: expected a path that is loaded ({loaded})"));
        }
    }
}

/// Finds names that the topology does not have, in the order of the file.
#[must_use]
pub fn names(scenario: &Scenario, names: &Names, source: &str) -> Vec<Mistake> {
    let mut found = MistakeList { source, list: Vec::new() };
    let paths = scenario
        .load
        .iter()
        .flat_map(|phase| phase.rates.get_ref().keys())
        .chain(scenario.expect.during.keys());
    for path in paths {
        check_name("path", path, &names.paths, &mut found);
    }
    for fault in &scenario.fault {
        if let Some(node) = &fault.get_ref().node {
            check_name("node", node, &names.nodes, &mut found);
        }
        if let Some(link) = &fault.get_ref().link {
            check_name("link", link, &names.links, &mut found);
        }
        check_groups(fault.get_ref(), names, &mut found);
    }
    sorted(found)
}

/// Checks the groups of a partition: nodes that exist, and a link between them.
fn check_groups(spec: &FaultSpec, names: &Names, found: &mut MistakeList<'_>) {
    let (Some(nodes), Some(from)) = (&spec.nodes, &spec.from) else { return };
    for name in nodes.get_ref().iter().chain(from.get_ref()) {
        check_name("node", name, &names.nodes, found);
    }
    let between = |a: &str, b: &str| names.links.contains(&format!("{a}->{b}"));
    let linked = nodes.get_ref().iter().any(|a| {
        let a = a.get_ref();
        // In either order: a link is named by who connects, and bytes flow both ways.
        from.get_ref().iter().any(|b| between(a, b.get_ref()) || between(b.get_ref(), a))
    });
    if !linked {
        let list: Vec<&str> =
            // Each link is among the names twice, with and without its port.
            names.links.iter().filter(|link| !link.contains(':')).map(String::as_str).collect();
        found.add(&from.span(), format!("no link between the groups: expected one of {}", list.join(", ")));
    }
}

fn sorted(mut found: MistakeList<'_>) -> Vec<Mistake> {
    found.list.sort_by_key(|mistake| (mistake.line, mistake.column));
    found.list
}

fn check_load(scenario: &Scenario, found: &mut MistakeList<'_>) {
    if scenario.load.is_empty() {
        found.add(&(0..0), "no load: expected at least one [[load]] with `for` and `rates`");
    }
    for phase in &scenario.load {
        if *phase.lasts.get_ref() == Span::ZERO {
            found.add(&phase.lasts.span(), "stage of the load: expected a duration longer than 0s");
        }
    }
    if let (true, Some(last)) = (scenario.lasts() > Span::LONGEST, scenario.load.last()) {
        let message =
            format!("load: expected stages of at most {} in all, found {}", Span::LONGEST, scenario.lasts());
        found.add(&last.lasts.span(), message);
    }
    let (least, most) = scenario.operations.payload.get_ref().bounds();
    if least < MIN_PAYLOAD || most > MAX_PAYLOAD {
        let message = format!(
            "payload: expected {MIN_PAYLOAD} to {MAX_PAYLOAD} bytes, since it carries the operation's id"
        );
        found.add(&scenario.operations.payload.span(), message);
    }
}

fn check_times(fault: &Spanned<FaultSpec>, load: Span, found: &mut MistakeList<'_>) {
    let spec = fault.get_ref();
    if *spec.lasts.get_ref() == Span::ZERO {
        found.add(&spec.lasts.span(), "fault: expected a duration longer than 0s");
    }
    // A schedule is read back from the folder of its run, and later moments can't be.
    let end = spec.at.get_ref().micros() + spec.lasts.get_ref().micros();
    if end > Span::LONGEST.micros() {
        let message =
            format!("fault: expected an end at most {} after the beginning of the load", Span::LONGEST);
        found.add(&spec.lasts.span(), message);
    }
    // Later no operation is due that could show the fault. Its end may come later: the run waits for it.
    if *spec.at.get_ref() >= load {
        found.add(&spec.at.span(), format!("fault: expected a beginning before the load ends at {load}"));
    }
}

fn check_overlaps(faults: &[Spanned<FaultSpec>], found: &mut MistakeList<'_>) {
    for (index, later) in faults.iter().enumerate() {
        // A partition has no target: it is made of toxics on links, which may overlap.
        let target = later.get_ref().target();
        let earlier = faults[..index].iter().find(|earlier| {
            let (earlier, later) = (earlier.get_ref(), later.get_ref());
            // Toxics of a link act one behind the other.
            let both_toxics = earlier.kind.spec().is_some() && later.kind.spec().is_some();
            let same = earlier.target().zip(target).is_some_and(|(one, other)| is_same(one, other));
            same && overlap(earlier, later) && !both_toxics
        });
        if earlier.is_some() {
            let message = format!(
                "two faults of {} overlap: expected one to end before the other begins",
                target.unwrap_or("it")
            );
            found.add(&later.get_ref().at.span(), message);
        }
    }
}

/// Compares two targets. A link without a port stands for those of all its ports.
fn is_same(one: &str, other: &str) -> bool {
    let is_port_of = |link: &str, whole: &str| {
        whole.contains("->") && link.strip_prefix(whole).is_some_and(|port| port.starts_with(':'))
    };
    one == other || is_port_of(one, other) || is_port_of(other, one)
}

fn overlap(a: &FaultSpec, b: &FaultSpec) -> bool {
    let window = |spec: &FaultSpec| {
        let at = spec.at.get_ref().duration();
        (at, at + spec.lasts.get_ref().duration())
    };
    let (a, b) = (window(a), window(b));
    a.0 < b.1 && b.0 < a.1
}

fn check_name(what: &str, name: &Spanned<String>, known: &BTreeSet<String>, found: &mut MistakeList<'_>) {
    if known.contains(name.get_ref()) {
        return;
    }
    let list: Vec<&str> = known.iter().map(String::as_str).collect();
    found.add(
        &name.span(),
        format!("no {what} \"{}\" in the topology: expected one of {}", name.get_ref(), list.join(", ")),
    );
}

impl Scenario {
    /// Returns the duration of the whole load.
    #[must_use]
    pub fn lasts(&self) -> Span {
        Span::from_micros(self.load.iter().map(|phase| phase.lasts.get_ref().micros()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    const LOAD: &str = "shows = \"x\"\n[[load]]\nfor = \"10s\"\nrates = { ping = \"1/s\" }\n";

    fn first(faults: &str) -> String {
        parse("s", &format!("{LOAD}{faults}")).unwrap_err().list[0].message.clone()
    }

    fn kill(at: &str, lasts: &str) -> String {
        format!("[[fault]]\nkind = \"kill\"\nnode = \"a\"\nat = \"{at}\"\nfor = \"{lasts}\"\n")
    }

    #[test]
    fn overlapping_kills_of_one_node_are_refused() {
        let told = first(&format!("{}{}", kill("1s", "3s"), kill("2s", "1s")));
        assert!(told.contains("overlap"), "{told}");
        let apart = format!("{LOAD}{}{}", kill("1s", "1s"), kill("2s", "1s"));
        assert!(parse("s", &apart).is_ok());
    }

    #[test]
    fn a_link_without_a_port_stands_for_all_of_its_ports() {
        let down = |link: &str| {
            format!("[[fault]]\nkind = \"down\"\nlink = \"{link}\"\nat = \"1s\"\nfor = \"1s\"\n")
        };
        assert!(first(&(down("a->b") + &down("a->b:5672"))).contains("overlap"));
        assert!(first(&(down("a->b:5672") + &down("a->b"))).contains("overlap"));
        for other in ["a->b:80", "a->bb:5672", "a->b2"] {
            assert!(parse("s", &format!("{LOAD}{}{}", down("a->b:5672"), down(other))).is_ok(), "{other}");
        }
    }

    #[test]
    fn what_could_not_be_read_back_is_refused() {
        assert!(first(&kill("1s", "24h")).contains("at most 24h after"), "{}", first(&kill("1s", "24h")));
        assert!(parse("s", &format!("{LOAD}{}", kill("1s", "23h"))).is_ok());
        let long =
            "shows = \"x\"\n".to_owned() + &"[[load]]\nfor = \"13h\"\nrates = { ping = \"1/s\" }\n".repeat(2);
        let message = parse("s", &long).unwrap_err().list[0].message.clone();
        assert_eq!(message, "load: expected stages of at most 24h in all, found 26h");
    }

    #[test]
    fn keys_that_do_not_fit_are_named() {
        let of_link = "[[fault]]\nkind = \"kill\"\nlink = \"a->b\"\nat = \"1s\"\nfor = \"1s\"\n";
        assert!(first(of_link).contains("expected the key `node`"), "{}", first(of_link));
        let no_latency = "[[fault]]\nkind = \"latency\"\nlink = \"a->b\"\nat = \"1s\"\nfor = \"1s\"\n";
        assert!(first(no_latency).contains("needs `latency`"));
        assert!(first(&kill("11s", "1s")).contains("before the load ends at 10s"));
        assert!(first(&kill("1s", "0s")).contains("longer than 0s"));
    }

    #[test]
    fn unknown_names_are_told_with_those_that_are_known() {
        let text = format!("{LOAD}{}", kill("1s", "1s"));
        let scenario = parse("s", &text).unwrap();
        let known = Names {
            nodes: ["broker".to_owned(), "mongo".to_owned()].into(),
            links: BTreeSet::new(),
            paths: ["ping".to_owned()].into(),
        };
        let mistakes = names(&scenario, &known, &text);
        assert_eq!(mistakes.len(), 1);
        assert_eq!(mistakes[0].message, "no node \"a\" in the topology: expected one of broker, mongo");
        assert_eq!(mistakes[0].line, 7);
    }
}
