//! A transposed convolution as convolutions of stride 1, one for each remainder of output rows and columns by the stride.
//!
//! Output `o` gets `x[i] * w[k]` where `o = i * stride + k * dilation - pad`. So outputs of one remainder see the same taps `k`, and their
//! inputs follow each other: a convolution over the picture as it lies, of those taps in reverse order. No product meets a zero that
//! stands between pixels, and each output is written once.

use crate::plan::{self, Op};
use alloc::vec::Vec;

/// Outputs `first, first + stride, ...` along one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phase {
    pub(super) first: usize,
    /// How many outputs.
    pub(super) count: usize,
    /// Which taps of the kernel, in the order of the inputs; none where nothing lies under a cell of the convolution.
    pub(super) taps: Vec<Option<usize>>,
    /// Inputs from one tap to the next.
    pub(super) dilation: usize,
    /// Padding of the convolution.
    pub(super) before: usize,
    pub(super) after: usize,
}

/// The phases along one axis that any tap reaches.
pub(super) fn along(d: &plan::Deconv, axis: usize) -> Vec<Phase> {
    let output = Op::Deconv(*d).output()[axis];
    let (stride, dilation, pad) = (d.stride[axis], d.dilation[axis], d.pad[2 * axis]);
    let first_of = |k: usize| {
        // The first output not below 0 of tap `k`.
        let at = k * dilation;
        match at.checked_sub(pad) {
            Some(first) => first % stride,
            None => (stride - (pad - at) % stride) % stride,
        }
    };
    let mut phases: Vec<(usize, Vec<usize>)> = Vec::new();
    for k in 0..d.kernel[axis] {
        let first = first_of(k);
        match phases.iter_mut().find(|(other, _)| *other == first) {
            Some((_, taps)) => taps.push(k),
            None => phases.push((first, Vec::from([k]))),
        }
    }
    let phases = phases.into_iter().filter(|(first, _)| *first < output);
    phases
        .map(|(first, taps)| {
            let count = (output - first).div_ceil(stride);
            // The input under a tap, for the first output.
            let input = |k: usize| {
                let ahead = (first + pad) as isize - (k * dilation) as isize;
                ahead / stride as isize
            };
            phase(first, count, &taps, input, d.input[axis])
        })
        .collect()
}

/// `taps` in ascending order, which is the descending order of their inputs.
fn phase(
    first: usize,
    count: usize,
    taps: &[usize],
    input: impl Fn(usize) -> isize,
    size: usize,
) -> Phase {
    let step = match taps {
        [one, two, ..] => input(*one) - input(*two),
        _ => 1,
    };
    let mut cells: Vec<Option<usize>> = taps.iter().rev().map(|k| Some(*k)).collect();
    let mut lowest = input(taps[taps.len() - 1]);
    // A convolution has no negative padding: cells without a tap take its place.
    while lowest > 0 {
        cells.insert(0, None);
        lowest -= step;
    }
    // The input under the last cell for the last output, and how far that is beyond the picture.
    let last = |cells: usize| lowest + (cells as isize - 1) * step + count as isize - size as isize;
    while last(cells.len()) < 0 {
        cells.push(None);
    }
    Phase {
        first,
        count,
        dilation: step as usize,
        before: lowest.unsigned_abs(),
        after: last(cells.len()).unsigned_abs(),
        taps: cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each product of the definition is in one phase, and nothing else is.
    #[test]
    fn phases_cover_the_definition() {
        let mut cases = 0;
        for size in 1..4 {
            for (kernel, stride, dilation) in
                (1..5).flat_map(|k| (1..5).flat_map(move |s| (1..4).map(move |d| (k, s, d))))
            {
                let reach = dilation * (kernel - 1);
                for (before, after, output_pad) in (0..=reach).flat_map(|b| {
                    (0..=reach).flat_map(move |a| (0..stride).map(move |o| (b, a, o)))
                }) {
                    let d = plan::Deconv {
                        input: [size, 1, 1],
                        filters: 1,
                        kernel: [kernel, 1],
                        stride: [stride, 1],
                        dilation: [dilation, 1],
                        pad: [before, after, 0, 0],
                        output_pad: [output_pad, 0],
                        ..plan::Deconv::DEFAULT
                    };
                    if crate::plan::Operation::problem(&Op::Deconv(d)).is_none() {
                        check(&d);
                        cases += 1;
                    }
                }
            }
        }
        assert!(cases > 1000, "{cases}");
    }

    fn check(d: &plan::Deconv) {
        let (size, output) = (d.input[0], Op::Deconv(*d).output()[0]);
        let mut expected = Vec::new();
        for i in 0..size {
            for k in 0..d.kernel[0] {
                let o = (i * d.stride[0] + k * d.dilation[0]).checked_sub(d.pad[0]);
                expected.extend(o.filter(|o| *o < output).map(|o| (o, i, k)));
            }
        }
        let mut found = Vec::new();
        for phase in along(d, 0) {
            let window = phase.dilation * (phase.taps.len() - 1) + 1;
            let padded = size + phase.before + phase.after;
            assert_eq!(padded - window + 1, phase.count, "{d:?} {phase:?}");
            for j in 0..phase.count {
                for (u, tap) in phase.taps.iter().enumerate() {
                    let i = (j + u * phase.dilation).checked_sub(phase.before);
                    if let (Some(i), Some(k)) = (i.filter(|i| *i < size), tap) {
                        found.push((phase.first + j * d.stride[0], i, *k));
                    }
                }
            }
        }
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{d:?}");
    }
}
