//! End-to-end suites on real servers: the contract of each path, every scenario, every planted bug, the
//! command line, the live lab, the proxy alone, and what is left when a harness is killed. One program, so that they take turns.
//!
//! FAULTLINE_PROVIDER=containers runs them on containers.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "what a failed test tells")]

mod closed_pipe;
mod command_line;
mod containers;
mod contract;
mod ends;
mod face;
mod healing;
mod lab;
mod leaks;
mod live;
mod loads;
mod planted_bugs;
mod proxy;
mod run_handle;
mod scenarios;
