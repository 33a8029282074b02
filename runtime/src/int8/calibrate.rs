//! Post-training quantisation: the ranges of values over some pictures, and weights as bytes.
//!
//! A range is not that of all numbers seen: it is the one that makes the mean squared error of the bytes least (as in Nagel et al. 2021,
//! section 3.1), where cutting off a few large numbers buys a finer scale for all others.

use super::generated::listed;
use super::{Quantised, fingerprint, sources, takes_weights};
use crate::cpu::int8::{self, Layer};
use crate::plan::{Op, Param, Plan, Step};
use crate::{Error, ErrorKind, Executor, LayerWeights, Model, Weights};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// Pictures in a pass.
const BATCH: usize = 16;
/// Cells of a histogram.
const CELLS: usize = 2048;
/// Ranges that are tried at either end.
const TRIED: usize = 64;

/// Quantises a network. `images` are some inputs of its training data, one after the other: a few hundred tell the ranges of its values.
///
/// # Errors
/// If the weights are not the plan's, there is no picture, or the network gives numbers that are not finite.
pub fn quantise(plan: &Plan, weights: &Weights, images: &[f32]) -> Result<Quantised, Error> {
    let ranges = ranges(plan, weights, images)?;
    let mut layers = BTreeMap::new();
    let (mut others, mut rest) = (Vec::new(), Vec::new());
    for step in &plan.forward {
        match takes_weights(step) {
            true => {
                layers.insert(step.name.clone(), layer(step, weights)?);
            }
            false => others.extend(sources(step)),
        }
    }
    for param in others_of(plan, &others) {
        let numbers = weights
            .get(&param.name)
            .map(|(_, numbers)| numbers.into_owned());
        rest.push((param.name.clone(), numbers.unwrap_or_default()));
    }
    let params: Vec<Param> = others_of(plan, &others).cloned().collect();
    Ok(Quantised {
        network: plan.name.clone(),
        fingerprint: fingerprint(plan),
        layers,
        ranges,
        steps: plan.forward.iter().map(listed).collect(),
        rest: Weights::from_tensors(rest, &params)?,
        notes: String::new(),
    })
}

/// The parameters of these layers.
pub(crate) fn others_of<'p>(plan: &'p Plan, layers: &[&str]) -> impl Iterator<Item = &'p Param> {
    plan.params.iter().filter(move |param| {
        let layer = param.name.rsplit_once('.').map_or("", |(layer, _)| layer);
        layers.contains(&layer)
    })
}

/// The parameters of a convolution or a fully connected layer, folded, as bytes.
fn layer(step: &Step, weights: &Weights) -> Result<Layer, Error> {
    let (filters, terms, bias) = match (step.op, step.op.convolution()) {
        (_, Some(d)) => (
            d.filters,
            d.input[2] / d.groups * d.kernel[0] * d.kernel[1],
            d.bias,
        ),
        (Op::Fc(d), _) => (d.units, d.input.iter().product(), d.bias),
        (op, _) => return Err(Error::plan(op.name())),
    };
    let source = step.source.as_ref();
    let source = source.ok_or_else(|| Error::plan("a step without parameters"))?;
    let (numbers, bias) = LayerWeights::of(weights, source).affine::<f32>(filters, terms, bias);
    let pairs = int8::Conv::pairs(&step.op);
    let mut layer = Layer {
        weight: Vec::with_capacity(numbers.len()),
        scale: Vec::with_capacity(filters),
        bias,
    };
    for filter in numbers.chunks_exact(terms) {
        let largest = filter
            .iter()
            .fold(0.0_f32, |largest, w| largest.max(w.abs()));
        // Rounded, two add up to 128 at most.
        let together = pairs.iter().map(|[a, b]| (filter[*a] + filter[*b]).abs());
        let largest = together.fold(largest, f32::max);
        // Where all weights are 0, any scale will do.
        let scale = match largest > 0.0 {
            true => (largest / 127.0).max(f32::MIN_POSITIVE),
            false => 1.0,
        };
        let byte = |w: &f32| libm::rintf(w / scale).clamp(-127.0, 127.0) as i8;
        layer.weight.extend(filter.iter().map(byte));
        layer.scale.push(scale);
    }
    let finite = |numbers: &[f32]| numbers.iter().all(|x| x.is_finite() && x.abs() < 1e30);
    if !finite(&layer.scale) || !finite(&layer.bias) {
        let problem = format!(
            "`{}` has parameters that are too large once they are folded",
            step.name
        );
        return Err(Error::new(ErrorKind::Weights, problem));
    }
    Ok(layer)
}

