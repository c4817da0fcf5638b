//! The requests of the API and what they do.

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::super::proxy::ToxicError;
use super::super::registry::{NewProxy, Registry};
use super::super::toxics::Toxics;
use super::answer::{ApiAnswer, ApiError, empty, json, text, version, with_type};
use super::json::{Fields, encode, mismatch, parse_first};
use super::metrics;
use super::shape::{ShownProxy, ShownToxic, new_proxy, new_toxic, with_changes};

/// Request with the decoded segments of its path.
#[derive(Debug)]
pub(super) struct ApiRequest<'a> {
    pub(super) method: &'a Method,
    pub(super) segments: Vec<String>,
    /// True if `toxics` in the body of a proxy take effect.
    // Only if the query asks for it: clients send back the proxies that they read, and Toxiproxy ignores their toxics.
    pub(super) with_toxics: bool,
    pub(super) body: &'a [u8],
}

/// Answers a request.
pub(super) async fn answer(registry: &Registry, request: ApiRequest<'_>) -> ApiAnswer {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let done = match (segments.as_slice(), request.method.as_str()) {
        (["version"], "GET") => return version(),
        // Toxiproxy registers this route without a method.
        (["metrics"], _) => return metrics::answer(registry).await,
        (["proxies"], "GET") => return show_all(registry).await,
        (["proxies"], "POST") => create(registry, &request).await,
        (["populate"], "POST") => return populate(registry, &request).await,
        (["reset"], "POST") => reset(registry).await,
        (["proxies", name], "GET") => show(registry, name).await,
        // Toxiproxy deprecates POST for updates, but older clients still send it.
        (["proxies", name], "POST" | "PATCH") => update(registry, name, request.body).await,
        (["proxies", name], "DELETE") => delete(registry, name).await,
        (["proxies", name, "toxics"], "GET") => show_toxics(registry, name).await,
        (["proxies", name, "toxics"], "POST") => add(registry, name, request.body).await,
        (["proxies", name, "toxics", toxic], "GET") => show_toxic(registry, name, toxic).await,
        (["proxies", name, "toxics", toxic], "POST" | "PATCH") => {
            change(registry, name, toxic, request.body).await
        }
        (["proxies", name, "toxics", toxic], "DELETE") => remove(registry, name, toxic).await,
        (
            // Go's router answers 405 without a body, and to HEAD too, since a GET route does not imply it.
            ["version" | "proxies" | "populate" | "reset"]
            | ["proxies", _]
            | ["proxies", _, "toxics"]
            | ["proxies", _, "toxics", _],
            _,
        ) => return empty(StatusCode::METHOD_NOT_ALLOWED),
        _ => return text(StatusCode::NOT_FOUND, "404 page not found\n"),
    };
    done.unwrap_or_else(|error| error.answer())
}

async fn show_all(registry: &Registry) -> ApiAnswer {
    // Go sorts the keys of a map when it encodes it.
    let mut shown = std::collections::BTreeMap::new();
    for proxy in registry.all().await {
        shown.insert(proxy.name().to_owned(), ShownProxy::from(proxy.view().await));
    }
    json(StatusCode::OK, &shown)
}

async fn create(registry: &Registry, request: &ApiRequest<'_>) -> Result<ApiAnswer, ApiError> {
    let fields = Fields::from_value(parse_first(request.body)?, "a proxy")?;
    let proxy = registry.create(new_proxy(&fields, None, request.with_toxics)?).await?;
    Ok(json(StatusCode::CREATED, &ShownProxy::from(proxy.view().await)))
}

async fn show(registry: &Registry, name: &str) -> Result<ApiAnswer, ApiError> {
    let proxy = registry.named(name).await?;
    Ok(json(StatusCode::OK, &ShownProxy::from(proxy.view().await)))
}

async fn update(registry: &Registry, name: &str, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    // The proxy before the body, as in Toxiproxy: for an unknown name the answer is 404, whatever was sent.
    let proxy = registry.named(name).await?;
    let fields = Fields::from_value(parse_first(body)?, "a proxy")?;
    let (listen, upstream) = (fields.string("listen")?, fields.string("upstream")?);
    proxy.update(listen.as_deref(), upstream.as_deref(), fields.boolean("enabled")?).await?;
    Ok(json(StatusCode::OK, &ShownProxy::from(proxy.view().await)))
}

