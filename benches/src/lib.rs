//! Shared parts of the benches: the real system, a client for each transport, loops of calls, and figures.
//!
//! | module | content |
//! | --- | --- |
//! | [`system`] | the four services and their servers, started once for a whole bench |
//! | [`workload`] | the entries that are sent |
//! | [`closed`] | a fixed number of calls in flight, and the latency of each |
//! | [`http`], [`grpc`], [`amqp`] | callers, each with a connection or channel |
//! | [`prepared`] | a caller by HTTP that costs as little as wrk |
//! | [`store_watch`] | waits until a published entry is in the store |
//! | [`figures`] | measurements by name, with the machine that they come from |
//! | [`criterion_output`] | reads the files of criterion |
//! | [`ratios`] | figures of one run divided by each other, and compared with a baseline |
//! | [`targets`] | limits of figures, and whether they are met |
//! | [`comparison`] | tables and charts of the three transports |
//! | [`links`] | the table of the proxy of a link beside others |
//! | [`side_by_side`] | the table of the services beside bare servers |
//! | [`number`] | numbers as readers see them |
//! | [`failure`] | the error of a bench |

pub mod amqp;
pub mod closed;
pub mod comparison;
pub mod criterion_output;
pub mod failure;
pub mod figures;
pub mod grpc;
pub mod http;
pub mod links;
pub mod number;
pub mod prepared;
pub mod ratios;
pub mod side_by_side;
pub mod store_watch;
pub mod system;
pub mod targets;
pub mod workload;

pub use failure::BenchError;
pub use system::RunningSystem;
