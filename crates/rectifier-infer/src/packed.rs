//! Where sparse rows are not 0: lists as long as the rows have entries, whatever their width.

use crate::active::{EXAMPLES, SMALL_BATCH};
use crate::buffer::{Buffer, PANEL, Plain, panels};
use crate::kernels::List;
use crate::pool::Worker;
use crate::rows::SparseRows;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Bits of a column that entries are sorted by at a time.
const DIGIT: u32 = 11;

/// The entries of a batch of sparse rows, by example for the forward pass, by column for the backward pass.
///
/// As in [`Active`](crate::active::Active), columns are shared out among the threads in blocks, and a block's lists are written by
/// the thread that owns it alone. Blocks lie one behind the other, each as long as it has entries; of a wide layer with few
/// entries a block takes so many columns that there are not more lists than entries. How columns are cut changes no sum.
pub struct Packed {
    columns: usize,
    batch: usize,
    /// Columns a block.
    width: usize,
    /// Where each block's entries start among all; one more than there are blocks.
    bases: Vec<usize>,
    /// For each block, where each example's entries start, `batch + 1` numbers.
    starts: Buffer<u32>,
    index: Buffer<u32>,
    value: Buffer<f32>,
    /// For each block and each run of [`EXAMPLES`] of it, how many columns have an entry, then which they are, where each one's
    /// entries start, and the entries.
    used: Buffer<u32>,
    column: Buffer<u32>,
    column_starts: Buffer<u32>,
    column_index: Buffer<u32>,
    column_value: Buffer<f32>,
    /// Room to sort in.
    sorted: [Buffer<Entry>; 2],
    /// How many entries there is room for.
    room: usize,
}

/// A number of an example, while it is sorted.
#[derive(Clone, Copy)]
struct Entry {
    column: u32,
    example: u32,
    value: f32,
}

// SAFETY: plain numbers, all of which may be 0.
unsafe impl Plain for Entry {}

/// The entries of a run of a block, by column.
pub struct ByColumn<'a> {
    /// The columns that have entries, rising.
    pub columns: &'a [u32],
    /// The entries of each of them; an entry's index is its example.
    pub list: List,
}

impl ByColumn<'_> {
    /// The columns in stretches without a gap: where one begins among the columns, and how many they are.
    pub fn stretches(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        core::iter::from_fn(move || {
            let first = *self.columns.get(start)?;
            let rest = self.columns[start..].iter().zip(first..);
            let length = rest.take_while(|(column, next)| *column == next).count();
            let stretch = start..start + length;
            start = stretch.end;
            Some(stretch)
        })
    }
}

impl Packed {
    /// Lists of rows of `columns` numbers, without room yet.
    pub fn new(columns: usize) -> Self {
        let none = || Buffer::zeros(0);
        Self {
            columns,
            batch: 0,
            width: PANEL,
            bases: vec![0],
            starts: none(),
            index: none(),
            value: Buffer::zeros(0),
            used: none(),
            column: none(),
            column_starts: none(),
            column_index: none(),
            column_value: Buffer::zeros(0),
            sorted: [Buffer::zeros(0), Buffer::zeros(0)],
            room: 0,
        }
    }

