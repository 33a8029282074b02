//! Layers that read several values, and Keras' functions of values and numbers.

use super::{Done, Reader, Spot};
use crate::keras::view::View;
use crate::network::Tensors;
use crate::trouble::Trouble;
use netc_compiler::graph::{Layer, NodeId, Shape};
use netc_plan::{Add, Mul, Op};

/// How values are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Multiply,
    Average,
    Concatenate,
    /// Not in netc.
    Other,
}

impl Kind {
    pub(super) fn of(class: &str) -> Option<Self> {
        Some(match class {
            "Add" => Self::Add,
            "Multiply" => Self::Multiply,
            "Average" => Self::Average,
            "Concatenate" => Self::Concatenate,
            "Subtract" | "Maximum" | "Minimum" | "Dot" => Self::Other,
            _ => return None,
        })
    }
}

impl Reader<'_> {
    pub(super) fn join(&mut self, spot: &Spot<'_, '_>, kind: Kind, views: &[View]) -> Done {
        match (kind, views) {
            (Kind::Other, _) => Err(Trouble::way(
                spot.class,
                "values are joined by ADD, MUL and CONCAT",
            )),
            (_, [] | [_]) => Err("a join of fewer than two values".into()),
            (Kind::Concatenate, _) => self.concatenate(spot, views),
            (Kind::Add, _) => self.each(Layer::Op(Op::Add(Add::DEFAULT)), views),
            (Kind::Multiply, [a, b]) => self.product(a, b),
            (Kind::Multiply, _) => self.each(Layer::Op(Op::Mul(Mul::DEFAULT)), views),
            (Kind::Average, _) => {
                let sum = self.each(Layer::Op(Op::Add(Add::DEFAULT)), views)?;
                self.affine(&sum, &[1.0 / views.len() as f64], &[0.0])
            }
        }
    }

    /// A function of Keras that stands where layers do: sums and products with values and numbers.
    pub(super) fn function(&mut self, spot: &Spot<'_, '_>, views: &[View]) -> Done {
        match (spot.class, views, spot.numbers) {
            ("Add", [a, b], []) => {
                self.each(Layer::Op(Op::Add(Add::DEFAULT)), &[a.clone(), b.clone()])
            }
            ("Multiply", [a, b], []) => self.product(a, b),
            ("Add", [view], [x]) => self.affine(view, &[1.0], &[*x]),
            ("Multiply", [view], [x]) => self.affine(view, &[*x], &[0.0]),
            (class, ..) => Err(Trouble::way(
                format!("keras.ops.{}", class.to_lowercase()),
                "use the layer that does the same, such as Add or Multiply",
            )),
        }
    }

    /// A join of values of one shape.
    fn each(&mut self, layer: Layer, views: &[View]) -> Done {
        let Some(first) = views.first() else {
            return Err("a join of nothing".into());
        };
        if let Some(other) = views.iter().find(|view| view.dims != first.dims) {
            let what = format!("a join of {:?} and {:?}", first.dims, other.dims);
            return Err(Trouble::way(
                what,
                "netc adds values of one shape, and multiplies a picture with one number a channel",
            ));
        }
        let nodes = self.alike(views)?;
        let node = self.add(layer, &nodes, Tensors::new())?;
        Ok(first.at(node))
    }

    /// Values of one shape there as values of one shape here.
    fn alike(&mut self, views: &[View]) -> Done<Vec<NodeId>> {
        let shape = |view: &View| self.net.shape(view.node);
        let Some(first) = views.first() else {
            return Ok(Vec::new());
        };
        match views.iter().all(|view| shape(view) == shape(first)) {
            true => Ok(views.iter().map(|view| view.node).collect()),
            false => views.iter().map(|view| self.vector(view)).collect(),
        }
    }

    /// A product of values of one shape, or of a picture with one number a channel.
    fn product(&mut self, a: &View, b: &View) -> Done {
        let (a, b) = match a.dims.iter().product::<usize>() < b.dims.iter().product() {
            true => (b, a),
            false => (a, b),
        };
        let layer = Layer::Op(Op::Mul(Mul::DEFAULT));
        let is_spread =
            a.dims != b.dims && matches!(b.dims[..], [1, 1, c] if a.dims.last() == Some(&c));
        if !is_spread {
            return self.each(layer, &[a.clone(), b.clone()]);
        }
        let picture = self.picture(a)?;
        let node = self.add(layer, &[picture, b.node], Tensors::new())?;
        Ok(a.at(node))
    }

    fn concatenate(&mut self, spot: &Spot<'_, '_>, views: &[View]) -> Done {
        let axes = spot.options.ints("axis")?.unwrap_or_else(|| vec![-1]);
        let Some(first) = views.first().filter(|first| first.is_last(&axes)) else {
            let what = format!("Concatenate along axis {axes:?}");
            return Err(Trouble::way(what, "CONCAT joins channels, or vectors"));
        };
        let outer = |view: &View| view.dims[..view.dims.len().saturating_sub(1)].to_vec();
        if views.iter().any(|view| outer(view) != outer(first)) {
            return Err("a join of pictures of different sizes".into());
        }
        let is_picture = |view: &View| matches!(self.net.shape(view.node), Shape::Picture(_));
        let is_row = first.dims.len() == 1;
        let pixels = views.iter().all(|view| {
            is_picture(view)
                && self.net.hwc(view.node) == [1, 1, view.dims.last().copied().unwrap_or(0)]
        });
        let nodes: Vec<NodeId> = match is_row && !pixels {
            true => views
                .iter()
                .map(|view| self.vector(view))
                .collect::<Done<_>>()?,
            false => views
                .iter()
                .map(|view| self.channels(view))
                .collect::<Done<_>>()?,
        };
        let node = self.net.beside_each_other(&nodes)?;
        let mut dims = outer(first);
        dims.push(views.iter().filter_map(|view| view.dims.last()).sum());
        Ok(self.shown(node).seen(dims))
    }
}
