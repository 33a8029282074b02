//! PAD before CONV becomes the convolution's own padding: both are zeros. Before AVGPOOL it becomes padding that counts. (It never
//! counts for a maximum, so PAD before POOL stays.)

use netc_plan::Op;

use super::rewrite::walk;
use crate::program::Program;

pub(super) fn run(program: &mut Program) {
    walk(program, |units, _, id| {
        while let [input] = units[id].inputs[..] {
            let (Some(Op::Pad(pad)), [before]) =
                (units[input].op().copied(), &units[input].inputs[..])
            else {
                break;
            };
            let before = *before;
            let merged = match units[id].op_mut() {
                Some(Op::Conv(conv)) => {
                    conv.input = pad.input;
                    grow(&mut conv.pad, pad.pad);
                    true
                }
                Some(Op::AvgPool(pool)) => {
                    pool.input = pad.input;
                    grow(&mut pool.pad, pad.pad);
                    grow(&mut pool.counted, pad.pad);
                    true
                }
                _ => false,
            };
            if !merged {
                break;
            }
            units[id].inputs[0] = before;
            units[id].text = format!("{} + {}", units[input].text, units[id].text);
        }
        None
    });
}

fn grow(cells: &mut [usize; 4], more: [usize; 4]) {
    for (cells, more) in cells.iter_mut().zip(more) {
        *cells += more;
    }
}
