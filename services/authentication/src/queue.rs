//! A bounded queue between async tasks that put jobs in and threads that take them out.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The queue; threads block in [`Queue::take`].
#[derive(Debug)]
pub(crate) struct Queue<J> {
    state: Mutex<State<J>>,
    filled: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<J> {
    jobs: VecDeque<J>,
    running: usize,
    closed: bool,
}

/// The queue took nothing: it is full, or whoever asked did not want to wait behind so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declined {
    /// Jobs waiting and running at that moment.
    pub(crate) ahead: usize,
}

impl<J> Queue<J> {
    /// An empty queue for at most `capacity` waiting jobs.
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { jobs: VecDeque::new(), running: 0, closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), capacity }
    }

    /// Puts a job in if there is a place and `accept` agrees to wait behind so many jobs. Jobs that are not
    /// `wanted` any more are thrown out first when the queue is full.
    pub(crate) fn put(
        &self,
        job: J,
        wanted: impl Fn(&J) -> bool,
        threads: usize,
        accept: impl Fn(usize) -> bool,
    ) -> Result<(), Declined> {
        let mut state = self.lock();
        self.admit(&mut state, wanted, threads, accept)?;
        state.jobs.push_back(job);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Whether [`Queue::put`] would take a job now.
    pub(crate) fn room(
        &self,
        wanted: impl Fn(&J) -> bool,
        threads: usize,
        accept: impl Fn(usize) -> bool,
    ) -> Result<(), Declined> {
        self.admit(&mut self.lock(), wanted, threads, accept)
    }

    fn admit(
        &self,
        state: &mut State<J>,
        wanted: impl Fn(&J) -> bool,
        threads: usize,
        accept: impl Fn(usize) -> bool,
    ) -> Result<(), Declined> {
        // A job that a free thread is about to take does not wait.
        let places = self.capacity + threads;
        if state.jobs.len() + state.running >= places {
            state.jobs.retain(wanted);
        }
        let ahead = state.jobs.len() + state.running;
        if ahead >= places || !accept(ahead) { Err(Declined { ahead }) } else { Ok(()) }
    }

    /// Waits for a job; `None` once the queue is closed. Say [`Queue::done`] after it.
    pub(crate) fn take(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.jobs.pop_front() {
                state.running += 1;
                return Some(job);
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The job taken last by this thread has ended.
    pub(crate) fn done(&self) {
        self.lock().running -= 1;
    }

    /// Jobs that wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Ends every thread that takes from it; jobs that wait are dropped.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.jobs.clear();
        drop(state);
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(queue: &Queue<i32>, job: i32) -> Result<(), Declined> {
        queue.put(job, |_| true, 1, |_| true)
    }

    #[test]
    fn jobs_come_out_in_order_and_the_bound_is_kept() {
        let queue = Queue::new(1);
        put(&queue, 1).unwrap();
        assert_eq!(queue.take(), Some(1));
        put(&queue, 2).unwrap();
        assert_eq!(queue.room(|_| true, 1, |_| true), Err(Declined { ahead: 2 }));
        assert_eq!(put(&queue, 3), Err(Declined { ahead: 2 }));
        queue.done();
        assert_eq!(queue.take(), Some(2));
    }

    #[test]
    fn what_is_not_wanted_any_more_makes_room() {
        let queue = Queue::new(1);
        put(&queue, 1).unwrap();
        assert_eq!(queue.take(), Some(1));
        put(&queue, 2).unwrap();
        queue.put(3, |job| *job != 2, 1, |_| true).unwrap();
        queue.done();
        assert_eq!(queue.take(), Some(3));
    }

    #[test]
    fn whoever_does_not_want_to_wait_is_declined() {
        let queue = Queue::new(10);
        put(&queue, 1).unwrap();
        assert_eq!(queue.put(2, |_| true, 1, |ahead| ahead == 0), Err(Declined { ahead: 1 }));
    }

    #[test]
    fn closing_ends_whoever_waits() {
        let queue = std::sync::Arc::new(Queue::<i32>::new(1));
        let taker = std::thread::spawn({
            let queue = std::sync::Arc::clone(&queue);
            move || queue.take()
        });
        queue.close();
        assert_eq!(taker.join().unwrap(), None);
    }
}
