//! What is read of a compose file, and the `x-faultline` sections that say what compose can't.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::AnswerSpec;
use super::container::{Volume, Words};

/// A compose file; what the lab does not use is passed over.
#[derive(Debug, Deserialize)]
// Unknown keys pass: compose has many. The lab's own sections refuse them, as typos.
pub(super) struct Compose {
    #[serde(default)]
    pub(super) services: BTreeMap<String, ServiceSection>,
    #[serde(default, rename = "x-faultline")]
    pub(super) faultline: SystemSection,
}

/// One service.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceSection {
    #[serde(default)]
    pub(super) environment: Environment,
    #[serde(default)]
    pub(super) ports: Vec<PortMapping>,
    #[serde(default)]
    pub(super) expose: Vec<Scalar>,
    pub(super) image: Option<String>,
    // Its presence decides which command gets a missing image.
    pub(super) build: Option<serde::de::IgnoredAny>,
    pub(super) entrypoint: Option<Words>,
    pub(super) command: Option<Words>,
    pub(super) user: Option<Scalar>,
    pub(super) hostname: Option<String>,
    #[serde(default)]
    pub(super) volumes: Vec<Volume>,
    #[serde(rename = "x-faultline")]
    pub(super) faultline: Option<NodeSection>,
}

/// Compose knows two forms of an environment.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Environment {
    Map(BTreeMap<String, Option<Scalar>>),
    List(Vec<String>),
}

impl Default for Environment {
    fn default() -> Self {
        Self::Map(BTreeMap::new())
    }
}

/// A value that YAML may have read as something other than text.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Whole(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// Compose knows two forms of a published port.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PortMapping {
    Short(Scalar),
    Long { target: u16, published: Option<Scalar> },
}

/// `x-faultline` of a service.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeSection {
    /// Program that runs the node as a process: a file name beside the lab's own program, or a path.
    pub(super) binary: Option<String>,
    /// Server that the lab knows how to run as a process: `postgres`, `rabbitmq` or `mongo`.
    pub(super) server: Option<String>,
    /// Variables by which a process is told where to listen, each with the port in its container.
    #[serde(default)]
    pub(super) listen: BTreeMap<String, u16>,
    /// Check that the node is ready; a server that the lab knows brings its own.
    pub(super) ready: Option<Ready>,
}

/// `x-faultline` of the whole file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemSection {
    /// Paths that a load can take, by name.
    #[serde(default)]
    pub(super) paths: BTreeMap<String, PathSpec>,
    /// Stores in which acknowledged entries are looked for, by name.
    #[serde(default)]
    pub(super) stores: BTreeMap<String, StoreSpec>,
    /// Queues that must be empty before the stores are read, by name.
    #[serde(default)]
    pub(super) queues: BTreeMap<String, QueueSpec>,
}

/// Readiness check by HTTP: a status from 200 to 299 means that the node is ready.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// The port in its container.
    pub port: u16,
    /// The route, like `/readyz`.
    pub route: String,
}

/// Kind of request that a client can send.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PathSpec {
    /// The request of one operation.
    pub send: Send,
    /// The nodes that an answer depends on, in the order in which they are called; `node` or `node:port`.
    pub through: Vec<String>,
    /// The store in which an acknowledged operation must be found.
    #[serde(default)]
    pub stored_in: Option<String>,
    /// Declaration of a path that names no store; unknown when absent.
    #[serde(default)]
    pub writes: Option<Writes>,
    /// A right answer.
    #[serde(default)]
    pub answer: AnswerSpec,
}

/// Entries written by a path that names no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Writes {
    /// No entry that could be lost or duplicated.
    Nothing,
}

/// The HTTP request of one operation. `{id}`, `{data}` and `{timeout}` in texts are filled in.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The node that it goes to.
    pub node: String,
    /// The port in its container.
    pub port: u16,
    /// Method, like `POST`.
    pub method: String,
    /// Path of the URL, like `/json-logger`.
    pub route: String,
    /// Headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body; none when absent.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
}

/// Store in which acknowledged entries must be found in the end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StoreSpec {
    /// A collection of a MongoDB.
    Mongodb {
        /// Connection string, as a node of the topology would use it; names the database.
        url: String,
        /// Name of the collection.
        collection: String,
        /// The field that holds the data of an operation.
        field: String,
    },
}

/// A queue through which entries reach a store.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum QueueSpec {
    /// A queue of RabbitMQ.
    Amqp {
        /// Connection string, as a node of the topology would use it.
        url: String,
        /// Name of the queue.
        name: String,
    },
}
