//! Rows and columns: padding, enlarging, means over the picture.

use super::Reader;
use crate::layout::Axis;
use crate::network::usual::{VALID, global};
use crate::onnx::step::{Done, Step, Trouble, View};
use crate::onnx::tensor::{Data, Tensor};
use netc_compiler::graph::{Layer, Pool, PoolKind};
use netc_plan::{Crop, Interpolation, Op, Pad, Reduction, Upsample};

impl Reader<'_> {
    /// ReduceMean and ReduceMax over rows and columns.
    pub(super) fn reduce(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let dims = view.dims();
        let axes = step.numbers("axes", 1)?.unwrap_or_default();
        if axes.is_empty() {
            return Err(format!("{} over everything", step.op).into());
        }
        let axes: Vec<usize> = axes
            .iter()
            .map(|axis| step.axis(*axis, dims.len()))
            .collect::<Done<_>>()?;
        let [h, w, _] = self.net.hwc(view.node);
        let (mut rows, mut columns) = (false, false);
        for axis in axes.iter().filter(|axis| dims[**axis] > 1) {
            if view.layout.is_whole(*axis, Axis::Height, h) {
                rows = true;
            } else if view.layout.is_whole(*axis, Axis::Width, w) {
                columns = true;
            } else if view.layout.parts(*axis).len() == 2
                && view
                    .layout
                    .parts(*axis)
                    .iter()
                    .all(|p| matches!(p.axis, Axis::Height | Axis::Width))
                && dims[*axis] == h * w
            {
                (rows, columns) = (true, true);
            } else {
                let what = format!("{} over axis {axis} of {dims:?}", step.op);
                return Err(Trouble::way(what, "GLOBALPOOL is over rows and columns"));
            }
        }
        let node = match (rows || h == 1, columns || w == 1) {
            _ if !rows && !columns => view.node,
            (true, true) => self.net.plain(global(kind(step)), view.node)?,
            _ => {
                let window = [if rows { h } else { 1 }, if columns { w } else { 1 }];
                self.net.plain(strip(step, window), view.node)?
            }
        };
        let mut layout = view.layout.clone();
        for axis in &axes {
            layout = layout.resized(Axis::Height, 1, *axis);
        }
        if step.int("keepdims").unwrap_or(1) == 0 {
            let mut gone = axes.clone();
            gone.sort_unstable();
            for axis in gone.iter().rev() {
                layout = layout.without(*axis).ok_or("it names an axis twice")?;
            }
        }
        let view = if node == view.node {
            view.seen(layout)
        } else {
            View::new(node, layout)
        };
        Ok(vec![view.into()])
    }

    pub(super) fn pad(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let rank = view.layout.rank();
        if let Some(mode) = step.text("mode").filter(|mode| *mode != "constant") {
            let what = format!("Pad that repeats the picture ({mode})");
            return Err(Trouble::way(what, "PAD writes zeros"));
        }
        let value = step
            .given(2)?
            .and_then(Tensor::number)
            .or(step.float("value"));
        if value.unwrap_or(0.0) != 0.0 {
            return Err(Trouble::way(
                "Pad with something else than 0",
                "PAD writes zeros",
            ));
        }
        let [more, less, all] = cells(step, rank)?;
        // Padding of nothing is for tensors of any kind.
        let node = match all {
            [0, 0, 0, 0] => view.node,
            _ => self.picture(view)?,
        };
        let mut node = node;
        if less != [0; 4] {
            let crop = Crop {
                crop: less,
                ..Crop::DEFAULT
            };
            node = self.net.plain(Layer::Op(Op::Crop(crop)), node)?;
        }
        if more != [0; 4] {
            let pad = Pad {
                pad: more,
                ..Pad::DEFAULT
            };
            node = self.net.plain(Layer::Op(Op::Pad(pad)), node)?;
        }
        match node == view.node {
            true => Ok(vec![view.clone().into()]),
            false => Ok(vec![self.shown(node, rank).into()]),
        }
    }

    pub(super) fn resize(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        if let Some(policy) = step
            .text("keep_aspect_ratio_policy")
            .filter(|p| *p != "stretch")
        {
            return Err(format!("Resize that keeps proportions ({policy})").into());
        }
        let input = self.picture(view)?;
        let [h, w, _] = self.net.hwc(input);
        let dims = view.dims();
        let sizes = enlarged(step, &dims)?;
        let factor = |at: usize, size: usize| {
            let to = sizes.get(at).copied().unwrap_or(size);
            let whole = to >= size && to.is_multiple_of(size);
            whole.then(|| to / size).ok_or_else(|| {
                let what = format!("{} of {size} cells to {to}", step.op);
                Trouble::way(what, "UPSAMPLE enlarges by whole factors")
            })
        };
        let factor = [factor(2, h)?, factor(3, w)?];
        if sizes[..2] != dims[..2] {
            return Err(format!("{} of batch or channels", step.op).into());
        }
        let layer = Layer::Op(Op::Upsample(Upsample {
            factor,
            mode: mode(step, factor)?,
            ..Upsample::DEFAULT
        }));
        let node = match factor {
            [1, 1] => input,
            _ => self.net.plain(layer, input)?,
        };
        Ok(vec![self.shown(node, view.layout.rank()).into()])
    }

    pub(super) fn dropout(&mut self, step: &Step<'_>) -> Done {
        if step.used.get(1) == Some(&true) {
            return Err("Dropout whose mask is read".into());
        }
        let view = step.data(0)?;
        let given = step.given(1)?.and_then(Tensor::number);
        let p = step.float("ratio").or(given).unwrap_or(0.5);
        if !(p > 0.0 && p < 1.0) {
            return Ok(vec![view.clone().into()]);
        }
        let node = self.net.plain(Layer::Dropout { p }, view.node)?;
        Ok(vec![view.at(node).into()])
    }

    /// Rounding of values to bytes and back: `netc quantize` does its own.
    pub(super) fn quantised(&mut self, step: &Step<'_>) -> Done {
        let note = "it rounds values to bytes in between: netc computes them as they are, and `netc quantize` rounds anew";
        if !self.notes.iter().any(|n| n == note) {
            self.notes.push(note.to_owned());
        }
        Ok(vec![step.data(0)?.clone().into()])
    }
}

