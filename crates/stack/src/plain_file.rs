//! Files in folders that may have come from elsewhere: no links are followed, no pipe is waited for, and nothing is read
//! without end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

/// Reads a file as text, if it is one itself (no link, pipe or device) and not longer than `longest` bytes.
///
/// # Errors
/// The operating system's word, or what was expected and found.
// Anybody may have put a link, a pipe or an endless file in the place of what the lab wrote.
pub fn read(path: &Path, longest: u64) -> io::Result<String> {
    let mut text = String::new();
    // One byte more than allowed, by which a file that is too long differs from one that just fits.
    open(path)?.take(longest + 1).read_to_string(&mut text)?;
    if text.len() as u64 > longest {
        return Err(io::Error::other(format!("expected at most {longest} bytes, found more")));
    }
    Ok(text)
}

fn open(path: &Path) -> io::Result<File> {
    // Without O_NONBLOCK the opening of a pipe waits for somebody who writes.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path).map_err(|error| {
        if error.raw_os_error() == Some(Errno::ELOOP as i32) { other_than_a_file("a link") } else { error }
    })?;
    // Of the open file and not of the path, which somebody may exchange between the two calls.
    if file.metadata()?.is_file() { Ok(file) } else { Err(other_than_a_file("something else")) }
}

fn other_than_a_file(found: &str) -> io::Error {
    io::Error::other(format!("expected a file, found {found}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use nix::sys::stat::Mode;

    use super::*;

    #[test]
    fn only_a_file_of_bounded_length_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        symlink(at("file"), at("link")).unwrap();
        nix::unistd::mkfifo(&at("pipe"), Mode::S_IRUSR).unwrap();
        assert_eq!(read(&at("file"), 4).unwrap(), "text");
        let told = |name: &str, longest| read(&at(name), longest).unwrap_err().to_string();
        assert_eq!(told("file", 3), "expected at most 3 bytes, found more");
        assert_eq!(told("link", 9), "expected a file, found a link");
        assert_eq!(told("pipe", 9), "expected a file, found something else");
        assert_eq!(told(".", 9), "expected a file, found something else");
        assert_eq!(read(&at("none"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
