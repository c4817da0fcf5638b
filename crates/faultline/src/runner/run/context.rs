//! Options, folder and stack, which all of a run shares.

use std::sync::Arc;

use super::controls::Controls;
use super::options::RunOptions;
use crate::runner::folder::RunFolder;
use crate::runner::recorder::EventSender;
use crate::stack::Stack;

/// A run with its stack ready.
pub(super) struct RunContext<'a> {
    pub(super) options: &'a RunOptions,
    pub(super) folder: &'a RunFolder,
    pub(super) stack: &'a Arc<Stack>,
    pub(super) sender: &'a EventSender,
    pub(super) controls: &'a Controls,
}
