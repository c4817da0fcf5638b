//! Bugs for proving the harness's checkers; only with the feature `planted-bugs`, only in `logger-planted`.

use mongodb::bson::cstr;

use crate::application::StoreMode;

/// Mode of the bug of that name; the right one for a name of another service's.
#[must_use]
pub fn mode(name: &str) -> StoreMode {
    match name {
        "logger-answers-before-commit" => answers_before_commit(),
        "logger-writes-without-unique-id" => writes_without_unique_id(),
        _ => StoreMode::default(),
    }
}

/// STORED is answered as soon as an entry is queued.
fn answers_before_commit() -> StoreMode {
    StoreMode { awaits_commit: false, ..StoreMode::default() }
}

/// Documents get an id of their own, so that a repeat of an entry is stored again.
fn writes_without_unique_id() -> StoreMode {
    // The memory of ids would hide the bug.
    StoreMode { key: cstr!("entry_id"), remembers: false, ..StoreMode::default() }
}
