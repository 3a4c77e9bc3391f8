//! What of a layer is not 0, example by example, in entries of a few inputs each.

use super::kernels::{self, GROUP, Grain};
use crate::buffer::{Buffer, PANEL, panels};
use crate::pool::{Worker, share};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Up to this many examples, a thread's whole share of a layer is one block of lists.
const SMALL_BATCH: usize = 16;
/// Panels a block above: the weights of one panel of units at these inputs, 16 KB, stay in the first cache while examples
/// pass over them.
const BLOCK: usize = 4;

/// The entries of a layer for a batch. A block's lists are written by the thread that owns it, and by nobody else;
/// between two barriers either the owner writes or anybody reads.
pub(super) struct Lists {
    grain: Grain,
    batch: usize,
    capacity: usize,
    /// Panels of each block, for small batches and for larger ones, and how many blocks the threads before each have.
    small: Partition,
    large: Partition,
    starts: Buffer<u32>,
    index: Buffer<u32>,
    value: Buffer<u32>,
}

struct Partition {
    blocks: Vec<Range<usize>>,
    /// Where the blocks of each thread start; one more than there are threads.
    owners: Vec<usize>,
}

impl Partition {
    fn new(panels: usize, threads: usize, most: usize) -> Self {
        let (mut blocks, mut owners) = (Vec::new(), Vec::new());
        for me in 0..threads {
            owners.push(blocks.len());
            let mine = share(panels, me, threads);
            for start in mine.clone().step_by(most.max(1)) {
                blocks.push(start..mine.end.min(start + most));
            }
        }
        owners.push(blocks.len());
        Self { blocks, owners }
    }

    fn longest(&self) -> usize {
        self.blocks.iter().map(Range::len).max().unwrap_or(0)
    }
}

impl Lists {
    /// Of a layer of `width` numbers, for up to `capacity` examples.
    pub(super) fn new(grain: Grain, width: usize, capacity: usize, threads: usize) -> Self {
        let panels = panels(width);
        let large = Partition::new(panels, threads, BLOCK);
        let entries = panels * PANEL / grain.inputs() * capacity;
        Self {
            grain,
            batch: 0,
            capacity,
            small: Partition::new(panels, threads, panels),
            starts: Buffer::zeros(large.blocks.len() * (capacity + 1)),
            large,
            index: Buffer::zeros(entries),
            value: Buffer::zeros(entries),
        }
    }

    /// The most sums that the panels of one block need, over all batches up to `capacity`.
    pub(super) fn largest_sums(&self, capacity: usize) -> usize {
        let small = self.small.longest() * capacity.min(SMALL_BATCH);
        small.max(self.large.longest() * capacity) * PANEL
    }

    /// Makes the lists those of a batch of `batch` examples, at most the capacity.
    pub(super) fn set_batch(&mut self, batch: usize) {
        assert!(batch <= self.capacity);
        self.batch = batch;
    }

    fn partition(&self) -> &Partition {
        match self.batch <= SMALL_BATCH {
            true => &self.small,
            false => &self.large,
        }
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> usize {
        self.partition().blocks.len()
    }

    /// The blocks of a thread.
    pub(super) fn blocks_of(&self, worker: Worker<'_>) -> Range<usize> {
        let owners = &self.partition().owners;
        owners[worker.me]..owners[worker.me + 1]
    }

    /// The panels of a block.
    pub(super) fn panels_of(&self, block: usize) -> Range<usize> {
        self.partition().blocks[block].clone()
    }

    /// The lists of a block.
    pub(super) fn block(&self, block: usize) -> kernels::Lists {
        let base = self.panels_of(block).start * PANEL / self.grain.inputs() * self.batch;
        // SAFETY: inside the buffers: a block has `batch` lists, and at most its panels' entries times `batch`.
        unsafe {
            kernels::Lists {
                starts: self.starts.ptr().add(block * (self.batch + 1)),
                index: self.index.ptr().add(base),
                value: self.value.ptr().add(base),
            }
        }
    }

    /// Fills the lists of the blocks of `worker`, as [`fill_block`](Self::fill_block).
    ///
    /// # Safety
    /// As there.
    pub(super) unsafe fn fill(
        &self,
        worker: Worker<'_>,
        batch: usize,
        mut each: impl FnMut(usize, usize, *mut u32, *mut u32) -> usize,
    ) {
        for block in self.blocks_of(worker) {
            // SAFETY: as the caller says.
            unsafe { self.fill_block(block, batch, &mut each) };
        }
    }

    /// Fills the lists of a block: `each(example, panel, index, value)` writes a panel's entries for an example and says how
    /// many there are.
    ///
    /// # Safety
    /// No other thread touches the block meanwhile; `each` writes at most a panel's entries; `batch` is the batch.
    pub(super) unsafe fn fill_block(
        &self,
        block: usize,
        batch: usize,
        mut each: impl FnMut(usize, usize, *mut u32, *mut u32) -> usize,
    ) {
        let list = self.block(block);
        let mut found = 0;
        // SAFETY: the block is this thread's; entries found so far never outnumber those passed.
        unsafe {
            for b in 0..batch {
                *list.starts.cast_mut().add(b) = found as u32;
                for p in self.panels_of(block) {
                    let index = list.index.cast_mut().add(found);
                    found += each(b, p, index, list.value.cast_mut().add(found));
                }
            }
            *list.starts.cast_mut().add(batch) = found as u32;
        }
    }

    /// Shows each entry: its example, its first input, and the bytes of its inputs.
    ///
    /// # Safety
    /// Every block is filled, and no thread works on the lists.
    unsafe fn entries(&self, mut each: impl FnMut(usize, usize, [u8; GROUP])) {
        for block in 0..self.blocks() {
            let list = self.block(block);
            for b in 0..self.batch {
                // SAFETY: as the caller says; a block has `batch + 1` starts.
                unsafe {
                    for entry in *list.starts.add(b)..*list.starts.add(b + 1) {
                        let (index, value) = (list.index, list.value);
                        let first = *index.add(entry as usize) as usize * self.grain.inputs();
                        each(b, first, self.grain.bytes(*value.add(entry as usize)));
                    }
                }
            }
        }
    }

    /// The bytes of a layer of `width` numbers, `[batch, width]` row by row.
    ///
    /// # Safety
    /// Every block is filled, and no thread works on the lists.
    pub(super) unsafe fn to_rows(&self, width: usize) -> Vec<u8> {
        let mut rows = vec![0; self.batch * width];
        // SAFETY: as the caller says.
        unsafe {
            self.entries(|b, first, bytes| {
                let row = &mut rows[b * width..(b + 1) * width];
                row[first..]
                    .iter_mut()
                    .zip(bytes)
                    .for_each(|(to, from)| *to = from);
            });
        }
        rows
    }

    /// How many of the numbers of a layer of `width` are in listed entries, over all examples.
    ///
    /// # Safety
    /// As [`to_rows`](Self::to_rows).
    pub(super) unsafe fn taken(&self, width: usize) -> u64 {
        let mut taken = 0;
        // SAFETY: as the caller says.
        unsafe {
            self.entries(|_, first, _| taken += self.grain.inputs().min(width - first) as u64)
        };
        taken
    }
}
