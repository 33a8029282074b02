//! Operations that multiply their inputs with weights.

use super::descriptor::{Window, descriptors, fused, input_field, product, saves, size_problem};
use super::{Operation, Role, Rows, Tensor};
use crate::Act;
use alloc::vec;
use alloc::vec::Vec;

descriptors! {
    /// Convolution (cross-correlation) with bias and activation; depthwise where `groups` is the number of input channels.
    ///
    /// `y[oy, ox, f] = act(b[f] + sum over ky, kx, c of x[oy*sy + ky*dy - top, ox*sx + kx*dx - left, c] * w[f, c, ky, kx])`,
    /// `c` over the channels of `f`'s group; padded cells are zero.
    /// Weights `[filters, c / groups, kh, kw]`, bias `[filters]`.
    Conv {
        /// Input shape.
        input: [usize; 3],
        /// Output channels.
        filters: usize,
        /// Kernel height and width.
        kernel: [usize; 2] = [1, 1],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [1, 1],
        /// Padding: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// Vertical and horizontal dilation.
        dilation: [usize; 2] = [1, 1],
        /// Groups; divides both channels and filters.
        groups: usize = 1,
        /// Whether the weights file holds a bias.
        bias: bool = true,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// A convolution and a picture that is added to it before the activation: `y = act(conv(x) + b)`, where `b`, the second input, has the
    /// output's shape. May run in place on `b`. There is none with a filter a channel: such a convolution leaves the sum to ADD.
    ConvAdd {
        /// Shape of the convolution's input.
        input: [usize; 3],
        /// Output channels.
        filters: usize,
        /// Kernel height and width.
        kernel: [usize; 2] = [1, 1],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [1, 1],
        /// Padding: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// Vertical and horizontal dilation.
        dilation: [usize; 2] = [1, 1],
        /// Groups; divides both channels and filters.
        groups: usize = 1,
        /// Whether the weights file holds a bias.
        bias: bool = true,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Transposed convolution with bias and activation: backward through a convolution's input.
    ///
    /// `y[oy, ox, f] = act(b[f] + sum over iy, ix, ky, kx, c of x[iy, ix, c] * w[c, f, ky, kx])` where `oy = iy*sy + ky*dy - top` and
    /// `ox = ix*sx + kx*dx - left`, `c` over the channels of `f`'s group. Weights `[c, filters / groups, kh, kw]`, bias `[filters]`.
    /// Padding cuts the output; it is no wider than the kernel's reach.
    Deconv {
        /// Input shape.
        input: [usize; 3],
        /// Output channels.
        filters: usize,
        /// Kernel height and width.
        kernel: [usize; 2] = [1, 1],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [1, 1],
        /// What is cut off: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// Rows at the bottom and columns at the right that the output has more; below the stride.
        output_pad: [usize; 2] = [0, 0],
        /// Vertical and horizontal dilation.
        dilation: [usize; 2] = [1, 1],
        /// Groups; divides both channels and filters.
        groups: usize = 1,
        /// Whether the weights file holds a bias.
        bias: bool = true,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Fully connected: `y = act(W x + b)`, `x` the input in HWC order. Weights `[units, h * w * c]`, bias `[units]`.
    Fc {
        /// Input shape.
        input: [usize; 3],
        /// Outputs.
        units: usize,
        /// Whether the weights file holds a bias.
        bias: bool = true,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Squared distances to prototypes `[classes, h * w * c]`: `y[k] = sum of (x[i] - p[k, i])^2` (LeCun et al. 1998, eq. 7).
    Rbf {
        /// Input shape.
        input: [usize; 3],
        /// Classes.
        classes: usize,
    }
}

/// Weights and, perhaps, a bias.
fn affine(shape: Vec<usize>, fan_in: usize, fan_out: usize, bias: bool) -> Vec<Tensor> {
    let outputs = shape[0];
    let mut all = vec![Tensor {
        leaf: "weight",
        shape,
        role: Role::Weight { fan_in, fan_out },
    }];
    all.extend(bias.then(|| Tensor {
        leaf: "bias",
        shape: vec![outputs],
        role: Role::Bias,
    }));
    all
}

impl Conv {
    fn window(&self) -> Window {
        Window {
            size: self.kernel,
            stride: self.stride,
            pad: self.pad,
            dilation: self.dilation,
        }
    }

    /// Input channels that a filter sees.
    fn depth(&self) -> usize {
        self.input[2].checked_div(self.groups).unwrap_or(0)
    }
}

impl Operation for Conv {
    input_field!();

    fn output(&self) -> [usize; 3] {
        let [h, w] = self.window().count(self.input);
        [h, w, self.filters]
    }

    fn problem(&self) -> Option<&'static str> {
        let divides = |n: usize| self.groups > 0 && n > 0 && n.is_multiple_of(self.groups);
        if !divides(self.input[2]) || !divides(self.filters) {
            return Some("groups that do not divide channels and filters");
        }
        self.window().problem(self.input)
    }

    fn rows(&self) -> Option<Rows> {
        Some(self.window().rows(self.input))
    }

    fused!();
    saves!(INPUTS);

    fn macs(&self) -> u64 {
        let [h, w, filters] = self.output();
        product(&[h, w, filters, self.depth(), self.kernel[0], self.kernel[1]])
    }

    fn tensors(&self) -> Vec<Tensor> {
        let [kh, kw] = self.kernel;
        let area = kh.saturating_mul(kw);
        let of_group = self.filters.checked_div(self.groups).unwrap_or(0);
        affine(
            vec![self.filters, self.depth(), kh, kw],
            self.depth().saturating_mul(area),
            of_group.saturating_mul(area),
            self.bias,
        )
    }
}

impl ConvAdd {
    /// A picture added to a convolution, and the convolution's activation after that.
    #[must_use]
    pub fn of(conv: Conv) -> Self {
        let Conv {
            input,
            filters,
            kernel,
            stride,
            pad,
            dilation,
            groups,
            bias,
            act,
        } = conv;
        Self {
            input,
            filters,
            kernel,
            stride,
            pad,
            dilation,
            groups,
            bias,
            act,
        }
    }

    /// The convolution, with the activation.
    #[must_use]
    pub fn conv(&self) -> Conv {
        let Self {
            input,
            filters,
            kernel,
            stride,
            pad,
            dilation,
            groups,
            bias,
            act,
        } = *self;
        Conv {
            input,
            filters,
            kernel,
            stride,
            pad,
            dilation,
            groups,
            bias,
            act,
        }
    }
}

impl Operation for ConvAdd {
    input_field!();

    fn operand(&self, index: usize) -> [usize; 3] {
        match index {
            1 => self.output(),
            _ => self.input,
        }
    }

    fn output(&self) -> [usize; 3] {
        self.conv().output()
    }

    fn problem(&self) -> Option<&'static str> {
        let is_depthwise = self.groups == self.input[2] && self.filters == self.groups;
        let own =
            is_depthwise.then_some("a picture added to a convolution with a filter a channel");
        self.conv().problem().or(own)
    }

    fn in_place(&self, operand: usize) -> bool {
        operand == 1
    }

    fused!();
    saves!(INPUTS);

    fn macs(&self) -> u64 {
        self.conv().macs()
    }

    fn tensors(&self) -> Vec<Tensor> {
        self.conv().tensors()
    }
}

impl Deconv {
    /// The convolution from output to input that it is the transpose of, with the same weights.
    #[must_use]
    pub fn convolution(&self) -> Conv {
        Conv {
            input: Operation::output(self),
            filters: self.input[2],
            kernel: self.kernel,
            stride: self.stride,
            pad: self.pad,
            dilation: self.dilation,
            groups: self.groups,
            bias: false,
            act: Act::None,
        }
    }

    /// Cells from the first to the last of the kernel, less one.
    fn reach(&self, axis: usize) -> Option<usize> {
        self.dilation[axis].checked_mul(self.kernel[axis].checked_sub(1)?)
    }

    /// `(size - 1) * stride + dilation * (kernel - 1) + 1 + output_pad - padding`; 0 where that is less.
    fn length(&self, axis: usize) -> Option<usize> {
        let spread = self.input[axis]
            .checked_sub(1)?
            .checked_mul(self.stride[axis])?;
        let more = self.reach(axis)?.checked_add(self.output_pad[axis])?;
        let [before, after] = [self.pad[2 * axis], self.pad[2 * axis + 1]];
        let whole = spread.checked_add(more)?.checked_add(1)?;
        whole.checked_sub(before.checked_add(after)?)
    }

    /// Filters that a channel gives to.
    fn of_group(&self) -> usize {
        self.filters.checked_div(self.groups).unwrap_or(0)
    }
}

impl Operation for Deconv {
    input_field!();

    fn output(&self) -> [usize; 3] {
        let [h, w] = [0, 1].map(|axis| self.length(axis).unwrap_or(0));
        [h, w, self.filters]
    }

    fn problem(&self) -> Option<&'static str> {
        let divides = |n: usize| self.groups > 0 && n > 0 && n.is_multiple_of(self.groups);
        if !divides(self.input[2]) || !divides(self.filters) {
            return Some("groups that do not divide channels and filters");
        }
        let sizes = [self.kernel, self.stride, self.dilation];
        if sizes.as_flattened().contains(&0) {
            return Some("a window, stride or dilation of 0");
        }
        let beyond = |i: usize| self.reach(i / 2).is_some_and(|reach| self.pad[i] > reach);
        if (0..4).any(beyond) {
            return Some("more padding than the kernel reaches");
        }
        if (0..2).any(|axis| self.output_pad[axis] >= self.stride[axis]) {
            return Some("output padding of a stride or more");
        }
        size_problem(&(*self).into()).or_else(|| self.convolution().problem())
    }

    fused!();
    saves!(INPUTS);

    fn macs(&self) -> u64 {
        let area = product(&self.kernel);
        product(&self.input).saturating_mul(area.saturating_mul(self.of_group() as u64))
    }

    /// Fans as Keras and PyTorch count them, from the weights' shape.
    fn tensors(&self) -> Vec<Tensor> {
        let [kh, kw] = self.kernel;
        let area = kh.saturating_mul(kw);
        let channels = self.input[2].checked_div(self.groups).unwrap_or(0);
        let mut all = affine(
            vec![self.input[2], self.of_group(), kh, kw],
            self.of_group().saturating_mul(area),
            channels.saturating_mul(area),
            self.bias,
        );
        if let Some(bias) = all.get_mut(1) {
            bias.shape = vec![self.filters];
        }
        all
    }
}

impl Operation for Fc {
    input_field!();

    fn output(&self) -> [usize; 3] {
        [1, 1, self.units]
    }

    fn flattens(&self) -> bool {
        true
    }

    fused!();
    saves!(INPUTS);

    fn macs(&self) -> u64 {
        product(&self.input).saturating_mul(self.units as u64)
    }

    fn tensors(&self) -> Vec<Tensor> {
        let inputs = product(&self.input) as usize;
        affine(vec![self.units, inputs], inputs, self.units, self.bias)
    }
}

impl Operation for Rbf {
    input_field!();

    fn output(&self) -> [usize; 3] {
        [1, 1, self.classes]
    }

    fn flattens(&self) -> bool {
        true
    }

    saves!(INPUTS);

    fn tensors(&self) -> Vec<Tensor> {
        vec![Tensor {
            leaf: "prototypes",
            shape: vec![self.classes, product(&self.input) as usize],
            role: Role::Prototypes,
        }]
    }
}
