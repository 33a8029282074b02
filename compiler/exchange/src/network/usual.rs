//! Layers that importers of all formats make.

use super::Tensors;
use netc_compiler::graph::{Conv, Layer, PadMode, Padding, WeightOptions};
use netc_plan::{GlobalPool, Op, Reduction};

/// BN's usual constant, and the variance that makes a division by 1 of it.
const EPS: f32 = 1e-3;

/// No padding.
pub(crate) const VALID: Padding = Padding {
    mode: PadMode::Valid,
    cells: [0; 4],
};

/// Padding of so many cells: top, bottom, left, right.
pub(crate) fn cells_or_none(cells: [usize; 4]) -> Padding {
    let mode = match cells {
        [0, 0, 0, 0] => PadMode::Valid,
        _ => PadMode::Cells,
    };
    Padding { mode, cells }
}

/// CONV(n, 1x1)
pub(crate) fn pixelwise(filters: usize, bias: bool) -> Layer {
    Layer::Conv(Conv {
        filters,
        kernel: [1, 1],
        stride: [1, 1],
        pad: VALID,
        dilation: [1, 1],
        groups: 1,
        bias,
        connect: None,
        depthwise: false,
        weights: WeightOptions::default(),
    })
}

/// GLOBALPOOL
pub(crate) fn global(kind: Reduction) -> Layer {
    Layer::Op(Op::GlobalPool(GlobalPool {
        kind,
        ..GlobalPool::DEFAULT
    }))
}

/// A BN that computes `x * weight + bias`.
pub(crate) fn standing_layer() -> Layer {
    Layer::BatchNorm {
        eps: EPS,
        momentum: 0.99,
    }
}

/// Its tensors.
pub(crate) fn standing(weight: Vec<f32>, bias: Vec<f32>) -> Tensors {
    let c = weight.len();
    vec![
        ("weight", weight),
        ("bias", bias),
        ("running_mean", vec![0.0; c]),
        ("running_var", vec![1.0 - EPS; c]),
    ]
}
