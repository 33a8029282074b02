//! Tensors that belong together: a layer's weight and bias, a normalisation's four.

use super::file::{Tensor, shape};
use super::names;
use netc_plan::Param;
use std::collections::BTreeMap;

/// The tensors of one layer.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// `layer1.0.conv1`
    pub(crate) name: String,
    /// By role, in netc's words.
    pub(crate) parts: BTreeMap<String, ModuleTensor>,
}

/// One tensor of a module.
#[derive(Clone, Debug)]
pub(crate) struct ModuleTensor {
    /// Its index in the list it comes from.
    pub(crate) tensor: usize,
    /// Its shape in netc's layout.
    pub(crate) shape: Vec<usize>,
    /// How it has to be turned to get there.
    pub(crate) layout: AxisOrder,
}

/// The order of a tensor's axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AxisOrder {
    /// As netc has it, and PyTorch: [out, in, kh, kw] and [out, in].
    Same,
    /// Keras' CONV: [kh, kw, in, out].
    KerasConv,
    /// Keras' depthwise CONV: [kh, kw, channels, multiplier].
    KerasDepthwise,
    /// Keras' Dense: [in, out].
    KerasDense,
}

/// What two modules must share to stand for each other: roles and shapes. A 1x1 kernel is as good as a matrix.
pub(crate) type Signature = Vec<(String, Vec<usize>)>;

impl Module {
    pub(crate) fn signature(&self) -> Signature {
        let flat = |part: &ModuleTensor| match part.shape[..] {
            [out, inputs, 1, 1] => vec![out, inputs],
            _ => part.shape.clone(),
        };
        let parts = self.parts.iter();
        parts.map(|(role, p)| (role.clone(), flat(p))).collect()
    }

    /// `weight 64x3x7x7, bias 64`
    pub(crate) fn describe(&self) -> String {
        let stats = ["bias", "running_mean", "running_var", "weight"];
        if self.parts.keys().eq(stats) {
            return format!("normalisation of {}", shape(&self.parts["weight"].shape));
        }
        let part =
            |(role, part): (&String, &ModuleTensor)| format!("{role} {}", shape(&part.shape));
        // `weight` before `bias`.
        let parts: Vec<String> = self.parts.iter().rev().map(part).collect();
        parts.join(", ")
    }
}

/// What the network needs, layer after layer.
pub(crate) fn ours(params: &[Param]) -> Vec<Module> {
    let part = |tensor, param: &Param| ModuleTensor {
        tensor,
        shape: param.shape.clone(),
        layout: AxisOrder::Same,
    };
    let named = params.iter().enumerate();
    group(named.map(|(i, p)| (p.name.as_str(), part(i, p))))
}

/// What a foreign file offers, in the natural order of names.
pub(crate) fn theirs(tensors: &[(usize, &Tensor<'_>)]) -> Vec<Module> {
    let part = |tensor: usize, t: &Tensor<'_>| {
        let (shape, layout) = layout(&t.name, &t.shape);
        ModuleTensor {
            tensor,
            shape,
            layout,
        }
    };
    group(tensors.iter().map(|(i, t)| (t.name.as_str(), part(*i, t))))
}

fn group<'a>(named: impl Iterator<Item = (&'a str, ModuleTensor)>) -> Vec<Module> {
    let mut modules: Vec<Module> = Vec::new();
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, part) in named {
        let (module, last) = names::split(name);
        let at = *index.entry(module).or_insert_with(|| {
            modules.push(Module {
                name: module.to_owned(),
                parts: BTreeMap::new(),
            });
            modules.len() - 1
        });
        let role = names::role(last);
        // Two names of one role (`weight` and `kernel`) do not fit together: the second stays what it is called.
        let role = if modules[at].parts.contains_key(role) {
            last
        } else {
            role
        };
        modules[at].parts.insert(role.to_owned(), part);
    }
    modules
}

/// The shape in netc's layout, and how to get there.
fn layout(name: &str, shape: &[usize]) -> (Vec<usize>, AxisOrder) {
    let (module, last) = names::split(name);
    match (last, shape) {
        ("depthwise_kernel", &[h, w, c, m]) => (vec![c * m, 1, h, w], AxisOrder::KerasDepthwise),
        ("kernel", &[h, w, c, m]) if module.contains("depthwise") => {
            (vec![c * m, 1, h, w], AxisOrder::KerasDepthwise)
        }
        ("kernel", &[h, w, i, o]) => (vec![o, i, h, w], AxisOrder::KerasConv),
        ("kernel", &[i, o]) => (vec![o, i], AxisOrder::KerasDense),
        // A factor per channel, shaped to be broadcast over pictures of CHW: ConvNeXt's `layer_scale`.
        (_, &[c, 1, 1]) => (vec![c], AxisOrder::Same),
        _ => (shape.to_vec(), AxisOrder::Same),
    }
}

impl AxisOrder {
    /// Turns the numbers of a tensor of this layout and shape into netc's.
    pub(crate) fn turn(self, values: Vec<f32>, shape: &[usize]) -> Vec<f32> {
        match (self, shape) {
            (AxisOrder::KerasConv, &[h, w, i, o]) => {
                let at = |o_, i_, y, x| values[((y * w + x) * i + i_) * o + o_];
                let mut turned = Vec::with_capacity(values.len());
                for o_ in 0..o {
                    for i_ in 0..i {
                        for y in 0..h {
                            turned.extend((0..w).map(|x| at(o_, i_, y, x)));
                        }
                    }
                }
                turned
            }
            // The channels of the multiplier follow each other: output c * m + k.
            (AxisOrder::KerasDepthwise, &[h, w, c, m]) => {
                let mut turned = Vec::with_capacity(values.len());
                for channel in 0..c * m {
                    turned.extend((0..h * w).map(|cell| values[cell * c * m + channel]));
                }
                turned
            }
            (AxisOrder::KerasDense, &[i, o]) => {
                let mut turned = Vec::with_capacity(values.len());
                for o_ in 0..o {
                    turned.extend((0..i).map(|i_| values[i_ * o + o_]));
                }
                turned
            }
            _ => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keras_layouts_are_turned() {
        let (h, w, i, o) = (2, 3, 2, 4);
        // Each value says where it belongs in [o, i, h, w].
        let mut keras = vec![0.0; h * w * i * o];
        for y in 0..h {
            for x in 0..w {
                for c in 0..i {
                    for f in 0..o {
                        keras[((y * w + x) * i + c) * o + f] =
                            (((f * i + c) * h + y) * w + x) as f32;
                    }
                }
            }
        }
        let counted: Vec<f32> = (0u8..48).map(f32::from).collect();
        assert_eq!(AxisOrder::KerasConv.turn(keras, &[h, w, i, o]), counted);
        assert_eq!(
            AxisOrder::KerasDense.turn(vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0], &[3, 2]),
            counted[..6]
        );
        assert_eq!(
            AxisOrder::KerasDepthwise.turn(vec![0.0, 2.0, 4.0, 1.0, 3.0, 5.0], &[2, 1, 3, 1]),
            counted[..6]
        );
    }

    #[test]
    fn a_module_is_described_weight_first() {
        let param = |name: &str, shape: &[usize]| Param {
            name: name.into(),
            shape: shape.to_vec(),
            init: netc_plan::Init::Constant(0.0),
            trainable: true,
            connect: None,
        };
        let modules = ours(&[
            param("conv1.weight", &[6, 1, 5, 5]),
            param("conv1.bias", &[6]),
        ]);
        assert_eq!(modules.len(), 1);
        assert_eq!(modules[0].describe(), "weight 6x1x5x5, bias 6");
    }
}
