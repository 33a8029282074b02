//! Curves over the epochs: training and validation.

use super::draw::{Anchor, BLUE, FAINT, GREY, INK, ORANGE, Svg};
use crate::run::Epoch;
use std::fmt::Write;

const SIZE: [f64; 2] = [720.0, 420.0];
const LEFT: f64 = 64.0;
const RIGHT: f64 = 118.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 52.0;

/// A figure over the epochs.
struct Series {
    name: &'static str,
    colour: &'static str,
    values: Vec<f64>,
}

pub(super) fn accuracy(history: &[Epoch]) -> String {
    let values = |of: fn(&Epoch) -> f64| history.iter().map(|e| of(e) * 100.0).collect();
    let series = [
        Series {
            name: "training",
            colour: BLUE,
            values: values(|e| e.accuracy),
        },
        Series {
            name: "validation",
            colour: ORANGE,
            values: values(|e| e.validation_accuracy),
        },
    ];
    chart("Accuracy", "%", &series, true)
}

pub(super) fn loss(history: &[Epoch]) -> String {
    let values = |of: fn(&Epoch) -> f64| history.iter().map(of).collect();
    let series = [
        Series {
            name: "training",
            colour: BLUE,
            values: values(|e| e.loss),
        },
        Series {
            name: "validation",
            colour: ORANGE,
            values: values(|e| e.validation_loss),
        },
    ];
    chart("Loss", "", &series, false)
}

fn chart(title: &str, unit: &str, series: &[Series], high_is_good: bool) -> String {
    let mut svg = Svg::new(SIZE[0], SIZE[1], title);
    svg.bold([LEFT, 34.0], 18.0, INK, Anchor::Start, title);
    let epochs = series.iter().map(|s| s.values.len()).max().unwrap_or(0);
    let all = || series.iter().flat_map(|s| s.values.iter().copied());
    if epochs == 0 {
        svg.text(
            [LEFT, 80.0],
            14.0,
            GREY,
            Anchor::Start,
            "no epoch has ended yet",
        );
        return svg.finish();
    }
    let (low, high) = all().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    let ticks = ticks(low, high, if unit == "%" { 100.0 } else { f64::MAX });
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    let (plot_w, plot_h) = (SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM);
    let y = |value: f64| TOP + plot_h * (1.0 - (value - first) / (last - first));
    let x = |epoch: usize| match epochs {
        1 => LEFT + plot_w / 2.0,
        _ => LEFT + 10.0 + (plot_w - 20.0) * epoch as f64 / (epochs - 1) as f64,
    };

    let digits = digits(ticks[1] - ticks[0]);
    for tick in &ticks {
        svg.line([LEFT, y(*tick)], [LEFT + plot_w, y(*tick)], FAINT);
        let text = format!("{tick:.digits$}{unit}");
        svg.text(
            [LEFT - 10.0, y(*tick) + 4.5],
            13.0,
            GREY,
            Anchor::End,
            &text,
        );
    }
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
        .into_iter()
        .find(|s| epochs / s <= 12);
    let step = step.unwrap_or(epochs);
    for epoch in (0..epochs).filter(|e| (e + 1) % step == 0 || *e == 0 && step < 5) {
        let text = (epoch + 1).to_string();
        svg.text(
            [x(epoch), TOP + plot_h + 22.0],
            13.0,
            GREY,
            Anchor::Middle,
            &text,
        );
    }
    svg.line([LEFT, TOP + plot_h], [LEFT + plot_w, TOP + plot_h], GREY);
    svg.text(
        [LEFT + plot_w / 2.0, SIZE[1] - 10.0],
        13.0,
        GREY,
        Anchor::Middle,
        "epoch",
    );

    for one in series {
        let mut path = String::new();
        for (epoch, value) in one.values.iter().enumerate() {
            let pen = if epoch == 0 { 'M' } else { 'L' };
            // Writing to a string cannot fail.
            let _ = write!(path, "{pen}{:.1} {:.1}", x(epoch), y(*value));
        }
        let colour = one.colour;
        svg.raw(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.2\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        ));
        if epochs <= 40 {
            for (epoch, value) in one.values.iter().enumerate() {
                let (x, y) = (x(epoch), y(*value));
                svg.raw(format_args!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.8\" fill=\"{colour}\"/>"
                ));
            }
        }
    }
    mark_best(&mut svg, series, high_is_good, x, y);
    for (one, at) in series.iter().zip(apart(series, y)) {
        let value = one.values[one.values.len() - 1];
        let text = format!("{value:.*}{unit}", if unit == "%" { 2 } else { 4 });
        let left = LEFT + plot_w + 10.0;
        svg.bold([left, at - 1.0], 13.0, one.colour, Anchor::Start, one.name);
        svg.text([left, at + 15.0], 13.0, one.colour, Anchor::Start, &text);
    }
    svg.finish()
}

/// A ring around the best value of the validation set.
fn mark_best(
    svg: &mut Svg,
    series: &[Series],
    high_is_good: bool,
    x: impl Fn(usize) -> f64,
    y: impl Fn(f64) -> f64,
) {
    let Some(one) = series.last() else { return };
    let better = |a: f64, b: f64| if high_is_good { a > b } else { a < b };
    let best = (0..one.values.len()).fold(0, |best, i| {
        if better(one.values[i], one.values[best]) {
            i
        } else {
            best
        }
    });
    let (cx, cy, colour) = (x(best), y(one.values[best]), one.colour);
    svg.raw(format_args!(
        "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"6.5\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>"
    ));
    let text = format!("ring: best validation, epoch {}", best + 1);
    svg.text([SIZE[0] - RIGHT, 34.0], 13.0, GREY, Anchor::End, &text);
}

/// Where the labels at the ends of the curves stand, so that they do not cover each other.
fn apart(series: &[Series], y: impl Fn(f64) -> f64) -> Vec<f64> {
    const ROOM: f64 = 38.0;
    let mut ends: Vec<f64> = series
        .iter()
        .map(|s| s.values.last().map_or(0.0, |v| y(*v)))
        .collect();
    if let [a, b] = &mut ends[..]
        && (*a - *b).abs() < ROOM
    {
        let middle = ((*a + *b) / 2.0).clamp(TOP + ROOM / 2.0, SIZE[1] - BOTTOM - ROOM);
        let half = if *a <= *b { ROOM / 2.0 } else { -ROOM / 2.0 };
        (*a, *b) = (middle - half, middle + half);
    }
    ends
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
