//! BN after CONV, DECONV or FC is a scale and a shift for each of its outputs: it is folded into weights and bias on loading.

use netc_plan::{Act, Fold, Op};

use super::rewrite::walk;
use crate::program::{Program, UnitKind};

pub(super) fn run(program: &mut Program) {
    walk(program, |units, readers, id| {
        let Some(Op::BatchNorm(norm)) = units[id].op().copied() else {
            return None;
        };
        let before = *units[id].inputs.first()?;
        let fold = Fold {
            layer: units[id].name.clone(),
            eps: norm.eps,
        };
        let text = format!("{} + {}", units[before].text, units[id].text);
        // Whoever else reads the convolution wants it without the normalisation.
        if !readers.only_one(before) {
            return None;
        }
        let UnitKind::Run {
            op:
                Op::Conv(netc_plan::Conv { act: Act::None, .. })
                | Op::Deconv(netc_plan::Deconv { act: Act::None, .. })
                | Op::Fc(netc_plan::Fc { act: Act::None, .. }),
            source: Some(source),
        } = &mut units[before].kind
        else {
            return None;
        };
        if source.fold.is_some() {
            return None;
        }
        source.fold = Some(fold);
        units[before].text = text;
        Some(before)
    });
}
