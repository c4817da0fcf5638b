//! What a node is as a container: the parts of a compose service that the lab passes on to the engine.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Settings of a node that runs as a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Image, as in compose, variables filled in.
    pub image: String,
    /// True if compose says how the image is built.
    pub is_built: bool,
    /// Replacement of the image's entry point; empty for the image's own.
    pub entrypoint: Vec<String>,
    /// Replacement of the image's command; empty for the image's own.
    pub command: Vec<String>,
    /// Another user than the image's.
    pub user: Option<String>,
    /// Host name inside the container.
    pub hostname: Option<String>,
    /// Files and folders of this machine that it sees.
    pub binds: Vec<Bind>,
}

/// A file or folder of this machine that a container sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// Path on this machine.
    pub source: PathBuf,
    /// Path in the container.
    pub target: String,
    /// True if the container may only read it.
    pub read_only: bool,
}

/// Compose knows two forms of a command.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    Line(String),
    List(Vec<String>),
}

impl Words {
    /// The words. A line is split at its spaces; one that quotes needs the other form.
    pub(super) fn split(&self, key: &str) -> Result<Vec<String>, String> {
        match self {
            Self::List(words) => Ok(words.clone()),
            Self::Line(line) if line.contains(['"', '\'', '\\']) => {
                Err(format!("{key}: expected a line without quotes or a list, like [\"sh\", \"-c\", \"…\"]"))
            }
            Self::Line(line) => Ok(line.split_whitespace().map(str::to_owned).collect()),
        }
    }
}

/// Compose knows two forms of a volume.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Volume {
    Short(String),
    Long {
        #[serde(rename = "type")]
        kind: String,
        source: Option<String>,
        target: String,
        #[serde(default)]
        read_only: bool,
    },
}

impl Volume {
    /// The bind mount that it is; none for a volume of the engine's, of which each run has its own.
    pub(super) fn bind(&self, folder: &Path) -> Option<Bind> {
        let (source, target, read_only) = match self {
            Self::Long { kind, source, target, read_only } => {
                (source.clone().filter(|_| kind == "bind")?, target.clone(), *read_only)
            }
            Self::Short(text) => {
                let mut parts = text.split(':');
                let (source, target) = (parts.next()?, parts.next()?);
                let read_only = parts.next().is_some_and(|mode| mode.split(',').any(|flag| flag == "ro"));
                (source.to_owned(), target.to_owned(), read_only)
            }
        };
        let is_path = source.starts_with(['.', '/']);
        // `join` keeps an absolute source as it is.
        is_path.then(|| Bind { source: folder.join(source), target, read_only })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binds_are_told_from_volumes() {
        let short = |text: &str| Volume::Short(text.to_owned()).bind(Path::new("/at"));
        assert_eq!(short("data:/var/lib/x"), None);
        assert_eq!(short("/only/a/target"), None);
        let bind = short("./init.js:/init.js:ro").unwrap();
        assert_eq!(
            (bind.source.as_path(), bind.target.as_str(), bind.read_only),
            (Path::new("/at/./init.js"), "/init.js", true)
        );
        assert_eq!(short("/etc/x:/x").unwrap().source, Path::new("/etc/x"));
    }

    #[test]
    fn a_line_is_split_and_quotes_are_refused() {
        assert_eq!(Words::Line("a -b  c".to_owned()).split("command").unwrap(), ["a", "-b", "c"]);
        assert!(Words::Line("sh -c 'a b'".to_owned()).split("command").unwrap_err().contains("or a list"));
    }
}
