//! A scenario by its name and text, from a file or built in code.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::error::LabError;
use crate::scenario::{Mistakes, Scenario, parse, retired, validate};
use crate::stack::Topology;

/// A scenario as a file holds it: a name, and a text in TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioFile {
    name: String,
    text: String,
}

/// A scenario that is built in code; it becomes the text of a file, so that mistakes are found and named as there.
#[derive(Debug, Clone)]
pub struct ScenarioBuilder {
    name: String,
    shows: String,
    loads: String,
    faults: String,
    expectations: String,
}

impl ScenarioFile {
    /// Reads a scenario from a file; its name is that of the file.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be read. Mistakes in it are found by [`ScenarioFile::check`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, LabError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| LabError::File { path: path.to_path_buf(), source })?;
        let name = path.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy());
        Ok(Self { name: name.into_owned(), text })
    }

    /// Makes a scenario of a name and a text in TOML.
    pub fn from_toml(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Begins to build a scenario in code.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use faultline::lab::ScenarioFile;
    ///
    /// let scenario = ScenarioFile::builder("slow-store")
    ///     .load(Duration::from_secs(10), &[("orders", "50/s"), ("ping", "5/s")])
    ///     .link_fault("latency", "api->mongo", Duration::from_secs(3), Duration::from_secs(4), &[("latency", "200ms")])
    ///     .expect("recovers-within", "10s")
    ///     .build();
    /// assert!(scenario.text().contains("link = \"api->mongo\""));
    /// ```
    pub fn builder(name: impl Into<String>) -> ScenarioBuilder {
        let name = name.into();
        ScenarioBuilder {
            shows: name.clone(),
            name,
            loads: String::new(),
            faults: String::new(),
            expectations: String::new(),
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Parses the text, and checks the names in it against a topology.
    ///
    /// # Errors
    /// [`Mistakes`] with the line of each.
    pub fn check(&self, topology: &Topology) -> Result<Scenario, Mistakes> {
        let scenario = parse(&self.name, &self.text)?;
        for mistake in retired::keys(&self.text) {
            tracing::warn!("{}:{}:{}: {}", self.name, mistake.line, mistake.column, mistake.message);
        }
        let list = validate::names(&scenario, &topology.names(), &self.text);
        if list.is_empty() { Ok(scenario) } else { Err(Mistakes { file: self.name.clone(), list }) }
    }
}

impl ScenarioBuilder {
    /// Sets the sentence that says what the scenario shows; its name by default.
    #[must_use]
    pub fn shows(self, shows: impl Into<String>) -> Self {
        Self { shows: shows.into(), ..self }
    }

    /// Adds a phase of load: its duration, and the arrival rate of each path, such as `50/s`.
    #[must_use]
    pub fn load(mut self, lasts: Duration, rates: &[(&str, &str)]) -> Self {
        let rates: Vec<String> =
            rates.iter().map(|(path, rate)| format!("{} = {}", text(path), text(rate))).collect();
        line(
            &mut self.loads,
            format_args!("[[load]]\nfor = {}\nrates = {{ {} }}", span(lasts), rates.join(", ")),
        );
        self
    }

    /// Adds a fault of a node (`kill`, `stop`, `pause`): from a time after the start of the load, for a duration.
    #[must_use]
    pub fn node_fault(mut self, kind: &str, node: &str, at: Duration, lasts: Duration) -> Self {
        line(&mut self.faults, format_args!("[[fault]]\nkind = {}\nnode = {}", text(kind), text(node)));
        line(&mut self.faults, format_args!("at = {}\nfor = {}", span(at), span(lasts)));
        self
    }

    /// Adds a fault of a link such as `api->mongo`: a toxic with its attributes as a file has them (`200ms`, `100KB/s`, a
    /// number), or `down`.
    #[must_use]
    pub fn link_fault(
        mut self,
        kind: &str,
        link: &str,
        at: Duration,
        lasts: Duration,
        attributes: &[(&str, &str)],
    ) -> Self {
        line(&mut self.faults, format_args!("[[fault]]\nkind = {}\nlink = {}", text(kind), text(link)));
        line(&mut self.faults, format_args!("at = {}\nfor = {}", span(at), span(lasts)));
        for (attribute, value) in attributes {
            line(&mut self.faults, format_args!("{} = {}", text(attribute), value_of(value)));
        }
        self
    }

    /// Adds a key of `[expect]` with its value as a file has it, such as `recovers-within` and `10s`, or `lost` and `3`.
    #[must_use]
    pub fn expect(mut self, key: &str, value: &str) -> Self {
        line(&mut self.expectations, format_args!("{} = {}", text(key), value_of(value)));
        self
    }

    /// Ends the building.
    #[must_use]
    pub fn build(self) -> ScenarioFile {
        let Self { name, shows, loads, faults, expectations } = self;
        let expect =
            if expectations.is_empty() { String::new() } else { format!("[expect]\n{expectations}") };
        // In this order: in TOML a key after the header of a table belongs to that table.
        ScenarioFile { name, text: format!("shows = {}\n{loads}{faults}{expect}", text(&shows)) }
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A text can always be written to.
    let _ = writeln!(text, "{line}");
}

/// A text as TOML writes it.
fn text(text: &str) -> String {
    // By the library, which escapes quotes and line breaks.
    toml::Value::from(text).to_string()
}

/// A value as TOML writes it: a number or a truth value by itself, else a text.
fn value_of(value: &str) -> String {
    // Judged by the library, which knows numbers that Rust doesn't. One word alone: the rest of a line could be a comment,
    // and another line another key. With a digit, since `inf` is a word here.
    let is_word = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-_.".contains(&byte));
    let is_plain =
        is_word && value.bytes().any(|byte| byte.is_ascii_digit()) || ["true", "false"].contains(&value);
    let table = is_plain.then(|| format!("value = {value}").parse::<toml::Table>()).and_then(Result::ok);
    match table.as_ref().and_then(|table| table.get("value")) {
        Some(toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_)) => value.to_owned(),
        _ => text(value),
    }
}

/// A duration as scenarios write it.
fn span(duration: Duration) -> String {
    text(&format!("{}ms", duration.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_from_code_is_that_of_a_file() {
        let built = ScenarioFile::builder("x")
            .shows("a \"quoted\" sentence")
            .load(Duration::from_secs(2), &[("log-json", "50/s")])
            .node_fault("kill", "broker", Duration::from_millis(500), Duration::from_secs(1))
            .link_fault(
                "latency",
                "a->b",
                Duration::from_secs(1),
                Duration::from_millis(100),
                &[("latency", "20ms"), ("jitter", "5ms")],
            )
            .expect("recovers-within", "10s")
            .build();
        let parsed =
            parse("x", built.text()).unwrap_or_else(|mistakes| panic!("{mistakes}\n{}", built.text()));
        assert_eq!((parsed.shows.as_str(), parsed.fault.len()), ("a \"quoted\" sentence", 2));
    }

    #[test]
    fn a_value_is_written_as_a_file_has_it() {
        for plain in ["3", "-1", "0.5", "1e3", "1_000", "true"] {
            assert_eq!(value_of(plain), plain);
        }
        for word in ["10s", "99%", "200ms", "inf", "nan", "50/s", "1\nx = 2", "1 # x", "[1]", ""] {
            let toml = format!("value = {}", value_of(word)).parse::<toml::Table>().expect("TOML");
            assert_eq!((toml.len(), toml["value"].as_str()), (1, Some(word)));
        }
    }

    #[test]
    fn a_mistake_in_code_is_named_as_one_in_a_file() {
        let built = ScenarioFile::builder("x").load(Duration::ZERO, &[("p", "1/s")]).build();
        let mistakes = parse("x", built.text()).expect_err("a load of no time").to_string();
        assert!(mistakes.contains("x:"), "{mistakes}");
    }
}
