//! The keys of a scenario file and their types. What stands here is the format; see scenarios/ for uses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::arrival_rate::ArrivalRate;
use super::duration::Span;
use super::fault::FaultSpec;
use super::share::Share;
use super::sizes::Sizes;

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
// A key with a slip is a mistake: ignored, it would make the scenario show less than it says.
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Subject of the scenario, in one sentence.
    pub shows: String,
    /// System that a test of the scenario runs on.
    #[serde(default, skip_serializing_if = "SystemUse::is_default")]
    pub system: SystemUse,
    /// Settings of all operations.
    #[serde(default)]
    pub operations: OperationSettings,
    /// Phases of load, one after the other.
    pub load: Vec<LoadPhase>,
    /// Faults, each at its time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    // With its place in the file, which each message of a mistake names.
    pub fault: Vec<Spanned<FaultSpec>>,
    /// Conditions of the verdict `pass`.
    #[serde(default)]
    pub expect: Expectations,
}

/// System that a test of a scenario runs on. A run by `faultline run` always starts a system of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
// A test of a scenario that needs an empty store, say, must not depend on which tests ran before it.
pub enum SystemUse {
    /// One on which other scenarios run before and after.
    #[default]
    Shared,
    /// One that no other scenario uses.
    Own,
}

impl SystemUse {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Settings of all operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct OperationSettings {
    /// Time that an operation may take; sent along as the deadline of the request.
    // Sent along, so that the system does not work on requests that nobody waits for.
    pub timeout: Span,
    /// Lengths of the data of entries, in bytes; at least 64, since it carries the operation's id.
    pub payload: Spanned<Sizes>,
    /// Largest number of operations in flight; one that is due beyond it is counted as dropped.
    // A limit keeps the generator from running out of memory and ports when nothing answers.
    pub in_flight: u32,
}

impl Default for OperationSettings {
    fn default() -> Self {
        // A default has no place in a file. `Spanned` compares values alone, so this makes no difference.
        Self { timeout: Span::from_secs(5), payload: Spanned::new(0..0, Sizes::Fixed(256)), in_flight: 2000 }
    }
}

/// One phase of load: arrivals that come whatever the system does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LoadPhase {
    /// Duration of the stage.
    #[serde(rename = "for")]
    pub lasts: Spanned<Span>,
    /// Arrivals on each path; a path that is not named rests.
    // Sorted by path, so that the order in the file does not decide which offset a path draws.
    pub rates: Spanned<BTreeMap<Spanned<String>, ArrivalRate>>,
}

/// Conditions of the verdict `pass`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
// Names with places are for files. A schedule is JSON, from which places cannot be read back.
pub struct Expectations<Name: Ord = Spanned<String>> {
    /// Acknowledged entries that may be missing from the store.
    pub lost: u64,
    /// Entries that may be in the store more than once.
    pub duplicated: u64,
    /// Entries that may be in the store though they failed or were dropped.
    pub unexpected: u64,
    /// Share of operations that must be ok in the steady state, outside every fault window.
    // The former name, of which `retired` warns.
    #[serde(alias = "without-fault")]
    pub steady_state: Share,
    /// Share of operations that must be ok, during a fault, on the paths that do not depend on its target.
    pub unaffected: Share,
    /// Share of operations that must be ok during the faults on the paths named here, whatever their targets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub during: BTreeMap<Name, Share>,
    /// Verdict on entries that can't be checked.
    #[serde(skip_serializing_if = "Entries::is_default")]
    pub entries: Entries,
    /// Time from healing a fault until each path has recovered.
    pub recovers_within: Span,
    /// Time from the end of the load until every acknowledged entry is in its store.
    pub drains_within: Span,
}

/// Demand of a verdict on paths that name no store and do not declare that they write nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entries {
    /// Entries of every path are looked for; the verdict is `unknown` where they can't be.
    #[default]
    Checked,
    /// Entries of such paths are not looked for, and do not keep a run from passing.
    NotChecked,
}

