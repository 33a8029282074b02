//! Rows and columns: padding, cropping, enlarging; and layers that do nothing in inference.

use super::{Done, Reader, Spot};
use crate::keras::view::View;
use crate::network::Tensors;
use crate::trouble::Trouble;
use netc_compiler::graph::Layer;
use netc_plan::{Crop, Interpolation, Op, Pad, Upsample};

impl Reader<'_> {
    pub(super) fn padding(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let pad = spot.options.sides("padding")?;
        let layer = Layer::Op(Op::Pad(Pad {
            pad,
            ..Pad::DEFAULT
        }));
        self.framed(layer, pad, view)
    }

    pub(super) fn cropping(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let crop = match spot.options.get("cropping") {
            Some(_) => spot.options.sides("cropping")?,
            None => [0; 4],
        };
        let layer = Layer::Op(Op::Crop(Crop {
            crop,
            ..Crop::DEFAULT
        }));
        self.framed(layer, crop, view)
    }

    /// A layer that changes so many cells at the sides.
    fn framed(&mut self, layer: Layer, cells: [usize; 4], view: &View) -> Done {
        let input = self.picture(view)?;
        if cells == [0; 4] {
            return Ok(view.clone());
        }
        let node = self.add(layer, &[input], Tensors::new())?;
        Ok(self.shown(node))
    }

    pub(super) fn upsampling(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let mode = match spot.options.text("interpolation").unwrap_or("nearest") {
            "nearest" => Interpolation::Nearest,
            "bilinear" => Interpolation::Bilinear,
            other => {
                return Err(Trouble::way(
                    format!("UpSampling2D by {other}"),
                    "UPSAMPLE repeats pixels, or is bilinear",
                ));
            }
        };
        let layer = Layer::Op(Op::Upsample(Upsample {
            factor: spot.options.pair("size")?.unwrap_or([2, 2]),
            mode,
            ..Upsample::DEFAULT
        }));
        let input = self.picture(view)?;
        let node = self.add(layer, &[input], Tensors::new())?;
        Ok(self.shown(node))
    }

    pub(super) fn dropout(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let p = spot.options.number("rate")?.unwrap_or(0.5);
        if !(p > 0.0 && p < 1.0) {
            return Ok(view.clone());
        }
        if spot.class == "SpatialDropout2D" {
            self.note("SpatialDropout2D drops whole channels in training, DROPOUT single numbers; in inference neither does anything");
        }
        let node = self.add(Layer::Dropout { p }, &[view.node], Tensors::new())?;
        Ok(view.at(node))
    }

    /// A layer that changes nothing but in training.
    pub(super) fn idle(&mut self, spot: &Spot<'_, '_>, view: &View) -> View {
        self.note(&format!(
            "{} is left out: it does nothing in inference",
            spot.class
        ));
        view.clone()
    }
}
