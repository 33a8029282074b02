//! Normalisations, and layers of one learnt number a channel.

use super::{Done, Reader, Spot};
use crate::keras::view::View;
use crate::keras::weights::Given;
use crate::trouble::Trouble;
use netc_compiler::graph::Layer;
use netc_plan::{GroupNorm, LayerNorm, Op, Prelu, Scale};

/// Keras' constant.
const EPS: f32 = 1e-3;

impl Reader<'_> {
    pub(super) fn batch_norm(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let options = spot.options;
        along_channels(spot, view)?;
        let node = self.channels(view)?;
        let [.., c] = self.net.hwc(node);
        let mut given = self.given(spot)?;
        let mut tensors = affine(&mut given, spot, c)?;
        tensors.extend([
            ("running_mean", given.row("moving mean", c, true, 0.0)?),
            ("running_var", given.row("moving variance", c, true, 1.0)?),
        ]);
        let layer = Layer::BatchNorm {
            eps: options.positive("epsilon", EPS)?,
            momentum: options.number("momentum")?.unwrap_or(0.99).clamp(0.0, 1.0),
        };
        let made = self.add(layer, &[node], tensors)?;
        Ok(view.at(made))
    }

    pub(super) fn layer_norm(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let options = spot.options;
        along_channels(spot, view)?;
        if options.flag("rms_scaling", false) {
            return Err(Trouble::way(
                "LayerNormalization by the root mean square",
                "LN takes the mean away first",
            ));
        }
        let node = self.channels(view)?;
        let [.., c] = self.net.hwc(node);
        let tensors = affine(&mut self.given(spot)?, spot, c)?;
        let layer = Layer::Op(Op::LayerNorm(LayerNorm {
            eps: options.positive("epsilon", EPS)?,
            ..LayerNorm::DEFAULT
        }));
        let made = self.add(layer, &[node], tensors)?;
        Ok(view.at(made))
    }

    pub(super) fn group_norm(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let options = spot.options;
        along_channels(spot, view)?;
        let node = self.channels(view)?;
        let [.., c] = self.net.hwc(node);
        let groups = match options.ints("groups")?.as_deref() {
            None => 32,
            // As many as channels.
            Some([-1]) => c,
            Some(_) => options.size("groups")?,
        };
        let tensors = affine(&mut self.given(spot)?, spot, c)?;
        let layer = Layer::Op(Op::GroupNorm(GroupNorm {
            groups,
            eps: options.positive("epsilon", EPS)?,
            ..GroupNorm::DEFAULT
        }));
        let made = self.add(layer, &[node], tensors)?;
        Ok(view.at(made))
    }

    pub(super) fn prelu(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let node = self.channels(view)?;
        let [.., c] = self.net.hwc(node);
        let slopes = self.given(spot)?.any("alpha")?;
        let shared = slopes.values.len() == 1;
        // A slope a channel: all axes before the last one are shared, or have one cell.
        let is_row = slopes.dims.last() == Some(&c) && slopes.values.len() == c;
        if !shared && !is_row {
            let what = format!("PReLU with slopes of {:?}", slopes.dims);
            let way = "PRELU has a slope a channel, or one for all: shared_axes=[1, 2]";
            return Err(Trouble::way(what, way));
        }
        let layer = Layer::Op(Op::Prelu(Prelu {
            shared,
            ..Prelu::DEFAULT
        }));
        let made = self.add(layer, &[node], vec![("weight", slopes.values)])?;
        Ok(view.at(made))
    }

    /// ConvNeXt's factor for each channel, a layer of `keras.applications`.
    pub(super) fn layer_scale(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let node = self.channels(view)?;
        let [.., c] = self.net.hwc(node);
        let factors = self.given(spot)?.take("gamma", &[c])?;
        let layer = Layer::Op(Op::Scale(Scale::DEFAULT));
        let made = self.add(layer, &[node], vec![("weight", factors)])?;
        Ok(view.at(made))
    }
}

/// The factor and the shift of each of so many channels; 1 and 0 where a layer is said to have none.
fn affine(
    given: &mut Given,
    spot: &Spot<'_, '_>,
    channels: usize,
) -> Done<Vec<(&'static str, Vec<f32>)>> {
    let has = |name| spot.options.flag(name, true);
    Ok(vec![
        ("weight", given.row("gamma", channels, has("scale"), 1.0)?),
        ("bias", given.row("beta", channels, has("center"), 0.0)?),
    ])
}

/// That a layer normalises the last axis.
fn along_channels(spot: &Spot<'_, '_>, view: &View) -> Done<()> {
    match spot.options.ints("axis")? {
        Some(axes) if !view.is_last(&axes) => Err(Trouble::way(
            format!("{} over the axes {axes:?}", spot.class),
            "netc normalises channels, the last axis",
        )),
        _ => Ok(()),
    }
}
