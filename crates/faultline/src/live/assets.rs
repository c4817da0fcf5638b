//! The files of the page, built in where the page was built before this program.

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use axum::response::{IntoResponse, Response};

/// A file of the page.
struct Asset {
    /// Path of the file, like `lab.html` or `assets/lab-1a2b.js`.
    name: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Page of a program in which no page was built in.
const WITHOUT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Faultline</title>\
    <body style=\"font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem\">\
    <h1>The lab runs; its page was not built in</h1>\
    <p>This program was built without the page. With Node 20.19 or newer, <code>make page</code> builds it; \
    then build the program once more.</p>\
    <p>The state of the lab can be read without it: <a href=\"/api/state\">/api/state</a>.</p></body></html>";

/// Returns the name of the file for a path; the pages have short paths too.
fn name_of(path: &str) -> &str {
    match path {
        "" => "lab.html",
        "page" => "index.html",
        path => path,
    }
}

/// Finds a file by a path without its first slash.
#[must_use]
pub fn find(path: &str) -> Option<Response> {
    let name = name_of(path);
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            // The names of files in that folder change with their content, so they can be cached for ever.
            // The pages keep their names in every build, so a browser must ask for them again.
            let kept = if name.starts_with("assets/") { "max-age=31536000, immutable" } else { "no-cache" };
            Some(([(CONTENT_TYPE, kind(name)), (CACHE_CONTROL, kept)], asset.bytes).into_response())
        }
        None if ASSETS.is_empty() && name == "lab.html" => {
            let policy = "default-src 'none'; style-src 'unsafe-inline'";
            let kind = "text/html; charset=utf-8";
            Some(([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, policy)], WITHOUT).into_response())
        }
        None => None,
    }
}

/// Returns true if the page was built in.
#[must_use]
pub fn is_built_in() -> bool {
    !ASSETS.is_empty()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
