//! Judges whether each success has the shape that its path declares; another one acknowledges nothing.

use std::collections::BTreeMap;

use super::verdict::{Check, Verdict};
use crate::history::Outcome;
use crate::timeline::Timeline;

/// Makes the check `answers`; none for a run of an earlier lab, which accepted every answer of status 2xx.
#[must_use]
// A 2xx in another shape comes from whatever answered in place of the system, a proxy say, and acknowledges nothing.
pub fn check(timeline: &Timeline) -> Option<Check> {
    let declared = timeline.run.declared.as_ref()?;
    let mut by_path: BTreeMap<&str, u64> = BTreeMap::new();
    // Each of them ended `info`: whoever answered, the system may have done the work before.
    let undeclared: Vec<_> = timeline.operations().iter().filter(|operation| operation.undeclared).collect();
    for operation in &undeclared {
        *by_path.entry(&operation.path).or_default() += 1;
    }
    let Some(first) = undeclared.first() else {
        let ok =
            timeline.operations().iter().filter(|operation| operation.outcome == Some(Outcome::Ok)).count();
        let loaded = timeline.paths();
        // Named in a pass too, since on these paths the status alone was looked at.
        let any: Vec<&str> =
            declared.any_body.iter().map(String::as_str).filter(|path| loaded.contains(path)).collect();
        let any = if any.is_empty() {
            String::new()
        } else {
            format!("; any body is accepted on {}", any.join(", "))
        };
        let detail = format!("{ok} acknowledgements are answers that x-faultline.paths declares{any}");
        return Some(Check::new("answers", Verdict::Pass, detail));
    };
    let counts: Vec<String> = by_path.iter().map(|(path, count)| format!("{path} {count}")).collect();
    let detail = format!(
        "answers of status 2xx that do not match x-faultline.paths: {} ({}); {}: {}",
        undeclared.len(),
        counts.join(", "),
        first.id,
        first.message.as_deref().unwrap_or("in another shape"),
    );
    Some(
        Check::new("answers", Verdict::Fail, detail)
            .with_ids(undeclared.iter().map(|operation| &operation.id)),
    )
}
