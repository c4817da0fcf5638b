//! Keys of a fault that belong together, and values that make sense.

use std::ops::Range;

use toml::Spanned;

use super::kind::{FaultKind, Place};
use super::spec::FaultSpec;
use faultline_toxics::{Action, Attribute};

/// Place and text of a mistake.
type Told = (Range<usize>, String);

/// Mistakes in the keys of one fault.
pub(in crate::scenario) fn keys(fault: &Spanned<FaultSpec>) -> Vec<Told> {
    let (spec, place) = (fault.get_ref(), fault.span());
    let mut found = foreign(spec);
    // A key that is wrong is most likely the one that is missing.
    if found.is_empty() {
        found.extend(missing(spec, &place));
    }
    found.extend(groups(spec));
    found.extend(toxicity(spec));
    found.extend(attributes(spec, &place));
    found
}

/// The attributes of a toxic that are given, with their values; those that are wrong are left out.
pub(super) fn values(spec: &FaultSpec) -> impl Iterator<Item = (&'static Attribute, i64)> {
    let known = spec.kind.spec().map_or(&[][..], |toxic| toxic.attributes);
    known.iter().filter_map(|attribute| {
        let given = spec.values.iter().find(|(key, _)| key.get_ref() == attribute.name)?;
        Some((attribute, given.1.get_ref().value(attribute).ok()?))
    })
}

impl FaultKind {
    /// The keys that it must have.
    #[must_use]
    pub fn needed_keys(self) -> Vec<&'static str> {
        let of_place = match self.place() {
            Place::Node => &["node"][..],
            Place::Link => &["link"],
            Place::Groups => &["nodes", "from"],
        };
        let attributes = self.spec().map_or(&[][..], |spec| spec.attributes);
        let needed = attributes.iter().filter(|attribute| attribute.needed).map(|attribute| attribute.name);
        of_place.iter().copied().chain(["at", "for"]).chain(needed).collect()
    }

    /// The keys that it may have besides.
    #[must_use]
    pub fn other_keys(self) -> Vec<&'static str> {
        let Some(spec) = self.spec() else {
            return if self == Self::Partition { vec!["direction"] } else { Vec::new() };
        };
        let free =
            spec.attributes.iter().filter(|attribute| !attribute.needed).map(|attribute| attribute.name);
        let stream = matches!(spec.action, Action::Bytes(_)).then_some("stream");
        free.chain(stream).chain(["toxicity"]).collect()
    }
}

/// Keys that faults of this kind don't have.
fn foreign(spec: &FaultSpec) -> Vec<Told> {
    let kind = spec.kind;
    let mut known = kind.needed_keys();
    known.extend(kind.other_keys());
    let own = spec.own_keys();
    let others = spec.values.keys().map(|key| (key.get_ref().as_str(), key.span()));
    let all = own.into_iter().chain(others);
    all.filter(|(key, _)| !known.contains(key))
        .map(|(key, place)| (place, told_foreign(kind, key, &known)))
        .collect()
}

fn told_foreign(kind: FaultKind, key: &str, known: &[&str]) -> String {
    let name = kind.name();
    match (key, kind.place()) {
        ("node" | "nodes" | "link", Place::Node) => {
            format!("the fault \"{name}\" is done to a node: name it with `node`")
        }
        ("node" | "nodes" | "link", Place::Link) => {
            format!("the fault \"{name}\" is done to a link: name it with `link`")
        }
        ("node" | "link", Place::Groups) => {
            format!("the fault \"{name}\" is done between groups of nodes: name them with `nodes` and `from`")
        }
        ("stream", _) if kind.spec().is_some() => {
            format!("the fault \"{name}\" acts when a connection comes: it has no `stream`")
        }
        _ => format!("the fault \"{name}\" has no `{key}`; it has {}", known.join(", ")),
    }
}

/// Finds keys of the target that are missing. Missing attributes are found by [`attributes`].
fn missing(spec: &FaultSpec, place: &Range<usize>) -> Vec<Told> {
    let own: Vec<&str> = spec.own_keys().into_iter().map(|(key, _)| key).collect();
    let wanted: &[&str] = match spec.kind.place() {
        Place::Node => &["node"],
        Place::Link => &["link"],
        Place::Groups => &["nodes", "from"],
    };
    let absent = wanted.iter().filter(|key| !own.contains(key));
    absent.map(|key| (place.clone(), format!("the fault \"{}\" needs `{key}`", spec.kind.name()))).collect()
}

/// Groups of nothing, and nodes in both.
fn groups(spec: &FaultSpec) -> Vec<Told> {
    let mut found = Vec::new();
    for list in [&spec.nodes, &spec.from].into_iter().flatten() {
        if list.get_ref().is_empty() {
            found.push((list.span(), "a group of a partition has at least one node".to_owned()));
        }
    }
    let (Some(nodes), Some(from)) = (&spec.nodes, &spec.from) else { return found };
    let in_both = from.get_ref().iter().filter(|name| nodes.get_ref().contains(name));
    found.extend(in_both.map(|name| (name.span(), format!("{} is in both groups", name.get_ref()))));
    found
}

fn toxicity(spec: &FaultSpec) -> Option<Told> {
    let given = spec.toxicity.as_ref()?;
    let right = *given.get_ref() > 0.0 && *given.get_ref() <= 1.0;
    (!right)
        .then(|| (given.span(), "a toxicity is above 0 and at most 1, which is every connection".to_owned()))
}

/// Values that are none, or that are missing.
fn attributes(spec: &FaultSpec, place: &Range<usize>) -> Vec<Told> {
    let mut found = Vec::new();
    for attribute in spec.kind.spec().map_or(&[][..], |toxic| toxic.attributes) {
        match spec.values.iter().find(|(key, _)| key.get_ref() == attribute.name) {
            Some((_, given)) => {
                found.extend(given.get_ref().value(attribute).err().map(|told| (given.span(), told)));
            }
            None if attribute.needed => {
                found.push((place.clone(), told_missing(spec.kind, attribute)));
            }
            None => {}
        }
    }
    found.extend(jitter(spec));
    found
}

fn told_missing(kind: FaultKind, attribute: &Attribute) -> String {
    let like = match attribute.unit {
        "ms" => ", like \"200ms\"".to_owned(),
        "" => ", a whole number".to_owned(),
        unit => format!(", a whole number ({unit})"),
    };
    format!("the fault \"{}\" needs `{}`{like}", kind.name(), attribute.name)
}

/// Toxiproxy's latency is never less than 0, so that a greater jitter would not be even.
fn jitter(spec: &FaultSpec) -> Option<Told> {
    let of = |name: &str| values(spec).find(|(attribute, _)| attribute.name == name).map(|(_, value)| value);
    let (latency, jitter) = (of("latency")?, of("jitter")?);
    let place = spec.values.iter().find(|(key, _)| key.get_ref() == "jitter")?.1.span();
    let told = "the jitter is greater than the latency; data can't leave before it came";
    (jitter > latency).then(|| (place, told.to_owned()))
}
