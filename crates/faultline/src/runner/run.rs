//! What all that a run does is given.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::folder::RunFolder;
use super::options::Options;
use super::recorder::Teller;
use crate::stack::Stack;

/// A run with its stack ready.
pub(super) struct Run<'a> {
    pub(super) options: &'a Options,
    pub(super) folder: &'a RunFolder,
    pub(super) stack: &'a Arc<Stack>,
    pub(super) teller: &'a Teller,
    pub(super) cancel: CancellationToken,
}
