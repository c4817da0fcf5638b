//! The page and its API over HTTP. Anyone who can reach it may read; changes need the token.
//!
//! | route | what it does |
//! | --- | --- |
//! | `GET /`, `/page`, `/assets/…` | the page of the lab, and the page that tries every path |
//! | `GET /config.json` | address of the broker, for that page |
//! | `GET /api/system` | nodes, links, paths, and the kinds of faults |
//! | `GET /api/state` | the whole state |
//! | `GET /api/events` | server-sent events: `state` first, then a `change` twice a second |
//! | `GET /api/runs`, `/runs/FOLDER/FILE` | past runs and their reports |
//! | `POST /api/faults` | injects a fault, written as in a scenario without `at` and `for` |
//! | `DELETE /api/faults/NUMBER` | heals a fault |
//! | `POST /api/run`, `DELETE /api/run` | begins a manual load; ends it, and judges its run |

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
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, oneshot};

use super::broadcast::Broadcast;
use super::gate::{self, Token};
use super::session::SessionRequest;
use super::system::SystemResponse;
use super::{assets, past_runs};
use crate::runner::{ManualFaultError, system_info};
use crate::scenario::manual;
use crate::stack::Topology;

/// Largest body that is read, in bytes.
const LARGEST: usize = 64 * 1024;

/// Policy for reports, which load nothing from elsewhere: a folder of runs may come from anybody.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// Server of the live lab.
pub struct Lab {
    /// State for the viewers.
    pub broadcast: Broadcast,
    /// System that is shown.
    pub topology: Topology,
    /// Folder that holds the folders of runs.
    pub runs: PathBuf,
    /// Token that changes need.
    pub token: Token,
    /// Sender to the session of manual loads; none where a scenario runs.
    pub requests: Option<mpsc::Sender<SessionRequest>>,
}

struct ServerContext {
    lab: Lab,
    listens: SocketAddr,
}

type ServerState = State<Arc<ServerContext>>;

/// Refusal or error, with its status.
struct ErrorResponse(StatusCode, String);

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl Lab {
    /// Serves until dropped.
    ///
    /// # Errors
    /// The error of the listener.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        self.broadcast.show(system_info(&self.topology));
        tokio::spawn(self.broadcast.clone().send_changes());
        let listens = listener.local_addr()?;
        let context = Arc::new(ServerContext { lab: self, listens });
        // In a router of their own, so that no route that changes something can miss the check of the token.
        let changes = Router::new()
            .route("/api/faults", post(begin_fault))
            .route("/api/faults/{index}", delete(heal_fault))
            .route("/api/run", post(begin_run).delete(finish_run))
            .route_layer(middleware::from_fn_with_state(Arc::clone(&context), authorized));
        let routes = Router::new()
            .route("/api/system", get(system))
            .route("/api/state", get(state))
            .route("/api/events", get(events))
            .route("/api/runs", get(runs))
            .route("/runs/{folder}/{file}", get(file))
            .route("/config.json", get(config))
            .merge(changes)
            .fallback(asset)
            .layer(DefaultBodyLimit::max(LARGEST))
            // Outermost: not even a refusal reveals anything to another site.
            .layer(middleware::from_fn_with_state(Arc::clone(&context), admitted))
            .with_state(context);
        axum::serve(listener, routes).await
    }
}

async fn admitted(State(context): ServerState, request: Request, next: Next) -> Response {
    let mut response = match gate::admit(request.headers(), context.listens) {
        Ok(()) => next.run(request).await,
        Err(refusal) => ErrorResponse(StatusCode::FORBIDDEN, refusal.to_string()).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // No other site may show the lab in a frame and lead clicks to it.
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

async fn authorized(State(context): ServerState, request: Request, next: Next) -> Response {
    match gate::authorize(request.headers(), &context.lab.token) {
        Ok(()) => next.run(request).await,
        Err(refusal) => ErrorResponse(StatusCode::UNAUTHORIZED, refusal.to_string()).into_response(),
    }
}

async fn asset(request: Request) -> Response {
    let found = assets::find(request.uri().path().trim_start_matches('/'));
    found.unwrap_or_else(|| ErrorResponse(StatusCode::NOT_FOUND, "no such page".to_owned()).into_response())
}

async fn system(State(context): ServerState) -> Json<SystemResponse> {
    Json(SystemResponse::new(&context.lab.topology, context.lab.requests.is_some()))
}

async fn state(State(context): ServerState) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], context.lab.broadcast.all())
}

async fn events(State(context): ServerState) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let broadcast = context.lab.broadcast.clone();
    let (all, changes) = broadcast.watch();
    let first = Event::default().event("state").data(all);
    let next = |(broadcast, changes): (Broadcast, tokio::sync::broadcast::Receiver<Arc<str>>)| async move {
        let mut changes = changes;
        match changes.recv().await {
            Ok(change) => {
                let event = Event::default().event("change").data(&*change);
                Some((Ok(event), (broadcast, changes)))
            }
            // A viewer that was too slow receives the whole state again.
            Err(RecvError::Lagged(_)) => {
                let (all, changes) = broadcast.watch();
                Some((Ok(Event::default().event("state").data(all)), (broadcast, changes)))
            }
            Err(RecvError::Closed) => None,
        }
    };
    let rest = stream::unfold((broadcast, changes), next);
    let all = futures::StreamExt::chain(stream::once(std::future::ready(Ok(first))), rest);
    Sse::new(all).keep_alive(KeepAlive::default())
}

