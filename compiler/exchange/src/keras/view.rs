//! Values as Keras sees them.

use netc_compiler::graph::NodeId;

/// A layer's value in the shape that it has there, without the batch. The numbers run in the same order here and there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) node: NodeId,
    pub(super) dims: Vec<usize>,
    /// For the input: how many layers that only change its numbers have become options of INPUT.
    pub(super) pixels: usize,
}

impl View {
    /// The same value in another shape.
    pub(super) fn seen(&self, dims: Vec<usize>) -> Self {
        Self {
            dims,
            ..self.clone()
        }
    }

    /// The value of a new layer, in the same shape.
    pub(super) fn at(&self, node: NodeId) -> Self {
        Self {
            node,
            dims: self.dims.clone(),
            pixels: 0,
        }
    }

    /// The place of an axis, counted as Keras does: with the batch, from the end if it is below 0.
    pub(super) fn axis(&self, axis: i64) -> Option<usize> {
        let rank = self.dims.len() as i64 + 1;
        let axis = if axis < 0 {
            axis.checked_add(rank)?
        } else {
            axis
        };
        usize::try_from(axis.checked_sub(1)?)
            .ok()
            .filter(|at| *at < self.dims.len())
    }

    /// Whether these axes are the last one and no other.
    pub(super) fn is_last(&self, axes: &[i64]) -> bool {
        match axes {
            [axis] => self.axis(*axis) == self.dims.len().checked_sub(1),
            _ => false,
        }
    }
}