/// Cells that Pad adds, takes away, and both: top, bottom, left, right.
fn cells(step: &Step<'_>, rank: usize) -> Done<[[usize; 4]; 3]> {
    let old = || step.ints("paddings").map(<[i64]>::to_vec);
    let pads = step.numbers("pads", 1)?.or_else(old);
    let pads = pads.ok_or("its pads are missing")?;
    let axes = step.given(3)?.map(|t| t.to_ints().unwrap_or_default());
    let axes = axes.unwrap_or_else(|| (0..rank as i64).collect());
    if pads.len() != 2 * axes.len() {
        return Err("its pads are not two for each axis".into());
    }
    let (mut more, mut less, mut all) = ([0; 4], [0; 4], [0; 4]);
    for (at, axis) in axes.iter().enumerate() {
        let axis = step.axis(*axis, rank)?;
        for (end, n) in [pads[at], pads[at + axes.len()]].into_iter().enumerate() {
            let cells = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
            let side = axis.checked_sub(2).filter(|side| *side < 2);
            let Some(side) = side.map(|side| 2 * side + end) else {
                if n == 0 {
                    continue;
                }
                return Err(Trouble::way("Pad of channels", "PAD adds rows and columns"));
            };
            all[side] = cells;
            if n > 0 {
                more[side] = cells
            } else {
                less[side] = cells
            }
        }
    }
    Ok([more, less, all])
}

fn kind(step: &Step<'_>) -> Reduction {
    match step.op {
        "ReduceMax" => Reduction::Max,
        _ => Reduction::Mean,
    }
}

