//! The page and its API over HTTP. Reading is open to whoever reaches it; acting needs the token.
//!
//! | route | what it does |
//! | --- | --- |
//! | `GET /`, `/page`, `/assets/…` | the page of the lab, and the one on which every path is tried |
//! | `GET /config.json` | where that one finds the broker |
//! | `GET /api/system` | nodes, links, paths, and every fault there is |
//! | `GET /api/state` | everything as it is now |
//! | `GET /api/events` | server-sent events: `state` first, then a `change` twice a second |
//! | `GET /api/runs`, `/runs/FOLDER/FILE` | the runs before, and their reports |
//! | `POST /api/faults` | a fault in the words of a scenario, without `at` and `for` |
//! | `DELETE /api/faults/NUMBER` | heals it |
//! | `POST /api/run`, `DELETE /api/run` | begins a load by hand; ends it, and judges what came of it |

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use futures::stream::{self, Stream};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};

use super::board::Board;
use super::gate::{self, Token};
use super::session::Wanted;
use super::{assets, shelf};
use crate::report::catalogue;
use crate::runner::{ByHandError, system_info};
use crate::scenario::manual;
use crate::stack::Topology;

/// The largest body that is read, in bytes.
const LARGEST: usize = 64 * 1024;

/// What a report may load: nothing but what is in it.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// What the server knows.
pub struct Lab {
    /// What is shown.
    pub board: Board,
    /// The system.
    pub topology: Topology,
    /// The folder that holds the folders of runs.
    pub runs: PathBuf,
    /// Who may act.
    pub token: Token,
    /// Where loads by hand are asked for; none where a scenario runs.
    pub wants: Option<mpsc::Sender<Wanted>>,
}

struct Served {
    lab: Lab,
    listens: SocketAddr,
}

type Shared = State<Arc<Served>>;

/// Why something was not done, with the status that says so.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl Lab {
    /// Serves until dropped.
    ///
    /// # Errors
    /// When the listener has no address, or breaks.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        self.board.show(system_info(&self.topology));
        tokio::spawn(self.board.clone().tell());
        let listens = listener.local_addr()?;
        let served = Arc::new(Served { lab: self, listens });
        let acting = Router::new()
            .route("/api/faults", post(begin_fault))
            .route("/api/faults/{index}", delete(heal_fault))
            .route("/api/run", post(begin_run).delete(finish_run))
            .route_layer(middleware::from_fn_with_state(Arc::clone(&served), authorized));
        let routes = Router::new()
            .route("/api/system", get(system))
            .route("/api/state", get(state))
            .route("/api/events", get(events))
            .route("/api/runs", get(runs))
            .route("/runs/{folder}/{file}", get(file))
            .route("/config.json", get(config))
            .merge(acting)
            .fallback(asset)
            .layer(DefaultBodyLimit::max(LARGEST))
            .layer(middleware::from_fn_with_state(Arc::clone(&served), admitted))
            .with_state(served);
        axum::serve(listener, routes).await
    }
}

async fn admitted(State(served): Shared, request: Request, next: Next) -> Response {
    let mut response = match gate::admit(request.headers(), served.listens) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Refused(StatusCode::FORBIDDEN, refusal.to_string()).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

async fn authorized(State(served): Shared, request: Request, next: Next) -> Response {
    match gate::authorize(request.headers(), &served.lab.token) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Refused(StatusCode::UNAUTHORIZED, refusal.to_string()).into_response(),
    }
}

async fn asset(request: Request) -> Response {
    let found = assets::find(request.uri().path().trim_start_matches('/'));
    found
        .unwrap_or_else(|| Refused(StatusCode::NOT_FOUND, "there is no such page".to_owned()).into_response())
}

/// What does not change while the program runs.
#[derive(Serialize)]
struct System {
    nodes: Vec<String>,
    links: Vec<LinkTold>,
    /// Nodes that the load goes to.
    entries: Vec<String>,
    paths: Vec<PathTold>,
    faults: Vec<catalogue::CatalogueEntry>,
    /// Whether loads can be begun by hand.
    can_load: bool,
}

#[derive(Serialize)]
struct LinkTold {
    name: String,
    from: String,
    to: String,
}

#[derive(Serialize)]
struct PathTold {
    name: String,
    stores: bool,
}

async fn system(State(served): Shared) -> Json<System> {
    let topology = &served.lab.topology;
    let link = |link: &crate::stack::topology::Link| LinkTold {
        name: link.name(),
        from: link.from.clone(),
        to: link.to.clone(),
    };
    let paths = topology.paths.iter();
    Json(System {
        nodes: topology.nodes.keys().cloned().collect(),
        links: topology.links.iter().map(link).collect(),
        entries: topology.entries().into_iter().collect(),
        paths: paths
            .map(|(name, spec)| PathTold { name: name.clone(), stores: spec.stored_in.is_some() })
            .collect(),
        faults: catalogue::entries(),
        can_load: served.lab.wants.is_some(),
    })
}

async fn state(State(served): Shared) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], served.lab.board.all())
}

