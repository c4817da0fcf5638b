//! Logs on standard error, and the W3C trace context that each request carries.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use http::HeaderMap;
use tracing_subscriber::EnvFilter;
use wire::headers::TRACEPARENT;
use wire::trace::TraceContext;

/// Settings of a service's logs.
#[derive(Debug, Clone, Args)]
pub struct TelemetrySettings {
    // lapin calls a connection that is lost an error, each time; the services say it once, in their words.
    /// Level of the logs, or directives like `info,broker=debug`
    #[arg(long, default_value = "info,lapin=off")]
    pub log_level: String,
    /// Form of a log line on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// JSON, an object a line.
    Json,
}

/// The level directives can't be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "--log-level: expected a level or directives like \"info,broker=debug\", found \"{given}\": {source}"
)]
pub struct BadLevel {
    given: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Starts logging for the whole process; a second call changes nothing.
///
/// # Errors
/// [`BadLevel`] when the directives can't be read.
pub fn start(settings: &TelemetrySettings) -> Result<(), BadLevel> {
    let filter = EnvFilter::try_new(&settings.log_level)
        .map_err(|source| BadLevel { given: settings.log_level.clone(), source })?;
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // A log line that can't be written is lost; told on standard error with a macro, it would end the service.
    let lines = tracing_subscriber::fmt().log_internal_errors(false);
    let lines = lines.with_env_filter(filter).with_writer(std::io::stderr);
    // Already started: several services in one test process share the first one's logs.
    let _ = match settings.log_format {
        LogFormat::Text => lines.with_ansi(colour).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// The trace context of a request: that of its header, or a new one.
#[must_use]
pub fn trace_of(headers: &HeaderMap) -> TraceContext {
    headers
        .get(TRACEPARENT)
        .and_then(|value| value.to_str().ok())
        .and_then(TraceContext::parse)
        // A malformed traceparent is dropped, not refused: W3C asks to begin a new trace then.
        .map_or_else(new_trace, |context| context.child(rand::random()))
}

/// A trace that begins here.
#[must_use]
pub fn new_trace() -> TraceContext {
    TraceContext::new(rand::random(), rand::random())
}
