//! Which numbers of a layer are not 0: lists by example for the forward pass, by unit for the backward pass.

use crate::buffer::{Buffer, PANEL, panels};
use crate::kernels::{Kernels, List};
use crate::pool::{Worker, share_panels};
use core::ops::Range;

/// Above this many examples each panel is a block of lists, so that a block's weights (16 KB) stay in the first cache while
/// every example passes over them. Up to as many a thread's whole share of a layer is one block, unless a row of weights is
/// used by two of them or more.
pub const SMALL_BATCH: usize = 32;

/// How many examples must use a row of weights for it to pay that it stays near.
const USES: f64 = 2.0;

/// Lists by unit are of so many examples at a time, whose errors stay in the first cache while rows of weights pass by.
pub const EXAMPLES: usize = 64;

/// Rows of weights that learn at a time, times examples; so few that their products with the errors stay near.
const ROWS: usize = 1024;

/// How many rows of weights learn at a time from a batch of `batch` examples.
pub fn rows_at_a_time(batch: usize) -> usize {
    (ROWS / batch.max(1)).clamp(PANEL, ROWS)
}

/// The most products of errors and weights that [`rows_at_a_time`] rows and [`EXAMPLES`] examples can have.
pub const MOST_PRODUCTS: usize = PANEL * EXAMPLES;
const _: () = assert!(ROWS <= MOST_PRODUCTS);
// A batch of several runs learns a panel of rows at a time.
const _: () = assert!(ROWS / EXAMPLES <= PANEL);

/// The active entries of a layer of `columns` numbers for a batch.
///
/// Columns are shared out among the threads in whole groups of panels. A block's lists are written by the thread that owns its
/// columns, and by nobody else; between two barriers either the owner writes or anybody reads.
pub struct Active {
    columns: usize,
    capacity: usize,
    batch: usize,
    threads: usize,
    most: usize,
    /// The share of numbers that are not 0, about: as it was when the batch was set, and as it is expected of the next.
    share: f64,
    expected: f64,
    /// For each block, where each example's entries start, `batch + 1` numbers.
    starts: Buffer<u32>,
    index: Buffer<u32>,
    value: Buffer<f32>,
    /// For each block and each run of [`EXAMPLES`] of it, where each column's entries start, one more than there are columns.
    unit_starts: Buffer<u32>,
    unit_index: Buffer<u32>,
    unit_value: Buffer<f32>,
}

impl Active {
    /// Lists for up to `capacity` examples.
    pub fn new(columns: usize, capacity: usize, threads: usize) -> Self {
        let width = panels(columns) * PANEL;
        let blocks = panels(columns).max(threads);
        Self {
            columns,
            capacity,
            batch: 0,
            threads,
            most: threads,
            share: 0.0,
            expected: 0.0,
            starts: Buffer::zeros(blocks * (capacity + 1)),
            index: Buffer::zeros(width * capacity),
            value: Buffer::zeros(width * capacity),
            unit_starts: Buffer::zeros((width + blocks) * capacity.div_ceil(EXAMPLES)),
            unit_index: Buffer::zeros(width * capacity),
            unit_value: Buffer::zeros(width * capacity),
        }
    }

    /// Whether there is room for `capacity` examples.
    pub fn has_room(&self, capacity: usize) -> bool {
        self.capacity >= capacity
    }

    /// Makes the lists those of a batch of `batch` examples, at most the capacity, for a job on `threads` threads, at most as
    /// many as they were made for.
    pub fn set_batch(&mut self, batch: usize, threads: usize) {
        assert!(batch <= self.capacity && threads <= self.most);
        (self.batch, self.threads, self.share) = (batch, threads, self.expected);
    }

    fn small(&self) -> bool {
        self.batch <= SMALL_BATCH && self.batch as f64 * self.share < USES
    }

    /// Expects a share of `share` numbers that are not 0 of the next batch.
    pub fn expect(&mut self, share: f64) {
        self.expected = share;
    }

    /// Whether each panel is a block.
    pub fn by_panels(&self) -> bool {
        !self.small()
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        if self.small() {
            self.threads
        } else {
            panels(self.columns)
        }
    }

    /// The blocks of a thread.
    pub fn blocks_of(&self, worker: Worker<'_>) -> Range<usize> {
        if self.small() {
            worker.me..worker.me + 1
        } else {
            worker.panels(panels(self.columns))
        }
    }

    /// The panels of a block.
    pub fn panels_of(&self, block: usize) -> Range<usize> {
        if self.small() {
            share_panels(panels(self.columns), block, self.threads)
        } else {
            block..block + 1
        }
    }

    /// The columns of a block.
    pub fn columns_of(&self, block: usize) -> Range<usize> {
        let panels = self.panels_of(block);
        (panels.start * PANEL).min(self.columns)..(panels.end * PANEL).min(self.columns)
    }

