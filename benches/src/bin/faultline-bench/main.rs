//! `faultline-bench`: the benches that criterion can't do. It measures services beside bare servers and beside the best of
//! their own servers, growth, overload and the proxy; it writes tables and charts of all benches and compares them with the
//! baseline.

mod folder;
mod growth;
mod limits;
mod overload;
mod process;
mod proxy;
mod reference;
mod report;
mod rounds;
mod session;
mod side_by_side;
mod soak;
mod store;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use faultline::cli::output::note;

// The allocator of the services: the bare server beside them must not lose by its allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Benches of the services on real servers, and the report of all benches.
#[derive(Parser)]
#[command(
    name = "faultline-bench",
    about,
    after_help = "\
Exit codes: 0 done, 1 worse than the baseline, 64 a mistake in the command, 69 no system, or results are missing,
70 an internal error, 130 interrupted."
)]
struct BenchArguments {
    #[command(subcommand)]
    verb: BenchVerb,
}

#[derive(Subcommand)]
enum BenchVerb {
    /// The services beside the best that their servers and this machine give, in turns
    Limits(limits::LimitsVerb),
    /// The services beside bare servers in Rust and Go, wrk beside this bench, and the proxies beside none, in turns
    SideBySide(side_by_side::SideBySideVerb),
    /// Cost of an entry from 1,000 to 1,000,000 stored ones, of a request from 1 to 1,000 connections, and with more
    /// listeners and loggers
    Growth(growth::GrowthVerb),
    /// Three times the capacity of a path, for a minute
    Overload(overload::OverloadVerb),
    /// The proxy of a link beside no proxy, tokio's copy, HAProxy and Toxiproxy, where they are on PATH
    Proxy(proxy::ProxyVerb),
    /// The proxy of a link under load, with toxics that come, change and go at random, to find leaks
    Soak(soak::SoakVerb),
    /// A bare server, to be measured beside the services
    #[command(hide = true)]
    Reference(reference::ReferenceVerb),
    /// The servers behind a measured proxy
    #[command(hide = true)]
    ProxyOrigin(proxy::Origin),
    /// A proxy that only copies
    #[command(hide = true)]
    ProxyCopy(proxy::PlainCopy),
    /// Tables and charts of all benches, and the comparison with the baseline
    Report(report::ReportVerb),
    /// Makes the last run the baseline, and writes its tables into docs/benchmarks.md
    Record(report::RecordVerb),
}

fn main() -> ExitCode {
    let arguments = match BenchArguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Printing fails only when nobody reads any more.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    let done = match arguments.verb {
        BenchVerb::Limits(verb) => verb.perform(),
        BenchVerb::SideBySide(verb) => verb.perform(),
        BenchVerb::Growth(verb) => verb.perform(),
        BenchVerb::Overload(verb) => verb.perform(),
        BenchVerb::Proxy(verb) => verb.perform(),
        BenchVerb::Soak(verb) => verb.perform(),
        BenchVerb::Reference(verb) => verb.perform(),
        BenchVerb::ProxyOrigin(verb) => verb.perform(),
        BenchVerb::ProxyCopy(verb) => verb.perform(),
        BenchVerb::Report(verb) => verb.perform(),
        BenchVerb::Record(verb) => verb.perform(),
    };
    done.unwrap_or_else(|error| {
        note(format_args!("faultline-bench: {error}"));
        ExitCode::from(69)
    })
}
