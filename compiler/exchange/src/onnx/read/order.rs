//! Values in the orders that netc's layers read: pictures, vectors, and their channels.

use super::Reader;
use crate::layout::{Axis, Layout, Part};
use crate::network::Network;
use crate::onnx::step::{Done, Trouble, View};
use netc_compiler::graph::{Layer, NodeId, Order, Shape};
use netc_plan::{Op, Shuffle};

/// `[n, c, h, w]`, or `[n, c, h]` of one column.
fn channels_first(batch: usize, [h, w, c]: [usize; 3], rank: usize) -> Option<Layout> {
    match rank {
        4 => Some(Layout::nchw(batch, [h, w, c])),
        3 if w == 1 => {
            let axes = [(Axis::Batch, batch), (Axis::Channel, c), (Axis::Height, h)];
            Some(Layout::of(&axes))
        }
        _ => None,
    }
}

/// Height, width and channels of a tensor with channels first that has one channel, whose numbers lie in the same order here.
fn one_channel(dims: &[usize]) -> Option<[usize; 3]> {
    match *dims {
        [_, 1, h, w] => Some([h, w, 1]),
        [_, 1, h] => Some([h, 1, 1]),
        _ => None,
    }
}

/// The groups of a shuffle, if the channels run as after one: `y[k * groups + i] = x[i * n + k]`.
fn shuffled(parts: &[Part], channels: usize) -> Option<usize> {
    match parts {
        [first, second]
            if first.stride == 1
                && second.stride == first.size
                && first.size * second.size == channels
                && parts.iter().all(|part| part.axis == Axis::Channel) =>
        {
            Some(second.size)
        }
        _ => None,
    }
}