async fn runs(State(context): ServerState) -> Response {
    let folder = context.lab.runs.clone();
    // Reads up to 100 reports, which would block other viewers.
    match tokio::task::spawn_blocking(move || past_runs::list(&folder)).await {
        Ok(list) => Json(list).into_response(),
        Err(error) => ErrorResponse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn file(State(context): ServerState, Path((folder, name)): Path<(String, String)>) -> Response {
    let runs = context.lab.runs.clone();
    match tokio::task::spawn_blocking(move || past_runs::file(&runs, &folder, &name)).await {
        Ok(Some((text, kind))) => {
            ([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, REPORT_POLICY)], text).into_response()
        }
        Ok(None) => ErrorResponse(StatusCode::NOT_FOUND, "no such file of a run".to_owned()).into_response(),
        Err(error) => ErrorResponse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Returns the address of the broker for the page that tries every path: the node that the load goes to.
async fn config(State(context): ServerState) -> Response {
    let entry = context.lab.broadcast.manual_faults().entry();
    match entry {
        Some(address) => Json(json!({ "broker": format!("http://{address}") })).into_response(),
        None => ErrorResponse(StatusCode::NOT_FOUND, "the system is not up yet".to_owned()).into_response(),
    }
}

async fn begin_fault(
    State(context): ServerState,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ErrorResponse> {
    let fields = object(&headers, &body)?;
    // A seed of its own decides everything random in the fault.
    let seed = rand::random();
    let fault = manual::fault(&fields, &context.lab.topology.names(), seed)
        .map_err(|problem| ErrorResponse(StatusCode::UNPROCESSABLE_ENTITY, problem))?;
    let index = context.lab.broadcast.manual_faults().inject(fault).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "index": index }))).into_response())
}

async fn heal_fault(
    State(context): ServerState,
    Path(index): Path<usize>,
) -> Result<StatusCode, ErrorResponse> {
    context.lab.broadcast.manual_faults().heal(index)?;
    Ok(StatusCode::ACCEPTED)
}

impl From<ManualFaultError> for ErrorResponse {
    fn from(error: ManualFaultError) -> Self {
        let status = match error {
            ManualFaultError::NotActive(_) => StatusCode::NOT_FOUND,
            ManualFaultError::Overlaps { .. } | ManualFaultError::NotStarted | ManualFaultError::Ending => {
                StatusCode::CONFLICT
            }
        };
        Self(status, error.to_string())
    }
}

async fn begin_run(
    State(context): ServerState,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ErrorResponse> {
    let fields = object(&headers, &body)?;
    let rates = match fields.get("rates") {
        Some(Value::Object(rates)) => rates.clone(),
        _ => return Err(ErrorResponse(StatusCode::UNPROCESSABLE_ENTITY, missing_rates())),
    };
    let seed = u64::from(rand::random::<u32>());
    let schedule = manual::load("by-hand", &rates, &context.lab.topology.names(), seed)
        .map_err(|problem| ErrorResponse(StatusCode::UNPROCESSABLE_ENTITY, problem))?;
    ask(&context, |reply| SessionRequest::Begin(Box::new(schedule), reply)).await
}

async fn finish_run(State(context): ServerState) -> Result<StatusCode, ErrorResponse> {
    ask(&context, SessionRequest::Finish).await
}

async fn ask(
    context: &ServerContext,
    request: impl FnOnce(oneshot::Sender<Result<(), String>>) -> SessionRequest,
) -> Result<StatusCode, ErrorResponse> {
    let conflict = |reason: &str| ErrorResponse(StatusCode::CONFLICT, reason.to_owned());
    let requests = context.lab.requests.as_ref();
    let requests = requests.ok_or_else(|| conflict("no manual loads: a scenario is running"))?;
    let (reply, answer) = oneshot::channel();
    let gone = || conflict("the system is ending");
    // The reply comes when the request was accepted or refused; the run itself may take hours.
    requests.send(request(reply)).await.map_err(|_| gone())?;
    match answer.await {
        Ok(Ok(())) => Ok(StatusCode::ACCEPTED),
        Ok(Err(reason)) => Err(conflict(&reason)),
        Err(_) => Err(gone()),
    }
}

fn missing_rates() -> String {
    "rates: expected an object like {\"rates\": {\"ping\": \"20/s\"}}, found none".to_owned()
}

/// Parses a body that is declared as JSON and is an object.
fn object(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, ErrorResponse> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        // Required, since a form of another site can't send it without asking first.
        let problem = "content-type: expected application/json".to_owned();
        return Err(ErrorResponse(StatusCode::UNSUPPORTED_MEDIA_TYPE, problem));
    }
    serde_json::from_slice(body).map_err(|error| {
        ErrorResponse(
            StatusCode::BAD_REQUEST,
            format!("body: expected a JSON object, found an error: {error}"),
        )
    })
}
