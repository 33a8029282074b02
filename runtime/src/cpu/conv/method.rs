//! The ways to compute a convolution.

use super::depthwise::Depthwise;
use super::winograd::Winograd;
#[cfg(feature = "train")]
use crate::cpu::choice::Choice;
use crate::cpu::choice::Method;
use crate::cpu::simd::Level;
use crate::cpu::tuning::Tuning;
use crate::plan::{self, Op};

/// Whether the method can compute the convolution.
pub(crate) fn can(d: &plan::Conv, method: Method) -> bool {
    match method {
        Method::Direct => true,
        Method::Padded => d.pad != [0; 4],
        Method::Depthwise => Depthwise::fits(d),
        Method::Winograd2 | Method::Winograd4 => Winograd::fits(d),
        Method::Only => false,
    }
}

/// The method that is best for a convolution on machines of this level.
pub(crate) fn best(d: &plan::Conv, level: Level) -> Method {
    let methods = [exact(d, level), Method::Winograd2, Method::Winograd4];
    let able = methods.into_iter().filter(|method| can(d, *method));
    let costs = able.map(|method| (method, cost(d, method, Tuning::of(level))));
    // The first of equals: it has the smaller error.
    let least = costs.reduce(|least, other| if other.1 < least.1 { other } else { least });
    least.map_or(Method::Direct, |(method, _)| method)
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
        _ if has_short_runs => Method::Padded,
        _ => Method::Direct,
    }
}

/// The method of a step backward, which is the convolution `back`, where forward was computed by this choice: Winograd's only where it was not
/// turned off.
#[cfg(feature = "train")]
pub(crate) fn back(d: &plan::Conv, back: &plan::Conv, forward: Choice) -> Method {
    let turned_off = best(d, forward.level).is_winograd() && !forward.method.is_winograd();
    match turned_off {
        true => exact(back, forward.level),
        false => best(back, forward.level),
    }
}

/// About how many products could be computed in the time that an image takes by this method: products themselves, and what must be moved.
fn cost(d: &plan::Conv, method: Method, tuning: &Tuning) -> f64 {
    let [height, width, filters] = Op::Conv(*d).output();
    let (filters, channels) = (filters as f64, (d.input[2] / d.groups) as f64);
    let (outputs, places) = match method {
        Method::Winograd2 => (2, 16.0),
        Method::Winograd4 => (4, 36.0),
        _ => (1, d.kernel[0] as f64 * d.kernel[1] as f64),
    };
    let tiles = height.div_ceil(outputs) as f64 * width.div_ceil(outputs) as f64;
    let weights = places * channels * filters;
    let moved = match method {
        Method::Winograd2 | Method::Winograd4 => tiles * places * (channels + filters),
        _ => 0.0,
    };
    tiles * weights + moved * tuning.winograd_transform + weights * tuning.weight
}