impl Entries {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Expectations {
    /// The same with names that no longer know their place in a file.
    #[must_use]
    pub fn without_places(&self) -> Expectations<String> {
        Expectations {
            lost: self.lost,
            duplicated: self.duplicated,
            unexpected: self.unexpected,
            steady_state: self.steady_state,
            unaffected: self.unaffected,
            during: self.during.iter().map(|(path, share)| (path.get_ref().clone(), *share)).collect(),
            entries: self.entries,
            recovers_within: self.recovers_within,
            drains_within: self.drains_within,
        }
    }
}

impl<Name: Ord> Default for Expectations<Name> {
    fn default() -> Self {
        Self {
            lost: 0,
            duplicated: 0,
            unexpected: 0,
            steady_state: Share::percent(99),
            unaffected: Share::percent(99),
            during: BTreeMap::new(),
            entries: Entries::Checked,
            recovers_within: Span::from_secs(30),
            drains_within: Span::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::arrival_rate::tests::any_arrival_rate;
    use crate::scenario::fault::{AttributeValue, Directions, PartitionDirection, kind};
    use crate::scenario::parse;
    use crate::scenario::sizes::tests::any_sizes;

    fn spanned<T>(value: T) -> Spanned<T> {
        Spanned::new(0..0, value)
    }

    fn span(longest_ms: u64) -> impl Strategy<Value = Span> {
        (1..longest_ms * 1000).prop_map(Span::from_micros)
    }

    /// A fault of any kind with every key that it may have.
    fn fault(number: usize) -> impl Strategy<Value = Spanned<FaultSpec>> {
        let kind = prop::sample::select(kind::all().collect::<Vec<_>>());
        let streams =
            prop::sample::select(vec![Directions::Both, Directions::Upstream, Directions::Downstream]);
        let directions = prop::sample::select(vec![
            PartitionDirection::Both,
            PartitionDirection::Outbound,
            PartitionDirection::Inbound,
        ]);
        (kind, span(999), span(60_000), streams, directions, 0.001f64..=1.0, 1i64..5_000).prop_map(
            move |(kind, at, lasts, stream, direction, toxicity, value)| {
                let name = spanned(format!("target{number}"));
                let has = |key: &str| kind.needed_keys().contains(&key) || kind.other_keys().contains(&key);
                let attributes = kind.spec().map_or(&[][..], |spec| spec.attributes);
                let given = attributes.iter().map(|attribute| {
                    (spanned(attribute.name.to_owned()), spanned(AttributeValue::with_unit(value, attribute)))
                });
                spanned(FaultSpec {
                    kind,
                    node: has("node").then(|| name.clone()),
                    link: has("link").then(|| name.clone()),
                    nodes: has("nodes").then(|| spanned(vec![name.clone()])),
                    from: has("from").then(|| spanned(vec![spanned("others".to_owned())])),
                    direction: has("direction").then(|| spanned(direction)),
                    at: spanned(at),
                    lasts: spanned(lasts),
                    stream: has("stream").then(|| spanned(stream)),
                    toxicity: has("toxicity").then(|| spanned(toxicity)),
                    values: given.collect(),
                })
            },
        )
    }

    fn phase() -> impl Strategy<Value = LoadPhase> {
        let rates = prop::collection::btree_map("[a-z]{1,8}", any_arrival_rate(), 1..4);
        (1_000u64..60_000, rates).prop_map(|(lasts, rates)| LoadPhase {
            lasts: spanned(Span::from_millis(lasts)),
            rates: spanned(rates.into_iter().map(|(path, rate)| (spanned(path), rate)).collect()),
        })
    }

    fn expectations() -> impl Strategy<Value = Expectations> {
        let entries = prop::sample::select(vec![Entries::Checked, Entries::NotChecked]);
        (0u64..9, 0u32..=100, entries, span(60_000)).prop_map(|(lost, share, entries, within)| Expectations {
            lost,
            unaffected: Share::percent(share),
            entries,
            recovers_within: within,
            ..Expectations::default()
        })
    }

    /// Expects a share of some of the paths that are loaded.
    fn during(load: &[LoadPhase], percent: u32) -> BTreeMap<Spanned<String>, Share> {
        let loaded = load.iter().flat_map(|phase| phase.rates.get_ref().keys());
        loaded.take(percent as usize % 3).map(|path| (path.clone(), Share::percent(percent))).collect()
    }

    prop_compose! {
        fn scenario()(
            shows in "\\PC{1,60}",
            system in prop::sample::select(vec![SystemUse::Shared, SystemUse::Own]),
            timeout in span(60_000),
            payload in any_sizes(64),
            load in prop::collection::vec(phase(), 1..4),
            fault in (fault(0), fault(1), fault(2)),
            count in 0usize..=3,
            expect in expectations(),
            percent in 0u32..=100,
        ) -> Scenario {
            let expect = Expectations { during: during(&load, percent), ..expect };
            let mut fault = vec![fault.0, fault.1, fault.2];
            fault.truncate(count);
            let operations = OperationSettings { timeout, payload: spanned(payload), in_flight: 9 };
            Scenario { shows, system, operations, load, fault, expect }
        }
    }

    proptest! {
        #[test]
        fn a_scenario_printed_and_parsed_again_is_the_same(scenario in scenario()) {
            let text = toml::to_string(&scenario).unwrap();
            let again = parse("again", &text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(again, scenario);
        }

        #[test]
        fn any_text_is_a_scenario_or_refused(text in any::<String>()) {
            let _ = parse("any", &text);
        }
    }
}
