//! The ways to compute a convolution.

use super::abreast::Abreast;
use super::depthwise::Depthwise;
use super::grouped::Grouped;
use super::winograd::Winograd;
#[cfg(feature = "train")]
use crate::cpu::choice::Choice;
use crate::cpu::choice::Method;
use crate::cpu::simd::Level;
use crate::cpu::tuning::Tuning;
use crate::plan;

/// Images of a batch that a choice for training counts on: the choice must not depend on the batch itself, so that numbers do not.
pub(crate) const TRAINED: usize = 16;

/// Whether the method can compute the convolution.
pub(crate) fn can(d: &plan::Conv, method: Method, level: Level) -> bool {
    match method {
        Method::Direct => true,
        Method::Padded => d.pad != [0; 4],
        Method::Depthwise => Depthwise::fits(d),
        Method::Grouped => Grouped::fits(d, level.lanes()),
        Method::Abreast => Abreast::pixels(d, level.lanes()).is_some(),
        Method::Winograd2 => Winograd::fits(d, 2),
        Method::Winograd4 => Winograd::fits(d, 4),
        Method::Only | Method::Int8 => false,
    }
}

/// The method that is best for a convolution of so many images at a time on machines of this level: where there are many, large weights are read
/// for all of them.
pub(crate) fn best(d: &plan::Conv, level: Level, images: usize) -> Method {
    let exact = exact(d, level);
    let winograd = [Method::Winograd2, Method::Winograd4].into_iter();
    let kept = Tuning::of(level).winograd_kept.saturating_mul(images);
    let methods = winograd.filter(|method| match method {
        Method::Winograd4 => can(d, *method, level) && Winograd::weight_bytes_of(d, 4) <= kept,
        _ => can(d, *method, level),
    });
    let methods = core::iter::once(exact).chain(methods);
    let costs = methods.map(|method| (method, cost(d, method, Tuning::of(level), images)));
    // The first of equals: it has the smaller error.
    let least = costs.reduce(|a, b| if b.1 < a.1 { b } else { a });
    least.map_or(exact, |(method, _)| method)
}

/// The best of those that compute the products of the definition.
pub(crate) fn exact(d: &plan::Conv, level: Level) -> Method {
    let has_short_runs = d.groups == 1
        && d.input[2] < Tuning::of(level).few_channels
        && d.kernel[1] > 1
        && d.dilation[1] == 1
        && d.pad[2].max(d.pad[3]) > 0;
    match d {
        d if Depthwise::fits(d) => Method::Depthwise,
        d if can(d, Method::Grouped, level) => Method::Grouped,
        _ if has_short_runs => Method::Padded,
        d if can(d, Method::Abreast, level) => Method::Abreast,
        _ => Method::Direct,
    }
}

/// The method of a step backward, which is the convolution `back`, where forward was computed by this choice.
#[cfg(feature = "train")]
pub(crate) fn back(back: &plan::Conv, forward: Choice) -> Method {
    match forward.winograd {
        true => best(back, forward.level, TRAINED),
        false => exact(back, forward.level),
    }
}

/// About how many products could be computed in the time that so many images take by this method, of a convolution that may be Winograd's:
/// products themselves, and what must be moved. The descriptor need not be valid.
fn cost(d: &plan::Conv, method: Method, tuning: &Tuning, images: usize) -> f64 {
    let groups = d.groups as f64;
    let (filters, channels) = (d.filters as f64 / groups, d.input[2] as f64 / groups);
    let taps = d.kernel[0];
    let (side, reach) = match method {
        Method::Winograd2 => (2, taps + 1),
        Method::Winograd4 => (4, taps + 3),
        _ => (1, taps),
    };
    let places = reach as f64 * reach as f64;
    let along = |axis: usize| {
        let padding = d.pad[2 * axis].saturating_add(d.pad[2 * axis + 1]);
        let outputs = d.input[axis].saturating_add(padding);
        outputs
            .saturating_sub(taps.saturating_sub(1))
            .div_ceil(side) as f64
    };
    let tiles = images as f64 * along(0) * along(1);
    let weights = places * channels * filters;
    let moved = match method {
        Method::Winograd2 | Method::Winograd4 => tiles * places * (channels + filters),
        _ => 0.0,
    };
    groups * (tiles * weights + moved * tuning.winograd_transform + weights * tuning.weight)
}