impl Reader<'_> {
    /// A layer's value as a picture there: channels first.
    pub(super) fn shown(&self, node: NodeId, rank: usize) -> View {
        let hwc = self.net.hwc(node);
        let layout = channels_first(self.batch, hwc, rank);
        View::new(
            node,
            layout.unwrap_or_else(|| Layout::nchw(self.batch, hwc)),
        )
    }

    /// A layer's value as a vector.
    pub(super) fn flat(&self, node: NodeId) -> View {
        let [h, w, c] = self.net.hwc(node);
        View::new(node, Layout::vector(self.batch, h * w * c))
    }

    /// The picture that a tensor with channels first is.
    pub(super) fn picture(&mut self, view: &View) -> Done<NodeId> {
        let hwc = self.net.hwc(view.node);
        let dims = view.dims();
        let foreign = || {
            let order = "netc's layers work on height, width and channels of a picture as they are";
            Trouble::way(
                format!("a tensor of {dims:?} in an order of its own"),
                order,
            )
        };
        let usual = channels_first(self.batch, hwc, view.layout.rank()).ok_or_else(foreign)?;
        if let Shape::Vector(n) = self.net.shape(view.node) {
            if view.node == Network::INPUT {
                self.input_as_picture = one_channel(&dims);
            }
            let what = format!("a vector of {n} becomes a picture");
            return Err(Trouble::way(
                what,
                "netc makes vectors of pictures, not the other way",
            ));
        }
        if view.layout == usual {
            return Ok(view.node);
        }
        let parts = view.layout.parts(1);
        let groups = shuffled(&parts, hwc[2]).ok_or_else(foreign)?;
        if view.layout.resized(Axis::Channel, hwc[2], 1) != usual {
            return Err(foreign());
        }
        self.shuffle(view, groups)
    }

    fn shuffle(&mut self, view: &View, groups: usize) -> Done<NodeId> {
        let layer = Layer::Op(Op::Shuffle(Shuffle {
            groups,
            ..Shuffle::DEFAULT
        }));
        self.once(view, layer)
    }

    /// A layer that brings a value into this order, made once.
    fn once(&mut self, view: &View, layer: Layer) -> Done<NodeId> {
        let key = (view.node, view.layout.clone());
        if let Some(node) = self.ordered.get(&key) {
            return Ok(*node);
        }
        let node = self.net.plain(layer, view.node)?;
        self.ordered.insert(key, node);
        Ok(node)
    }

    /// The vector that a tensor `[n, ...]` is, flattened if it is a picture.
    pub(super) fn vector(&mut self, view: &View) -> Done<NodeId> {
        let hwc = self.net.hwc(view.node);
        let run = view.layout.run();
        let is_vector = matches!(self.net.shape(view.node), Shape::Vector(_));
        let order = if run == Layout::nhwc(1, hwc).run() {
            Some(Order::Hwc)
        } else if run == Layout::nchw(1, hwc).run() {
            Some(Order::Chw)
        } else {
            None
        };
        match order.filter(|_| view.layout.batch_first(self.batch)) {
            Some(_) if is_vector => Ok(view.node),
            Some(order) => self.once(view, Layer::Flatten(order)),
            None => match shuffled(&run, hwc[2]).filter(|_| hwc[0] * hwc[1] == 1) {
                Some(groups) => self.shuffle(view, groups),
                None => Err(Trouble::way(
                    format!("a tensor of {:?} in an order of its own", view.dims()),
                    "netc flattens pictures as height, width, channels, or channels first",
                )),
            },
        }
    }

    /// The tensor with this axis as the channels of its value: those of a picture, or the elements of a vector.
    pub(super) fn with_channels(&mut self, view: &View, axis: usize) -> Done<View> {
        let [.., c] = self.net.hwc(view.node);
        if view.layout.is_whole(axis, Axis::Channel, c) {
            return Ok(view.clone());
        }
        if view.layout.rank() == 2 && axis == 1 {
            let node = self.vector(view)?;
            return Ok(self.flat(node));
        }
        if let Some(groups) = shuffled(&view.layout.parts(axis), c) {
            let node = self.shuffle(view, groups)?;
            return Ok(View::new(node, view.layout.resized(Axis::Channel, c, axis)));
        }
        let node = self.picture(view)?;
        let shown = self.shown(node, view.layout.rank());
        let [.., c] = self.net.hwc(node);
        match shown.layout.is_whole(axis, Axis::Channel, c) {
            true => Ok(shown),
            false => Err(format!("it works along axis {axis} of {:?}", view.dims()).into()),
        }
    }

    /// The value that leaves the network: a picture, or a vector in the order of the tensor.
    pub(super) fn as_output(&mut self, name: &str, view: &View) -> Done<NodeId> {
        let dims = view.dims();
        if !view.layout.batch_first(self.batch) {
            let what = format!("an output of {dims:?} whose images are not its first axis");
            return Err(what.into());
        }
        if view.layout.rank() > 2 && self.is_picture(view) {
            return Ok(view.node);
        }
        if view.layout.rank() > 2
            && let Ok(node) = self.picture(view)
        {
            return Ok(node);
        }
        let node = self.vector(view)?;
        if view.layout.rank() > 2 {
            let note =
                format!("its output `{name}` is {dims:?} there, and here a vector in that order");
            self.notes.push(note);
        }
        Ok(node)
    }

    /// Whether the tensor is a picture, with its channels first or last, with or without an axis for the batch.
    fn is_picture(&self, view: &View) -> bool {
        let hwc = self.net.hwc(view.node);
        let layout = &view.layout;
        let same = |other: &Layout| other.run() == layout.run();
        if matches!(self.net.shape(view.node), Shape::Vector(_)) {
            return same(&Layout::vector(1, hwc[2]));
        }
        let (first, last) = (Layout::nchw(self.batch, hwc), Layout::nhwc(self.batch, hwc));
        match layout.rank() {
            3 => {
                let simple = (0..3).all(|at| layout.parts(at).len() <= 1);
                simple && (same(&first) || same(&last))
            }
            4 => *layout == first || *layout == last,
            _ => false,
        }
    }
}
