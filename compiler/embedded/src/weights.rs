//! The file of weights: what the constants of the code are read from while it compiles.

use netc_plan::Conv;

/// What every file of weights begins with.
pub const HEAD: &[u8; 32] = b"netc --target embedded: weights\n";

/// The file as it is filled.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
}

impl File {
    pub(crate) fn new() -> Self {
        Self {
            bytes: HEAD.to_vec(),
        }
    }

    /// Adds bytes and gives their place.
    pub(crate) fn add(&mut self, bytes: impl IntoIterator<Item = u8>) -> usize {
        let at = self.bytes.len();
        self.bytes.extend(bytes);
        at
    }

    /// Adds numbers and gives their place.
    pub(crate) fn add_numbers(&mut self, numbers: impl IntoIterator<Item = f32>) -> usize {
        self.add(numbers.into_iter().flat_map(f32::to_le_bytes))
    }
}

/// Whether each channel has one filter, of its own: as `netc-embedded` sees it.
fn is_depthwise(d: &Conv) -> bool {
    d.groups > 1 && d.groups == d.input[2] && d.filters == d.groups
}

/// Weights in the order in which kernels read them: `[filters, kh * kw * depth]`, and `[kh * kw, channels]` where each channel has its own
/// filter. The last axis is filled up to whole words.
#[must_use]
pub fn ordered(d: &Conv, weights: &[i8]) -> Vec<i8> {
    let (area, depth) = (d.kernel[0] * d.kernel[1], d.input[2] / d.groups.max(1));
    let (outer, inner) = match is_depthwise(d) {
        true => (area, d.filters),
        false => (d.filters, area * depth),
    };
    let padded = inner.next_multiple_of(4);
    let mut ordered = vec![0; outer * padded];
    for (i, row) in ordered.chunks_exact_mut(padded.max(1)).enumerate() {
        for (k, weight) in row.iter_mut().enumerate().take(inner) {
            *weight = match is_depthwise(d) {
                true => weights[k * area + i],
                // Channels come last.
                false => weights[i * inner + k % depth * area + k / depth],
            };
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_come_last() {
        let d = Conv {
            input: [4, 4, 2],
            filters: 2,
            kernel: [1, 3],
            ..Conv::DEFAULT
        };
        let weights: Vec<i8> = (0..12).collect();
        let expected = [0, 3, 1, 4, 2, 5, 0, 0, 6, 9, 7, 10, 8, 11, 0, 0];
        assert_eq!(ordered(&d, &weights), expected);
        let depthwise = Conv { groups: 2, ..d };
        let expected = [0, 3, 0, 0, 1, 4, 0, 0, 2, 5, 0, 0];
        assert_eq!(ordered(&depthwise, &weights[..6]), expected);
    }
}
