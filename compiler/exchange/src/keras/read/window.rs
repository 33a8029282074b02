//! Convolutions and pools.

use super::{Done, Reader, Spot};
use crate::keras::options::Options;
use crate::keras::view::View;
use crate::keras::weights::{Given, turned};
use crate::network::Tensors;
use crate::network::usual::{VALID, global, pixelwise};
use crate::trouble::Trouble;
use netc_compiler::graph::{
    Conv, Deconv, Layer, NodeId, PadMode, Padding, Pool, PoolKind, WeightOptions,
};
use netc_plan::Reduction;

/// A window that slides over a picture.
struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    pad: Padding,
}

/// TensorFlow's `same`, which is netc's too: the odd cell at the bottom and right.
const SAME: Padding = Padding {
    mode: PadMode::Same,
    cells: [0; 4],
};

impl Window {
    fn of(options: Options<'_>, kernel: [usize; 2], stride: [usize; 2]) -> Done<Self> {
        let dilation = options.pair("dilation_rate")?.unwrap_or([1, 1]);
        let pad = match options.text("padding") {
            // One cell is never short of another.
            Some("same") if kernel == [1, 1] => VALID,
            Some("same") => SAME,
            None | Some("valid") => VALID,
            Some(other) => {
                return Err(format!("a padding of kind {other}").into());
            }
        };
        Ok(Self {
            kernel,
            stride,
            dilation,
            pad,
        })
    }

    /// Of a convolution.
    fn of_conv(options: Options<'_>) -> Done<Self> {
        let kernel = options.pair("kernel_size")?;
        let kernel = kernel.ok_or("its kernel_size is missing")?;
        let stride = options.pair("strides")?.unwrap_or([1, 1]);
        Self::of(options, kernel, stride)
    }

    fn conv(&self, filters: usize, groups: usize, bias: bool) -> Layer {
        Layer::Conv(Conv {
            filters,
            kernel: self.kernel,
            stride: self.stride,
            pad: self.pad,
            dilation: self.dilation,
            groups,
            bias,
            connect: None,
            depthwise: false,
            weights: WeightOptions::default(),
        })
    }

    /// Rows and columns that a transposed convolution adds: the output is never less than the stride times the input. With `same` it is
    /// just that.
    fn short(&self) -> [usize; 2] {
        match self.pad.mode {
            PadMode::Same => [0; 2],
            _ => [0, 1].map(|at| {
                let reach = (self.kernel[at] - 1).saturating_mul(self.dilation[at]) + 1;
                self.stride[at].saturating_sub(reach)
            }),
        }
    }

    /// One filter a channel, or several.
    fn depthwise(&self, channels: usize, filters: usize, bias: bool) -> Layer {
        match self.conv(filters * channels, channels, bias) {
            Layer::Conv(conv) if filters == 1 && channels > 1 => Layer::Conv(Conv {
                filters: 0,
                groups: 0,
                depthwise: true,
                ..conv
            }),
            layer => layer,
        }
    }
}

/// The tensors of a layer of weights, its bias where it has one.
pub(super) fn with_bias(
    weight: Vec<f32>,
    given: &mut Given,
    bias: bool,
    units: usize,
) -> Done<Tensors> {
    let mut tensors = vec![("weight", weight)];
    if bias {
        tensors.push(("bias", given.take("bias", &[units])?));
    }
    Ok(tensors)
}

