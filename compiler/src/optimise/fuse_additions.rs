//! ADD after CONV is done where the convolution stores its sums: of the two terms the later one, if it is a convolution that nobody else
//! reads, adds the other, which may then be overwritten. Its activation is applied to the sum. A pointwise convolution that is computed by rows
//! with what it reads (`group_rows`) leaves ADD alone, where it reads more than is added.

use netc_plan::{Act, ConvAdd, Op, Operation};

use super::group_rows;
use super::rewrite::walk;
use crate::program::{Program, Unit};

pub(super) fn run(program: &mut Program) {
    walk(program, |units, readers, id| {
        let Some(Op::Add(add)) = units[id].op().copied() else {
            return None;
        };
        let &[a, b] = &units[id].inputs[..] else {
            return None;
        };
        // A value added to itself is read twice.
        let (other, last) = (a.min(b), a.max(b));
        if !readers.only_one(last) || units[last].shape != add.input {
            return None;
        }
        let Some(Op::Conv(conv)) = units[last].op().copied() else {
            return None;
        };
        let &[input] = &units[last].inputs[..] else {
            return None;
        };
        let size = |unit: &Unit| unit.shape.iter().product::<usize>();
        let narrows = size(&units[input]) > size(&units[last]);
        if narrows && group_rows::fit(&units[input], &units[last]) && readers.only_one(input) {
            return None;
        }
        let fused = Op::from(ConvAdd::of(netc_plan::Conv {
            act: add.act,
            ..conv
        }));
        if conv.act != Act::None || fused.problem().is_some() {
            return None;
        }
        let text = format!("{} + {}", units[last].text, units[id].text);
        let unit = &mut units[last];
        *unit.op_mut()? = fused;
        unit.inputs.push(other);
        unit.text = text;
        Some(last)
    });
}