async fn delete(registry: &Registry, name: &str) -> Result<ApiAnswer, ApiError> {
    registry.delete(name).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn show_toxics(registry: &Registry, name: &str) -> Result<ApiAnswer, ApiError> {
    let toxics = registry.named(name).await?.toxics();
    let shown: Vec<_> = toxics.all().map(|toxic| ShownToxic::from(toxic.as_ref())).collect();
    Ok(json(StatusCode::OK, &shown))
}

async fn add(registry: &Registry, name: &str, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    let proxy = registry.named(name).await?;
    let fields = Fields::from_value(parse_first(body)?, "a toxic")?;
    let toxic = proxy.add(new_toxic(&fields)?).await?;
    Ok(json(StatusCode::OK, &ShownToxic::from(toxic.as_ref())))
}

async fn show_toxic(registry: &Registry, name: &str, toxic: &str) -> Result<ApiAnswer, ApiError> {
    let toxics = registry.named(name).await?.toxics();
    let toxic = shown_toxic(&toxics, toxic)?;
    Ok(json(StatusCode::OK, &toxic))
}

fn shown_toxic(toxics: &Toxics, name: &str) -> Result<ShownToxic, ApiError> {
    let toxic = toxics.named(name).ok_or(ToxicError::NotFound)?;
    Ok(ShownToxic::from(toxic.as_ref()))
}

async fn change(registry: &Registry, name: &str, toxic: &str, body: &[u8]) -> Result<ApiAnswer, ApiError> {
    let proxy = registry.named(name).await?;
    // For the error alone: an unknown toxic is 404 before the body is looked at.
    shown_toxic(&proxy.toxics(), toxic)?;
    let fields = Fields::from_value(parse_first(body)?, "a toxic")?;
    let toxicity = fields.number("toxicity")?;
    let toxic = proxy
        .change(toxic, |toxic| {
            // As in Toxiproxy, an update ignores name, type and stream.
            toxic.settings = with_changes(toxic.settings.clone(), &fields)?;
            toxic.toxicity = toxicity.unwrap_or(toxic.toxicity);
            Ok::<_, ApiError>(())
        })
        .await??;
    Ok(json(StatusCode::OK, &ShownToxic::from(toxic.as_ref())))
}

async fn remove(registry: &Registry, name: &str, toxic: &str) -> Result<ApiAnswer, ApiError> {
    registry.named(name).await?.remove(toxic).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn reset(registry: &Registry) -> Result<ApiAnswer, ApiError> {
    registry.reset().await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Body of the answer of `/populate`: the proxies, and the error if there is one.
#[derive(Serialize)]
struct PopulateBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    proxies: Option<Vec<ShownProxy>>,
}

async fn populate(registry: &Registry, request: &ApiRequest<'_>) -> ApiAnswer {
    let (made, error) = match requested_proxies(request.body, request.with_toxics) {
        Err(error) => (Vec::new(), Some(error)),
        Ok(requests) => match registry.populate(requests).await {
            Ok(made) => (made, None),
            Err((made, error)) => (made, Some(ApiError::from(error))),
        },
    };
    let mut proxies = Vec::new();
    for proxy in made {
        proxies.push(ShownProxy::from(proxy.view().await));
    }
    let status = error.as_ref().map_or(StatusCode::CREATED, ApiError::status);
    let body = PopulateBody {
        error: error.as_ref().map(ApiError::message),
        status: error.is_some().then(|| status.as_u16()),
        // Go encodes a slice to which nothing was appended as null.
        proxies: Some(proxies).filter(|proxies| !proxies.is_empty()),
    };
    with_type(status, "application/json", encode(&body))
}

/// Parses the proxies of a body of `/populate` or of a configuration file, all before any is made.
pub(super) fn requested_proxies(body: &[u8], with_toxics: bool) -> Result<Vec<NewProxy>, ApiError> {
    let values = match parse_first(body)? {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        other => return Err(mismatch(&other, "proxies", "an array").into()),
    };
    let proxy = |(place, value)| {
        let fields = Fields::from_value(value, &format!("proxy {}", place + 1))?;
        new_proxy(&fields, Some(place + 1), with_toxics)
    };
    values.into_iter().enumerate().map(proxy).collect()
}
