//! Where the loop's batches come from: threads that load them, or the device itself, which holds the pictures.

use super::{Experiment, Learn, Outcome};
use crate::Result;
use crate::loader::{self, Loader, Order};
use std::time::Duration;

/// The batches of a run, in their order.
pub(super) enum Feed {
    /// Loaded ahead of the steps.
    Loaded(Loader),
    /// Prepared by the device. The next batch: its epoch and its number there, and whether the device knows the order of this epoch.
    Held {
        epoch: usize,
        batch: usize,
        begun: bool,
    },
}

impl Feed {
    /// Begins with this epoch and this batch of it. The device holds the pictures if they are bytes in memory and it has room for them.
    pub(super) fn new(
        net: &mut dyn Learn,
        experiment: &Experiment<'_>,
        (epoch, batch): (usize, usize),
        threads: usize,
    ) -> Result<Self> {
        let Experiment {
            recipe,
            data,
            pipeline,
            ..
        } = experiment;
        if net.holds()
            && let Some(held) = data.train.held()
            && net.hold(&held.pictures(), &pipeline.preparation())?
        {
            let begun = false;
            // A run may have stopped between the last step of an epoch and its evaluation.
            let each = loader::batches(data.train.len(), recipe.batch).max(1);
            let (epoch, batch) = (epoch + batch / each, batch % each);
            return Ok(Feed::Held {
                epoch,
                batch,
                begun,
            });
        }
        let order = Order::Training {
            seed: recipe.seed,
            shuffle: recipe.shuffle,
            epoch,
            batch,
            end: recipe.epochs,
        };
        let loader = Loader::new(pipeline, &data.train, recipe.batch, order, threads);
        Ok(Feed::Loaded(loader))
    }

    /// Submits a step on the next batch: its number of pictures, and the outcome as of [`Learn::submit`]; `None` after the last batch.
    pub(super) fn submit(
        &mut self,
        net: &mut dyn Learn,
        experiment: &Experiment<'_>,
        factor: f64,
    ) -> Result<Option<(usize, Option<Outcome>)>> {
        match self {
            Feed::Loaded(loader) => {
                let Some(batch) = loader.next_batch()? else {
                    return Ok(None);
                };
                let outcome = net.submit(&batch.images, &batch.labels, factor)?;
                let count = batch.labels.len();
                loader.recycle(batch);
                Ok(Some((count, outcome)))
            }
            Feed::Held {
                epoch,
                batch,
                begun,
            } => {
                let Experiment { recipe, data, .. } = experiment;
                let (split, each) = (&data.train, recipe.batch.max(1));
                if *epoch >= recipe.epochs {
                    return Ok(None);
                }
                if !*begun {
                    let order = loader::epoch_order(split, *epoch, recipe.seed, recipe.shuffle);
                    net.begin_epoch(*epoch, &order)?;
                    *begun = true;
                }
                let first = *batch * each;
                let places = first..split.len().min(first + each);
                let count = places.len();
                let outcome = net.submit_held(places, factor)?;
                *batch += 1;
                if *batch == loader::batches(split.len(), each) {
                    (*epoch, *batch, *begun) = (*epoch + 1, 0, false);
                }
                Ok(Some((count, outcome)))
            }
        }
    }

    /// How long steps have waited for pictures.
    pub(super) fn waited(&self) -> Duration {
        match self {
            Feed::Loaded(loader) => loader.waited(),
            Feed::Held { .. } => Duration::ZERO,
        }
    }
}
