//! What nodes compute together, read backwards from the last one.

use super::instead;
use crate::onnx::message::Node;
use crate::onnx::tensor::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Factors that a product is taken apart into, at most.
const FACTORS: usize = 8;

/// Nodes by what they make, and the numbers that constants hold.
pub(super) struct Expressions<'n> {
    makers: BTreeMap<&'n str, &'n Node>,
    constants: &'n BTreeMap<String, Rc<Tensor>>,
}

/// A product: a number, and what is multiplied with it.
struct Product<'n> {
    number: f64,
    factors: Vec<&'n str>,
}

fn is_near(x: f64, y: f64) -> bool {
    (x - y).abs() <= 1e-3 * y.abs()
}

impl<'n> Expressions<'n> {
    pub(super) fn of(nodes: &'n [Node], constants: &'n BTreeMap<String, Rc<Tensor>>) -> Self {
        let makers = nodes.iter().flat_map(|node| {
            let names = node.outputs.iter().filter(|name| !name.is_empty());
            names.map(move |name| (name.as_str(), node))
        });
        Self {
            makers: makers.collect(),
            constants,
        }
    }

    /// One node for the pieces that end in this one.
    pub(super) fn meaning(&self, node: &'n Node) -> Option<Node> {
        match node.op.as_deref()? {
            "Mul" => self.of_product(node),
            "Div" => self.of_product(node).or_else(|| self.layer_norm(node)),
            _ => None,
        }
    }