/// The range of each value: the network's input under an empty name, then the outputs of all steps.
fn ranges(
    plan: &Plan,
    weights: &Weights,
    images: &[f32],
) -> Result<BTreeMap<String, [f32; 2]>, Error> {
    if !weights.device().is_cpu() {
        let problem =
            "quantisation looks at values on the CPU, and these weights are on another device";
        return Err(Error::new(ErrorKind::Choice, problem));
    }
    let executor = Executor::new(plan, weights)?;
    let one: usize = plan.input.iter().product();
    if images.is_empty() || !images.len().is_multiple_of(one.max(1)) {
        let problem = format!(
            "{} numbers are not some images of {one}: none shows a range",
            images.len()
        );
        return Err(Error::new(ErrorKind::Input, problem));
    }
    let mut workspace = executor.workspace(BATCH);
    let count = plan.forward.len() + 1;
    let mut ends = vec![[0.0_f32; 2]; count];
    let mut pass = |seen: &mut dyn FnMut(usize, &[f32])| -> Result<(), Error> {
        for images in images.chunks(one * BATCH) {
            seen(0, images);
            executor.forward_watched(&mut workspace, images, |step, values| {
                seen(step + 1, values)
            })?;
        }
        Ok(())
    };
    pass(&mut |value, numbers| {
        let [low, high] = &mut ends[value];
        for x in numbers {
            // A NaN makes the end one, and stays, so that it is seen below.
            *low = if *x < *low || x.is_nan() { *x } else { *low };
            *high = if *x > *high { *x } else { *high };
        }
    })?;
    let name = |value: usize| match value {
        0 => String::new(),
        value => plan.forward[value - 1].name.clone(),
    };
    if let Some(value) = ends
        .iter()
        .position(|ends| !ends.iter().all(|end| end.is_finite()))
    {
        let name = match value {
            0 => "the input".to_string(),
            value => format!("`{}`", name(value)),
        };
        let problem = format!(
            "{name} has numbers that are not finite on the pictures: there is no scale for them"
        );
        return Err(Error::new(ErrorKind::Input, problem));
    }
    let mut histograms: Vec<Histogram> = ends.into_iter().map(Histogram::new).collect();
    pass(&mut |value, numbers| histograms[value].count(numbers))?;
    let ranges = histograms.iter().enumerate();
    Ok(ranges
        .map(|(value, histogram)| (name(value), histogram.range()))
        .collect())
}

/// How often numbers of each size were seen.
struct Histogram {
    ends: [f32; 2],
    cells: Vec<u64>,
}

impl Histogram {
    fn new(ends: [f32; 2]) -> Self {
        Self {
            ends,
            cells: vec![0; CELLS],
        }
    }

    fn width(&self) -> f64 {
        (f64::from(self.ends[1]) - f64::from(self.ends[0])) / CELLS as f64
    }

    /// 0 is exact in any range, and does not count.
    fn count(&mut self, numbers: &[f32]) {
        let unit = (1.0 / self.width()) as f32;
        if !unit.is_finite() {
            return;
        }
        for x in numbers.iter().filter(|x| **x != 0.0) {
            let cell = ((x - self.ends[0]) * unit) as usize;
            self.cells[cell.min(CELLS - 1)] += 1;
        }
    }

    /// The range whose bytes have the least squared error: one end is moved, then the other, and both once more.
    fn range(&self) -> [f32; 2] {
        let mut best = self.ends.map(f64::from);
        let mut least = self.error(best);
        for end in [1, 0, 1, 0] {
            let whole = f64::from(self.ends[end]);
            for part in TRIED / 8..TRIED {
                let mut tried = best;
                tried[end] = whole * part as f64 / TRIED as f64;
                let error = self.error(tried);
                if error < least {
                    (best, least) = (tried, error);
                }
            }
        }
        best.map(|end| end as f32)
    }

    /// The squared error of all numbers: of those inside by rounding, of those outside by the distance to the end.
    fn error(&self, [low, high]: [f64; 2]) -> f64 {
        let scale = (high - low) / 255.0;
        let (first, width) = (f64::from(self.ends[0]), self.width());
        let cells = self
            .cells
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0);
        let error = |(cell, count): (usize, &u64)| {
            let x = first + (cell as f64 + 0.5) * width;
            let outside = (x - high).max(low - x).max(0.0);
            let error = match outside > 0.0 {
                true => outside * outside,
                false => scale * scale / 12.0,
            };
            *count as f64 * error
        };
        cells.map(error).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(numbers: &[f32]) -> [f32; 2] {
        let ends = numbers
            .iter()
            .fold([0.0_f32; 2], |[low, high], x| [low.min(*x), high.max(*x)]);
        let mut histogram = Histogram::new(ends);
        histogram.count(numbers);
        histogram.range()
    }

    #[test]
    fn even_numbers_keep_their_ends() {
        let numbers: Vec<f32> = (0..10_000).map(|i| i as f32 / 10_000.0).collect();
        let [low, high] = seen(&numbers);
        assert!(low == 0.0 && high > 0.95, "{low} to {high}");
    }

    #[test]
    fn a_single_number_far_off_is_cut() {
        let mut numbers: Vec<f32> = (0..1_000_000)
            .map(|i| (i % 1000) as f32 / 1000.0 - 0.5)
            .collect();
        numbers.push(4.0);
        let [low, high] = seen(&numbers);
        assert!(
            (-0.5..-0.45).contains(&low) && (0.45..2.0).contains(&high),
            "{low} to {high}"
        );
    }

    #[test]
    fn nothing_has_a_range_of_nothing() {
        assert_eq!(seen(&[0.0; 4]), [0.0; 2]);
    }
}
