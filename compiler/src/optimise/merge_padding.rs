//! PAD before CONV becomes the convolution's own padding: both are zeros. (A pooling's padding counts for nothing, so PAD
//! before POOL stays.)

use netc_plan::Op;

use super::rewrite::walk;
use crate::program::{Program, UnitKind};

pub(super) fn run(program: &mut Program) {
    walk(program, |units, _, id| {
        while let [input] = units[id].inputs[..] {
            let (Some(Op::Pad(pad)), [before]) =
                (units[input].op().copied(), &units[input].inputs[..])
            else {
                break;
            };
            let before = *before;
            let UnitKind::Run {
                op: Op::Conv(conv), ..
            } = &mut units[id].kind
            else {
                break;
            };
            conv.input = pad.input;
            for (cells, more) in conv.pad.iter_mut().zip(pad.pad) {
                *cells += more;
            }
            units[id].inputs[0] = before;
            units[id].text = format!("{} + {}", units[input].text, units[id].text);
        }
        None
    });
}
