//! Products with matrices.

use super::window::with_bias;
use super::{Done, Reader, Spot};
use crate::keras::view::View;
use crate::keras::weights::turned;
use crate::network::usual::pixelwise;
use netc_compiler::graph::{Layer, Shape, WeightOptions};

impl Reader<'_> {
    /// An FC, or a convolution of each pixel: Dense works along the last axis.
    pub(super) fn dense(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let units = spot.options.size("units")?;
        let bias = spot.options.flag("use_bias", true);
        let inputs = view.dims.last().copied().unwrap_or(0);
        let is_row = view.dims.len() == 1;
        let is_vector = matches!(self.net.shape(view.node), Shape::Vector(_));
        let input = match is_row || self.is_vector_as_pixel(view) {
            // A picture is flattened in this order here, too.
            true => view.node,
            false => self.channels(view)?,
        };
        let mut given = self.given(spot)?;
        let dims = [inputs, units];
        let kernel = given.take("kernel", &dims)?;
        let weight = turned(&kernel, &dims, &[1, 0]);
        let tensors = with_bias(weight, &mut given, bias, units)?;
        let layer = match is_row || is_vector {
            true => Layer::Fc {
                units,
                bias,
                weights: WeightOptions::default(),
            },
            false => pixelwise(units, bias),
        };
        let node = self.add(layer, &[input], tensors)?;
        let mut dims = view.dims.clone();
        dims.pop();
        dims.push(units);
        let made = self.shown(node).seen(dims);
        self.with_activation(spot.options, made)
    }
}