    /// Makes room for a batch of `rows`, and shares it out for a job on `threads` threads.
    pub fn plan(&mut self, rows: SparseRows<'_>, threads: usize) {
        let (batch, panels) = (rows.len(), panels(self.columns));
        let entries: usize = (0..batch)
            .map(|example| rows.row(example).map_or(0, |(columns, _)| columns.len()))
            .sum();
        let most = panels.div_ceil(threads.max(1)).max(1);
        let span = match batch <= SMALL_BATCH {
            true => most,
            false => (panels * batch).div_ceil(entries.max(1)).clamp(1, most),
        };
        (self.batch, self.width) = (batch, span * PANEL);
        let blocks = panels.div_ceil(span);
        self.bases.clear();
        self.bases.resize(blocks + 1, 0);
        for example in 0..batch {
            let (columns, _) = rows.row(example).unwrap_or_default();
            let mut at = 0;
            for (count, end) in self.bases[1..].iter_mut().zip(1..) {
                let from = at;
                while at < columns.len() && (columns[at] as usize) < end * self.width {
                    at += 1;
                }
                *count += at - from;
                if at == columns.len() {
                    break;
                }
            }
        }
        let mut sum = 0;
        for base in &mut self.bases {
            sum += *base;
            *base = sum;
        }
        let lists = blocks * self.runs();
        grow(&mut self.starts, blocks * (batch + 1));
        grow(&mut self.used, lists);
        grow(&mut self.column_starts, entries + lists);
        if entries > self.room {
            // A quarter more, so that the next batches fit.
            self.room = entries + entries / 4;
            let room = self.room;
            self.index = Buffer::zeros(room);
            self.value = Buffer::zeros(room);
            self.column = Buffer::zeros(room);
            self.column_index = Buffer::zeros(room);
            self.column_value = Buffer::zeros(room);
            self.sorted = [Buffer::zeros(room), Buffer::zeros(room)];
        }
        // Lists that were not filled yet have no entries.
        self.starts.as_mut().fill(0);
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.bases.len() - 1
    }

    /// The blocks of a thread.
    pub fn blocks_of(&self, worker: Worker<'_>) -> Range<usize> {
        worker.share(self.blocks())
    }

    /// How many runs of examples the lists by column are made of.
    pub fn runs(&self) -> usize {
        self.batch.div_ceil(EXAMPLES)
    }

    fn columns_of(&self, block: usize) -> Range<usize> {
        block * self.width..((block + 1) * self.width).min(self.columns)
    }

    fn examples(&self, run: usize) -> Range<usize> {
        run * EXAMPLES..((run + 1) * EXAMPLES).min(self.batch)
    }

    /// The entries of a block by example; an entry's index is its column.
    pub fn by_example(&self, block: usize) -> List {
        let base = self.bases[block];
        // SAFETY: inside the buffers, where the plan put the block.
        unsafe {
            List {
                starts: self.starts.ptr().add(block * (self.batch + 1)),
                index: self.index.ptr().add(base),
                value: self.value.ptr().add(base),
            }
        }
    }

