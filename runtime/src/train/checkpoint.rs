//! What a run needs to go on bit by bit, in memory and as a file.

use super::State;
use crate::{Error, ErrorKind};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The state of an optimizer: with the weights and the seed, all that a run needs to go on bit by bit.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// Updates made.
    pub steps: u64,
    /// Name, shape and numbers of each tensor: `conv1.weight.velocity`.
    pub tensors: Vec<(String, Vec<usize>, Vec<f32>)>,
}

impl OptimizerState {
    /// Checks that another state is of the same network and optimizer.
    pub(crate) fn fits(&self, other: &Self) -> Result<(), Error> {
        let mut both = self.tensors.iter().zip(&other.tensors);
        let same = both.all(|(a, b)| (&a.0, &a.1, a.2.len()) == (&b.0, &b.1, b.2.len()));
        if same && self.tensors.len() == other.tensors.len() {
            return Ok(());
        }
        let problem = "the optimizer's state is of another network or optimizer";
        Err(Error::new(ErrorKind::Weights, problem))
    }
}

impl State {
    /// The optimizer's state.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if a GPU fails.
    pub fn optimizer_state(&self) -> Result<OptimizerState, Error> {
        #[cfg(feature = "cuda")]
        if let Some(trainer) = self.trainer() {
            return trainer.optimizer_state();
        }
        let names = self.update.optimizer().states();
        let states = names.iter().zip(self.update.states());
        let tensors = states.flat_map(|(state, numbers)| {
            let trainable = self.layout.params().filter(|(param, _)| param.trainable);
            trainable.map(move |(param, range)| {
                let name = format!("{}.{state}", param.name);
                (name, param.shape.clone(), numbers[range].to_vec())
            })
        });
        Ok(OptimizerState {
            steps: self.update.steps(),
            tensors: tensors.collect(),
        })
    }

    /// Goes on from this state; what another device has is forgotten.
    ///
    /// # Errors
    /// If it is that of another network or optimizer.
    pub(super) fn restore_optimizer(&mut self, state: &OptimizerState) -> Result<(), Error> {
        self.optimizer_state()?.fits(state)?;
        #[cfg(feature = "cuda")]
        if let Some(recorded) = &mut self.recorded {
            recorded.forget();
        }
        let trainable = || self.layout.params().filter(|(param, _)| param.trainable);
        let count = trainable().count();
        self.update.restore(state.steps, |i, numbers| {
            let tensors = &state.tensors[i * count..(i + 1) * count];
            for ((_, range), (_, _, from)) in trainable().zip(tensors) {
                numbers[range].copy_from_slice(from);
            }
        });
        Ok(())
    }
}

#[cfg(feature = "std")]
mod file {
    use super::{OptimizerState, State};
    use crate::weights::file;
    use crate::{Error, ErrorKind, Weights};
    use alloc::borrow::Cow;
    use alloc::collections::BTreeMap;
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use std::path::Path;

    /// The note that holds what is no tensor, and what the names of the tensors begin with.
    const NOTE: &str = "netc.training";
    const WEIGHTS: &str = "weights.";
    const OPTIMIZER: &str = "optimizer.";

    impl State {
        /// Writes a safetensors file with all that a run needs to go on: the parameters, the optimizer's state, the number of
        /// steps, the seed and the learning rate's factor. It takes the old file's place as a whole.
        ///
        /// # Errors
        /// If a number is not finite, or the file cannot be written.
        pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
            let weights = self.weights()?;
            let optimizer = self.optimizer_state()?;
            let named = |prefix: &str, name: &str| format!("{prefix}{name}");
            let own = weights
                .tensors()
                .map(|(name, shape, numbers)| (named(WEIGHTS, name), shape.to_vec(), numbers));
            let others = optimizer.tensors.iter().map(|(name, shape, numbers)| {
                let numbers = Cow::Borrowed(&numbers[..]);
                (named(OPTIMIZER, name), shape.clone(), numbers)
            });
            let (steps, seed, rate) = (optimizer.steps, self.seed, self.rate);
            let note = format!("steps={steps} seed={seed} rate={rate}");
            let bytes = file::serialize(own.chain(others), Some((NOTE, note)));
            file::replace(path.as_ref(), &bytes)
        }

        /// Goes on from what [`save`](Self::save) has written, bit by bit.
        ///
        /// # Errors
        /// If the file cannot be read, or is of another network or optimizer; then nothing changes.
        pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
            let path = path.as_ref();
            let read = std::fs::read(path);
            read.map_err(|error| Error::new(ErrorKind::Io, error.to_string()))
                .and_then(|bytes| self.restore(&bytes))
                .map_err(|error| error.about(path.display().to_string()))
        }

        fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
            let (tensors, mut notes) = file::deserialize(bytes)?;
            let Some(Run { steps, seed, rate }) = notes.remove(NOTE).and_then(|n| Run::parse(&n))
            else {
                let problem = "not a checkpoint of a training run: a file of weights alone starts a new one with `load`";
                return Err(Error::new(ErrorKind::Weights, problem));
            };
            let mut weights = Vec::new();
            let mut states = BTreeMap::new();
            for (name, shape, numbers) in tensors {
                if let Some(name) = name.strip_prefix(WEIGHTS) {
                    weights.push((name.to_string(), numbers));
                } else if let Some(name) = name.strip_prefix(OPTIMIZER) {
                    states.insert(name.to_string(), (shape, numbers));
                }
            }
            let weights = Weights::from_tensors(weights, self.layout.list())?;
            // In the order of this run; what is left over is of another one.
            let own = self.optimizer_state()?.tensors.into_iter();
            let mut ordered: Vec<_> = own
                .filter_map(|(name, _, _)| states.remove_entry(&name))
                .collect();
            ordered.extend(states);
            let tensors = ordered
                .into_iter()
                .map(|(name, (shape, numbers))| (name, shape, numbers));
            self.restore_optimizer(&OptimizerState {
                steps,
                tensors: tensors.collect(),
            })?;
            self.load(&weights);
            (self.seed, self.rate) = (seed, rate);
            Ok(())
        }
    }

    /// What a checkpoint holds beside tensors.
    struct Run {
        steps: u64,
        seed: u64,
        rate: f64,
    }

    impl Run {
        /// `steps=12 seed=1 rate=0.5`
        fn parse(note: &str) -> Option<Self> {
            let fields: BTreeMap<&str, &str> = note
                .split(' ')
                .filter_map(|field| field.split_once('='))
                .collect();
            let whole = |key: &str| -> Option<u64> { fields.get(key)?.parse().ok() };
            let rate: f64 = fields.get("rate")?.parse().ok()?;
            Some(Self {
                steps: whole("steps")?,
                seed: whole("seed")?,
                rate: Some(rate).filter(|rate| rate.is_finite())?,
            })
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_note_is_read_as_it_was_written() {
            let note = Run::parse("steps=12 seed=18446744073709551615 rate=0.1");
            let found = note.map(|run| (run.steps, run.seed, run.rate));
            assert_eq!(found, Some((12, u64::MAX, 0.1)));
            for broken in [
                "",
                "steps=1 seed=2",
                "steps=-1 seed=0 rate=1",
                "steps=1 seed=2 rate=NaN",
            ] {
                assert!(Run::parse(broken).is_none(), "{broken}");
            }
        }
    }
}
