//! Convolutions and pools.

use super::Reader;
use crate::network::usual::{VALID, cells_or_none, global};
use crate::onnx::step::{Done, Step, Trouble, View};
use crate::onnx::tensor::Tensor;
use netc_compiler::graph::{
    Conv, Deconv, Layer, PadMode, Padding, Pool, PoolKind, Shape, WeightOptions,
};
use netc_plan::Reduction;

/// A window that slides over a picture, as a node says it.
struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    pad: Padding,
}

/// Sizes of both axes; those of a row are a column's of one cell.
fn pair(sizes: &[usize]) -> Done<[usize; 2]> {
    match *sizes {
        [n] => Ok([n, 1]),
        [h, w] => Ok([h, w]),
        _ => Err("it slides over more than two axes".into()),
    }
}

/// Cells of an axis that a kernel reaches over.
fn reach(kernel: usize, dilation: usize) -> usize {
    dilation
        .saturating_mul(kernel.saturating_sub(1))
        .saturating_add(1)
}

/// Cells of padding that make `ceil(size / stride)` windows of it.
fn missing(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    let last = (size.div_ceil(stride) - 1).saturating_mul(stride);
    last.saturating_add(reach(kernel, dilation))
        .saturating_sub(size)
}

impl Window {
    fn of(step: &Step<'_>, kernel: &[usize], size: [usize; 2]) -> Done<Self> {
        let axes = kernel.len();
        let kernel = pair(kernel)?;
        let factors = |name: &str| match step.sizes(name)? {
            Some(sizes) if sizes.len() == axes => pair(&sizes),
            Some(_) => Err(Trouble::new(format!(
                "its {name} are not as many as its axes"
            ))),
            None => Ok([1, 1]),
        };
        let mut window = Self {
            kernel,
            stride: factors("strides")?,
            dilation: factors("dilations")?,
            pad: VALID,
        };
        window.pad = match step.text("auto_pad") {
            None | Some("" | "NOTSET") => window.padding(pads(step, axes)?, size),
            Some("VALID") => window.pad,
            Some("SAME_UPPER") => Padding {
                mode: PadMode::Same,
                cells: [0; 4],
            },
            Some("SAME_LOWER") => window.padding(window.same(size, 1), size),
            Some(other) => return Err(format!("a padding of kind {other}").into()),
        };
        Ok(window)
    }

    /// The padding of `same`: top, bottom, left, right. The odd cell goes to the end, or to the beginning.
    fn same(&self, size: [usize; 2], odd_before: usize) -> [usize; 4] {
        let [vertical, horizontal] = [0, 1].map(|at| {
            let all = missing(
                size[at],
                self.kernel[at],
                self.stride[at],
                self.dilation[at],
            );
            let before = (all + odd_before) / 2;
            [before, all - before]
        });
        [vertical[0], vertical[1], horizontal[0], horizontal[1]]
    }

    /// Padding as a person would write it: `same` where the window does not stride, or where the cells are those of nobody else.
    fn padding(&self, cells: [usize; 4], size: [usize; 2]) -> Padding {
        let [top, bottom, left, right] = cells;
        let even = top == bottom && left == right;
        let mode = if cells == [0; 4] {
            PadMode::Valid
        } else if cells == self.same(size, 0) && (self.stride == [1, 1] || !even) {
            PadMode::Same
        } else {
            PadMode::Cells
        };
        let cells = if mode == PadMode::Cells {
            cells
        } else {
            [0; 4]
        };
        Padding { mode, cells }
    }
}

/// Padding in cells: top, bottom, left, right.
fn pads(step: &Step<'_>, axes: usize) -> Done<[usize; 4]> {
    let Some(ints) = step.ints("pads").filter(|ints| !ints.is_empty()) else {
        return Ok([0; 4]);
    };
    let cell = |n: &i64| {
        let cells = usize::try_from(*n).ok().filter(|n| *n <= 1 << 30);
        cells.ok_or_else(|| Trouble::new(format!("a padding of {n} cells")))
    };
    let cells: Vec<usize> = ints.iter().map(cell).collect::<Done<_>>()?;
    match (axes, &cells[..]) {
        (1, [top, bottom]) => Ok([*top, *bottom, 0, 0]),
        (2, [top, left, bottom, right]) => Ok([*top, *bottom, *left, *right]),
        _ => Err("its pads are not two for each axis".into()),
    }
}

