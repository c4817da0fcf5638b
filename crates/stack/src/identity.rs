//! Identity of a process among all that others may speak of: a process id means something only in one boot of one machine
//! and in one namespace of process ids there, and it is given again.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::printable::excerpt;
use super::tree::{self, ProcessInfo};

/// One boot of one machine, and in it one namespace of process ids and one of clocks.
// The clocks matter: /proc gives the start of a process by the clock of its reader (time_namespaces(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Namespace {
    boot: Uuid,
    /// Inode of the namespace of process ids, as in `pid:[4026531836]`.
    pids: u64,
    /// Inode of the namespace of clocks; 0 on a kernel that has none.
    clocks: u64,
}

/// A text that is no namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("namespace: expected BOOT:PIDS:CLOCKS, found {}", excerpt(.0))]
pub struct NamespaceError(String);

impl Namespace {
    /// The namespace of this process; none where /proc does not tell, or tells of another namespace.
    #[must_use]
    pub fn here() -> Option<&'static Self> {
        static HERE: OnceLock<Option<Namespace>> = OnceLock::new();
        HERE.get_or_init(Self::read).as_ref()
    }

    fn read() -> Option<Self> {
        // A /proc that was mounted for another namespace numbers processes as that one does.
        let this = fs::read_link("/proc/self").ok()?;
        if this.to_str()?.parse() == Ok(std::process::id()) { Self::of(std::process::id()) } else { None }
    }

    /// The namespace that a process of this machine is in; none where it may not be seen.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let inode = |kind| match fs::metadata(format!("/proc/{pid}/ns/{kind}")) {
            Ok(namespace) => Some(namespace.ino()),
            // A kernel without this kind.
            Err(error) if kind == "time" && error.kind() == io::ErrorKind::NotFound => Some(0),
            Err(_) => None,
        };
        Some(Self { boot: boot.trim().parse().ok()?, pids: inode("pid")?, clocks: inode("time")? })
    }
}

impl FromStr for Namespace {
    type Err = NamespaceError;

    fn from_str(text: &str) -> Result<Self, NamespaceError> {
        let read = || {
            let (boot, rest) = text.split_once(':')?;
            let (pids, clocks) = rest.split_once(':')?;
            Some(Self { boot: boot.parse().ok()?, pids: pids.parse().ok()?, clocks: clocks.parse().ok()? })
        };
        read().ok_or_else(|| NamespaceError(text.to_owned()))
    }
}

impl TryFrom<String> for Namespace {
    type Error = NamespaceError;

    fn try_from(text: String) -> Result<Self, NamespaceError> {
        text.parse()
    }
}

impl From<Namespace> for String {
    fn from(namespace: Namespace) -> Self {
        namespace.to_string()
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.boot, self.pids, self.clocks)
    }
}

/// Identity of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
// A process id alone is reused after a while, and means another process after a boot or in another namespace; `heal`
// would kill a stranger.
pub struct Identity {
    /// Process id in the namespace.
    #[serde(deserialize_with = "pid")]
    pub pid: u32,
    /// Start of the process, in clock ticks after the boot.
    pub started_at: u64,
    /// Namespace of both; none in what an earlier faultline wrote, or where it could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Namespace>,
}

/// Life of a process, as far as it can be told from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// The process runs.
    Alive,
    /// The process is gone.
    Dead,
    /// The process can't be seen from here: whatever is its own must be left alone.
    Unknown(Doubt),
}

/// Reason why the life of a process can't be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Doubt {
    /// Identity without a namespace.
    // The process may run in any namespace, so that neither its absence from this /proc nor a process with its id here
    // proves anything.
    #[error("of an earlier faultline, which did not write down its namespace")]
    Unnamed,
    /// Another boot of this machine, or another machine.
    #[error("of another boot of this machine, or of another machine")]
    Boot,
    /// Another namespace of process ids.
    #[error("of another pid namespace (a container's, mostly)")]
    Pids,
    /// Another namespace of clocks.
    #[error("of another time namespace")]
    Clocks,
    /// Namespace unknown: this process cannot read its own.
    #[error("not to be found: /proc does not show the pid namespace of this process")]
    Blind,
}

impl Identity {
    /// Identity of a process that runs here; none if there is no such process.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        tree::see(pid).as_ref().map(Self::of_seen)
    }

    /// Identity of a process that was seen here.
    #[must_use]
    pub fn of_seen(process: &ProcessInfo) -> Self {
        Self { pid: process.pid, started_at: process.started_at, namespace: Namespace::here().copied() }
    }

    /// Life of the process, as seen from this one.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        self.liveness_in(Namespace::here(), tree::see)
    }

    fn liveness_in(&self, here: Option<&Namespace>, see: impl Fn(u32) -> Option<ProcessInfo>) -> Liveness {
        if let Some(doubt) = doubt(self.namespace.as_ref(), here) {
            return Liveness::Unknown(doubt);
        }
        // A zombie needs nothing any more; it only waits until its parent has read its status.
        let runs = see(self.pid)
            .is_some_and(|seen| seen.started_at == self.started_at && !matches!(seen.state, 'Z' | 'X'));
        if runs { Liveness::Alive } else { Liveness::Dead }
    }
}