/// A pool over whole rows or columns.
fn strip(step: &Step<'_>, window: [usize; 2]) -> Layer {
    Layer::Pool(Pool {
        kind: match kind(step) {
            Reduction::Max => PoolKind::Max,
            Reduction::Mean => PoolKind::Avg,
        },
        window,
        stride: window,
        pad: VALID,
        ceil: false,
        overhang: [0; 2],
        count_pad: false,
    })
}

/// The shape that a picture is enlarged to.
fn enlarged(step: &Step<'_>, dims: &[usize]) -> Done<Vec<usize>> {
    if let Some(sizes) = step.given(3)?.filter(|sizes| sizes.len() > 0) {
        let size =
            |n: &i64| usize::try_from(*n).map_err(|_| Trouble::new(format!("a size of {n}")));
        let sizes = sizes.to_ints().ok_or("its sizes are no whole numbers")?;
        let sizes: Vec<usize> = sizes.iter().map(size).collect::<Done<_>>()?;
        return whole_shape(step, dims, sizes);
    }
    let at = if step.op == "Upsample" || step.opset < 11 {
        1
    } else {
        2
    };
    let scales = match step.floats("scales") {
        Some(scales) => scales.to_vec(),
        None => match step.constant(at)?.data.clone() {
            Data::Floats(scales) => scales,
            Data::Ints(_) => return Err("its scales are no numbers with a point".into()),
        },
    };
    let axes = step.ints("axes").map_or(dims.len(), <[i64]>::len);
    if scales.len() != axes {
        return Err("its scales are not one for each axis".into());
    }
    let last = &dims[dims.len() - axes..];
    let scaled = last.iter().zip(&scales).map(|(n, s)| {
        let size = (*n as f64 * f64::from(*s)).floor();
        if (0.0..=1e9).contains(&size) {
            size as usize
        } else {
            0
        }
    });
    whole_shape(step, dims, scaled.collect())
}

/// Sizes of the axes that a node names, between those that stay.
fn whole_shape(step: &Step<'_>, dims: &[usize], sizes: Vec<usize>) -> Done<Vec<usize>> {
    let Some(axes) = step.ints("axes") else {
        return match sizes.len() == dims.len() {
            true => Ok(sizes),
            false => Err("its sizes are not one for each axis".into()),
        };
    };
    let mut all = dims.to_vec();
    for (axis, size) in axes.iter().zip(sizes) {
        all[step.axis(*axis, dims.len())?] = size;
    }
    Ok(all)
}

/// How a picture is enlarged, where netc has the same way.
fn mode(step: &Step<'_>, factor: [usize; 2]) -> Done<Interpolation> {
    let usual = if step.opset < 11 {
        "asymmetric"
    } else {
        "half_pixel"
    };
    let place = step.text("coordinate_transformation_mode").unwrap_or(usual);
    let place = if step.op == "Upsample" {
        "asymmetric"
    } else {
        place
    };
    let old = step.op == "Upsample" || step.opset < 11;
    let round =
        step.text("nearest_mode")
            .unwrap_or(if old { "floor" } else { "round_prefer_floor" });
    let half = matches!(
        place,
        "half_pixel" | "pytorch_half_pixel" | "half_pixel_symmetric"
    );
    let kind = step.text("mode").unwrap_or("nearest");
    // Where pixels lie between two, rounding decides; by these each is repeated.
    let repeats = match (place, round) {
        ("asymmetric", "floor") => true,
        ("asymmetric", "round_prefer_floor") => factor.iter().all(|n| *n <= 2),
        (_, "round_prefer_floor" | "round_prefer_ceil") => half,
        _ => false,
    };
    match kind {
        "nearest" if repeats => Ok(Interpolation::Nearest),
        "linear" | "bilinear" if half => Ok(Interpolation::Bilinear),
        _ => Err(Trouble::way(
            format!("{} by {kind} ({place}, {round})", step.op),
            "UPSAMPLE repeats pixels, or is bilinear with half-pixel centres",
        )),
    }
}
