//! Threads prepare batches ahead of the step, in reused buffers.
//!
//! What is in a batch depends on its number alone, and batches are handed out in their order, so the result is the same for
//! any number of threads.

use crate::augment::{Pipeline, Scratch, View};
use crate::data::Split;
use crate::random::{Key, Purpose};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Batches ready before they are needed, for each thread.
const AHEAD: usize = 2;

/// Inputs of one step.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// The inputs, one after the other.
    pub images: Vec<f32>,
    /// One for each input.
    pub labels: Vec<u32>,
    /// Which pictures of the split they are.
    pub indices: Vec<u32>,
}

/// What is loaded.
#[derive(Clone, Debug)]
pub enum Order {
    /// Epochs of varied pictures.
    Training {
        /// Of the order.
        seed: u64,
        /// A new order in each epoch; otherwise the data's.
        shuffle: bool,
        /// The first epoch.
        epoch: usize,
        /// The first batch of the first epoch; others count from 0.
        batch: usize,
        /// The first epoch that is not loaded.
        end: usize,
    },
    /// All pictures once; ten crops of each, one after the other, or the picture alone.
    Evaluation {
        /// Whether there are ten.
        ten_crop: bool,
    },
}

/// Hands out batches, in order.
pub struct Loader {
    results: Receiver<(usize, Result<Batch>)>,
    /// Batches that came before their turn.
    early: BTreeMap<usize, Result<Batch>>,
    /// `None` only while the loader is dropped.
    free: Option<Sender<Batch>>,
    workers: Vec<JoinHandle<()>>,
    next: usize,
    end: usize,
    waited: Duration,
}

/// Batches of a [`Loader`] that exist at once, at the most.
#[must_use]
pub const fn most_batches(threads: usize) -> usize {
    threads * (1 + AHEAD)
}

/// Number of batches in a pass over `n` pictures.
pub(crate) fn batches(n: usize, batch: usize) -> usize {
    n.div_ceil(batch.max(1))
}

/// The order of the pictures in an epoch.
pub(crate) fn epoch_order(split: &Split, epoch: usize, seed: u64, shuffle: bool) -> Vec<u32> {
    let mut order: Vec<u32> = (0..split.len() as u32).collect();
    if shuffle {
        Key::new(seed, Purpose::Order)
            .with(epoch as u64)
            .shuffle(&mut order);
    }
    order
}

impl Loader {
    /// Starts `threads` threads that load a split in batches of `batch` inputs.
    #[must_use]
    pub fn new(
        pipeline: &Arc<Pipeline>,
        split: &Split,
        batch: usize,
        order: Order,
        threads: usize,
    ) -> Self {
        let batch = batch.max(1);
        let (start, end) = match order {
            Order::Training {
                epoch,
                batch: first,
                end,
                ..
            } => {
                let each = batches(split.len(), batch);
                (epoch * each + first, end * each)
            }
            Order::Evaluation { ten_crop } => (0, batches(split.len() * views(ten_crop), batch)),
        };
        let threads = threads.clamp(1, end.saturating_sub(start).max(1));
        let (free, buffers) = channel();
        let (sender, results) = channel();
        for _ in 0..most_batches(threads) {
            // The receiver is alive: it is the next field that is used.
            let _ = free.send(Batch::default());
        }
        let queue = Arc::new(Mutex::new(Queue {
            buffers,
            next: start,
        }));
        let work = Arc::new(Work {
            pipeline: Arc::clone(pipeline),
            split: split.clone(),
            batch,
            order,
            orders: Mutex::new(BTreeMap::new()),
        });
        let workers = (0..threads).map(|_| {
            let (queue, work, sender) = (Arc::clone(&queue), Arc::clone(&work), sender.clone());
            thread::spawn(move || work.run(&queue, end, &sender))
        });
        Self {
            workers: workers.collect(),
            results,
            early: BTreeMap::new(),
            free: Some(free),
            next: start,
            end,
            waited: Duration::ZERO,
        }
    }

