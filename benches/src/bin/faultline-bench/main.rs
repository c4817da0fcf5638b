//! `faultline-bench`: what criterion can't ask. How near the services are to what this machine and its servers can do,
//! whether that stays so with much stored and many connected, what they do when asked for more; and from all that the
//! tables, the charts and the comparison with the baseline.

mod folder;
mod growth;
mod limits;
mod overload;
mod proxy;
mod report;
mod session;
mod soak;
mod store;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use faultline::cli::output::note;

/// Benches of the services on real servers, and what comes of all benches.
#[derive(Parser)]
#[command(
    name = "faultline-bench",
    about,
    after_help = "\
Exit codes: 0 done, 1 worse than the baseline, 64 a mistake in the command, 69 no system, or results are missing,
70 an internal error, 130 interrupted."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The services beside what their servers and this machine give at best, in turns
    Limits(limits::Limits),
    /// Cost of an entry from 1,000 to 1,000,000 stored ones, of a request from 1 to 1,000 connections, and with more
    /// listeners and loggers
    Growth(growth::Growth),
    /// Three times what a path can take, for a minute
    Overload(overload::Overload),
    /// The proxy of a link beside no proxy, tokio's copy, HAProxy and Toxiproxy, where they are on PATH
    Proxy(proxy::Proxy),
    /// The proxy of a link under load, with toxics that come, change and go at random: whether it leaks
    Soak(soak::Soak),
    /// What a measured proxy has behind it
    #[command(hide = true)]
    ProxyOrigin(proxy::Origin),
    /// A proxy that only copies
    #[command(hide = true)]
    ProxyCopy(proxy::PlainCopy),
    /// Tables and charts of everything measured, and the comparison with the baseline
    Report(report::Report),
    /// Makes what was measured the baseline, and writes the comparison into docs/benchmarks.md
    Record(report::Record),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Printing can fail only where nobody reads any more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    let done = match arguments.verb {
        Verb::Limits(verb) => verb.perform(),
        Verb::Growth(verb) => verb.perform(),
        Verb::Overload(verb) => verb.perform(),
        Verb::Proxy(verb) => verb.perform(),
        Verb::Soak(verb) => verb.perform(),
        Verb::ProxyOrigin(verb) => verb.perform(),
        Verb::ProxyCopy(verb) => verb.perform(),
        Verb::Report(verb) => verb.perform(),
        Verb::Record(verb) => verb.perform(),
    };
    done.unwrap_or_else(|error| {
        note(format_args!("faultline-bench: {error}"));
        ExitCode::from(69)
    })
}
