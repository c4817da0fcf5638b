//! Chassis of every service: settings, telemetry, health, metrics, shutdown,
//! deadlines, circuit breakers, bounded admission. Nothing here knows what a service is for.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`run`] | `main` of a service: settings, telemetry, signal, exit code |
//! | [`serve`] | an HTTP listener that drains at shutdown |
//! | [`router`] | routes and layers that every service ends with |
//! | `drain_body` | lets a refusal arrive whose request was not read to its end |
//! | [`body`] | the JSON body of a request, refused with a reason |
//! | [`problem`] | refusals, as the JSON envelope with their status |
//! | [`deadline`] | how long a request may take, from its header to every hop |
//! | [`breaker`] | a circuit breaker for one dependency |
//! | [`claim`] | work that waits: taken by its worker or withdrawn by its caller, never both |
//! | [`count`] | whole numbers in settings |
//! | [`admission`] | bounded concurrency with a bounded queue |
//! | [`gate`] | breaker and admission of one dependency, in the right order |
//! | [`secret`] | a setting that no log may show |
//! | [`attempts`] | attempts at a connection, repeated until one succeeds |
//! | [`backoff`] | waits between attempts to reconnect |
//! | [`health`] | alive, ready, and what is waited for |
//! | [`healthcheck`] | `--healthcheck`, for images that hold no other program |
//! | [`link`] | a watched connection to one dependency |
//! | [`metrics`] | Prometheus text |
//! | `observation` | trace context, count and latency of every request |
//! | [`request_span`] | the span around the logs of a request |
//! | [`duration`] | durations in settings |
//! | [`telemetry`] | logs on standard error, trace context of a request |

pub mod admission;
pub mod attempts;
pub mod backoff;
pub mod body;
pub mod breaker;
pub mod claim;
pub mod count;
pub mod deadline;
mod drain_body;
pub mod duration;
pub mod gate;
pub mod health;
pub mod healthcheck;
pub mod link;
pub mod metrics;
mod observation;
pub mod problem;
pub mod request_span;
pub mod router;
pub mod run;
pub mod secret;
pub mod serve;
pub mod telemetry;

pub use tokio_util::sync::CancellationToken;

/// Every service's allocator.
// What a request needs is allocated on one thread and freed on another; that took a third of the logger's time with
// glibc's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