    /// The next batch; `None` after the last.
    ///
    /// # Errors
    /// A picture of it cannot be read.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        if self.next >= self.end {
            return Ok(None);
        }
        let start = Instant::now();
        let batch = loop {
            if let Some(batch) = self.early.remove(&self.next) {
                break batch;
            }
            match self.results.recv() {
                Ok((number, batch)) => self.early.insert(number, batch),
                Err(_) => return Err(Error::input("the threads that load pictures have ended")),
            };
        };
        self.waited += start.elapsed();
        self.next += 1;
        batch.map(Some)
    }

    /// Gives a batch's buffers back, for another batch.
    pub fn recycle(&mut self, batch: Batch) {
        if let Some(free) = &self.free {
            // Threads that have ended need no buffers.
            let _ = free.send(batch);
        }
    }

    /// How long the caller has waited for batches.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.free = None;
        for worker in self.workers.drain(..) {
            // Panics have been caught where they happened.
            let _ = worker.join();
        }
    }
}

fn views(ten_crop: bool) -> usize {
    if ten_crop { 10 } else { 1 }
}

/// A thread takes its buffer before it takes a number: so the lowest number that is missing always has one.
struct Queue {
    buffers: Receiver<Batch>,
    next: usize,
}

/// What the threads share.
struct Work {
    pipeline: Arc<Pipeline>,
    split: Split,
    batch: usize,
    order: Order,
    /// The order of the pictures in the epochs that are being loaded.
    orders: Mutex<BTreeMap<usize, Arc<[u32]>>>,
}

impl Work {
    fn run(&self, queue: &Mutex<Queue>, end: usize, results: &Sender<(usize, Result<Batch>)>) {
        let mut scratch = Scratch::default();
        loop {
            let (number, mut batch) = {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                if queue.next >= end {
                    return;
                }
                let Ok(batch) = queue.buffers.recv() else {
                    return;
                };
                queue.next += 1;
                (queue.next - 1, batch)
            };
            let filled = self.fill(number, &mut batch, &mut scratch);
            if results.send((number, filled.map(|()| batch))).is_err() {
                return;
            }
        }
    }

    fn fill(&self, number: usize, batch: &mut Batch, scratch: &mut Scratch) -> Result<()> {
        let each = batches(self.split.len(), self.batch);
        let (items, first, order, views) = match self.order {
            Order::Training { seed, shuffle, .. } => {
                let order = self.epoch_order(number / each, seed, shuffle);
                (self.split.len(), number % each * self.batch, Some(order), 1)
            }
            Order::Evaluation { ten_crop } => {
                let views = views(ten_crop);
                (self.split.len() * views, number * self.batch, None, views)
            }
        };
        let n = self.batch.min(items - first);
        let elements = self.pipeline.elements();
        batch.images.resize(n * elements, 0.0);
        batch.labels.clear();
        batch.indices.clear();
        for (item, out) in (first..first + n).zip(batch.images.chunks_exact_mut(elements)) {
            let (i, view) = match &order {
                Some(order) => (order[item] as usize, View::Varied((number / each) as u64)),
                None if views == 1 => (item, View::Plain),
                None => (item / views, View::Crop((item % views) as u8)),
            };
            // A decoder's panic must not leave the step waiting for ever.
            let input = || self.pipeline.input(&self.split, i, view, scratch, out);
            catch_unwind(AssertUnwindSafe(input)).unwrap_or_else(|_| {
                Err(match self.split.file(i) {
                    Some(file) => Error::file(file, "broken picture: the decoder failed"),
                    None => Error::input(format!("picture {i} cannot be prepared")),
                })
            })?;
            batch.labels.push(self.split.label(i));
            batch.indices.push(i as u32);
        }
        Ok(())
    }

    fn epoch_order(&self, epoch: usize, seed: u64, shuffle: bool) -> Arc<[u32]> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        // Threads are at most a few batches apart; with epochs of one batch, a few epochs.
        orders.retain(|other, _| other + 1 >= epoch);
        let order = orders.entry(epoch);
        Arc::clone(order.or_insert_with(|| epoch_order(&self.split, epoch, seed, shuffle).into()))
    }
}