async fn events(State(served): Shared) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let board = served.lab.board.clone();
    let (all, changes) = board.watch();
    let first = Event::default().event("state").data(all);
    let next = |(board, changes): (Board, broadcast::Receiver<Arc<str>>)| async move {
        let mut changes = changes;
        match changes.recv().await {
            Ok(change) => {
                let event = Event::default().event("change").data(&*change);
                Some((Ok(event), (board, changes)))
            }
            // Too slow: it is told all of it again.
            Err(broadcast::error::RecvError::Lagged(_)) => {
                let (all, changes) = board.watch();
                Some((Ok(Event::default().event("state").data(all)), (board, changes)))
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    };
    let rest = stream::unfold((board, changes), next);
    let all = futures::StreamExt::chain(stream::once(std::future::ready(Ok(first))), rest);
    Sse::new(all).keep_alive(KeepAlive::default())
}

async fn runs(State(served): Shared) -> Response {
    let folder = served.lab.runs.clone();
    match tokio::task::spawn_blocking(move || shelf::list(&folder)).await {
        Ok(list) => Json(list).into_response(),
        Err(error) => Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn file(State(served): Shared, Path((folder, name)): Path<(String, String)>) -> Response {
    let missing = || Refused(StatusCode::NOT_FOUND, "there is no such file of a run".to_owned());
    let Some((path, kind)) = shelf::file(&served.lab.runs, &folder, &name) else {
        return missing().into_response();
    };
    match tokio::fs::read(path).await {
        Ok(bytes) => {
            ([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, REPORT_POLICY)], bytes).into_response()
        }
        Err(_) => missing().into_response(),
    }
}

/// Where the page on which every path is tried finds the broker: the node that the load goes to.
async fn config(State(served): Shared) -> Response {
    let entry = served.lab.board.hands().and_then(|hands| hands.entry());
    match entry {
        Some(address) => Json(json!({ "broker": format!("http://{address}") })).into_response(),
        None => Refused(StatusCode::NOT_FOUND, "the system is not up".to_owned()).into_response(),
    }
}

async fn begin_fault(State(served): Shared, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let given = object(&headers, &body)?;
    let hands = served.lab.board.hands();
    let hands = hands.ok_or_else(|| Refused(StatusCode::CONFLICT, "the system is not up yet".to_owned()))?;
    let seed = rand::random();
    let fault = manual::fault(&given, &served.lab.topology.names(), seed)
        .map_err(|told| Refused(StatusCode::UNPROCESSABLE_ENTITY, told))?;
    let index = hands.begin(fault).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "index": index }))).into_response())
}

async fn heal_fault(State(served): Shared, Path(index): Path<usize>) -> Result<StatusCode, Refused> {
    let hands = served.lab.board.hands().ok_or(ByHandError::NotActing(index))?;
    hands.heal(index)?;
    Ok(StatusCode::ACCEPTED)
}

impl From<ByHandError> for Refused {
    fn from(error: ByHandError) -> Self {
        let status = match error {
            ByHandError::NotActing(_) => StatusCode::NOT_FOUND,
            ByHandError::Overlaps { .. } | ByHandError::Over => StatusCode::CONFLICT,
        };
        Self(status, error.to_string())
    }
}

async fn begin_run(State(served): Shared, headers: HeaderMap, body: Bytes) -> Result<StatusCode, Refused> {
    let given = object(&headers, &body)?;
    let rates = match given.get("rates") {
        Some(Value::Object(rates)) => rates.clone(),
        _ => return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, needed_rates())),
    };
    let seed = u64::from(rand::random::<u32>());
    let schedule = manual::load("by-hand", &rates, &served.lab.topology.names(), seed)
        .map_err(|told| Refused(StatusCode::UNPROCESSABLE_ENTITY, told))?;
    ask(&served, |reply| Wanted::Begin(Box::new(schedule), reply)).await
}

async fn finish_run(State(served): Shared) -> Result<StatusCode, Refused> {
    ask(&served, Wanted::Finish).await
}

async fn ask(
    served: &Served,
    wanted: impl FnOnce(oneshot::Sender<Result<(), String>>) -> Wanted,
) -> Result<StatusCode, Refused> {
    let conflict = |told: &str| Refused(StatusCode::CONFLICT, told.to_owned());
    let wants = served.lab.wants.as_ref().ok_or_else(|| conflict("a scenario decides what is sent here"))?;
    let (reply, answer) = oneshot::channel();
    let gone = || conflict("the system is ending");
    wants.send(wanted(reply)).await.map_err(|_| gone())?;
    match answer.await {
        Ok(Ok(())) => Ok(StatusCode::ACCEPTED),
        Ok(Err(told)) => Err(conflict(&told)),
        Err(_) => Err(gone()),
    }
}

fn needed_rates() -> String {
    "a load by hand needs rates, like {\"rates\": {\"ping\": \"20/s\"}}".to_owned()
}

/// A body that is a JSON object, and says that it is.
fn object(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Refused> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        let told = "the body must be application/json".to_owned();
        return Err(Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, told));
    }
    serde_json::from_slice(body)
        .map_err(|error| Refused(StatusCode::BAD_REQUEST, format!("the body is no JSON object: {error}")))
}
