//! Operations that summarise windows of a picture, or all of it.

use super::descriptor::{Window, descriptors, input_field, saves, too_large, words};
use super::{Operation, Role, Rows, Saved, Tensor};
use crate::Act;
use alloc::vec;
use alloc::vec::Vec;

descriptors! {
    /// Maximum over windows; padded cells never win.
    MaxPool {
        /// Input shape.
        input: [usize; 3],
        /// Window height and width.
        window: [usize; 2] = [2, 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [2, 2],
        /// Padding: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Mean over windows: the sum of a window's cells inside the picture, divided by how many they are, and those of the padding
    /// that is `counted`.
    AvgPool {
        /// Input shape.
        input: [usize; 3],
        /// Window height and width.
        window: [usize; 2] = [2, 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [2, 2],
        /// Padding: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// How much of the padding counts, next to the picture: at most `pad`.
        counted: [usize; 4] = [0; 4],
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Mean over as many windows as are asked for: row `i` of `H` is that over the rows `floor(i * h / H) .. ceil((i + 1) * h / H)`, columns
    /// likewise. Windows may overlap, and there may be more of them than cells.
    AdaptiveAvgPool {
        /// Input shape.
        input: [usize; 3],
        /// Height and width of the output.
        size: [usize; 2] = [1, 1],
    }
    /// Mean or maximum over the whole picture: `[h, w, c]` to `[1, 1, c]`.
    GlobalPool {
        /// Input shape.
        input: [usize; 3],
        /// Mean or maximum.
        kind: Reduction = Reduction::Mean,
    }
    /// LeNet-5's subsampling: `y[c] = act(coefficient[c] * (sum over the window) + bias[c])` (LeCun et al. 1998, section II.B).
    Subsample {
        /// Input shape.
        input: [usize; 3],
        /// Window height and width.
        window: [usize; 2] = [2, 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [2, 2],
        /// Fused activation.
        act: Act = Act::None,
    }
}

words! {
    /// What becomes of many numbers.
    Reduction {
        /// Their mean.
        Mean,
        /// The largest; a NaN wins.
        Max,
    }
}

/// Shapes and activation of an operation that slides a window over each channel.
macro_rules! windowed {
    () => {
        windowed!(|_| None);
    };
    ($more:expr) => {
        input_field!();

        fn output(&self) -> [usize; 3] {
            let [h, w] = self.sliding().count(self.input);
            [h, w, self.input[2]]
        }

        fn problem(&self) -> Option<&'static str> {
            let more: fn(&Self) -> Option<&'static str> = $more;
            more(self).or_else(|| self.sliding().problem(self.input))
        }

        fn act(&mut self) -> Option<&mut Act> {
            Some(&mut self.act)
        }
    };
}

macro_rules! sliding {
    ($op:ident, $pad:expr) => {
        impl $op {
            fn sliding(&self) -> Window {
                let pad: fn(&Self) -> [usize; 4] = $pad;
                Window {
                    size: self.window,
                    stride: self.stride,
                    pad: pad(self),
                    dilation: [1, 1],
                }
            }
        }
    };
}
sliding!(MaxPool, |d| d.pad);
sliding!(AvgPool, |d| d.pad);
sliding!(Subsample, |_| [0; 4]);

impl Operation for MaxPool {
    windowed!();

    fn rows(&self) -> Option<Rows> {
        Some(self.sliding().rows(self.input))
    }

    saves!(INPUTS);
}

impl Operation for AvgPool {
    windowed!(|d| {
        let beyond = d
            .counted
            .iter()
            .zip(&d.pad)
            .any(|(counted, pad)| counted > pad);
        beyond.then_some("more padding that counts than there is")
    });

    fn rows(&self) -> Option<Rows> {
        Some(self.sliding().rows(self.input))
    }
}

impl Operation for Subsample {
    windowed!();

    saves!(INPUTS);

    /// Starts as the mean over the window.
    fn tensors(&self) -> Vec<Tensor> {
        let area = self.window[0].saturating_mul(self.window[1]);
        let channels = vec![self.input[2]];
        vec![
            Tensor {
                leaf: "coefficient",
                shape: channels.clone(),
                role: Role::Gain(1.0 / area as f32),
            },
            Tensor {
                leaf: "bias",
                shape: channels,
                role: Role::Shift,
            },
        ]
    }
}

impl Operation for AdaptiveAvgPool {
    input_field!();

    fn output(&self) -> [usize; 3] {
        let [h, w] = self.size;
        [h, w, self.input[2]]
    }

    fn problem(&self) -> Option<&'static str> {
        let axes = [0, 1].map(|axis| [self.input[axis], self.size[axis]]);
        axes.iter().find_map(|sizes| too_large(sizes))
    }
}

impl Operation for GlobalPool {
    input_field!();

    fn saved(&self) -> Saved {
        match self.kind {
            Reduction::Mean => Saved::NOTHING,
            Reduction::Max => Saved::INPUTS,
        }
    }

    fn output(&self) -> [usize; 3] {
        [1, 1, self.input[2]]
    }
}