    /// Where a block's entries start among all.
    pub fn base(&self, block: usize) -> usize {
        self.panels_of(block).start * PANEL * self.batch
    }

    /// The entries of a block by example; an entry's index is its column.
    pub fn by_example(&self, block: usize) -> List {
        // SAFETY: inside the buffers: a block has `batch` lists and at most its columns times `batch` entries.
        unsafe {
            List {
                starts: self.starts.ptr().add(block * (self.batch + 1)),
                index: self.index.ptr().add(self.base(block)),
                value: self.value.ptr().add(self.base(block)),
            }
        }
    }

    /// How many runs of examples the lists by column are made of.
    pub fn runs(&self) -> usize {
        self.batch.div_ceil(EXAMPLES)
    }

    /// The examples of a run.
    fn examples(&self, run: usize) -> Range<usize> {
        run * EXAMPLES..((run + 1) * EXAMPLES).min(self.batch)
    }

    /// Where the entries of a run of a block start among all.
    ///
    /// # Safety
    /// As [`entries`](Self::entries).
    pub unsafe fn place(&self, block: usize, run: usize) -> usize {
        // SAFETY: as the caller says; a run starts with an example.
        let before = unsafe { *self.by_example(block).starts.add(self.examples(run).start) };
        self.base(block) + before as usize
    }

    /// The entries of a run of a block by column; an entry's index is its example. Valid after [`transpose`](Self::transpose).
    ///
    /// # Safety
    /// As [`entries`](Self::entries).
    pub unsafe fn by_unit(&self, block: usize, run: usize) -> List {
        // SAFETY: as in `by_example`.
        unsafe {
            let (place, width) = (self.place(block, run), self.columns_of(block).len() + 1);
            let lists = (self.panels_of(block).start * PANEL + block) * self.runs();
            List {
                starts: self.unit_starts.ptr().add(lists + run * width),
                index: self.unit_index.ptr().add(place),
                value: self.unit_value.ptr().add(place),
            }
        }
    }

    /// How many entries a block has.
    ///
    /// # Safety
    /// Its owner has written it, and there was a barrier since where the caller is another thread.
    pub unsafe fn entries(&self, block: usize) -> usize {
        // SAFETY: as the caller says; the last of `batch + 1` numbers.
        unsafe { *self.by_example(block).starts.add(self.batch) as usize }
    }

    /// How many entries there are in all.
    ///
    /// # Safety
    /// As [`entries`](Self::entries), for every block.
    pub unsafe fn total(&self) -> usize {
        // SAFETY: as the caller says.
        (0..self.blocks())
            .map(|block| unsafe { self.entries(block) })
            .sum()
    }

    /// Fills the lists of the blocks of `worker`: `each(example, panel, first column, index, value)` writes a panel's
    /// entries for an example and says how many there are.
    ///
    /// # Safety
    /// No other thread reads the blocks meanwhile; `each` writes at most [`PANEL`] entries.
    pub unsafe fn fill(
        &self,
        worker: Worker<'_>,
        mut each: impl FnMut(usize, usize, u32, *mut u32, *mut f32) -> usize,
    ) {
        for block in self.blocks_of(worker) {
            let list = self.by_example(block);
            let mut found = 0;
            // SAFETY: the block is this thread's; entries found so far never outnumber the columns passed.
            unsafe {
                for example in 0..self.batch {
                    *list.starts.cast_mut().add(example) = found as u32;
                    for panel in self.panels_of(block) {
                        let (index, value) = (
                            list.index.cast_mut().add(found),
                            list.value.cast_mut().add(found),
                        );
                        found += each(example, panel, (panel * PANEL) as u32, index, value);
                    }
                }
                *list.starts.cast_mut().add(self.batch) = found as u32;
            }
        }
    }

    /// As [`fill`](Self::fill) from a matrix of rows, `[batch, columns]`.
    ///
    /// # Safety
    /// No other thread reads the blocks meanwhile; `rows` holds `batch * columns` numbers.
    pub unsafe fn fill_from_rows(&self, worker: Worker<'_>, kernels: &Kernels, rows: *const f32) {
        // SAFETY: the caller vouches for `rows`; a panel's columns end with the row.
        unsafe {
            self.fill(worker, |example, _, first, index, value| {
                let len = PANEL.min(self.columns - first as usize);
                let from = rows.add(example * self.columns + first as usize);
                (kernels.collect)(from, len, first, index, value)
            });
        }
    }

