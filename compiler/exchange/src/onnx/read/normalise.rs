//! Normalisations.

use super::Reader;
use crate::layout::Layout;
use crate::network::Tensors;
use crate::onnx::step::{Done, Step, Trouble, View};
use crate::onnx::tensor::Tensor;
use netc_compiler::graph::Layer;
use netc_plan::{GroupNorm, LayerNorm, Lrn, Op};

impl Reader<'_> {
    pub(super) fn batch_norm(&mut self, step: &Step<'_>) -> Done {
        if step.flag("training_mode") {
            return Err(Trouble::way(
                "BatchNormalization in training",
                "export the model for inference: `model.eval()`",
            ));
        }
        let view = self.with_channels(step.data(0)?, 1)?;
        let leaves = ["weight", "bias", "running_mean", "running_var"];
        let tensor = |(at, leaf): (usize, &'static str)| {
            Ok::<_, Trouble>((leaf, step.constant(at + 1)?.to_floats()))
        };
        let tensors: Tensors = leaves
            .into_iter()
            .enumerate()
            .map(tensor)
            .collect::<Done<_>>()?;
        let layer = Layer::BatchNorm {
            eps: positive(step.float("epsilon").unwrap_or(1e-5))?,
            momentum: step.float("momentum").unwrap_or(0.9).clamp(0.0, 1.0),
        };
        let node = self.net.add(layer, &[view.node], tensors)?;
        Ok(vec![view.at(node).into()])
    }

    pub(super) fn layer_norm(&mut self, step: &Step<'_>) -> Done {
        if step.used.iter().skip(1).any(|used| *used) {
            return Err("LayerNormalization whose mean or deviation is read".into());
        }
        let view = step.data(0)?;
        let rank = view.layout.rank();
        let axis = step.axis(step.int("axis").unwrap_or(-1), rank)?;
        if view.dims()[axis + 1..].iter().any(|n| *n > 1) {
            let way = "LN normalises the channels of each pixel, or a vector";
            return Err(Trouble::way("LayerNormalization over several axes", way));
        }
        let view = self.with_channels(view, axis)?;
        let [.., c] = self.net.hwc(view.node);
        let numbers = |at: usize, usual: f32| {
            Ok::<_, Trouble>(
                step.given(at)?
                    .map_or_else(|| vec![usual; c], Tensor::to_floats),
            )
        };
        let tensors = vec![("weight", numbers(1, 1.0)?), ("bias", numbers(2, 0.0)?)];
        let layer = Layer::Op(Op::LayerNorm(LayerNorm {
            eps: positive(step.float("epsilon").unwrap_or(1e-5))?,
            ..LayerNorm::DEFAULT
        }));
        let node = self.net.add(layer, &[view.node], tensors)?;
        Ok(vec![view.at(node).into()])
    }

    pub(super) fn group_norm(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let [_, _, c] = self.net.hwc(view.node);
        let numbers = [step.constant(1)?.to_floats(), step.constant(2)?.to_floats()];
        let (view, groups) = match step.op {
            "GroupNormalization" => {
                let groups = step.int("num_groups").and_then(|n| usize::try_from(n).ok());
                let groups = groups.filter(|n| *n > 0).ok_or("its groups are missing")?;
                (self.with_channels(view, 1)?, groups)
            }
            _ if self.is_grouped(view) => (view.clone(), view.dims()[1]),
            _ => (self.with_channels(view, 1)?, c),
        };
        let [gain, shift] = numbers.map(|values| spread_over(values, c));
        let layer = Layer::Op(Op::GroupNorm(GroupNorm {
            groups,
            eps: positive(step.float("epsilon").unwrap_or(1e-5))?,
            ..GroupNorm::DEFAULT
        }));
        let tensors = vec![("weight", gain?), ("bias", shift?)];
        let node = self.net.add(layer, &[view.node], tensors)?;
        Ok(vec![view.at(node).into()])
    }

    /// Whether the tensor is a picture whose channels are parted: `[n, groups, all the rest]`, as PyTorch writes group normalisation.
    fn is_grouped(&self, view: &View) -> bool {
        let [h, w, c] = self.net.hwc(view.node);
        let parted = |dims: &[usize]| c.is_multiple_of(dims[1]) && dims[1] < c;
        let dims = view.dims();
        let picture = Layout::nchw(self.batch, [h, w, c]);
        dims.len() == 3 && parted(&dims) && picture.reshaped(&dims) == Some(view.layout.clone())
    }

    pub(super) fn lrn(&mut self, step: &Step<'_>) -> Done {
        let view = self.with_channels(step.data(0)?, 1)?;
        let n = step
            .int("size")
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(0);
        if n.is_multiple_of(2) {
            let way = "LRN reaches as far to one side as to the other";
            return Err(Trouble::way(format!("LRN over {n} channels"), way));
        }
        // There alpha is divided by the channels of the window.
        let alpha = step.float("alpha").unwrap_or(1e-4) / n as f32;
        let layer = Layer::Op(Op::Lrn(Lrn {
            n,
            k: positive(step.float("bias").unwrap_or(1.0))?,
            alpha,
            beta: step.float("beta").unwrap_or(0.75),
            ..Lrn::DEFAULT
        }));
        let node = self.net.plain(layer, view.node)?;
        Ok(vec![view.at(node).into()])
    }
}

fn positive(x: f32) -> Done<f32> {
    match x > 0.0 && x.is_finite() {
        true => Ok(x),
        false => Err(format!("a constant of {x} where netc needs one above 0").into()),
    }
}

/// One number for each channel, where there may be one for each group of them.
fn spread_over(values: Vec<f32>, channels: usize) -> Done<Vec<f32>> {
    match values.len() {
        0 => Err("its numbers are missing".into()),
        n if channels.is_multiple_of(n) => {
            let each = channels / n;
            Ok(values
                .iter()
                .flat_map(|x| std::iter::repeat_n(*x, each))
                .collect())
        }
        n => Err(format!("{n} numbers for {channels} channels").into()),
    }
}
