//! The ways to compute a convolution.

use super::depthwise::Depthwise;
use crate::cpu::choice::Method;
use crate::cpu::simd::Level;
use crate::cpu::tuning::Tuning;
use crate::plan;

/// Whether the method can compute the convolution.
pub(crate) fn can(d: &plan::Conv, method: Method) -> bool {
    match method {
        Method::Direct => true,
        Method::Padded => d.pad != [0; 4],
        Method::Depthwise => Depthwise::fits(d),
        Method::Only => false,
    }
}

/// The method that is best for a convolution on machines of this level.
pub(crate) fn best(d: &plan::Conv, level: Level) -> Method {
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