    /// The entries of a run of a block by column. Valid after [`sort`](Self::sort).
    ///
    /// # Safety
    /// The block's owner has sorted it, and there was a barrier since where the caller is another thread.
    pub unsafe fn by_column(&self, block: usize, run: usize) -> ByColumn<'_> {
        // SAFETY: as the caller says; a run's columns and entries lie behind those of the runs before it.
        unsafe {
            let (place, list) = (self.place(block, run), block * self.runs() + run);
            let used = *self.used.ptr().add(list) as usize;
            ByColumn {
                columns: core::slice::from_raw_parts(self.column.ptr().add(place), used),
                list: List {
                    starts: self.column_starts.ptr().add(place + list),
                    index: self.column_index.ptr().add(place),
                    value: self.column_value.ptr().add(place),
                },
            }
        }
    }

    /// Where a run of a block lies among all entries.
    ///
    /// # Safety
    /// The block's owner has filled it, and there was a barrier since where the caller is another thread.
    unsafe fn place(&self, block: usize, run: usize) -> usize {
        // SAFETY: as the caller says.
        let before = unsafe { *self.by_example(block).starts.add(self.examples(run).start) };
        self.bases[block] + before as usize
    }

    /// How many entries there are in all.
    ///
    /// # Safety
    /// No thread writes to the lists.
    pub unsafe fn total(&self) -> usize {
        // SAFETY: as the caller says; the last of `batch + 1` numbers.
        let entries = |block| unsafe { *self.by_example(block).starts.add(self.batch) as usize };
        (0..self.blocks()).map(entries).sum()
    }

    /// Fills the lists of the blocks of `worker` from the rows that were planned for.
    ///
    /// # Safety
    /// No other thread reads the blocks meanwhile; `rows` are those of the [`plan`](Self::plan).
    pub unsafe fn fill(&self, worker: Worker<'_>, rows: SparseRows<'_>) {
        for block in self.blocks_of(worker) {
            let (list, within) = (self.by_example(block), self.columns_of(block));
            let mut found = 0;
            // SAFETY: the block is this thread's, and has room for all entries of the rows in its columns.
            unsafe {
                for example in 0..self.batch {
                    *list.starts.cast_mut().add(example) = found as u32;
                    for (column, value) in rows.within(example, within.clone()) {
                        if value != 0.0 {
                            *list.index.cast_mut().add(found) = column as u32;
                            *list.value.cast_mut().add(found) = value;
                            found += 1;
                        }
                    }
                }
                *list.starts.cast_mut().add(self.batch) = found as u32;
            }
        }
    }

    /// Lists the entries of the blocks of `worker` by column, each value times `factor`.
    ///
    /// # Safety
    /// The blocks are filled, and no other thread reads them meanwhile.
    pub unsafe fn sort(&self, worker: Worker<'_>, factor: f32) {
        for block in self.blocks_of(worker) {
            for run in 0..self.runs() {
                // SAFETY: as the caller says.
                unsafe { self.sort_run(block, run, factor) };
            }
        }
    }

    unsafe fn sort_run(&self, block: usize, run: usize, factor: f32) {
        let (from, examples) = (self.by_example(block), self.examples(run));
        let first = self.columns_of(block).start as u32;
        // SAFETY: own block; a run's places are as many as it has entries.
        unsafe {
            let (place, list) = (self.place(block, run), block * self.runs() + run);
            let begin = *from.starts.add(examples.start) as usize;
            let count = *from.starts.add(examples.end) as usize - begin;
            let room = |buffer: &Buffer<Entry>| {
                core::slice::from_raw_parts_mut(buffer.ptr().add(place), count)
            };
            let (mut entries, mut spare) = (room(&self.sorted[0]), room(&self.sorted[1]));
            for example in examples {
                for entry in *from.starts.add(example)..*from.starts.add(example + 1) {
                    entries[entry as usize - begin] = Entry {
                        column: *from.index.add(entry as usize) - first,
                        example: example as u32,
                        value: *from.value.add(entry as usize) * factor,
                    };
                }
            }
            // By the lowest digit first; entries of one column stay in the order of their examples.
            let bits = usize::BITS - (self.width - 1).leading_zeros();
            for shift in (0..bits).step_by(DIGIT as usize) {
                let digits = 1 << DIGIT.min(bits - shift);
                let mut counts = [0u32; 1 << DIGIT];
                let digit = |entry: &Entry| (entry.column >> shift) as usize & (digits - 1);
                for entry in entries.iter() {
                    counts[digit(entry)] += 1;
                }
                let mut sum = 0;
                for count in &mut counts[..digits] {
                    sum += core::mem::replace(count, sum);
                }
                for entry in entries.iter() {
                    let to = &mut counts[digit(entry)];
                    spare[*to as usize] = *entry;
                    *to += 1;
                }
                core::mem::swap(&mut entries, &mut spare);
            }
            let mut used = 0;
            let starts = self.column_starts.ptr().add(place + list);
            for (at, entry) in entries.iter().enumerate() {
                let column = entry.column + first;
                if used == 0 || *self.column.ptr().add(place + used - 1) != column {
                    *self.column.ptr().add(place + used) = column;
                    *starts.add(used) = at as u32;
                    used += 1;
                }
                *self.column_index.ptr().add(place + at) = entry.example;
                *self.column_value.ptr().add(place + at) = entry.value;
            }
            *starts.add(used) = count as u32;
            *self.used.ptr().add(list) = used as u32;
        }
    }
}

/// Makes `buffer` hold at least `len` numbers; what it held is gone where it grows.
fn grow(buffer: &mut Buffer<u32>, len: usize) {
    if buffer.as_mut().len() < len {
        *buffer = Buffer::zeros(len + len / 4);
    }
}