/// Weights `[out, in / groups, kernel ...]` and the bias of a convolution.
struct Kernel<'t> {
    tensor: &'t Tensor,
    bias: Option<Vec<f32>>,
    groups: usize,
}

impl<'t> Kernel<'t> {
    fn of(step: &'t Step<'_>) -> Done<Self> {
        let tensor = step.constant(1)?;
        if !(3..=4).contains(&tensor.dims.len()) || tensor.dims.contains(&0) {
            return Err("its weights are not those of a picture or a row".into());
        }
        let groups = step.int("group").unwrap_or(1);
        Ok(Self {
            tensor,
            bias: step.given(2)?.map(Tensor::to_floats),
            groups: usize::try_from(groups)
                .ok()
                .filter(|n| *n > 0)
                .ok_or("its groups are 0")?,
        })
    }

    fn tensors(self) -> crate::network::Tensors {
        let mut tensors = vec![("weight", self.tensor.to_floats())];
        tensors.extend(self.bias.map(|bias| ("bias", bias)));
        tensors
    }
}

impl Reader<'_> {
    pub(super) fn conv(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let kernel = Kernel::of(step)?;
        let filters = kernel.tensor.dims[0];
        if matches!(self.net.shape(view.node), Shape::Vector(_)) {
            return self.conv_of_vector(view, kernel);
        }
        let input = self.picture(view)?;
        let [h, w, c] = self.net.hwc(input);
        let window = Window::of(step, &kernel.tensor.dims[2..], [h, w])?;
        let depthwise = kernel.groups > 1 && kernel.groups == c && filters == c;
        let layer = Layer::Conv(Conv {
            filters: if depthwise { 0 } else { filters },
            kernel: window.kernel,
            stride: window.stride,
            pad: window.pad,
            dilation: window.dilation,
            groups: if depthwise { 0 } else { kernel.groups },
            bias: kernel.bias.is_some(),
            connect: None,
            depthwise,
            weights: WeightOptions::default(),
        });
        let rank = view.layout.rank();
        let node = self.net.add(layer, &[input], kernel.tensors())?;
        Ok(vec![self.shown(node, rank).into()])
    }

    /// A convolution of one pixel is an FC.
    fn conv_of_vector(&mut self, view: &View, kernel: Kernel<'_>) -> Done {
        let is_pixel = kernel.tensor.dims[2..].iter().all(|n| *n == 1) && kernel.groups == 1;
        if !is_pixel {
            self.picture(view)?;
            return Err("a convolution over a vector".into());
        }
        let node = self.vector(view)?;
        let layer = Layer::Fc {
            units: kernel.tensor.dims[0],
            bias: kernel.bias.is_some(),
            weights: WeightOptions::default(),
        };
        let node = self.net.add(layer, &[node], kernel.tensors())?;
        Ok(vec![self.shown(node, view.layout.rank()).into()])
    }

    pub(super) fn deconv(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let kernel = Kernel::of(step)?;
        let input = self.picture(view)?;
        let [h, w, _] = self.net.hwc(input);
        let axes = kernel.tensor.dims.len() - 2;
        let mut window = Window::of(step, &kernel.tensor.dims[2..], [h, w])?;
        let more = step.ints("output_padding").unwrap_or_default();
        let more: Vec<usize> = more.iter().filter_map(|n| (*n).try_into().ok()).collect();
        let mut output_pad = if more.is_empty() {
            [0; 2]
        } else {
            pair(&more)?
        };
        if let Some(size) = step.sizes("output_shape")? {
            let size = pair(
                size.get(size.len().saturating_sub(axes)..)
                    .unwrap_or_default(),
            )?;
            let upper = step.text("auto_pad") == Some("SAME_UPPER");
            window.pad = cut_to(&window, [h, w], size, output_pad, upper)?;
        } else if window.pad.mode != PadMode::Same {
            let cells = if step.text("auto_pad") == Some("SAME_LOWER") {
                let size = [h * window.stride[0], w * window.stride[1]];
                cut_to(&window, [h, w], size, output_pad, false)?.cells
            } else if step.text("auto_pad") == Some("VALID") {
                [0; 4]
            } else {
                pads(step, axes)?
            };
            window.pad = cells_or_none(cells);
        } else if step.text("auto_pad") != Some("SAME_UPPER") {
            window.pad = cells_or_none(pads(step, axes)?);
        } else {
            output_pad = [0; 2];
        }
        if output_pad[0] != output_pad[1] && axes == 2 {
            let what = format!(
                "an output padding of {} rows and {} columns",
                output_pad[0], output_pad[1]
            );
            return Err(Trouble::way(
                what,
                "DECONV's output_pad is one number for both",
            ));
        }
        let layer = Layer::Deconv(Deconv {
            filters: kernel.tensor.dims[1].saturating_mul(kernel.groups),
            kernel: window.kernel,
            stride: window.stride,
            pad: window.pad,
            output_pad,
            dilation: window.dilation,
            groups: kernel.groups,
            bias: kernel.bias.is_some(),
            weights: WeightOptions::default(),
        });
        let rank = view.layout.rank();
        let node = self.net.add(layer, &[input], kernel.tensors())?;
        Ok(vec![self.shown(node, rank).into()])
    }

    pub(super) fn max_pool(&mut self, step: &Step<'_>) -> Done {
        if step.used.get(1) == Some(&true) {
            return Err("MaxPool whose places (its second output) are read".into());
        }
        self.pool(step, PoolKind::Max)
    }

    pub(super) fn average_pool(&mut self, step: &Step<'_>) -> Done {
        self.pool(step, PoolKind::Avg)
    }

    fn pool(&mut self, step: &Step<'_>, kind: PoolKind) -> Done {
        let view = step.data(0)?;
        let input = self.picture(view)?;
        let [h, w, _] = self.net.hwc(input);
        let kernel = step.sizes("kernel_shape")?.ok_or("its window is missing")?;
        let window = Window::of(step, &kernel, [h, w])?;
        if window.dilation != [1, 1] {
            return Err("a pool with dilation".into());
        }
        let padded = window.pad.mode != PadMode::Valid;
        let layer = Layer::Pool(Pool {
            kind,
            window: window.kernel,
            stride: window.stride,
            pad: window.pad,
            ceil: step.flag("ceil_mode"),
            overhang: [0; 2],
            count_pad: kind == PoolKind::Avg && step.flag("count_include_pad") && padded,
        });
        let node = self.net.plain(layer, input)?;
        Ok(vec![self.shown(node, view.layout.rank()).into()])
    }

    pub(super) fn global_pool(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let kind = match step.op {
            "GlobalMaxPool" => Reduction::Max,
            _ => Reduction::Mean,
        };
        if matches!(self.net.shape(view.node), Shape::Vector(_)) {
            return Ok(vec![view.clone().into()]);
        }
        let input = self.picture(view)?;
        let node = self.net.plain(global(kind), input)?;
        Ok(vec![self.shown(node, view.layout.rank()).into()])
    }
}

/// The padding of a transposed convolution that gives this size.
fn cut_to(
    window: &Window,
    input: [usize; 2],
    output: [usize; 2],
    more: [usize; 2],
    upper: bool,
) -> Done<Padding> {
    let cut = |at: usize| {
        let reach = reach(window.kernel[at], window.dilation[at]);
        let whole = (input[at] - 1).saturating_mul(window.stride[at]) + reach + more[at];
        let all = whole
            .checked_sub(output[at])
            .ok_or("an output that is larger than its windows")?;
        let before = if upper { all / 2 } else { all - all / 2 };
        Ok::<_, Trouble>([before, all - before])
    };
    let ([top, bottom], [left, right]) = (cut(0)?, cut(1)?);
    Ok(cells_or_none([top, bottom, left, right]))
}