impl Reader<'_> {
    pub(super) fn conv(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let options = spot.options;
        let filters = options.size("filters")?;
        let bias = options.flag("use_bias", true);
        let groups = match options.get("groups") {
            Some(_) => options.size("groups")?,
            None => 1,
        };
        let window = Window::of_conv(options)?;
        let is_pixel = self.is_vector_as_pixel(view) && window.kernel == [1, 1] && groups == 1;
        let input = match is_pixel {
            true => view.node,
            false => self.picture(view)?,
        };
        let [.., c] = self.net.hwc(input);
        let [kh, kw] = window.kernel;
        let dims = [kh, kw, c / groups, filters];
        let mut given = self.given(spot)?;
        let kernel = given.take("kernel", &dims)?;
        let weight = turned(&kernel, &dims, &[3, 2, 0, 1]);
        let tensors = with_bias(weight, &mut given, bias, filters)?;
        let made = if is_pixel {
            // A convolution of one pixel is an FC.
            let layer = Layer::Fc {
                units: filters,
                bias,
                weights: WeightOptions::default(),
            };
            let node = self.add(layer, &[input], tensors)?;
            self.shown(node).seen(vec![1, 1, filters])
        } else {
            let node = self.add(window.conv(filters, groups, bias), &[input], tensors)?;
            self.shown(node)
        };
        self.with_activation(options, made)
    }

    pub(super) fn depthwise(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let bias = spot.options.flag("use_bias", true);
        let mut given = self.given(spot)?;
        let node = self.filtered(spot.options, view, &mut given, bias)?;
        let made = self.shown(node);
        self.with_activation(spot.options, made)
    }

    /// A depthwise convolution: its kernel is the next tensor.
    fn filtered(
        &mut self,
        options: Options<'_>,
        view: &View,
        given: &mut Given,
        bias: bool,
    ) -> Done<NodeId> {
        let filters = match options.get("depth_multiplier") {
            Some(_) => options.size("depth_multiplier")?,
            None => 1,
        };
        let window = Window::of_conv(options)?;
        let input = self.picture(view)?;
        let [.., c] = self.net.hwc(input);
        let [kh, kw] = window.kernel;
        let dims = [kh, kw, c, filters];
        let kernel = given.take("depthwise kernel", &dims)?;
        let weight = turned(&kernel, &dims, &[2, 3, 0, 1]);
        let tensors = with_bias(weight, given, bias, c.saturating_mul(filters))?;
        self.add(window.depthwise(c, filters, bias), &[input], tensors)
    }

    pub(super) fn separable(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let options = spot.options;
        let filters = options.size("filters")?;
        let bias = options.flag("use_bias", true);
        let mut given = self.given(spot)?;
        let first = self.filtered(options, view, &mut given, false)?;
        let [.., c] = self.net.hwc(first);
        let dims = [1, 1, c, filters];
        let kernel = given.take("pointwise kernel", &dims)?;
        let weight = turned(&kernel, &dims, &[3, 2, 0, 1]);
        let tensors = with_bias(weight, &mut given, bias, filters)?;
        let node = self.add(pixelwise(filters, bias), &[first], tensors)?;
        let made = self.shown(node);
        self.with_activation(options, made)
    }

    pub(super) fn deconv(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let options = spot.options;
        let filters = options.size("filters")?;
        let bias = options.flag("use_bias", true);
        let window = Window::of_conv(options)?;
        let input = self.picture(view)?;
        let [.., c] = self.net.hwc(input);
        let [kh, kw] = window.kernel;
        let dims = [kh, kw, filters, c];
        let mut given = self.given(spot)?;
        let kernel = given.take("kernel", &dims)?;
        let weight = turned(&kernel, &dims, &[3, 2, 0, 1]);
        let tensors = with_bias(weight, &mut given, bias, filters)?;
        if options.get("output_padding").is_some() {
            return Err(Trouble::way(
                "Conv2DTranspose with output_padding",
                "without it the output is the stride times the input",
            ));
        }
        let output_pad = window.short();
        if output_pad[0] != output_pad[1] {
            return Err("a kernel that is smaller than the stride in one direction".into());
        }
        let layer = Layer::Deconv(Deconv {
            filters,
            kernel: window.kernel,
            stride: window.stride,
            pad: window.pad,
            output_pad,
            dilation: window.dilation,
            groups: 1,
            bias,
            weights: WeightOptions::default(),
        });
        let node = self.add(layer, &[input], tensors)?;
        let made = self.shown(node);
        self.with_activation(options, made)
    }

    pub(super) fn pool(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let kernel = spot.options.pair("pool_size")?.unwrap_or([2, 2]);
        let stride = spot.options.pair("strides")?.unwrap_or(kernel);
        let window = Window::of(spot.options, kernel, stride)?;
        let kind = match spot.class {
            "MaxPooling2D" | "MaxPool2D" => PoolKind::Max,
            _ => PoolKind::Avg,
        };
        let input = self.picture(view)?;
        let layer = Layer::Pool(Pool {
            kind,
            window: kernel,
            stride,
            pad: window.pad,
            ceil: false,
            overhang: [0; 2],
            // Keras divides by the cells of the picture alone.
            count_pad: false,
        });
        let node = self.add(layer, &[input], Tensors::new())?;
        Ok(self.shown(node))
    }

    pub(super) fn global_pool(&mut self, spot: &Spot<'_, '_>, view: &View) -> Done {
        let kind = match spot.class {
            "GlobalMaxPooling2D" | "GlobalMaxPool2D" => Reduction::Max,
            _ => Reduction::Mean,
        };
        let [.., c] = view.dims[..] else {
            return Err("it reads a picture".into());
        };
        let node = match self.is_vector_as_pixel(view) {
            true => view.node,
            false => {
                let input = self.picture(view)?;
                self.add(global(kind), &[input], Tensors::new())?
            }
        };
        let dims = match spot.options.flag("keepdims", false) {
            true => vec![1, 1, c],
            false => vec![c],
        };
        Ok(self.shown(node).seen(dims))
    }
}
