//! Keys of a fault that belong together, and values that make sense.

use std::ops::Range;

use toml::Spanned;

use super::kind::{FaultKind, TargetKind};
use super::spec::FaultSpec;
use faultline_toxics::{Action, Attribute};

/// Place and text of a mistake.
type KeyMistake = (Range<usize>, String);

/// Finds mistakes in the keys of one fault.
pub(in crate::scenario) fn keys(fault: &Spanned<FaultSpec>) -> Vec<KeyMistake> {
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

/// Lists the attributes that a toxic sets, with their values; invalid ones are left out.
pub(super) fn values(spec: &FaultSpec) -> impl Iterator<Item = (&'static Attribute, i64)> {
    let known = spec.kind.spec().map_or(&[][..], |toxic| toxic.attributes);
    known.iter().filter_map(|attribute| {
        let given = spec.values.iter().find(|(key, _)| key.get_ref() == attribute.name)?;
        // `attributes` reports an invalid value, and a schedule is derived only where nothing was reported.
        Some((attribute, given.1.get_ref().value(attribute).ok()?))
    })
}

impl FaultKind {
    /// Lists the keys that a fault of this kind needs.
    #[must_use]
    pub fn needed_keys(self) -> Vec<&'static str> {
        let of_place = match self.place() {
            TargetKind::Node => &["node"][..],
            TargetKind::Link => &["link"],
            TargetKind::Groups => &["nodes", "from"],
        };
        let attributes = self.spec().map_or(&[][..], |spec| spec.attributes);
        let needed = attributes.iter().filter(|attribute| attribute.needed).map(|attribute| attribute.name);
        of_place.iter().copied().chain(["at", "for"]).chain(needed).collect()
    }

    /// Lists the keys that a fault of this kind may have besides.
    #[must_use]
    pub fn other_keys(self) -> Vec<&'static str> {
        let Some(spec) = self.spec() else {
            return if self == Self::Partition { vec!["direction"] } else { Vec::new() };
        };
        let free =
            spec.attributes.iter().filter(|attribute| !attribute.needed).map(|attribute| attribute.name);
        // A connection arrives as a whole, so a direction would mean nothing.
        let stream = matches!(spec.action, Action::Bytes(_)).then_some("stream");
        free.chain(stream).chain(["toxicity"]).collect()
    }
}

/// Finds keys that faults of this kind don't have.
fn foreign(spec: &FaultSpec) -> Vec<KeyMistake> {
    let kind = spec.kind;
    let mut known = kind.needed_keys();
    known.extend(kind.other_keys());
    let own = spec.own_keys();
    let others = spec.values.keys().map(|key| (key.get_ref().as_str(), key.span()));
    let all = own.into_iter().chain(others);
    all.filter(|(key, _)| !known.contains(key))
        .map(|(key, place)| (place, unknown_key(kind, key, &known)))
        .collect()
}

fn unknown_key(kind: FaultKind, key: &str, known: &[&str]) -> String {
    let name = kind.name();
    match (key, kind.place()) {
        ("node" | "nodes" | "link", TargetKind::Node) => {
            format!("fault \"{name}\": expected the key `node`, found `{key}`")
        }
        ("node" | "nodes" | "link", TargetKind::Link) => {
            format!("fault \"{name}\": expected the key `link`, found `{key}`")
        }
        ("node" | "link", TargetKind::Groups) => {
            format!("fault \"{name}\": expected the keys `nodes` and `from`, found `{key}`")
        }
        ("stream", _) if kind.spec().is_some() => {
            format!("fault \"{name}\" has no `stream`: it affects whole connections")
        }
        _ => format!("fault \"{name}\": expected the keys {}; found `{key}`", known.join(", ")),
    }
}

/// Finds keys of the target that are missing. Missing attributes are found by [`attributes`].
fn missing(spec: &FaultSpec, place: &Range<usize>) -> Vec<KeyMistake> {
    // Not `at` and `for`: a fault without one of them was not decoded at all.
    let own: Vec<&str> = spec.own_keys().into_iter().map(|(key, _)| key).collect();
    let wanted: &[&str] = match spec.kind.place() {
        TargetKind::Node => &["node"],
        TargetKind::Link => &["link"],
        TargetKind::Groups => &["nodes", "from"],
    };
    let absent = wanted.iter().filter(|key| !own.contains(key));
    absent.map(|key| (place.clone(), format!("fault \"{}\" needs `{key}`", spec.kind.name()))).collect()
}

/// Finds empty groups, and nodes in both.
fn groups(spec: &FaultSpec) -> Vec<KeyMistake> {
    let mut found = Vec::new();
    for list in [&spec.nodes, &spec.from].into_iter().flatten() {
        if list.get_ref().is_empty() {
            found.push((
                list.span(),
                "group of a partition: expected at least one node, found none".to_owned(),
            ));
        }
    }
    let (Some(nodes), Some(from)) = (&spec.nodes, &spec.from) else { return found };
    let in_both = from.get_ref().iter().filter(|name| nodes.get_ref().contains(name));
    found.extend(in_both.map(|name| (name.span(), format!("{} is in both groups", name.get_ref()))));
    found
}

fn toxicity(spec: &FaultSpec) -> Option<KeyMistake> {
    let given = spec.toxicity.as_ref()?;
    let right = *given.get_ref() > 0.0 && *given.get_ref() <= 1.0;
    // Asked as what is right, since TOML has `nan`, for which every comparison is false.
    (!right).then(|| {
        (
            given.span(),
            "toxicity: expected a share above 0 and at most 1, which is every connection".to_owned(),
        )
    })
}

/// Finds values that are invalid or missing.
fn attributes(spec: &FaultSpec, place: &Range<usize>) -> Vec<KeyMistake> {
    let mut found = Vec::new();
    for attribute in spec.kind.spec().map_or(&[][..], |toxic| toxic.attributes) {
        match spec.values.iter().find(|(key, _)| key.get_ref() == attribute.name) {
            Some((_, given)) => {
                found.extend(given.get_ref().value(attribute).err().map(|message| (given.span(), message)));
            }
            None if attribute.needed => {
                found.push((place.clone(), missing_attribute(spec.kind, attribute)));
            }
            None => {}
        }
    }
    found.extend(jitter(spec));
    found
}

fn missing_attribute(kind: FaultKind, attribute: &Attribute) -> String {
    let like = match attribute.unit {
        "ms" => ", like \"200ms\"".to_owned(),
        "" => ", a whole number".to_owned(),
        unit => format!(", a whole number ({unit})"),
    };
    format!("fault \"{}\" needs `{}`{like}", kind.name(), attribute.name)
}

/// Finds a jitter above the latency.
// Toxiproxy's latency is never less than 0, so that a greater jitter would not be even.
fn jitter(spec: &FaultSpec) -> Option<KeyMistake> {
    let of = |name: &str| values(spec).find(|(attribute, _)| attribute.name == name).map(|(_, value)| value);
    let (latency, jitter) = (of("latency")?, of("jitter")?);
    let place = spec.values.iter().find(|(key, _)| key.get_ref() == "jitter")?.1.span();
    let message = "jitter: expected at most the latency; data can't leave before it arrives";
    (jitter > latency).then(|| (place, message.to_owned()))
}