    /// Multiplies the entries of a block by what `factor(example, column)` says, and leaves out those where that is 0.
    ///
    /// # Safety
    /// The block is the calling thread's and filled.
    pub unsafe fn thin(&self, block: usize, factor: impl Fn(usize, usize) -> f32) {
        let list = self.by_example(block);
        let (index, value) = (list.index.cast_mut(), list.value.cast_mut());
        let (mut found, mut from) = (0, 0);
        // SAFETY: the block is this thread's; what is kept never outnumbers what was gone through.
        unsafe {
            for example in 0..self.batch {
                let to = *list.starts.add(example + 1) as usize;
                *list.starts.cast_mut().add(example) = found as u32;
                for entry in from..to {
                    let column = *index.add(entry);
                    let factor = factor(example, column as usize);
                    if factor != 0.0 {
                        *index.add(found) = column;
                        *value.add(found) = *value.add(entry) * factor;
                        found += 1;
                    }
                }
                from = to;
            }
            *list.starts.cast_mut().add(self.batch) = found as u32;
        }
    }

    /// Lists the entries of a block by column, each value times `factor`.
    ///
    /// # Safety
    /// The block is the calling thread's and filled.
    pub unsafe fn transpose(&self, block: usize, factor: f32) {
        for run in 0..self.runs() {
            // SAFETY: as the caller says.
            unsafe { self.transpose_run(block, run, factor) };
        }
    }

    unsafe fn transpose_run(&self, block: usize, run: usize, factor: f32) {
        let columns = self.columns_of(block);
        let from = self.by_example(block);
        // SAFETY: the block is this thread's; a column's entries are counted before they are placed.
        unsafe {
            let to = self.by_unit(block, run);
            let examples = self.examples(run);
            let (begin, end) = (
                *from.starts.add(examples.start) as usize,
                *from.starts.add(examples.end) as usize,
            );
            let starts = core::slice::from_raw_parts_mut(to.starts.cast_mut(), columns.len() + 1);
            starts.fill(0);
            let index = core::slice::from_raw_parts(from.index, end);
            for &column in &index[begin..] {
                *starts.get_unchecked_mut(column as usize - columns.start + 1) += 1;
            }
            let mut sum = 0;
            for start in starts.iter_mut() {
                sum += *start;
                *start = sum;
            }
            // Each start moves on as entries are placed, and back to where it was by the shift at the end.
            for example in examples {
                for entry in *from.starts.add(example)..*from.starts.add(example + 1) {
                    let column = *index.get_unchecked(entry as usize) as usize - columns.start;
                    let place = starts.get_unchecked_mut(column);
                    *to.index.cast_mut().add(*place as usize) = example as u32;
                    *to.value.cast_mut().add(*place as usize) =
                        *from.value.add(entry as usize) * factor;
                    *place += 1;
                }
            }
            starts.copy_within(0..columns.len(), 1);
            starts[0] = 0;
        }
    }
}

#[cfg(all(test, feature = "threads"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pool::Pool;
    use crate::simd::Level;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 48 }))]

        #[test]
        fn both_lists_hold_every_number_that_is_not_zero(
            columns in 1usize..200, batch in 1usize..70, threads in 1usize..4, seed in any::<u64>(),
        ) {
            let mut draw = crate::testing::Draw::new(seed);
            let rows: Vec<f32> = (0..columns * batch).map(|_| (draw.unit() - 0.7).max(0.0)).collect();
            let mut active = Active::new(columns, 70, threads);
            active.expect(if seed % 2 == 0 { 0.0 } else { 1.0 });
            active.set_batch(batch, threads);
            let pool = Pool::new(threads).unwrap();
            for level in Level::available() {
                let kernels = Kernels::of(level);
                let address = rows.as_ptr() as usize;
                // SAFETY: each thread fills and turns its own blocks.
                pool.run(&|worker| unsafe {
                    active.fill_from_rows(worker, &kernels, address as *const f32);
                    for block in active.blocks_of(worker) {
                        active.transpose(block, 2.0);
                    }
                });
                let (mut up, mut down) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
                // SAFETY: the pool is at rest.
                unsafe {
                    prop_assert_eq!(active.total(), rows.iter().filter(|x| **x != 0.0).count());
                    for block in 0..active.blocks() {
                        let list = active.by_example(block);
                        for b in 0..batch {
                            for entry in *list.starts.add(b)..*list.starts.add(b + 1) {
                                up[b * columns + *list.index.add(entry as usize) as usize] = *list.value.add(entry as usize);
                            }
                        }
                        for run in 0..active.runs() {
                            let list = active.by_unit(block, run);
                            for (at, column) in active.columns_of(block).enumerate() {
                                for entry in *list.starts.add(at)..*list.starts.add(at + 1) {
                                    down[*list.index.add(entry as usize) as usize * columns + column] = *list.value.add(entry as usize) / 2.0;
                                }
                            }
                        }
                    }
                }
                prop_assert_eq!(&up, &rows);
                prop_assert_eq!(&down, &rows);
            }
        }
    }
}