    /// The node that makes a value, if it is this operator.
    fn made_by(&self, name: &str, op: &str) -> Option<&'n Node> {
        let node = *self.makers.get(name)?;
        (node.op.as_deref() == Some(op)).then_some(node)
    }

    /// The only number of a constant.
    fn number(&self, name: &str) -> Option<f64> {
        if let Some(tensor) = self.constants.get(name) {
            return tensor.number().map(f64::from);
        }
        let node = *self.makers.get(name)?;
        match node.op.as_deref()? {
            "Constant" => {
                let value = node.attributes.first()?;
                let tensor = value.t.as_ref();
                let tensor =
                    tensor.and_then(|t| Tensor::read(t, &|_, _, _| Err(String::new())).ok());
                tensor.and_then(|t| t.number()).or(value.f).map(f64::from)
            }
            "Cast" | "Identity" => {
                let source = node.inputs.first()?;
                let inner = *self.makers.get(source.as_str())?;
                (inner.op.as_deref() == Some("Constant")).then(|| self.number(source))?
            }
            "Sqrt" => {
                let source = node.inputs.first()?;
                let inner = *self.makers.get(source.as_str())?;
                let number =
                    (inner.op.as_deref() == Some("Constant")).then(|| self.number(source))??;
                Some(number.sqrt())
            }
            _ => None,
        }
    }

    /// `x` and the number of `x + number`, in either order.
    fn sum(&self, name: &str) -> Option<(&'n str, f64)> {
        let node = self.made_by(name, "Add")?;
        let [a, b] = &node.inputs[..] else {
            return None;
        };
        let first = self.number(b).map(|n| (a.as_str(), n));
        first.or_else(|| self.number(a).map(|n| (b.as_str(), n)))
    }

    /// A product taken apart, through products and divisions by numbers.
    fn product(&self, node: &'n Node) -> Option<Product<'n>> {
        let mut product = Product {
            number: 1.0,
            factors: Vec::new(),
        };
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            let [a, b] = &node.inputs[..] else {
                return None;
            };
            if node.op.as_deref() == Some("Div") {
                product.number /= self.number(b)?;
                self.factor(a, &mut product, &mut open);
            } else {
                self.factor(a, &mut product, &mut open);
                self.factor(b, &mut product, &mut open);
            }
            if product.factors.len() + open.len() > FACTORS {
                return None;
            }
        }
        Some(product)
    }

    fn factor(&self, name: &'n str, product: &mut Product<'n>, open: &mut Vec<&'n Node>) {
        if let Some(number) = self.number(name) {
            product.number *= number;
            return;
        }
        let inner = self.made_by(name, "Mul").or_else(|| {
            let node = self.made_by(name, "Div")?;
            self.number(node.inputs.get(1)?)?;
            Some(node)
        });
        match inner {
            Some(node) => open.push(node),
            None => product.factors.push(name),
        }
    }

    /// GELU, SILU, HARD_SWISH and HARD_SIGMOID.
    fn of_product(&self, node: &'n Node) -> Option<Node> {
        let product = self.product(node)?;
        let [a, b] = match product.factors[..] {
            [one] => {
                let x = self.clipped(one)?;
                let sixth = [("alpha", 1.0 / 6.0), ("beta", 0.5)];
                return is_near(product.number, 1.0 / 6.0)
                    .then(|| instead(node, "HardSigmoid", x, &sixth));
            }
            [a, b] => [a, b],
            _ => return None,
        };
        let either = |f: &dyn Fn(&'n str, &'n str) -> Option<Node>| f(a, b).or_else(|| f(b, a));
        either(&|x, gate| {
            let of = |op: &str, number: f64| {
                is_near(product.number, number).then(|| instead(node, op, x, &[]))
            };
            if self.gate(gate, "Sigmoid") == Some(x) {
                return of("Swish", 1.0);
            }
            if self.gate(gate, "HardSigmoid") == Some(x) {
                return of("HardSwish", 1.0);
            }
            if self.clipped(gate) == Some(x) {
                return of("HardSwish", 1.0 / 6.0);
            }
            (self.error_function(gate) == Some(x)).then(|| of("Gelu", 0.5))?
        })
    }

    /// `x` of `Sigmoid(x)`, or of a HardSigmoid that is MobileNetV3's.
    fn gate(&self, name: &str, op: &str) -> Option<&'n str> {
        let node = self.made_by(name, op)?;
        let alpha = node
            .attributes
            .iter()
            .find(|a| a.name.as_deref() == Some("alpha"));
        let usual = op == "Sigmoid" || alpha?.f.is_some_and(|x| is_near(f64::from(x), 1.0 / 6.0));
        usual.then(|| node.inputs.first().map(String::as_str))?
    }

    /// `x` of `Clip(x + 3, 0, 6)`.
    fn clipped(&self, name: &str) -> Option<&'n str> {
        let (inner, bounds) = match self.made_by(name, "Clip") {
            Some(node) => {
                let bound = |at: usize, name: &str| {
                    let attribute = node
                        .attributes
                        .iter()
                        .find(|a| a.name.as_deref() == Some(name));
                    let given = node.inputs.get(at).and_then(|name| self.number(name));
                    given.or(attribute.and_then(|a| a.f).map(f64::from))
                };
                (node.inputs.first()?, [bound(1, "min")?, bound(2, "max")?])
            }
            None => return None,
        };
        let (x, three) = self.sum(inner)?;
        (bounds == [0.0, 6.0] && three == 3.0).then_some(x)
    }

    /// `x` of `1 + Erf(x / sqrt(2))`.
    fn error_function(&self, name: &str) -> Option<&'n str> {
        let (erf, one) = self.sum(name)?;
        let scaled = self.made_by(erf, "Erf")?.inputs.first()?;
        let node = self
            .made_by(scaled, "Div")
            .or_else(|| self.made_by(scaled, "Mul"))?;
        let product = self.product(node)?;
        let [x] = product.factors[..] else {
            return None;
        };
        (one == 1.0 && is_near(product.number, std::f64::consts::FRAC_1_SQRT_2)).then_some(x)
    }

    /// `(x - mean) / sqrt(mean((x - mean)^2) + eps)` over the last axis.
    fn layer_norm(&self, node: &'n Node) -> Option<Node> {
        let [centred, deviation] = &node.inputs[..] else {
            return None;
        };
        let difference = self.made_by(centred, "Sub")?;
        let [x, mean] = &difference.inputs[..] else {
            return None;
        };
        let (variance, eps) = self.sum(self.made_by(deviation, "Sqrt")?.inputs.first()?)?;
        let square = self.last_mean(variance)?;
        let is_square = self.made_by(square, "Pow").map_or_else(
            || {
                let node = self.made_by(square, "Mul")?;
                Some(node.inputs.iter().all(|name| name == centred))
            },
            |node| {
                let two = self.number(node.inputs.get(1)?)? == 2.0;
                Some(two && node.inputs.first() == Some(centred))
            },
        )?;
        let fits = is_square && self.last_mean(mean)? == x;
        fits.then(|| instead(node, "LayerNormalization", x, &[("epsilon", eps as f32)]))
    }

    /// What a mean over the last axis is of.
    fn last_mean(&self, name: &str) -> Option<&'n str> {
        let node = self.made_by(name, "ReduceMean")?;
        let axes = node
            .attributes
            .iter()
            .find(|a| a.name.as_deref() == Some("axes"));
        let last = match (axes, node.inputs.get(1)) {
            (Some(axes), _) => axes.ints == [-1],
            (None, Some(name)) => self.number(name) == Some(-1.0),
            (None, None) => false,
        };
        last.then(|| node.inputs.first().map(String::as_str))?
    }
}
