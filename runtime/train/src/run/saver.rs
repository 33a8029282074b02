//! When a run is saved in the middle of an epoch.

use std::time::{Duration, Instant};

/// How often a run is saved besides the end of each epoch. Saving takes at most a twentieth of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// Every so many steps.
    Steps(u64),
    /// After so much time.
    Time(Duration),
}

/// Keeps the time, and what saving costs.
pub(super) struct Saver {
    when: Checkpoints,
    step: u64,
    time: Instant,
    took: Duration,
}

impl Saver {
    pub(super) fn new(when: Checkpoints, step: u64) -> Self {
        Self {
            when,
            step,
            time: Instant::now(),
            took: Duration::ZERO,
        }
    }

    pub(super) fn is_due(&self, step: u64) -> bool {
        match self.when {
            Checkpoints::Steps(n) => step - self.step >= n.max(1),
            Checkpoints::Time(time) => self.time.elapsed() >= time.max(self.took * 20),
        }
    }

    pub(super) fn saved(&mut self, step: u64, took: Duration) {
        (self.step, self.time, self.took) = (step, Instant::now(), took);
    }
}
