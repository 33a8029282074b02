//! Curves over the epochs: training and validation.

use super::draw::{Anchor, BLUE, FAINT, GREY, INK, ORANGE, Svg};
use crate::run::Epoch;
use std::fmt::Write;

pub(super) const SIZE: [f64; 2] = [720.0, 420.0];
pub(super) const LEFT: f64 = 64.0;
const RIGHT: f64 = 118.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 52.0;
/// Width and height of what lies between the axes.
const PLOT: [f64; 2] = [SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM];

/// A figure over the epochs.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    pub(super) values: Vec<f64>,
}

/// A figure of the training set, and of the validation set.
type Pair = [fn(&Epoch) -> f64; 2];

pub(super) fn accuracy(history: &[Epoch]) -> String {
    let pair: Pair = [|e| e.accuracy * 100.0, |e| e.validation_accuracy * 100.0];
    chart("Accuracy", "%", &series(history, pair), f64::gt)
}

pub(super) fn loss(history: &[Epoch]) -> String {
    let pair: Pair = [|e| e.loss, |e| e.validation_loss];
    chart("Loss", "", &series(history, pair), f64::lt)
}

fn series(history: &[Epoch], [training, validation]: Pair) -> [Series; 2] {
    let one = |name, colour, of: fn(&Epoch) -> f64| Series {
        name,
        colour,
        values: history.iter().map(of).collect(),
    };
    [
        one("training", BLUE, training),
        one("validation", ORANGE, validation),
    ]
}

/// `better` says whether the first of two values is the better one.
fn chart(title: &str, unit: &str, series: &[Series], better: fn(&f64, &f64) -> bool) -> String {
    let mut svg = Svg::new(SIZE[0], SIZE[1], title);
    svg.bold([LEFT, 34.0], 18.0, INK, Anchor::Start, title);
    let Some(axes) = Axes::of(series, unit) else {
        let text = "no epoch has ended yet";
        svg.text([LEFT, 80.0], 14.0, GREY, Anchor::Start, text);
        return svg.finish();
    };
    axes.draw(&mut svg, unit);
    for one in series {
        axes.curve(&mut svg, one);
    }
    if let Some(validation) = series.last() {
        axes.mark_best(&mut svg, validation, better);
    }
    for (one, at) in series.iter().zip(axes.apart(series)) {
        let value = one.values[axes.epochs - 1];
        let text = format!("{value:.*}{unit}", if unit == "%" { 2 } else { 4 });
        let left = LEFT + PLOT[0] + 10.0;
        svg.bold([left, at - 1.0], 13.0, one.colour, Anchor::Start, one.name);
        svg.text([left, at + 15.0], 13.0, one.colour, Anchor::Start, &text);
    }
    svg.finish()
}

/// Where epochs and values stand.
pub(super) struct Axes {
    epochs: usize,
    ticks: Vec<f64>,
}

impl Axes {
    /// None before the first epoch has ended.
    pub(super) fn of(series: &[Series], unit: &str) -> Option<Self> {
        let epochs = series.iter().map(|s| s.values.len()).max()?;
        let all = series.iter().flat_map(|s| s.values.iter().copied());
        let (low, high) = all.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        let limit = if unit == "%" { 100.0 } else { f64::MAX };
        (epochs > 0).then(|| Self {
            epochs,
            ticks: ticks(low, high, limit),
        })
    }

    fn x(&self, epoch: usize) -> f64 {
        match self.epochs {
            1 => LEFT + PLOT[0] / 2.0,
            _ => LEFT + 10.0 + (PLOT[0] - 20.0) * epoch as f64 / (self.epochs - 1) as f64,
        }
    }

    fn y(&self, value: f64) -> f64 {
        let (first, last) = (self.ticks[0], self.ticks[self.ticks.len() - 1]);
        TOP + PLOT[1] * (1.0 - (value - first) / (last - first))
    }

