//! Ends paused processes should the harness die meanwhile: the kernel's death signal reaches only the
//! harness's own children, and a paused grandchild never notices that its parent is gone.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::tree::ProcessInfo;

/// Waits for a line on its standard input; an end of file without one is the end of the harness.
// The kernel's death signal reaches only the harness's own children, and a paused process cannot notice the end of its
// parent. A shell that reads from a pipe does notice.
const SCRIPT: &str = r#"read -r released || kill -KILL "$@""#;

/// Ends some processes when this harness dies, until released.
#[derive(Debug)]
pub(super) struct Guard {
    shell: Child,
}

impl Guard {
    /// Guards processes that are about to be paused.
    pub(super) fn over(processes: &[ProcessInfo]) -> io::Result<Self> {
        let pids = processes.iter().map(|process| process.pid.to_string());
        // Without a death signal, since it must outlive the lab. Its pipe closes on exec: no other child
        // keeps it open when the lab is gone.
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "guard"])
            .args(pids)
            .stdin(Stdio::piped())
            // Whoever reads the lab's output to its end would wait for the guard too.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C reaches the group of the lab; the guard must outlive it.
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }
}

impl Drop for Guard {
    /// Releases what was guarded.
    fn drop(&mut self) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            // A guard that is gone already guards nothing.
            let _ = pipe.write_all(b"released\n");
        }
        // Without it the shell would stay as a zombie.
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::tree;

    fn sleeper() -> Child {
        Command::new("sleep").arg("1000").spawn().unwrap()
    }

    #[test]
    fn released_it_leaves_everything_alone() {
        let mut sleeper = sleeper();
        drop(Guard::over(&[tree::see(sleeper.id()).unwrap()]).unwrap());
        assert!(sleeper.try_wait().unwrap().is_none());
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }

    #[test]
    fn without_a_word_it_ends_what_it_guards() {
        let mut sleeper = sleeper();
        let mut guard = Guard::over(&[tree::see(sleeper.id()).unwrap()]).unwrap();
        // What the kernel does when the harness dies.
        drop(guard.shell.stdin.take());
        assert!(!sleeper.wait().unwrap().success());
    }
}
