//! Channels that are joined and parted.

use super::Reader;
use crate::layout::Axis;
use crate::onnx::shapes::{Cut, cuts};
use crate::onnx::step::{Done, Step, Trouble, Value, View, counted};
use netc_compiler::graph::Layer;
use netc_plan::{Crop, Op, Slice};

impl Reader<'_> {
    pub(super) fn concat(&mut self, step: &Step<'_>) -> Done {
        let mut views: Vec<View> = (0..step.inputs.len())
            .map(|at| step.data(at).cloned())
            .collect::<Done<_>>()?;
        let rank = views.first().map_or(0, |view| view.layout.rank());
        let axis = step.axis(step.int("axis").unwrap_or(1), rank)?;
        for view in &mut views {
            if view.layout.rank() != rank {
                return Err("a join of tensors of different ranks".into());
            }
            *view = self.with_channels(view, axis).map_err(|_| {
                let what = format!("Concat along axis {axis} of {:?}", view.dims());
                Trouble::way(what, "CONCAT joins channels, or vectors")
            })?;
        }
        let Some(first) = views.first().cloned() else {
            return Err("a join of nothing".into());
        };
        if views.len() == 1 {
            return Ok(vec![first.into()]);
        }
        let one = |view: &View| view.layout.resized(Axis::Channel, 1, axis);
        if views.iter().any(|view| one(view) != one(&first)) {
            return Err("a join of tensors that lie in different orders".into());
        }
        let nodes: Vec<_> = views.iter().map(|view| view.node).collect();
        let node = self.net.beside_each_other(&nodes)?;
        let [.., c] = self.net.hwc(node);
        let layout = first.layout.resized(Axis::Channel, c, axis);
        Ok(vec![View::new(node, layout).into()])
    }

    pub(super) fn split(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let dims = view.dims();
        let axis = step.axis(step.int("axis").unwrap_or(0), dims.len())?;
        let parts = step.node.outputs.len();
        let sizes = match step.numbers("split", 1)? {
            Some(sizes) => sizes
                .iter()
                .map(|n| usize::try_from(*n).map_err(|_| Trouble::new(format!("a part of {n}"))))
                .collect::<Done<Vec<_>>>()?,
            None => {
                let each = dims[axis].div_ceil(parts.max(1));
                let size = |at: usize| each.min(dims[axis].saturating_sub(at * each));
                (0..parts).map(size).collect()
            }
        };
        let sum = sizes.iter().try_fold(0_usize, |all, n| all.checked_add(*n));
        if sizes.len() != parts || sum != Some(dims[axis]) || sizes.contains(&0) {
            return Err(format!("a split of {} into {sizes:?}", dims[axis]).into());
        }
        let equal = sizes.iter().all(|n| *n == sizes[0]);
        let mut values = Vec::new();
        let mut from = 0;
        for (part, size) in sizes.iter().enumerate() {
            let value = match step.used.get(part) {
                Some(true) if equal && parts > 1 => self.part(view, axis, parts, part)?,
                Some(true) => self.cut(view, axis, from, *size)?,
                _ => view.clone(),
            };
            values.push(value.into());
            from += size;
        }
        Ok(values)
    }

    /// One of equal parts of an axis.
    fn part(&mut self, view: &View, axis: usize, parts: usize, part: usize) -> Done<View> {
        let size = view.dims()[axis] / parts;
        match self.with_channels(view, axis) {
            Ok(view) => {
                let layer = Layer::Split { parts, part };
                let node = self.net.plain(layer, view.node)?;
                let layout = view.layout.resized(Axis::Channel, size, axis);
                Ok(View::new(node, layout))
            }
            Err(_) => self.cut(view, axis, part * size, size),
        }
    }

    /// Some cells of an axis: channels, rows or columns.
    fn cut(&mut self, view: &View, axis: usize, from: usize, size: usize) -> Done<View> {
        if self.side(view, axis).is_some() {
            return self.cropped(view, &[(axis, from, size)]);
        }
        let view = self.with_channels(view, axis)?;
        let layer = Layer::Op(Op::Slice(Slice {
            from,
            to: from + size,
            ..Slice::DEFAULT
        }));
        let node = self.net.plain(layer, view.node)?;
        let layout = view.layout.resized(Axis::Channel, size, axis);
        Ok(View::new(node, layout))
    }

    /// Whether an axis is that of rows (0) or columns (1).
    fn side(&self, view: &View, axis: usize) -> Option<usize> {
        let [h, w, _] = self.net.hwc(view.node);
        let sides = [(Axis::Height, h), (Axis::Width, w)];
        sides
            .iter()
            .position(|(side, n)| *n > 1 && view.layout.is_whole(axis, *side, *n))
    }

    /// CROP: for some axes of rows or columns the first cell and how many.
    fn cropped(&mut self, view: &View, cuts: &[(usize, usize, usize)]) -> Done<View> {
        let [h, w, _] = self.net.hwc(view.node);
        let mut crop = [0; 4];
        let mut layout = view.layout.clone();
        for (axis, from, size) in cuts {
            let side = self.side(view, *axis).ok_or("it cuts what are no rows")?;
            let (all, which) = [(h, Axis::Height), (w, Axis::Width)][side];
            crop[2 * side] = *from;
            crop[2 * side + 1] = all - from - size;
            layout = layout.resized(which, *size, *axis);
        }
        let layer = Layer::Op(Op::Crop(Crop {
            crop,
            ..Crop::DEFAULT
        }));
        let node = self.net.plain(layer, view.node)?;
        Ok(View::new(node, layout))
    }

    pub(super) fn slice(&mut self, step: &Step<'_>) -> Done {
        let mut view = step.data(0)?.clone();
        let cuts = cuts(step, &view.dims())?;
        let mut sides = Vec::new();
        for (axis, cut) in cuts.iter().enumerate() {
            let Some(Cut { from, count, step }) = *cut else {
                continue;
            };
            if step != 1 && count > 1 {
                let what = format!("Slice that takes every {step}th of an axis");
                return Err(Trouble::way(
                    what,
                    "SLICE takes channels, and CROP rows and columns, that stand together",
                ));
            }
            if axis == 0 && view.dims()[0] == self.batch {
                return Err("Slice of the batch".into());
            }
            match self.side(&view, axis) {
                Some(_) => sides.push((axis, from, count)),
                None => view = self.cut(&view, axis, from, count)?,
            }
        }
        if !sides.is_empty() {
            view = self.cropped(&view, &sides)?;
        }
        Ok(vec![view.into()])
    }

    /// One place of an axis, which goes, or some places that stand together.
    pub(super) fn gather(&mut self, step: &Step<'_>) -> Done {
        let view = step.data(0)?;
        let dims = view.dims();
        let axis = step.axis(step.int("axis").unwrap_or(0), dims.len())?;
        let Some(Value::Constant(places)) = step.input(1) else {
            return Err("Gather of computed places".into());
        };
        let index = |n: &i64| counted(*n, dims[axis]).ok_or_else(|| format!("it has no place {n}"));
        let ints = places.to_ints().ok_or("its places are no whole numbers")?;
        let wanted: Vec<usize> = ints.iter().map(index).collect::<Result<_, _>>()?;
        let from = *wanted.first().ok_or("it takes nothing")?;
        if !wanted.iter().copied().eq(from..from + wanted.len()) || places.dims.len() > 1 {
            let way = "SLICE takes channels that stand together";
            return Err(Trouble::way("Gather of places here and there", way));
        }
        let taken = match wanted.len() == dims[axis] {
            true => view.clone(),
            false => self.cut(view, axis, from, wanted.len())?,
        };
        let layout = match places.dims.is_empty() {
            true => taken
                .layout
                .without(axis)
                .ok_or("it takes no whole axis away")?,
            false => taken.layout.clone(),
        };
        Ok(vec![taken.seen(layout).into()])
    }
}
