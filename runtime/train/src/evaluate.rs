//! How good a network is on a split: loss, accuracy, each class, the confusion matrix.

use crate::augment::Pipeline;
use crate::data::Split;
use crate::loader::{Loader, Order};
use crate::run::{Evaluate, Interrupt, Network};
use crate::{Error, ErrorKind, Result};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// The figures of a split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of pictures.
    pub images: usize,
    /// Whether each was looked at in ten crops.
    pub ten_crop: bool,
    /// Mean loss.
    pub loss: f64,
    /// Share of pictures whose best class is their label.
    pub accuracy: f64,
    /// Share of pictures whose label is among the best five classes; where there are more than five.
    pub top5: Option<f64>,
    /// Figures of each class.
    pub classes: Vec<Class>,
    /// Rows: labels; columns: predictions.
    pub confusion: Vec<Vec<usize>>,
    /// The answer for each picture, in the split's order.
    #[serde(skip)]
    pub answers: Vec<Answer>,
}

/// The figures of a class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Pictures with this label.
    pub images: usize,
    /// Share of the pictures predicted as this class that have its label; `None` where there are none.
    pub precision: Option<f64>,
    /// Share of the pictures with this label that are predicted so; `None` where there are none.
    pub recall: Option<f64>,
}

/// What the network says about a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// What it is.
    pub label: u32,
    /// What the network says.
    pub predicted: u32,
    /// How sure it is: 0 to 1.
    pub probability: f32,
}

/// Evaluates a network, in batches of the size that it was made for.
///
/// # Errors
/// A picture cannot be read, or the network cannot run; or it was stopped ([`ErrorKind::Interrupted`]).
pub fn evaluate(
    evaluator: &mut dyn Evaluate,
    network: &Network,
    split: &Split,
    classes: &[String],
    pipeline: &Arc<Pipeline>,
    options: EvaluationOptions<'_>,
) -> Result<Evaluation> {
    let (views, outputs) = (if options.ten_crop { 10 } else { 1 }, evaluator.outputs());
    let order = Order::Evaluation {
        ten_crop: options.ten_crop,
    };
    let mut loader = Loader::new(pipeline, split, options.batch, order, options.threads);
    let mut sums = vec![0.0f32; outputs];
    let mut scores = Vec::new();
    let (mut loss, mut in_five, mut seen) = (0.0, 0, 0);
    let mut answers = Vec::with_capacity(split.len());
    while let Some(batch) = loader.next_batch()? {
        if options.interrupt.is_some_and(Interrupt::is_wanted) {
            return Err(Error::new(
                ErrorKind::Interrupted,
                "the evaluation was stopped",
            ));
        }
        let n = batch.labels.len();
        scores.resize(n * outputs, 0.0);
        loss += evaluator.evaluate(&batch.images, &batch.labels, &mut scores)? * n as f64;
        for (scores, label) in scores.chunks_exact(outputs).zip(&batch.labels) {
            let probabilities = network.scores.probabilities(scores);
            sums.iter_mut()
                .zip(probabilities)
                .for_each(|(sum, p)| *sum += p);
            seen += 1;
            // The views of a picture follow one another.
            if seen % views == 0 {
                let answer = answer(&sums, *label, views);
                in_five += usize::from(rank(&sums, *label) < 5);
                answers.push(answer);
                sums.fill(0.0);
            }
        }
        loader.recycle(batch);
    }
    let images = answers.len();
    let share = |n: usize| n as f64 / images.max(1) as f64;
    // A network may have more outputs than the data has classes.
    let unnamed = (classes.len()..outputs).map(|i| i.to_string());
    let classes: Vec<String> = classes.iter().cloned().chain(unnamed).collect();
    let confusion = confusion(&answers, classes.len());
    Ok(Evaluation {
        images,
        ten_crop: options.ten_crop,
        loss: loss / (images * views).max(1) as f64,
        accuracy: share(answers.iter().filter(|a| a.label == a.predicted).count()),
        top5: (outputs > 5).then(|| share(in_five)),
        classes: per_class(&confusion, &classes),
        confusion,
        answers,
    })
}

