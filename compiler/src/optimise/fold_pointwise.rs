//! CONV of 1x1 without activation before FC: two linear maps are one. Where the convolution gives more channels than it reads, as in
//! LeNet-5's last one, the FC over what it reads has fewer weights than either. They are computed on loading.

use netc_plan::{Act, Conv, Fc, Op, Pointwise};

use super::rewrite::walk;
use crate::program::{Program, UnitKind};

/// The most products that loading may take: some 50 ms.
const MOST: usize = 1 << 26;

pub(super) fn run(program: &mut Program) {
    walk(program, |units, readers, id| {
        let Some(Op::Fc(fc @ Fc { bias: true, .. })) = units[id].op().copied() else {
            return None;
        };
        let before = *units[id].inputs.first()?;
        // Whoever else reads the convolution wants it computed.
        if !readers.only_one(before) {
            return None;
        }
        let UnitKind::Run {
            op: Op::Conv(conv),
            source: Some(own),
        } = &units[before].kind
        else {
            return None;
        };
        let [h, w, channels] = conv.input;
        let products = [fc.units, h, w, channels]
            .iter()
            .try_fold(conv.filters, |n, size| n.checked_mul(*size))?;
        if !is_linear(conv) || channels > conv.filters || products > MOST {
            return None;
        }
        let pointwise = Pointwise {
            layer: own.layer.clone(),
            fold: own.fold.clone(),
            channels: [channels, conv.filters],
            bias: conv.bias,
        };
        let (input, picture) = (units[before].inputs[0], conv.input);
        let text = format!("{} + {}", units[before].text, units[id].text);
        if let UnitKind::Run {
            op,
            source: Some(source),
        } = &mut units[id].kind
        {
            *op = Fc {
                input: picture,
                ..fc
            }
            .into();
            source.pointwise = Some(pointwise);
        }
        units[id].inputs[0] = input;
        units[id].text = text;
        None
    });
}

/// Whether each output is a sum of the channels of one pixel.
pub(super) fn is_linear(conv: &Conv) -> bool {
    let Conv {
        kernel,
        stride,
        pad,
        groups,
        act,
        ..
    } = *conv;
    kernel == [1, 1] && stride == [1, 1] && pad == [0; 4] && groups == 1 && act == Act::None
}
