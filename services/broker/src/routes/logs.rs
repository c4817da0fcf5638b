//! `GET /logs?limit=&after=`: the newest entries first.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use chassis::deadline::Deadline;
use chassis::problem::Problem;
use serde::Deserialize;
use wire::entry::StoredEntry;
use wire::envelope::Envelope;
use wire::id::EntryId;
use wire::trace::TraceContext;

use super::Dependencies;

/// The page where no limit is given.
const DEFAULT_LIMIT: u32 = 50;

/// The largest page.
// The logger gives no larger page.
const MAX_LIMIT: u32 = 1000;

/// Query of a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<u32>,
    after: Option<EntryId>,
}

/// Answers with a page of entries, each with the path that it came by.
pub(super) async fn read(
    State(dependencies): State<Arc<Dependencies>>,
    Extension(deadline): Extension<Deadline>,
    Extension(trace): Extension<TraceContext>,
    // As a result, since axum's own refusal would be plain text and no envelope.
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Envelope<Vec<StoredEntry>>>, Problem> {
    let (limit, after) = check(page)?;
    let entries = dependencies.grpc_logger.read(limit, after, deadline, trace).await?;
    Ok(Json(Envelope::of(format!("{} entries, the newest first", entries.len()), entries)))
}

fn check(page: Result<Query<Page>, QueryRejection>) -> Result<(u32, String), Problem> {
    let Query(Page { limit, after }) =
        page.map_err(|bad| Problem::bad_request(format!("query: {}", bad.body_text())))?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(format!("limit: expected 1 to {MAX_LIMIT}, found {limit}")));
    }
    Ok((limit, after.map(String::from).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;

    use super::*;

    fn query(text: &str) -> Result<(u32, String), Problem> {
        let uri: Uri = format!("/logs?{text}").parse().unwrap();
        check(Query::try_from_uri(&uri))
    }

    #[test]
    fn what_can_be_asked() {
        assert_eq!(query("").unwrap(), (50, String::new()));
        assert_eq!(query("limit=7&after=k-1").unwrap(), (7, "k-1".to_owned()));
    }

    #[test]
    fn what_cannot() {
        for text in [
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=x",
            "limit=1&limit=2",
            "after=",
            "after=a%20b",
            "x=1",
        ] {
            assert_eq!(query(text).unwrap_err().status(), 400, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(text in "[ -~&&[^#<>\"`{} \\\\^|]]{0,60}") {
            if format!("/logs?{text}").parse::<Uri>().is_ok() {
                let _ = query(&text);
            }
        }
    }
}