/// How to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationOptions<'a> {
    /// Inputs at a time.
    pub batch: usize,
    /// Threads that load pictures.
    pub threads: usize,
    /// Ten crops of each picture, and the mean of what the network says about them.
    pub ten_crop: bool,
    /// Stops it between two batches.
    pub interrupt: Option<&'a Interrupt>,
}

fn answer(sums: &[f32], label: u32, views: usize) -> Answer {
    // The first of equals wins.
    let best = (0..sums.len()).fold(0, |best, i| if sums[i] > sums[best] { i } else { best });
    Answer {
        label,
        predicted: best as u32,
        probability: sums[best] / views as f32,
    }
}

/// How many classes are better than the label.
fn rank(sums: &[f32], label: u32) -> usize {
    let label = label as usize;
    let better = |(i, s): (usize, &f32)| *s > sums[label] || *s == sums[label] && i < label;
    sums.iter()
        .enumerate()
        .filter(|(i, s)| better((*i, s)))
        .count()
}

fn confusion(answers: &[Answer], classes: usize) -> Vec<Vec<usize>> {
    let mut matrix = vec![vec![0; classes]; classes];
    for answer in answers {
        matrix[answer.label as usize][answer.predicted as usize] += 1;
    }
    matrix
}

fn per_class(confusion: &[Vec<usize>], names: &[String]) -> Vec<Class> {
    let class = |(i, name): (usize, &String)| {
        let images: usize = confusion[i].iter().sum();
        let predicted: usize = confusion.iter().map(|row| row[i]).sum();
        let share = |of: usize| (of > 0).then(|| confusion[i][i] as f64 / of as f64);
        Class {
            name: name.clone(),
            images,
            precision: share(predicted),
            recall: share(images),
        }
    };
    names.iter().enumerate().map(class).collect()
}

/// Loss and accuracy in one line, then a table of the classes.
impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} images - loss: {:.4} - accuracy: {:.4}",
            self.images, self.loss, self.accuracy
        )?;
        if let Some(top5) = self.top5 {
            write!(f, " - top 5: {top5:.4}")?;
        }
        let crops = if self.ten_crop { " (ten crops)" } else { "" };
        writeln!(f, "{crops}\n")?;
        let names = self.classes.iter().map(|c| c.name.chars().count());
        let width = names.max().unwrap_or(0).max(5);
        writeln!(f, "{:width$}  images  precision  recall", "class")?;
        let figure =
            |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |s| format!("{s:.4}"));
        for class in &self.classes {
            let (precision, recall) = (figure(class.precision), figure(class.recall));
            writeln!(
                f,
                "{:width$}  {:6}  {precision:>9}  {recall:>6}",
                class.name, class.images
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_follow_from_the_answers() {
        let answer = |label, predicted| Answer {
            label,
            predicted,
            probability: 1.0,
        };
        let matrix = confusion(&[answer(0, 0), answer(0, 1), answer(1, 1)], 3);
        assert_eq!(matrix, [[1, 1, 0], [0, 1, 0], [0, 0, 0]]);
        let names = ["a", "b", "c"].map(str::to_owned);
        let classes = per_class(&matrix, &names);
        assert_eq!(
            (classes[0].precision, classes[0].recall),
            (Some(1.0), Some(0.5))
        );
        assert_eq!(
            (classes[1].precision, classes[1].recall),
            (Some(0.5), Some(1.0))
        );
        assert_eq!((classes[2].precision, classes[2].recall), (None, None));
    }

    #[test]
    fn the_first_of_equals_is_better() {
        assert_eq!(rank(&[0.2, 0.5, 0.2, 0.1], 2), 2);
    }
}
