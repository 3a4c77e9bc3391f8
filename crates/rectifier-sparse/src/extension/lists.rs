//! Which numbers of a batch are not 0, in blocks of columns: by example, and turned to lists by column.

use super::kernels::Entries;
use rayon::prelude::*;
use std::ops::Range;

/// What counts as active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Active {
    /// Everything but 0.
    NotZero,
    /// What a rectifier lets through: all above 0, and what is not a number.
    Above,
}

impl Active {
    #[inline(always)]
    pub(super) fn holds(self, x: f32) -> bool {
        match self {
            Self::NotZero => x != 0.0,
            Self::Above => x > 0.0 || x.is_nan(),
        }
    }

    /// How many of `numbers` are active.
    pub(super) fn count(self, numbers: &[f32]) -> usize {
        // A number for each run, short enough for 32 bits, so that the compiler vectorizes the sum.
        let run = |run: &[f32]| match self {
            Self::NotZero => run.iter().map(|x| u32::from(*x != 0.0)).sum::<u32>(),
            Self::Above => run.iter().map(|x| u32::from(Self::Above.holds(*x))).sum(),
        };
        numbers.chunks(1 << 20).map(|x| run(x) as usize).sum()
    }
}

/// Lists by example of a block of columns, an entry's index being its place in the block.
///
/// `starts` has room for one more than the examples, the others for every number of the block.
fn list(
    numbers: &[f32],
    columns: usize,
    block: Range<usize>,
    active: Active,
    starts: &mut [u32],
    index: &mut [u32],
    value: &mut [f32],
) {
    let mut found = 0;
    for (start, line) in starts.iter_mut().zip(numbers.chunks_exact(columns)) {
        *start = found as u32;
        for (column, x) in line[block.clone()].iter().enumerate() {
            // Written whether active or not, and kept by moving on: a branch would be guessed wrong half the time.
            index[found] = column as u32;
            value[found] = *x;
            found += usize::from(active.holds(*x));
        }
    }
    if let Some(last) = starts.last_mut() {
        *last = found as u32;
    }
}

/// Lists by example for every block of columns.
pub(super) struct ByExample {
    columns: usize,
    batch: usize,
    block: usize,
    starts: Vec<u32>,
    index: Vec<u32>,
    value: Vec<f32>,
}

impl ByExample {
    /// Of `numbers` `[batch, columns]`, neither of them 0, in blocks of `block` columns; on all threads if `parallel`.
    pub(super) fn new(
        numbers: &[f32],
        columns: usize,
        block: usize,
        active: Active,
        parallel: bool,
    ) -> Self {
        let batch = numbers.len() / columns;
        let mut lists = Self {
            columns,
            batch,
            block,
            starts: vec![0; columns.div_ceil(block) * (batch + 1)],
            index: vec![0; numbers.len()],
            value: vec![0.0; numbers.len()],
        };
        let fill = |number: usize, starts: &mut [u32], index: &mut [u32], value: &mut [f32]| {
            let columns_of = number * block..columns.min((number + 1) * block);
            list(numbers, columns, columns_of, active, starts, index, value);
        };
        if parallel {
            lists
                .starts
                .par_chunks_mut(batch + 1)
                .zip(lists.index.par_chunks_mut(block * batch))
                .zip(lists.value.par_chunks_mut(block * batch))
                .enumerate()
                .for_each(|(number, ((starts, index), value))| fill(number, starts, index, value));
        } else {
            lists
                .starts
                .chunks_mut(batch + 1)
                .zip(lists.index.chunks_mut(block * batch))
                .zip(lists.value.chunks_mut(block * batch))
                .enumerate()
                .for_each(|(number, ((starts, index), value))| fill(number, starts, index, value));
        }
        lists
    }

    /// The columns of each block and its lists, a group for each example.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (Range<usize>, Entries<'_>)> {
        let most = self.block * self.batch;
        (0..self.columns.div_ceil(self.block)).map(move |number| {
            let end = self.index.len().min((number + 1) * most);
            let columns = number * self.block..self.columns.min((number + 1) * self.block);
            let entries = Entries {
                starts: &self.starts[number * (self.batch + 1)..][..self.batch + 1],
                index: &self.index[number * most..end],
                value: &self.value[number * most..end],
            };
            (columns, entries)
        })
    }
}

/// Room for the lists of one block of columns by column, used again for the next block.
#[derive(Default)]
pub(super) struct ByColumn {
    starts: Vec<u32>,
    index: Vec<u32>,
    value: Vec<f32>,
    turned_starts: Vec<u32>,
    turned_index: Vec<u32>,
    turned_value: Vec<f32>,
}

impl ByColumn {
    /// The lists of `block` of `numbers` `[batch, columns]`: a group for each column, an entry's index its example.
    pub(super) fn list(
        &mut self,
        numbers: &[f32],
        columns: usize,
        block: Range<usize>,
        active: Active,
    ) -> Entries<'_> {
        let (batch, many) = (numbers.len() / columns, block.len());
        self.starts.resize(batch + 1, 0);
        self.index.resize(batch * many, 0);
        self.value.resize(batch * many, 0.0);
        let (starts, index, value) = (&mut self.starts, &mut self.index, &mut self.value);
        list(numbers, columns, block, active, starts, index, value);

        // Counted one place further on, summed up, and moved on as entries are placed: each start ends at the next
        // one's beginning.
        let entries = starts.last().map_or(0, |last| *last as usize);
        self.turned_starts.clear();
        self.turned_starts.resize(many + 2, 0);
        self.turned_index.resize(batch * many, 0);
        self.turned_value.resize(batch * many, 0.0);
        for column in &index[..entries] {
            self.turned_starts[*column as usize + 2] += 1;
        }
        for at in 2..many + 2 {
            self.turned_starts[at] += self.turned_starts[at - 1];
        }
        for (example, bounds) in starts.windows(2).enumerate() {
            for entry in bounds[0] as usize..bounds[1] as usize {
                let place = &mut self.turned_starts[index[entry] as usize + 1];
                self.turned_index[*place as usize] = example as u32;
                self.turned_value[*place as usize] = value[entry];
                *place += 1;
            }
        }
        Entries {
            starts: &self.turned_starts[..many + 1],
            index: &self.turned_index[..entries],
            value: &self.turned_value[..entries],
        }
    }
}
