//! Values in the forms that netc's layers read, and layers that only change the form.

use super::{Done, Reader, Spot};
use crate::keras::view::View;
use crate::trouble::Trouble;
use netc_compiler::graph::{Layer, NodeId, Order, Shape};

impl Reader<'_> {
    /// A new layer's value as it is.
    pub(super) fn shown(&self, node: NodeId) -> View {
        View {
            node,
            dims: self.net.shape(node).sizes(),
            pixels: 0,
        }
    }

    /// The picture that a value is.
    pub(super) fn picture(&self, view: &View) -> Done<NodeId> {
        match self.net.shape(view.node) {
            Shape::Picture(hwc) if view.dims == hwc => Ok(view.node),
            Shape::Picture(hwc) if view.dims.len() == 3 => {
                let what = format!("a picture of {hwc:?} that becomes one of {:?}", view.dims);
                Err(Trouble::way(
                    what,
                    "netc's pictures keep their rows and columns",
                ))
            }
            _ if view.dims.len() == 3 => {
                let what = format!("a vector that becomes a picture of {:?}", view.dims);
                Err(Trouble::way(
                    what,
                    "netc makes vectors of pictures, not the other way",
                ))
            }
            _ => Err(format!("it reads a picture, and is given {:?}", view.dims).into()),
        }
    }

    /// Whether a value is a vector, seen as a picture of one pixel.
    pub(super) fn is_vector_as_pixel(&self, view: &View) -> bool {
        let is_vector = matches!(self.net.shape(view.node), Shape::Vector(_));
        is_vector && matches!(view.dims[..], [1, 1, _])
    }

    /// The value with its last axis as the channels of a picture or the elements of a vector.
    pub(super) fn channels(&mut self, view: &View) -> Done<NodeId> {
        match (self.net.shape(view.node), &view.dims[..]) {
            (Shape::Picture(hwc), dims) if dims == hwc => Ok(view.node),
            (Shape::Picture([1, 1, c]) | Shape::Vector(c), [.., n]) if c == *n => Ok(view.node),
            (_, [_]) => self.vector(view),
            (Shape::Picture([h, w, 1]), [rows, columns]) if [h, w] == [*rows, *columns] => {
                Err(Trouble::way(
                    "it works along the columns of a picture",
                    "netc's layers work along channels",
                ))
            }
            _ => self.picture(view),
        }
    }

    /// The vector that a value is, flattened if it is a picture.
    pub(super) fn vector(&mut self, view: &View) -> Done<NodeId> {
        if matches!(self.net.shape(view.node), Shape::Vector(_)) {
            return Ok(view.node);
        }
        if let Some(node) = self.flattened.get(&view.node) {
            return Ok(*node);
        }
        let node = self.add(Layer::Flatten(Order::Hwc), &[view.node], Vec::new())?;
        self.flattened.insert(view.node, node);
        Ok(node)
    }

    /// The value that leaves the network: a picture or a vector.
    pub(super) fn as_output(&mut self, name: &str, view: &View) -> Done<NodeId> {
        let is_whole = self.net.shape(view.node).sizes() == view.dims;
        if is_whole || self.is_vector_as_pixel(view) {
            return Ok(view.node);
        }
        let node = self.vector(view)?;
        if view.dims.len() > 1 {
            let dims = &view.dims;
            self.notes.push(format!(
                "its output `{name}` is {dims:?} there, and here a vector in that order"
            ));
        }
        Ok(node)
    }

    pub(super) fn reshape(spot: &Spot<'_, '_>, view: &View) -> Done {
        let target = spot.options.ints("target_shape")?;
        let target = target.ok_or("its target_shape is missing")?;
        let count: usize = view.dims.iter().product();
        let known = target.iter().filter(|n| **n != -1);
        let known = known.map(|n| usize::try_from(*n).ok());
        let known: Option<Vec<usize>> = known.collect();
        let known = known.and_then(|all| all.iter().try_fold(1_usize, |a, n| a.checked_mul(*n)));
        let wrong = || Trouble::new(format!("it makes {target:?} of {:?}", view.dims));
        let known = known.filter(|n| *n > 0).ok_or_else(wrong)?;
        let size = |n: &i64| usize::try_from(*n).unwrap_or(count / known);
        let dims: Vec<usize> = target.iter().map(size).collect();
        let product = dims.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        match product == Some(count) && !dims.is_empty() {
            true => Ok(view.seen(dims)),
            false => Err(wrong()),
        }
    }

    pub(super) fn permute(spot: &Spot<'_, '_>, view: &View) -> Done {
        let order = spot.options.ints("dims")?.unwrap_or_default();
        match order.iter().copied().eq(1..=view.dims.len() as i64) {
            true => Ok(view.clone()),
            false => Err(Trouble::way(
                format!("Permute to {order:?}"),
                "netc's pictures are height x width x channels throughout",
            )),
        }
    }
}
