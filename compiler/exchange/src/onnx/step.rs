//! A node of the file with what it reads, as an operator sees it.

use super::message::{Attribute, Node};
use super::tensor::Tensor;
use crate::layout::Layout;
pub(crate) use crate::trouble::Trouble;
use netc_compiler::graph::NodeId;
use std::rc::Rc;

/// A value of the file.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// It does not depend on the input.
    Constant(Rc<Tensor>),
    /// A layer's value, seen as a tensor.
    Data(View),
    /// What makes it has been reported.
    Broken,
}

/// A layer's value, seen as a tensor of the file.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) node: NodeId,
    pub(crate) layout: Layout,
    /// Nobody else reads the layer's value, under whatever name.
    pub(crate) alone: bool,
}

impl View {
    /// The value of a new layer.
    pub(crate) fn new(node: NodeId, layout: Layout) -> Self {
        Self {
            node,
            layout,
            alone: true,
        }
    }

    /// The value of a new layer, of the same shape.
    pub(crate) fn at(&self, node: NodeId) -> Self {
        Self::new(node, self.layout.clone())
    }

    /// The same value as another tensor.
    pub(crate) fn seen(&self, layout: Layout) -> Self {
        Self { layout, ..*self }
    }

    pub(crate) fn dims(&self) -> Vec<usize> {
        self.layout.dims()
    }
}

impl From<View> for Value {
    fn from(view: View) -> Self {
        Self::Data(view)
    }
}

impl From<Tensor> for Value {
    fn from(tensor: Tensor) -> Self {
        Self::Constant(Rc::new(tensor))
    }
}

pub(crate) type Done<T = Vec<Value>> = Result<T, Trouble>;

/// A node and what it reads.
pub(crate) struct Step<'n> {
    pub(crate) node: &'n Node,
    pub(crate) op: &'n str,
    /// `None` for an input that is left out.
    pub(crate) inputs: Vec<Option<Value>>,
    /// The version of the operators.
    pub(crate) opset: i64,
    /// For each output whether anybody reads it.
    pub(crate) used: Vec<bool>,
}

impl Step<'_> {
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        let mut all = self.node.attributes.iter();
        all.find(|a| a.name.as_deref() == Some(name))
    }

    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name)?.i
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.int(name).unwrap_or(0) != 0
    }

    pub(crate) fn float(&self, name: &str) -> Option<f32> {
        self.attribute(name)?.f
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.attribute(name)?.s.as_deref()?).ok()
    }

    pub(crate) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }

    pub(crate) fn floats(&self, name: &str) -> Option<&[f32]> {
        self.attribute(name).map(|a| a.floats.as_slice())
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&super::message::Tensor> {
        self.attribute(name)?.t.as_ref()
    }

    /// Sizes of at least 1 by the name of their attribute.
    pub(crate) fn sizes(&self, name: &str) -> Done<Option<Vec<usize>>> {
        let size = |n: &i64| {
            let size = usize::try_from(*n)
                .ok()
                .filter(|n| (1..=1 << 30).contains(n));
            size.ok_or_else(|| Trouble::new(format!("its {name} has the size {n}")))
        };
        let ints = self.ints(name).map(|all| all.iter().map(size).collect());
        ints.transpose()
    }

    pub(crate) fn input(&self, at: usize) -> Option<&Value> {
        self.inputs.get(at)?.as_ref()
    }

    /// A value that depends on the network's input.
    pub(crate) fn data(&self, at: usize) -> Done<&View> {
        match self.input(at) {
            Some(Value::Data(view)) => Ok(view),
            Some(Value::Constant(_)) => {
                Err("it computes with a constant where netc has data".into())
            }
            _ => Err(format!("its input {} is missing", at + 1).into()),
        }
    }

    /// A constant, if the input is given.
    pub(crate) fn given(&self, at: usize) -> Done<Option<&Tensor>> {
        match self.input(at) {
            Some(Value::Constant(tensor)) => Ok(Some(tensor)),
            None => Ok(None),
            _ => {
                let what = format!("its input {} is computed, not a constant", at + 1);
                Err(Trouble::new(what))
            }
        }
    }

    /// A constant that must be there.
    pub(crate) fn constant(&self, at: usize) -> Done<&Tensor> {
        let missing = || Trouble::new(format!("its input {} is missing", at + 1));
        self.given(at)?.ok_or_else(missing)
    }

    /// Numbers that were an attribute once and are an input now; `None` where neither is given.
    pub(crate) fn numbers(&self, name: &str, at: usize) -> Done<Option<Vec<i64>>> {
        if let Some(ints) = self.ints(name) {
            return Ok(Some(ints.to_vec()));
        }
        let whole = |tensor: &Tensor| {
            let what = format!("its {name} are no whole numbers");
            tensor.to_ints().ok_or(Trouble::new(what))
        };
        self.given(at)?.map(whole).transpose()
    }

    /// The number of an axis, counted from the end if it is below 0.
    pub(crate) fn axis(&self, axis: i64, rank: usize) -> Done<usize> {
        counted(axis, rank).ok_or_else(|| format!("it has no axis {axis}").into())
    }
}

/// The number of an axis among `rank`, counted from the end if it is below 0.
pub(crate) fn counted(axis: i64, rank: usize) -> Option<usize> {
    let from_start = if axis < 0 {
        axis.checked_add(rank as i64)?
    } else {
        axis
    };
    usize::try_from(from_start).ok().filter(|axis| *axis < rank)
}