/// Reason why a process of one namespace can't be judged from another.
fn doubt(there: Option<&Namespace>, here: Option<&Namespace>) -> Option<Doubt> {
    // The boot before the namespaces, whose inodes are numbered anew after each boot.
    match (there, here) {
        (_, None) => Some(Doubt::Blind),
        (None, Some(_)) => Some(Doubt::Unnamed),
        (Some(there), Some(here)) if there.boot != here.boot => Some(Doubt::Boot),
        (Some(there), Some(here)) if there.pids != here.pids => Some(Doubt::Pids),
        (Some(there), Some(here)) if there.clocks != here.clocks => Some(Doubt::Clocks),
        _ => None,
    }
}

/// Reads the id of a process.
fn pid<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let found = u32::deserialize(deserializer)?;
    let refused =
        || serde::de::Error::custom(format!("process id: expected 1 to {}, found {found}", i32::MAX));
    checked(found).ok_or_else(refused)
}

/// A number, if it is the id of a process.
pub(super) fn checked(pid: u32) -> Option<u32> {
    // kill(2) takes 0 and negative numbers for groups of processes, and -1 for all that it may signal.
    (1..=i32::MAX.cast_unsigned()).contains(&pid).then_some(pid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn namespace(boot: u128, pids: u64, clocks: u64) -> Namespace {
        Namespace { boot: Uuid::from_u128(boot), pids, clocks }
    }

    fn seen(pid: u32, started_at: u64, state: char) -> ProcessInfo {
        ProcessInfo { pid, parent: 1, state, started_at, ticks: 0 }
    }

    #[test]
    fn this_process_lives_here() {
        let this = Identity::of(std::process::id()).unwrap();
        assert_eq!(this.liveness(), Liveness::Alive);
        assert_eq!(Identity { started_at: 1, ..this }.liveness(), Liveness::Dead);
        let unnamed = Identity { namespace: None, ..this };
        assert_eq!(unnamed.liveness(), Liveness::Unknown(Doubt::Unnamed), "also though it runs");
        assert_eq!(Namespace::here(), this.namespace.as_ref());
    }

    #[test]
    fn one_process_of_one_namespace_is_told_from_all_others() {
        let here = namespace(1, 2, 3);
        let told = |namespace, (pid, started_at), state| {
            let identity = Identity { pid: 7, started_at: 100, namespace };
            identity.liveness_in(Some(&here), |_| Some(seen(pid, started_at, state)))
        };
        let (this, other) = ((7, 100), (7, 101));
        assert_eq!(told(Some(here), this, 'S'), Liveness::Alive);
        assert_eq!(told(Some(here), this, 'T'), Liveness::Alive);
        assert_eq!(told(Some(here), this, 'Z'), Liveness::Dead);
        assert_eq!(told(Some(here), other, 'S'), Liveness::Dead);
        for (there, doubt) in [
            (Some(namespace(9, 2, 3)), Doubt::Boot),
            (Some(namespace(1, 9, 3)), Doubt::Pids),
            (Some(namespace(1, 2, 9)), Doubt::Clocks),
            (None, Doubt::Unnamed),
        ] {
            assert_eq!(told(there, this, 'S'), Liveness::Unknown(doubt));
            assert_eq!(told(there, other, 'S'), Liveness::Unknown(doubt));
        }
        let identity = Identity { pid: 7, started_at: 100, namespace: Some(here) };
        assert_eq!(identity.liveness_in(None, |_| None), Liveness::Unknown(Doubt::Blind));
        assert_eq!(identity.liveness_in(Some(&here), |_| None), Liveness::Dead);
    }

    proptest! {
        #[test]
        fn only_the_namespace_itself_is_no_doubt(
            a in (0..2u128, 0..2u64, 0..2u64),
            b in (0..2u128, 0..2u64, 0..2u64),
        ) {
            let (there, here) = (namespace(a.0, a.1, a.2), namespace(b.0, b.1, b.2));
            prop_assert_eq!(doubt(Some(&there), Some(&here)).is_none(), a == b);
            prop_assert_eq!(there.to_string().parse(), Ok(there));
        }
    }

    #[test]
    fn a_text_that_is_no_namespace_is_told() {
        for text in ["", "1:2:3", "00000000-0000-0000-0000-000000000001:2", "x:y:z"] {
            let told = text.parse::<Namespace>().unwrap_err().to_string();
            assert_eq!(told, format!("namespace: expected BOOT:PIDS:CLOCKS, found {text:?}"));
        }
    }

    #[test]
    fn identities_are_read_with_and_without_a_namespace_and_ids_of_groups_are_refused() {
        let old: Identity = serde_json::from_str(r#"{"pid":7,"started_at":9}"#).unwrap();
        assert_eq!(old, Identity { pid: 7, started_at: 9, namespace: None });
        let new = Identity { namespace: Some(namespace(1, 2, 3)), ..old };
        assert_eq!(serde_json::from_str::<Identity>(&serde_json::to_string(&new).unwrap()).unwrap(), new);
        for pid in ["0", "-1", "2147483648", "4294967295"] {
            let text = format!(r#"{{"pid":{pid},"started_at":9}}"#);
            assert!(serde_json::from_str::<Identity>(&text).is_err(), "{pid}");
        }
    }
}
