//! Which request does what.

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::super::registry::{NewProxy, Registry};
use super::super::toxics::Toxics;
use super::answer::{Answer, Refused, empty, json, text, version, with_type};
use super::json::{BadBody, Fields, first, written};
use super::metrics;
use super::shape::{ShownProxy, ShownToxic, changed, new_proxy, new_toxic};

/// A request, its path cut into decoded segments.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) segments: Vec<String>,
    /// Whether the toxics of proxies that are made count, which Toxiproxy leaves out.
    pub(super) with_toxics: bool,
    pub(super) body: &'a [u8],
}

/// Answers a request.
pub(super) async fn answer(registry: &Registry, request: Request<'_>) -> Answer {
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let done = match (segments.as_slice(), request.method.as_str()) {
        (["version"], "GET") => return version(),
        (["metrics"], _) => return metrics::answer(registry).await,
        (["proxies"], "GET") => return all(registry).await,
        (["proxies"], "POST") => create(registry, &request).await,
        (["populate"], "POST") => return populate(registry, &request).await,
        (["reset"], "POST") => reset(registry).await,
        (["proxies", name], "GET") => one(registry, name).await,
        (["proxies", name], "POST" | "PATCH") => update(registry, name, request.body).await,
        (["proxies", name], "DELETE") => delete(registry, name).await,
        (["proxies", name, "toxics"], "GET") => toxics(registry, name).await,
        (["proxies", name, "toxics"], "POST") => add(registry, name, request.body).await,
        (["proxies", name, "toxics", toxic], "GET") => toxic_of(registry, name, toxic).await,
        (["proxies", name, "toxics", toxic], "POST" | "PATCH") => {
            change(registry, name, toxic, request.body).await
        }
        (["proxies", name, "toxics", toxic], "DELETE") => remove(registry, name, toxic).await,
        (
            ["version" | "proxies" | "populate" | "reset"]
            | ["proxies", _]
            | ["proxies", _, "toxics"]
            | ["proxies", _, "toxics", _],
            _,
        ) => return empty(StatusCode::METHOD_NOT_ALLOWED),
        _ => return text(StatusCode::NOT_FOUND, "404 page not found\n"),
    };
    done.unwrap_or_else(|refused| refused.answer())
}

async fn all(registry: &Registry) -> Answer {
    let mut shown = std::collections::BTreeMap::new();
    for proxy in registry.all().await {
        shown.insert(proxy.name().to_owned(), ShownProxy::from(proxy.view().await));
    }
    json(StatusCode::OK, &shown)
}

async fn create(registry: &Registry, request: &Request<'_>) -> Result<Answer, Refused> {
    let fields = Fields::of(first(request.body)?, "a proxy")?;
    let proxy = registry.create(new_proxy(&fields, None, request.with_toxics)?).await?;
    Ok(json(StatusCode::CREATED, &ShownProxy::from(proxy.view().await)))
}

async fn one(registry: &Registry, name: &str) -> Result<Answer, Refused> {
    let proxy = registry.named(name).await?;
    Ok(json(StatusCode::OK, &ShownProxy::from(proxy.view().await)))
}

async fn update(registry: &Registry, name: &str, body: &[u8]) -> Result<Answer, Refused> {
    let proxy = registry.named(name).await?;
    let fields = Fields::of(first(body)?, "a proxy")?;
    let (listen, upstream) = (fields.string("listen")?, fields.string("upstream")?);
    proxy.update(listen.as_deref(), upstream.as_deref(), fields.boolean("enabled")?).await?;
    Ok(json(StatusCode::OK, &ShownProxy::from(proxy.view().await)))
}

async fn delete(registry: &Registry, name: &str) -> Result<Answer, Refused> {
    registry.delete(name).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn toxics(registry: &Registry, name: &str) -> Result<Answer, Refused> {
    let toxics = registry.named(name).await?.toxics();
    let shown: Vec<_> = toxics.all().map(|toxic| ShownToxic::from(toxic.as_ref())).collect();
    Ok(json(StatusCode::OK, &shown))
}

async fn add(registry: &Registry, name: &str, body: &[u8]) -> Result<Answer, Refused> {
    let proxy = registry.named(name).await?;
    let fields = Fields::of(first(body)?, "a toxic")?;
    let toxic = proxy.add(new_toxic(&fields)?).await?;
    Ok(json(StatusCode::OK, &ShownToxic::from(toxic.as_ref())))
}

async fn toxic_of(registry: &Registry, name: &str, toxic: &str) -> Result<Answer, Refused> {
    let toxics = registry.named(name).await?.toxics();
    let toxic = named(&toxics, toxic)?;
    Ok(json(StatusCode::OK, &toxic))
}

fn named(toxics: &Toxics, name: &str) -> Result<ShownToxic, Refused> {
    let toxic = toxics.named(name).ok_or(super::super::single::ToxicError::NotFound)?;
    Ok(ShownToxic::from(toxic.as_ref()))
}

async fn change(registry: &Registry, name: &str, toxic: &str, body: &[u8]) -> Result<Answer, Refused> {
    let proxy = registry.named(name).await?;
    named(&proxy.toxics(), toxic)?;
    let fields = Fields::of(first(body)?, "a toxic")?;
    let toxicity = fields.number("toxicity")?;
    let toxic = proxy
        .change(toxic, |toxic| {
            toxic.settings = changed(toxic.settings.clone(), &fields)?;
            toxic.toxicity = toxicity.unwrap_or(toxic.toxicity);
            Ok::<_, Refused>(())
        })
        .await??;
    Ok(json(StatusCode::OK, &ShownToxic::from(toxic.as_ref())))
}

async fn remove(registry: &Registry, name: &str, toxic: &str) -> Result<Answer, Refused> {
    registry.named(name).await?.remove(toxic).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn reset(registry: &Registry) -> Result<Answer, Refused> {
    registry.reset().await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// What `/populate` answers: the proxies, and what went wrong beside them.
#[derive(Serialize)]
struct Populated {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    proxies: Option<Vec<ShownProxy>>,
}

async fn populate(registry: &Registry, request: &Request<'_>) -> Answer {
    let (there, refused) = match wanted(request.body, request.with_toxics) {
        Err(refused) => (Vec::new(), Some(refused)),
        Ok(wanted) => match registry.populate(wanted).await {
            Ok(there) => (there, None),
            Err((there, error)) => (there, Some(Refused::from(error))),
        },
    };
    let mut proxies = Vec::new();
    for proxy in there {
        proxies.push(ShownProxy::from(proxy.view().await));
    }
    let status = refused.as_ref().map_or(StatusCode::CREATED, Refused::status);
    let told = Populated {
        error: refused.as_ref().map(Refused::told),
        status: refused.is_some().then(|| status.as_u16()),
        proxies: Some(proxies).filter(|proxies| !proxies.is_empty()),
    };
    with_type(status, "application/json", written(&told))
}

/// The proxies of a body of `/populate`, or of a configuration file. All are looked at before any is made.
pub(super) fn wanted(body: &[u8], with_toxics: bool) -> Result<Vec<NewProxy>, Refused> {
    let values = match first(body)? {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        _ => return Err(BadBody("proxies must be an array".to_owned()).into()),
    };
    let proxy = |(place, value)| {
        let fields = Fields::of(value, &format!("proxy {}", place + 1))?;
        new_proxy(&fields, Some(place + 1), with_toxics)
    };
    values.into_iter().enumerate().map(proxy).collect()
}
