//! The figures of each epoch, and `metrics.csv`.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// The figures of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counts from 0.
    pub epoch: usize,
    /// Mean training loss over the epoch, each batch before its step.
    pub loss: f64,
    /// Training accuracy, likewise.
    pub accuracy: f64,
    /// Validation loss after the epoch.
    pub validation_loss: f64,
    /// Validation accuracy after the epoch.
    pub validation_accuracy: f64,
    /// Learning rate of the last step.
    pub rate: f64,
    /// How long the steps of the epoch took, in this run.
    pub seconds: f64,
    /// Share of that time that the steps waited for pictures.
    pub waited: f64,
    /// When it ended, in seconds since 1970.
    pub ended: f64,
}

/// The table of all epochs. Epochs count from 1 here, as on the terminal.
pub(super) fn csv(history: &[Epoch]) -> String {
    let mut text =
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,waited\n".to_owned();
    for e in history {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{:.3},{:.4}",
            e.epoch + 1,
            e.loss,
            e.accuracy,
            e.validation_loss,
            e.validation_accuracy,
            e.rate,
            e.seconds,
            e.waited
        );
    }
    text
}
