//! What a node is as a container: the parts of a compose service that the lab passes on to the engine.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::interpolate::interpolate;
use crate::printable::excerpt;

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
    /// The words, with variables filled in. A line is split at its spaces; one that quotes needs the other form.
    pub(super) fn split(
        &self,
        key: &str,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>, String> {
        let filled = |text: &str| interpolate(text, lookup).map_err(|error| format!("{key}: {error}"));
        let line = match self {
            Self::List(words) => return words.iter().map(|word| filled(word)).collect(),
            // Before the split, as in compose, where a value may bring several words.
            Self::Line(line) => filled(line)?,
        };
        if line.contains(['"', '\'', '\\']) {
            return Err(format!(
                "{key}: expected a line without quotes or a list, like [\"sh\", \"-c\", \"…\"]"
            ));
        }
        Ok(line.split_whitespace().map(str::to_owned).collect())
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
    /// The bind mount that it is, with variables filled in; none for a volume of the engine's, of which each run has
    /// its own.
    pub(super) fn bind(
        &self,
        folder: &Path,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Bind>, String> {
        let filled = |text: &str| interpolate(text, lookup).map_err(|error| format!("volumes: {error}"));
        let (source, target, read_only) = match self {
            Self::Long { kind, .. } if kind != "bind" => return Ok(None),
            Self::Long { source, target, read_only, .. } => {
                let source = source.as_deref().ok_or("volumes: expected a `source` of a bind, found none")?;
                // A path in any case, unlike in the short form, where a plain name is that of a volume.
                (filled(source)?, filled(target)?, *read_only)
            }
            Self::Short(text) => {
                let text = filled(text)?;
                let mut parts = text.split(':');
                let (Some(source), Some(target)) = (parts.next(), parts.next()) else { return Ok(None) };
                if !source.starts_with(['.', '/', '~']) {
                    return Ok(None);
                }
                let read_only = parts.next().is_some_and(|mode| mode.split(',').any(|flag| flag == "ro"));
                (source.to_owned(), target.to_owned(), read_only)
            }
        };
        Ok(Some(Bind { source: path_of(&source, folder, lookup)?, target, read_only }))
    }
}

/// The path of the source of a bind, which may be relative to the compose file or to the user's home.
fn path_of(source: &str, folder: &Path, lookup: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, String> {
    let Some(in_home) = source.strip_prefix('~') else {
        // `join` keeps an absolute source as it is.
        return Ok(folder.join(source));
    };
    if !in_home.is_empty() && !in_home.starts_with('/') {
        // Compose would look for the folder `user/x` in the home of this user, which nobody means.
        return Err(format!("volumes: expected a path like ~/x, found {}", excerpt(source)));
    }
    let home = lookup("HOME").filter(|home| !home.is_empty());
    let home = home.ok_or_else(|| format!("volumes: expected HOME for {}, found none", excerpt(source)))?;
    Ok(PathBuf::from(home + in_home))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        let known = [("HOME", "/home/me"), ("DATA", "/data")];
        known.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    /// Source and target of the bind that a volume is.
    fn bind_of(yaml: &str) -> Result<Option<(String, String, bool)>, String> {
        let volume: Volume = serde_saphyr::from_str(yaml).unwrap();
        let bind = volume.bind(Path::new("/at"), &variable)?;
        Ok(bind.map(|bind| (bind.source.display().to_string(), bind.target, bind.read_only)))
    }

    #[test]
    fn binds_are_told_from_volumes() {
        for volume in ["data:/var/lib/x", "/only/a/target", "{type: volume, source: data, target: /x}"] {
            assert_eq!(bind_of(volume), Ok(None), "{volume}");
        }
        for (volume, source, target, read_only) in [
            ("./init.js:/init.js:ro", "/at/./init.js", "/init.js", true),
            ("/etc/x:/x", "/etc/x", "/x", false),
            ("~/x:/x:z,ro", "/home/me/x", "/x", true),
            ("~:/x", "/home/me", "/x", false),
            ("${DATA}/x:/x", "/data/x", "/x", false),
            ("{type: bind, source: ~/x, target: /x}", "/home/me/x", "/x", false),
            ("{type: bind, source: data, target: /x, read_only: true}", "/at/data", "/x", true),
            ("{type: bind, source: '${DATA}', target: /x}", "/data", "/x", false),
        ] {
            let bind = Some((source.to_owned(), target.to_owned(), read_only));
            assert_eq!(bind_of(volume), Ok(bind), "{volume}");
        }
    }

    #[test]
    fn a_bind_without_a_path_is_refused() {
        for (volume, told) in [
            ("~you/x:/x", "volumes: expected a path like ~/x, found \"~you/x\""),
            ("{type: bind, target: /x}", "volumes: expected a `source` of a bind, found none"),
            ("./${:/x", "volumes: invalid variable"),
        ] {
            let error = bind_of(volume).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        let homeless = Volume::Short("~/x:/x".to_owned()).bind(Path::new("/at"), &|_| None).unwrap_err();
        assert!(homeless.contains("expected HOME for"), "{homeless}");
    }

    #[test]
    fn a_line_is_split_and_quotes_are_refused() {
        let split = |words: Words| words.split("command", &variable);
        assert_eq!(split(Words::Line("a -b  ${DATA}/c".to_owned())).unwrap(), ["a", "-b", "/data/c"]);
        let list = ["sh", "-c", "echo $$x ${DATA}"].map(str::to_owned).to_vec();
        assert_eq!(split(Words::List(list)).unwrap(), ["sh", "-c", "echo $x /data"]);
        assert!(split(Words::Line("sh -c 'a b'".to_owned())).unwrap_err().contains("or a list"));
        assert!(split(Words::Line("a ${".to_owned())).unwrap_err().contains("command: invalid variable"));
    }
}
