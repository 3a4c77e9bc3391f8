//! The batches of an epoch as a training loop takes them: gathered when asked for, or ahead of that on a thread.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use crate::{Batch, Batches, DataError, Examples};

/// The batches of one epoch, one after the other.
///
/// ```
/// use rectifier_data::{Batch, Batches, Feed, Order, Samples};
/// use std::sync::Arc;
///
/// let set = Arc::new(Samples::from_f32(vec![0.0, 1.0, 2.0], vec![0, 1, 0], &[1], 2)?);
/// let mut feed = Feed::ahead(set, Batches::new(3, 2, Order::Sequential))?;
/// let (mut batch, mut seen) = (Batch::default(), Vec::new());
/// while feed.next(&mut batch)? {
///     seen.push(batch.inputs.clone());
/// }
/// assert_eq!(seen, [vec![0.0, 1.0], vec![2.0]]);
/// # Ok::<(), rectifier_data::DataError>(())
/// ```
pub struct Feed(Kind);

enum Kind {
    Direct {
        examples: Arc<dyn Examples>,
        batches: Batches,
    },
    Ahead(Worker),
}

struct Worker {
    /// Batches that are ready; none after this was dropped, which ends the thread.
    ready: Option<Receiver<Result<Batch, DataError>>>,
    /// Memory of batches that were used.
    used: Sender<Batch>,
    /// How many batches are still to come.
    left: usize,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// Each batch is gathered when it is asked for: best where gathering is a copy.
    pub fn direct(examples: Arc<dyn Examples>, batches: Batches) -> Self {
        Self(Kind::Direct { examples, batches })
    }

    /// Each batch is gathered while the one before it is used: best where examples are made or read on demand.
    ///
    /// # Errors
    /// [`DataError::Io`] where the system gives no thread.
    pub fn ahead(examples: Arc<dyn Examples>, batches: Batches) -> Result<Self, DataError> {
        let left = batches.steps().saturating_sub(batches.step());
        // One batch waits while the next is made.
        let (ready_to, ready) = sync_channel(1);
        let (used, used_from) = channel();
        let thread = Builder::new()
            .name("batches".into())
            .spawn(move || work(examples.as_ref(), batches, &ready_to, &used_from))
            .map_err(|source| DataError::io("a thread for batches", source))?;
        Ok(Self(Kind::Ahead(Worker {
            ready: Some(ready),
            used,
            left,
            thread: Some(thread),
        })))
    }

    /// Puts the next batch in the place of `batch`; false at the end of the epoch, where `batch` is empty.
    ///
    /// # Errors
    /// As [`Examples::gather`].
    pub fn next(&mut self, batch: &mut Batch) -> Result<bool, DataError> {
        match &mut self.0 {
            Kind::Direct { examples, batches } => {
                batch.clear();
                match batches.next_batch() {
                    Some(indices) => examples.gather(indices, batch).map(|()| true),
                    None => Ok(false),
                }
            }
            Kind::Ahead(worker) => worker.next(batch),
        }
    }
}

impl Worker {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, DataError> {
        if self.left == 0 {
            batch.clear();
            return Ok(false);
        }
        let result = self.ready.as_ref().and_then(|ready| ready.recv().ok());
        // The thread says what went wrong before it ends; it ends silently where making an example panicked.
        let lost = || io::Error::other("it ended before the epoch did");
        let made =
            result.ok_or_else(|| DataError::io("the thread that makes batches", lost()))??;
        let used = std::mem::replace(batch, made);
        // The thread may have ended already, and then needs no memory.
        let _ = self.used.send(used);
        self.left -= 1;
        Ok(true)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.ready = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there, and its loss here.
            let _ = thread.join();
        }
    }
}

fn work(
    examples: &dyn Examples,
    mut batches: Batches,
    ready: &SyncSender<Result<Batch, DataError>>,
    used: &Receiver<Batch>,
) {
    while let Some(indices) = batches.next_batch() {
        let mut batch = used.try_recv().unwrap_or_default();
        batch.clear();
        let result = examples.gather(indices, &mut batch);
        let failed = result.is_err();
        if ready.send(result.map(|()| batch)).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Order, Samples};
    use proptest::prelude::*;

    fn set(len: usize) -> Arc<dyn Examples> {
        let values = (0..len).map(|value| value as f32).collect();
        Arc::new(Samples::from_f32(values, vec![0; len], &[1], 1).unwrap())
    }

    fn seen(mut feed: Feed) -> Vec<Batch> {
        let (mut batch, mut seen) = (Batch::default(), Vec::new());
        while feed.next(&mut batch).unwrap() {
            seen.push(batch.clone());
        }
        assert!(batch.is_empty() && !feed.next(&mut batch).unwrap());
        seen
    }

    proptest! {
        #[test]
        fn both_ways_give_the_same_batches(
            len in 0usize..200,
            size in 1usize..50,
            seed in any::<u64>(),
            skip in 0usize..10,
        ) {
            let batches = || Batches::new(len, size, Order::Shuffled { seed }).skip_to(skip);
            let ahead = Feed::ahead(set(len), batches()).unwrap();
            prop_assert_eq!(seen(ahead), seen(Feed::direct(set(len), batches())));
        }
    }

    /// Examples of which one cannot be made.
    struct Faulty {
        panics: bool,
    }

    impl Examples for Faulty {
        fn len(&self) -> usize {
            100
        }
        fn shape(&self) -> &[usize] {
            &[1]
        }
        fn classes(&self) -> usize {
            1
        }
        fn gather(&self, indices: &[usize], batch: &mut Batch) -> Result<(), DataError> {
            if indices.contains(&50) {
                assert!(!self.panics, "a bug in a set");
                return Err(DataError::Index {
                    index: 50,
                    len: 100,
                });
            }
            batch.labels.resize(indices.len(), 0);
            batch.inputs.resize(indices.len(), 0.0);
            Ok(())
        }
    }

    #[test]
    fn an_error_arrives_at_its_batch_and_a_panic_is_an_error() {
        for panics in [false, true] {
            let batches = Batches::new(100, 20, Order::Sequential);
            let mut feed = Feed::ahead(Arc::new(Faulty { panics }), batches).unwrap();
            let mut batch = Batch::default();
            assert!(feed.next(&mut batch).unwrap());
            assert!(feed.next(&mut batch).unwrap());
            let text = feed.next(&mut batch).unwrap_err().to_string();
            let expected = match panics {
                false => "example 50 was asked of a set of 100",
                true => "the thread that makes batches: it ended before the epoch did",
            };
            assert_eq!(text, expected);
            assert!(feed.next(&mut batch).is_err());
        }
    }

    #[test]
    fn a_feed_that_is_left_early_ends_its_thread() {
        let mut feed = Feed::ahead(set(1000), Batches::new(1000, 1, Order::Sequential)).unwrap();
        assert!(feed.next(&mut Batch::default()).unwrap());
        // Dropping waits for the thread; this test would hang if it did not end.
        drop(feed);
    }
}
