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

const HEAD: &str = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,waited";

/// The epochs of a table that a run has left; `None` if it is another table. When each epoch ended does not stand there.
#[must_use]
pub fn read_csv(text: &str) -> Option<Vec<Epoch>> {
    let rows = text.strip_prefix(HEAD)?.lines().skip(1);
    let row = |line: &str| {
        let numbers = line.split(',').map(|cell| cell.parse::<f64>().ok());
        let numbers: Vec<f64> = numbers.collect::<Option<_>>()?;
        let [
            epoch,
            loss,
            accuracy,
            validation_loss,
            validation_accuracy,
            rate,
            seconds,
            waited,
        ] = numbers[..]
        else {
            return None;
        };
        Some(Epoch {
            epoch: (epoch as usize).checked_sub(1)?,
            loss,
            accuracy,
            validation_loss,
            validation_accuracy,
            rate,
            seconds,
            waited,
            ended: 0.0,
        })
    };
    rows.filter(|line| !line.is_empty()).map(row).collect()
}

/// The table of all epochs. Epochs count from 1 here, as on the terminal.
pub(super) fn csv(history: &[Epoch]) -> String {
    let mut text = format!("{HEAD}\n");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let epoch = |epoch: usize| Epoch {
            epoch,
            loss: 0.1 + epoch as f64 / 3.0,
            accuracy: 0.5,
            validation_loss: 1e-9,
            validation_accuracy: 1.0,
            rate: 0.001,
            seconds: 2.5,
            waited: 0.25,
            ended: 0.0,
        };
        let history = [epoch(0), epoch(1)];
        assert_eq!(read_csv(&csv(&history)), Some(history.to_vec()));
        assert_eq!(read_csv(&csv(&[])), Some(Vec::new()));
        for other in [
            "",
            "a,b\n1,2\n",
            &format!("{HEAD}\n1,2,3\n"),
            &format!("{HEAD}\nx\n"),
        ] {
            assert_eq!(read_csv(other), None, "{other}");
        }
    }
}
