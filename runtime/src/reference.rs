//! The plain reference: a plan computed by the definition of each operation, in `f32` or `f64`, slowly.
//!
//! It shares the plan and the loading of weights with the executor, and none of its kernels.

use crate::cpu::Real;
use crate::plan::{Element, Op, Plan, Slot, View, for_each_op};
use crate::weights::{LayerWeights, Weights};
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use alloc::{collections::BTreeMap, format, string::String};

/// The outputs for `images`, dense, one after the other.
///
/// # Panics
/// If the images are not whole, or the weights are not the plan's.
#[must_use]
pub fn run<T: Real>(plan: &Plan, weights: &Weights, images: &[T]) -> Vec<T> {
    // Through the trait, so that it is compiled in this crate: callers' own crates are often not optimised.
    T::run(plan, weights, images)
}

pub(crate) fn walk<T: Real>(plan: &Plan, weights: &Weights, images: &[T]) -> Vec<T> {
    let image: usize = plan.input.iter().product();
    assert!(
        images.len().is_multiple_of(image),
        "{} numbers are not whole images of {image}",
        images.len()
    );
    let mut memory = Memory::new(images, images.len() / image, plan.arena);
    for step in &plan.forward {
        let inputs: Vec<Vec<T>> = step.inputs.iter().map(|&view| memory.read(view)).collect();
        let mut output = vec![T::zero(); step.output.len() * memory.batch];
        let layer = step.source.as_ref();
        let layer = layer.map(|source| LayerWeights::of(weights, source));
        let given = Given {
            params: layer.as_ref().map_or(Params::None, Params::Prepared),
            #[cfg(feature = "train")]
            draw: [0; 2],
        };
        compute(&step.op, &given, &inputs, &mut output);
        memory.write(step.output, &output);
    }
    memory.read(plan.result)
}

/// Bytes of an element of the plan's arena, whatever it is computed in here.
const ELEMENT: usize = Element::F32.bytes();

/// The arena of a plain walk.
pub(crate) struct Memory<'i, T> {
    images: &'i [T],
    pub(crate) batch: usize,
    arena: Vec<T>,
}

impl<'i, T: Real> Memory<'i, T> {
    pub(crate) fn new(images: &'i [T], batch: usize, arena: usize) -> Self {
        Self {
            images,
            batch,
            arena: vec![T::zero(); arena.div_ceil(ELEMENT) * batch],
        }
    }

    /// A view's values, dense.
    pub(crate) fn read(&self, view: View) -> Vec<T> {
        let buffer = match view.slot {
            Slot::Input => self.images,
            Slot::Arena(offset) => &self.arena[offset / ELEMENT * self.batch..],
        };
        let pixels = buffer[..view.image() * self.batch].chunks_exact(view.pixel);
        pixels
            .flat_map(|pixel| &pixel[view.channel..view.channel + view.shape[2]])
            .copied()
            .collect()
    }

    /// Sets a view's values.
    pub(crate) fn write(&mut self, view: View, values: &[T]) {
        let Slot::Arena(offset) = view.slot else {
            panic!("a step writes into the caller's images")
        };
        let buffer = &mut self.arena[offset / ELEMENT * self.batch..][..view.image() * self.batch];
        let channels = view.channel..view.channel + view.shape[2];
        let pixels = buffer.chunks_exact_mut(view.pixel);
        for (pixel, values) in pixels.zip(values.chunks_exact(view.shape[2])) {
            pixel[channels.clone()].copy_from_slice(values);
        }
    }
}

/// An operation by its definition, one implementation beside each kernel.
pub(crate) trait Plain {
    /// The output for dense images, from the definition.
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]);
}

/// What an operation is given beside its inputs.
pub(crate) struct Given<'a, T> {
    /// Its parameters.
    pub(crate) params: Params<'a, T>,
    /// Seed and step of training: the key of random numbers.
    #[cfg(feature = "train")]
    pub(crate) draw: [u64; 2],
}

/// The parameters of one layer.
pub(crate) enum Params<'a, T> {
    /// None.
    None,
    /// Those of a weights file, folded and reordered as the plan's prepare part says.
    Prepared(&'a LayerWeights<'a>),
    /// Those of training, by name, and the layer's name.
    #[cfg_attr(
        not(feature = "train"),
        allow(dead_code, reason = "only training has them")
    )]
    Named(&'a BTreeMap<String, Vec<T>>, &'a str),
}

impl<T: Real> Given<'_, T> {
    /// The tensor `leaf`, of `len` numbers.
    pub(crate) fn tensor(&self, leaf: &str, len: usize) -> Cow<'_, [T]> {
        match &self.params {
            Params::None => panic!("an operation without parameters"),
            Params::Prepared(layer) => layer.tensor(leaf, len),
            Params::Named(tensors, layer) => {
                let name = format!("{layer}.{leaf}");
                let tensor = tensors.get(&name);
                let tensor = tensor.unwrap_or_else(|| panic!("no tensor `{name}`"));
                assert_eq!(tensor.len(), len, "`{name}`");
                Cow::Borrowed(tensor)
            }
        }
    }

    /// `weight` `[inputs, outputs / groups, area]` and `bias` `[outputs]`, zeros where there is none.
    pub(crate) fn transposed(
        &self,
        [inputs, outputs, area]: [usize; 3],
        groups: usize,
        bias: bool,
    ) -> (Cow<'_, [T]>, Cow<'_, [T]>) {
        if let Params::Prepared(layer) = &self.params {
            let (weight, bias) = layer.transposed([inputs, outputs, area], groups, bias);
            return (weight, Cow::Owned(bias));
        }
        let weight = self.tensor("weight", inputs * (outputs / groups) * area);
        (weight, self.bias(outputs, bias))
    }

    fn bias(&self, outputs: usize, bias: bool) -> Cow<'_, [T]> {
        match bias {
            true => self.tensor("bias", outputs),
            false => Cow::Owned(vec![T::zero(); outputs]),
        }
    }

    /// `weight` `[outputs, inputs]` and `bias` `[outputs]`, zeros where there is none.
    pub(crate) fn affine(
        &self,
        outputs: usize,
        inputs: usize,
        bias: bool,
    ) -> (Cow<'_, [T]>, Cow<'_, [T]>) {
        if let Params::Prepared(layer) = &self.params {
            let (weight, bias) = layer.affine(outputs, inputs, bias);
            return (weight, Cow::Owned(bias));
        }
        let weight = self.tensor("weight", outputs * inputs);
        (weight, self.bias(outputs, bias))
    }
}

macro_rules! plain {
    ($({ $op:ident, $($_rest:tt)* })*) => {
        /// One operation by its definition, of a plan that infers.
        fn compute<T: Real>(op: &Op, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
            match op {
                $(Op::$op(d) => d.plain(given, inputs, y),)*
                other => panic!("{} in a plan that infers", other.name()),
            }
        }
    };
}
for_each_op!(plain, infer);
