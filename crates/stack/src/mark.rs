//! The mark of a harness on everything that it makes, by which `heal` knows what is left of one that is gone: two values
//! in the environment of a process, on a label of a container, and in the folder of a run.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::identity::{Doubt, Identity, Liveness, Namespace, NamespaceError, checked};
use super::printable::{excerpt, printable};
use super::run_id::RunId;

/// Variable that marks a process with its run.
pub const RUN: &str = "FAULTLINE_RUN";

/// Variable that marks a process with its harness: process id, a colon, and its start.
pub const HARNESS: &str = "FAULTLINE_HARNESS";

/// Variable that marks a process with the namespace of its harness.
// A value of its own, so that an earlier faultline still reads the mark of a process.
pub const NAMESPACE: &str = "FAULTLINE_NAMESPACE";

/// Mark of a harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "MarkText", into = "MarkText")]
pub struct Mark(Identity);

/// A mark as it stands in a file.
#[derive(Serialize, Deserialize)]
struct MarkText {
    harness: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
}

/// Two texts that are no mark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// The text for the harness.
    #[error("mark of a harness: expected PID:START, found {}", excerpt(.0))]
    Harness(String),
    /// The text for the namespace.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
}

impl Mark {
    /// Mark of this harness.
    #[must_use]
    pub fn of_this_harness() -> Self {
        // Read once: it never changes, and every child and container gets it.
        static THIS: OnceLock<Mark> = OnceLock::new();
        *THIS.get_or_init(|| {
            let pid = std::process::id();
            // Without /proc no namespace is known either, so that a start of 0 is never taken for one.
            Self(Identity::of(pid).unwrap_or(Identity { pid, started_at: 0, namespace: None }))
        })
    }

    /// Reads a mark from its two values. One without a namespace is that of an earlier faultline.
    ///
    /// # Errors
    /// [`MarkError`] says what was found instead.
    pub fn read(harness: &str, namespace: Option<&str>) -> Result<Self, MarkError> {
        let identity = || {
            let (pid, started_at) = harness.split_once(':')?;
            let (pid, started_at) = (checked(pid.parse().ok()?)?, started_at.parse().ok()?);
            Some(Identity { pid, started_at, namespace: None })
        };
        let identity = identity().ok_or_else(|| MarkError::Harness(harness.to_owned()))?;
        Ok(Self(Identity { namespace: namespace.map(str::parse).transpose()?, ..identity }))
    }

    /// Value for the harness.
    #[must_use]
    pub fn harness(&self) -> String {
        format!("{}:{}", self.0.pid, self.0.started_at)
    }

    /// Value for the namespace, where it is known.
    #[must_use]
    pub fn namespace(&self) -> Option<String> {
        self.0.namespace.as_ref().map(Namespace::to_string)
    }

    /// Process id of the harness in its namespace.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.pid
    }

    /// Life of the harness, as far as it can be told from here.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        self.0.liveness()
    }
}

impl TryFrom<MarkText> for Mark {
    type Error = MarkError;

    fn try_from(written: MarkText) -> Result<Self, MarkError> {
        Self::read(&written.harness, written.namespace.as_deref())
    }
}

impl From<Mark> for MarkText {
    fn from(mark: Mark) -> Self {
        Self { harness: mark.harness(), namespace: mark.namespace() }
    }
}

/// The variables by which a process is known to be one of this harness and of a run.
// A child inherits its environment for good, so that `heal` recognises it even after the lab was killed.
pub fn environment(run: &RunId) -> impl Iterator<Item = (&'static str, String)> {
    let mark = Mark::of_this_harness();
    let always = [(RUN, run.to_string()), (HARNESS, mark.harness())];
    always.into_iter().chain(mark.namespace().map(|namespace| (NAMESPACE, namespace)))
}

/// Claim of a harness on a process or a container that carries its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
// What another lab may still need must not be removed: whatever is not surely over stays.
pub enum HarnessClaim {
    /// The harness lives and needs it.
    Held,
    /// The harness of this run is gone.
    Lapsed(RunId),
    /// Neither is sure; the run and the reason, printable.
    Unclear(String),
}

impl HarnessClaim {
    /// Reads a claim from the values of a mark.
    #[must_use]
    pub fn read(run: Option<&str>, harness: &str, namespace: Option<&str>) -> Self {
        let run = match run.unwrap_or_default().parse::<RunId>() {
            Ok(run) => run,
            Err(error) => return Self::Unclear(error.to_string()),
        };
        match Mark::read(harness, namespace) {
            Ok(mark) => Self::of(run, mark),
            // Labels and environments may come from anybody, so their text is escaped before it is printed.
            Err(error) => Self::Unclear(format!("run {run}: {}", printable(&error.to_string()))),
        }
    }

    /// Claim of a harness on what is of its run.
    #[must_use]
    pub fn of(run: RunId, mark: Mark) -> Self {
        match mark.liveness() {
            Liveness::Alive => Self::Held,
            Liveness::Dead => Self::Lapsed(run),
            Liveness::Unknown(doubt) => Self::Unclear(format!("run {run}: {}", doubtful(doubt))),
        }
    }
}

/// A doubt as a sentence on the harness.
#[must_use]
pub fn doubtful(doubt: Doubt) -> String {
    format!("its harness is {doubt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_harness_is_alive_and_its_mark_is_read_back() {
        let mark = Mark::of_this_harness();
        assert_eq!(mark.liveness(), Liveness::Alive);
        assert_eq!(Mark::read(&mark.harness(), mark.namespace().as_deref()), Ok(mark));
        let text = serde_json::to_string(&mark).unwrap();
        assert_eq!(serde_json::from_str::<Mark>(&text).unwrap(), mark, "{text}");
    }

    #[test]
    fn a_mark_of_an_earlier_faultline_is_read_and_left_alone() {
        let mark: Mark = serde_json::from_str(r#"{"harness":"4242:1"}"#).unwrap();
        assert_eq!(mark.liveness(), Liveness::Unknown(Doubt::Unnamed));
        assert_eq!(serde_json::to_string(&mark).unwrap(), r#"{"harness":"4242:1"}"#);
    }

    #[test]
    fn what_is_no_mark_is_told() {
        for text in ["", "1", "0:1", "-1:1", "2147483648:1", "1:x", "1:1:1"] {
            let told = Mark::read(text, None).unwrap_err().to_string();
            assert_eq!(told, format!("mark of a harness: expected PID:START, found {text:?}"));
        }
        assert!(Mark::read("1:1", Some("here")).is_err());
    }

    #[test]
    fn only_what_is_surely_over_lapses() {
        let mark = Mark::of_this_harness();
        let (run, here) = (RunId::random(), mark.namespace());
        let claim = |run: Option<&str>, harness: &str| HarnessClaim::read(run, harness, here.as_deref());
        assert_eq!(claim(Some(run.as_str()), &mark.harness()), HarnessClaim::Held);
        assert_eq!(claim(Some(run.as_str()), "2147483647:1"), HarnessClaim::Lapsed(run.clone()));
        for unclear in [
            claim(None, "2147483647:1"),
            claim(Some("../x"), "2147483647:1"),
            claim(Some(run.as_str()), "\u{1b}[2J"),
            HarnessClaim::read(Some(run.as_str()), "2147483647:1", None),
            HarnessClaim::read(Some(run.as_str()), "2147483647:1", Some("x")),
        ] {
            let HarnessClaim::Unclear(told) = unclear else { panic!("{unclear:?}") };
            assert!(!told.chars().any(char::is_control), "{told}");
        }
    }
}
