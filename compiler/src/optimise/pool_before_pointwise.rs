//! CONV of 1x1 without activation before AVGPOOL or GLOBALPOOL: means and sums of channels may change places, and there are fewer pixels
//! behind the pooling. So it is in the transitions of DenseNet.

use netc_plan::{Act, AvgPool, Conv, GlobalPool, Op, Operation, Reduction};

use super::fold_pointwise::is_linear;
use super::rewrite::walk;
use crate::program::{Program, Unit};

/// Additions in the time of a product: a pooling does little else than read.
const ADDITION: usize = 4;

pub(super) fn run(program: &mut Program) {
    walk(program, |units, readers, id| {
        let before = *units[id].inputs.first()?;
        let Some(Op::Conv(conv)) = units[before].op().copied() else {
            return None;
        };
        // Whoever else reads the convolution wants it whole.
        if !readers.only_one(before) || !is_linear(&conv) {
            return None;
        }
        let pool = *units[id].op()?;
        let first = pool_of(&pool, &conv)?;
        let last = Conv {
            input: first.output(),
            ..conv
        };
        if !gains(&pool, &conv) {
            return None;
        }
        exchange(units, before, id);
        units[before].inputs = units[id].inputs.clone();
        units[before].shape = last.input;
        *units[before].op_mut()? = first;
        units[id].inputs = vec![before];
        units[id].shape = last.output();
        *units[id].op_mut()? = last.into();
        None
    });
}

/// The pooling over what the convolution reads; none where it is no mean of pixels of the picture.
fn pool_of(pool: &Op, conv: &Conv) -> Option<Op> {
    let is_mean = match pool {
        // Padding that counts would take a share of the bias away, a window of nothing else all of it.
        Op::AvgPool(AvgPool { pad, act, .. }) => *pad == [0; 4] && *act == Act::None,
        Op::GlobalPool(GlobalPool { kind, .. }) => *kind == Reduction::Mean,
        _ => false,
    };
    is_mean.then(|| pool.with_input(conv.input))
}

/// Whether the products that are left out take longer than the means of more channels.
fn gains(pool: &Op, conv: &Conv) -> bool {
    let [h, w, channels] = conv.input;
    let [oh, ow, filters] = pool.output();
    let window = match pool {
        Op::AvgPool(pool) => pool.window[0].saturating_mul(pool.window[1]),
        _ => h * w,
    };
    let left_out = (h * w).saturating_sub(oh * ow);
    let products = left_out.saturating_mul(channels).saturating_mul(filters);
    let more = channels.saturating_sub(filters);
    let additions = (oh * ow).saturating_mul(window).saturating_mul(more);
    products > ADDITION.saturating_mul(additions)
}

/// Has two units change names and operations. Their layers stay: units stand in the order of these.
fn exchange(units: &mut [Unit], a: usize, b: usize) {
    units.swap(a, b);
    let node = units[a].node;
    units[a].node = units[b].node;
    units[b].node = node;
}
