//! What a layer computes: its operation in the plan's table.

use crate::graph::{self, Layer, Order, Pool, PoolKind};
use netc_plan::{
    Activation, AvgPool, BatchNorm, BatchNormTraining, Conv, Deconv, Dropout, Fc, MaxPool, Op,
    Operation, Rbf, Slice, Subsample, Transpose,
};

/// The operation that computes a layer from inputs of these shapes; `None` for those that compute nothing: the elements stay as they
/// are.
pub(crate) fn operation(layer: &Layer, operands: &[[usize; 3]], trains: bool) -> Option<Op> {
    let input = operands.first().copied().unwrap_or_default();
    Some(match layer {
        Layer::Input(_) | Layer::Concat | Layer::Flatten(Order::Hwc) => return None,
        Layer::Dropout { .. } if !trains => return None,
        Layer::Dropout { p } => Dropout {
            input,
            p: *p,
            ..Dropout::DEFAULT
        }
        .into(),
        // With one channel or one pixel, both orders are the same.
        Layer::Flatten(Order::Chw) if input[2] == 1 || input[..2] == [1, 1] => {
            return None;
        }
        Layer::Flatten(Order::Chw) => Transpose { input }.into(),
        Layer::Conv(conv) => convolution(conv, input),
        Layer::Deconv(deconv) => transposed(deconv, input),
        Layer::Fc { units, bias, .. } => Fc {
            input,
            units: *units,
            bias: *bias,
            ..Fc::DEFAULT
        }
        .into(),
        Layer::Pool(pool) => pooling(pool, input),
        Layer::BatchNorm { eps, momentum } => normalisation(input, *eps, *momentum, trains),
        Layer::Activation(act) => Activation { input, act: *act }.into(),
        Layer::Subsample { window, stride } => Subsample {
            input,
            window: *window,
            stride: *stride,
            ..Subsample::DEFAULT
        }
        .into(),
        Layer::Split { parts, part } => {
            let size = input[2] / parts;
            Slice {
                input,
                from: part * size,
                to: (part + 1) * size,
            }
            .into()
        }
        Layer::Op(op) if !op.occurs(trains) => return None,
        Layer::Op(op) => op.with_operands(operands),
        Layer::Rbf { classes } => Rbf {
            input,
            classes: *classes,
        }
        .into(),
    })
}

fn convolution(conv: &graph::Conv, input: [usize; 3]) -> Op {
    Conv {
        input,
        filters: conv.filters,
        kernel: conv.kernel,
        stride: conv.stride,
        pad: conv.pad.cells,
        dilation: conv.dilation,
        groups: conv.groups,
        bias: conv.bias,
        ..Conv::DEFAULT
    }
    .into()
}

fn transposed(deconv: &graph::Deconv, input: [usize; 3]) -> Op {
    Deconv {
        input,
        filters: deconv.filters,
        kernel: deconv.kernel,
        stride: deconv.stride,
        pad: deconv.pad.cells,
        output_pad: deconv.output_pad,
        dilation: deconv.dilation,
        groups: deconv.groups,
        bias: deconv.bias,
        ..Deconv::DEFAULT
    }
    .into()
}

fn pooling(pool: &Pool, input: [usize; 3]) -> Op {
    match pool.kind {
        PoolKind::Max => MaxPool {
            input,
            window: pool.window,
            stride: pool.stride,
            pad: pool.cells(),
            ..MaxPool::DEFAULT
        }
        .into(),
        PoolKind::Avg => AvgPool {
            input,
            window: pool.window,
            stride: pool.stride,
            pad: pool.cells(),
            counted: if pool.count_pad {
                pool.pad.cells
            } else {
                [0; 4]
            },
            ..AvgPool::DEFAULT
        }
        .into(),
    }
}

fn normalisation(input: [usize; 3], eps: f32, momentum: f32, trains: bool) -> Op {
    if !trains {
        return BatchNorm {
            input,
            eps,
            ..BatchNorm::DEFAULT
        }
        .into();
    }
    BatchNormTraining {
        input,
        eps,
        momentum,
        ..BatchNormTraining::DEFAULT
    }
    .into()
}
