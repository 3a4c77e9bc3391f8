//! Cells that wait for a thread. Of cells that share their pre-training one makes it, while those that would need it are passed
//! over for others.

use crate::{Cell, ExperimentError, SweepFolder};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a thread waits before it looks again whether it is to stop.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Pre-training that cells share, by [`Cell::head`]: the file of each that more than one of `cells` begins with, and of each
/// that is there already.
pub(crate) fn shared(
    cells: &[Cell],
    files: &SweepFolder,
) -> Result<BTreeMap<String, PathBuf>, ExperimentError> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for cell in cells {
        if let Some(head) = cell.head()? {
            users.entry(head).or_default().insert(cell.name()?);
        }
    }
    let files = users.into_iter().map(|(head, cells)| {
        let path = files.pretrained_path(&head);
        (head, path, cells.len())
    });
    let kept = files.filter(|(_, path, cells)| *cells > 1 || path.is_file());
    Ok(kept.map(|(head, path, _)| (head, path)).collect())
}

/// Cells in the order in which they are taken.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The latest is the next.
    cells: Vec<Waiting>,
    /// Files that a cell is about to make.
    making: BTreeSet<PathBuf>,
}

struct Waiting {
    cell: Cell,
    pretrained: Option<PathBuf>,
}

/// A cell that was taken from a queue.
pub(crate) struct Taken {
    pub cell: Cell,
    /// The file of the pre-training that it shares.
    pub pretrained: Option<PathBuf>,
    /// Held until that is made.
    pub making: Making,
}

/// While this value lives and is not released, other cells wait for what one makes.
pub(crate) struct Making {
    queue: Arc<Queue>,
    path: Option<PathBuf>,
}

impl Queue {
    /// `cells` in this order, with the files of the pre-training that is `shared`.
    pub fn new(
        cells: Vec<Cell>,
        shared: &BTreeMap<String, PathBuf>,
    ) -> Result<Arc<Self>, ExperimentError> {
        let mut waiting = Vec::with_capacity(cells.len());
        for cell in cells.into_iter().rev() {
            let head = cell.head()?;
            let pretrained = head.and_then(|head| shared.get(&head).cloned());
            waiting.push(Waiting { cell, pretrained });
        }
        Ok(Arc::new(Self {
            state: Mutex::new(State {
                cells: waiting,
                making: BTreeSet::new(),
            }),
            changed: Condvar::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first cell that nobody makes the pre-training of; none where no cell is left, or where it is time to `stop`. It waits
    /// where all that is left needs what is being made.
    pub fn take(self: &Arc<Self>, stop: impl Fn() -> bool) -> Option<Taken> {
        let mut state = self.state();
        loop {
            if stop() || state.cells.is_empty() {
                return None;
            }
            let free = |waiting: &Waiting| match &waiting.pretrained {
                Some(path) => !state.making.contains(path),
                None => true,
            };
            let Some(place) = state.cells.iter().rposition(free) else {
                let waited = self.changed.wait_timeout(state, LOOK_AGAIN);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            };
            let Waiting { cell, pretrained } = state.cells.remove(place);
            let path = pretrained.clone().filter(|path| !path.is_file());
            state.making.extend(path.clone());
            let queue = self.clone();
            return Some(Taken {
                cell,
                pretrained,
                making: Making { queue, path },
            });
        }
    }
}

impl Making {
    /// What was to be made is there, or will not be.
    pub fn release(&mut self) {
        if let Some(path) = self.path.take() {
            self.queue.state().making.remove(&path);
            self.queue.changed.notify_all();
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::fakes::plan;
    use crate::{CellEngine, Labels};
    use rectifier_train::Pretrain;

    /// Cells of two seeds, pre-trained, and one that is not.
    fn cells() -> Vec<Cell> {
        let cell = |seed, rate, pretrained| {
            let mut plan = plan("rectifier", seed, rate);
            if pretrained {
                let stage = Pretrain::new(1, 1, 10, 0.1);
                plan.recipe.stages.insert(0, stage.into());
            }
            Cell::new(plan, Labels::new())
        };
        vec![
            cell(1, 0.1, true),
            cell(1, 0.2, true),
            cell(2, 0.1, true),
            cell(1, 0.1, false),
        ]
    }

    #[test]
    fn a_head_is_what_comes_before_fine_tuning_and_nothing_else() {
        let cells = cells();
        let head = |place: usize| cells[place].head().unwrap();
        assert_eq!(head(0), head(1));
        assert!(head(0).is_some() && head(0) != head(2) && head(3).is_none());
        let mut other = cells[0].clone();
        other.plan.label_fraction = Some(0.1);
        assert_eq!(other.head().unwrap(), head(0));
        other.plan.network.hidden[1] += 1;
        assert!(other.head().unwrap() != head(0));
        let mut other = cells[0].clone();
        other.engine = CellEngine::BURN;
        assert!(other.head().unwrap() != head(0));
    }

    #[test]
    fn one_makes_what_others_wait_for() {
        let place = tempfile::tempdir().unwrap();
        let files = SweepFolder::of(place.path(), "some");
        let cells = cells();
        let shared = shared(&cells, &files).unwrap();
        assert_eq!(shared.len(), 1);
        let queue = Queue::new(cells.clone(), &shared).unwrap();
        let mut first = queue.take(|| false).unwrap();
        assert_eq!(first.cell, cells[0]);
        assert!(first.pretrained.is_some());
        // The second shares what the first makes.
        let third = queue.take(|| false).unwrap();
        assert_eq!((&third.cell, &third.pretrained), (&cells[2], &None));
        assert_eq!(queue.take(|| false).unwrap().cell, cells[3]);
        assert!(queue.take(|| true).is_none());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| queue.take(|| false));
            std::thread::sleep(Duration::from_millis(20));
            first.making.release();
            let second = waiting.join().unwrap().unwrap();
            assert_eq!(second.cell, cells[1]);
        });
        assert!(queue.take(|| false).is_none());
    }
}