#[cfg(all(test, feature = "threads"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pool::Pool;
    use crate::testing::Draw;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

        #[test]
        fn both_lists_hold_every_entry_that_is_not_zero(
            width in prop_oneof![1usize..300, Just(5_000usize), Just(300_000)],
            batch in 1usize..140, threads in 1usize..4, most in 0usize..9, seed in any::<u64>(),
        ) {
            let mut draw = Draw::new(seed);
            let mut packed = Packed::new(width);
            let pool = Pool::new(threads).unwrap();
            // Twice, so that the second batch finds what the first one left.
            for batch in [batch, batch / 2 + 1] {
                let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
                for _ in 0..batch {
                    let mut row: Vec<u32> =
                        (0..most).map(|_| (draw.unit() * width as f32) as u32 % width as u32).collect();
                    row.sort_unstable();
                    row.dedup();
                    // Some are 0 although they are listed.
                    values.extend(row.iter().map(|_| (draw.unit() - 0.2).max(0.0)));
                    columns.extend(row);
                    starts.push(columns.len());
                }
                let rows = SparseRows::new(width, &starts, &columns, &values).unwrap();
                packed.plan(rows, threads);
                let lists = &packed;
                // SAFETY: each thread fills and sorts its own blocks.
                pool.run(&|worker| unsafe {
                    lists.fill(worker, rows);
                    lists.sort(worker, 2.0);
                });
                let mut wanted: Vec<(usize, u32, u32)> = Vec::new();
                for example in 0..batch {
                    let (columns, values) = rows.row(example).unwrap();
                    let all = columns.iter().zip(values).filter(|(_, value)| **value != 0.0);
                    wanted.extend(all.map(|(column, value)| (example, *column, value.to_bits())));
                }
                let (mut up, mut down) = (Vec::new(), Vec::new());
                // SAFETY: the pool is at rest.
                unsafe {
                    prop_assert_eq!(lists.total(), wanted.len());
                    for block in 0..lists.blocks() {
                        let list = lists.by_example(block);
                        for example in 0..batch {
                            for entry in *list.starts.add(example)..*list.starts.add(example + 1) {
                                let entry = entry as usize;
                                up.push((example, *list.index.add(entry), (*list.value.add(entry)).to_bits()));
                            }
                        }
                        for run in 0..lists.runs() {
                            let found = lists.by_column(block, run);
                            let covered: Vec<usize> = found.stretches().flatten().collect();
                            prop_assert_eq!(covered, (0..found.columns.len()).collect::<Vec<_>>());
                            for stretch in found.stretches() {
                                for at in stretch.clone() {
                                    let gap = found.columns[at] - found.columns[stretch.start];
                                    prop_assert_eq!(gap as usize, at - stretch.start);
                                }
                            }
                            for (at, column) in found.columns.iter().enumerate() {
                                let mut before = None;
                                for entry in *found.list.starts.add(at)..*found.list.starts.add(at + 1) {
                                    let example = *found.list.index.add(entry as usize);
                                    prop_assert!(before < Some(example));
                                    before = Some(example);
                                    let half = *found.list.value.add(entry as usize) / 2.0;
                                    down.push((example as usize, *column, half.to_bits()));
                                }
                                prop_assert!(before.is_some());
                            }
                        }
                    }
                }
                // Blocks rise, and so do an example's columns from block to block.
                up.sort_by_key(|entry| entry.0);
                down.sort_by_key(|entry| (entry.0, entry.1));
                prop_assert_eq!(&up, &wanted);
                prop_assert_eq!(&down, &wanted);
            }
        }
    }

    #[test]
    fn room_is_that_of_the_entries() {
        let (starts, columns) = ((0..=1000).collect::<Vec<usize>>(), vec![399_999u32; 1000]);
        let values = vec![1.0; 1000];
        let rows = SparseRows::new(400_000, &starts, &columns, &values).unwrap();
        let mut packed = Packed::new(400_000);
        packed.plan(rows, 2);
        assert!(packed.room < 2_000);
        assert!(packed.starts.as_mut().len() < 4 * 1001);
        assert!(packed.column_starts.as_mut().len() < 2_000);
    }
}
