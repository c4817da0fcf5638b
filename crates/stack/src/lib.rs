//! The system as it runs: topology, provider, and its links.
//!
//! | module | content |
//! | --- | --- |
//! | [`topology`] | nodes, links, paths, stores, queues, from a compose file |
//! | [`provider`] | the actions of every provider |
//! | [`error`] | errors of a stack and of its nodes |
//! | `stack` | a topology that runs |
//! | `builder` | a stack from its topology and options |
//! | [`choice`] | the choice of a provider, with its reason |
//! | [`processes`] | the provider that runs real servers as children |
//! | [`containers`] | the provider that runs the images of the compose file |
//! | `overrides` | differences of a stack from its topology |
//! | [`mixed`] | the provider that runs some nodes as processes and some as containers |
//! | [`publish`] | the ports of this machine that nodes get |
//! | [`server`] | launchers of the servers that the lab knows |
//! | [`stop`] | the end of a node that was asked to stop |
//! | [`binary`] | the programs of the system under test |
//! | [`account`] | the account that a server runs as |
//! | [`process`], [`port`] | children that die with the harness; ports that nobody else takes |
//! | [`tree`] | a process and its descendants |
//! | `guard` | ends paused processes if the harness dies |
//! | [`data`] | the folder with the data of nodes |
//! | [`run_id`] | the id of a run |
//! | [`mark`] | the mark of a harness on what it makes |
//! | [`identity`] | a process among all namespaces and boots |
//! | [`plain_file`], [`printable`] | files and texts that others may have written |
//! | [`probe`] | a readiness check by HTTP |
//! | [`doorway`] | the way from a node to the proxies of its links |
//! | [`links`] | the links between nodes: through proxies, or direct |

pub mod account;
pub mod binary;
mod builder;
pub mod choice;
pub mod containers;
pub mod data;
pub mod doorway;
pub mod error;
mod guard;
pub mod identity;
pub mod links;
pub mod mark;
pub mod mixed;
mod overrides;
pub mod plain_file;
pub mod port;
pub mod printable;
pub mod probe;
pub mod process;
pub mod processes;
pub mod provider;
pub mod publish;
pub mod run_id;
pub mod server;
mod stack;
pub mod stop;
pub mod topology;
pub mod tree;

pub use builder::{READY_WITHIN, StackBuilder};
pub use choice::Choice;
pub use error::{EngineError, StackError};
pub use links::{Links, Wiring};
pub use overrides::Override;
pub use provider::{Frozen, NodeState, Provider};
pub use publish::Ports;
pub use stack::{Stack, Starting};
pub use stop::StopOutcome;
pub use topology::Topology;