    /// Lines and numbers.
    pub(super) fn draw(&self, svg: &mut Svg, unit: &str) {
        let [right, bottom] = [LEFT + PLOT[0], TOP + PLOT[1]];
        let digits = digits(self.ticks[1] - self.ticks[0]);
        for tick in &self.ticks {
            let y = self.y(*tick);
            svg.line([LEFT, y], [right, y], FAINT);
            let text = format!("{tick:.digits$}{unit}");
            svg.text([LEFT - 10.0, y + 4.5], 13.0, GREY, Anchor::End, &text);
        }
        let step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
            .into_iter()
            .find(|s| self.epochs / s <= 12);
        let step = step.unwrap_or(self.epochs);
        for epoch in (0..self.epochs).filter(|e| (e + 1) % step == 0 || *e == 0 && step < 5) {
            let text = (epoch + 1).to_string();
            let at = [self.x(epoch), bottom + 22.0];
            svg.text(at, 13.0, GREY, Anchor::Middle, &text);
        }
        svg.line([LEFT, bottom], [right, bottom], GREY);
        let at = [LEFT + PLOT[0] / 2.0, SIZE[1] - 10.0];
        svg.text(at, 13.0, GREY, Anchor::Middle, "epoch");
    }

    pub(super) fn curve(&self, svg: &mut Svg, one: &Series) {
        let colour = one.colour;
        let mut path = String::new();
        let mut dots = String::new();
        for (epoch, value) in one.values.iter().enumerate() {
            let (x, y) = (self.x(epoch), self.y(*value));
            let pen = if epoch == 0 { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(path, "{pen}{x:.1} {y:.1}");
            let _ = writeln!(
                dots,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.8\" fill=\"{colour}\"/>"
            );
        }
        svg.raw(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.2\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        ));
        if self.epochs <= 40 {
            svg.raw(dots.trim_end());
        }
    }

    /// A ring around the best value, the first of equals.
    fn mark_best(&self, svg: &mut Svg, one: &Series, better: fn(&f64, &f64) -> bool) {
        let values = &one.values;
        let best = (0..values.len()).fold(0, |best, i| {
            if better(&values[i], &values[best]) {
                i
            } else {
                best
            }
        });
        let (cx, cy, colour) = (self.x(best), self.y(values[best]), one.colour);
        svg.raw(format_args!(
            "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"6.5\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>"
        ));
        let text = format!("ring: best validation, epoch {}", best + 1);
        svg.text([SIZE[0] - RIGHT, 34.0], 13.0, GREY, Anchor::End, &text);
    }

    /// Where the labels at the ends of the curves stand, so that they do not cover each other.
    fn apart(&self, series: &[Series]) -> Vec<f64> {
        const ROOM: f64 = 38.0;
        let ends = series.iter().map(|s| self.y(s.values[self.epochs - 1]));
        let mut ends: Vec<f64> = ends.collect();
        if let [a, b] = &mut ends[..]
            && (*a - *b).abs() < ROOM
        {
            let middle = ((*a + *b) / 2.0).clamp(TOP + ROOM / 2.0, SIZE[1] - BOTTOM - ROOM);
            let half = if *a <= *b { ROOM / 2.0 } else { -ROOM / 2.0 };
            (*a, *b) = (middle - half, middle + half);
        }
        ends
    }
}

/// Round numbers from below `low` to above `high`.
fn ticks(low: f64, high: f64, limit: f64) -> Vec<f64> {
    let span = (high - low).max(high.abs() * 1e-3).max(1e-9);
    let rough = span / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|s| s * power)
        .into_iter()
        .find(|s| *s >= rough);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step).floor();
    let last = (high / step)
        .ceil()
        .max(first + 1.0)
        .min((limit / step).floor().max(first + 1.0));
    (0..=(last - first) as usize)
        .map(|i| (first + i as f64) * step)
        .collect()
}

/// Digits after the point that tell ticks apart.
fn digits(step: f64) -> usize {
    (0..8)
        .find(|d| ((step * 10f64.powi(*d)).round() - step * 10f64.powi(*d)).abs() < 1e-6)
        .unwrap_or(8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        assert_eq!(
            ticks(91.3, 99.2, 100.0),
            [90.0, 92.0, 94.0, 96.0, 98.0, 100.0]
        );
        assert_eq!(
            ticks(0.02, 0.41, f64::MAX),
            [0.0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5]
        );
        assert!(ticks(100.0, 100.0, 100.0).len() >= 2);
        assert!(ticks(0.0, 0.0, f64::MAX).len() >= 2);
        assert_eq!([digits(20.0), digits(0.1), digits(0.25)], [0, 1, 2]);
    }
}
