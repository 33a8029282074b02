//! Activations: layers, options of other layers, and functions by their names.

use super::{Done, Reader};
use crate::keras::options::Options;
use crate::keras::view::View;
use crate::network::Tensors;
use crate::trouble::Trouble;
use netc_compiler::graph::Layer;
use netc_plan::{Act, Op, Softmax};
use serde_json::Value;

/// What an activation does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activation {
    Nothing,
    Act(Act),
    Softmax,
}

impl Reader<'_> {
    pub(super) fn activated(&mut self, view: &View, activation: Activation) -> Done {
        let (layer, node) = match activation {
            Activation::Nothing => return Ok(view.clone()),
            Activation::Act(act) => (Layer::Activation(act), view.node),
            Activation::Softmax => {
                let layer = Layer::Op(Op::Softmax(Softmax::DEFAULT));
                (layer, self.channels(view)?)
            }
        };
        let node = self.add(layer, &[node], Tensors::new())?;
        Ok(view.at(node))
    }

    /// The value behind the activation that a layer has as an option.
    pub(super) fn with_activation(&mut self, options: Options<'_>, view: View) -> Done {
        let activation = of_option(options, self.major)?;
        self.activated(&view, activation)
    }
}

/// The activation that a layer has as an option.
pub(super) fn of_option(options: Options<'_>, major: u32) -> Done<Activation> {
    match options.get("activation") {
        None => Ok(Activation::Nothing),
        Some(value) => of_value(value, major),
    }
}

/// An activation as it is written: a name, or an object that holds a name or is a layer.
fn of_value(value: &Value, major: u32) -> Done<Activation> {
    if let Some(name) = value.as_str() {
        return of_name(name, major);
    }
    let class = value["class_name"].as_str().unwrap_or_default();
    match value["config"].as_str() {
        Some(name) => of_name(name, major),
        None => {
            of_layer(class, Options(&value["config"]), major).unwrap_or_else(|| Err(strange(class)))
        }
    }
}

fn strange(name: &str) -> Trouble {
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    Trouble::way(
        format!("activation {name}"),
        "netc has RELU, RELU6, LEAKY_RELU, ELU, GELU, SILU, SIGMOID, TANH, HARD_SIGMOID, HARD_SWISH and SOFTMAX",
    )
}

/// The activation of a layer; `None` if the layer is none.
pub(super) fn of_layer(class: &str, options: Options<'_>, major: u32) -> Option<Done<Activation>> {
    Some(match class {
        "Activation" => of_option(options, major),
        "ReLU" => relu(options),
        "LeakyReLU" => slope(options, 0.3).map(|slope| Activation::Act(Act::LeakyRelu(slope))),
        "ELU" => options
            .number("alpha")
            .map(|alpha| Activation::Act(Act::Elu(alpha.unwrap_or(1.0)))),
        "Softmax" => match options.ints("axis") {
            Ok(None) => Ok(Activation::Softmax),
            Ok(Some(axes)) if matches!(axes[..], [-1 | 3]) => Ok(Activation::Softmax),
            Ok(Some(axes)) => Err(Trouble::way(
                format!("Softmax over the axes {axes:?}"),
                "SOFTMAX is over channels, the last axis",
            )),
            Err(trouble) => Err(trouble),
        },
        "ThresholdedReLU" => Err(strange(class)),
        _ => return None,
    })
}

/// What is multiplied below 0: `negative_slope` of Keras 3, `alpha` before.
fn slope(options: Options<'_>, usual: f32) -> Done<f32> {
    let slope = options.number("negative_slope")?;
    Ok(slope.or(options.number("alpha")?).unwrap_or(usual))
}

fn relu(options: Options<'_>) -> Done<Activation> {
    let most = options.number("max_value")?;
    let slope = options.number("negative_slope")?.unwrap_or(0.0);
    let threshold = options.number("threshold")?.unwrap_or(0.0);
    Ok(Activation::Act(match (most, slope, threshold) {
        (None, 0.0, 0.0) => Act::Relu,
        (None, slope, 0.0) => Act::LeakyRelu(slope),
        (Some(6.0), 0.0, 0.0) => Act::Relu6,
        (most, slope, threshold) => {
            let most = most.map_or("no max_value".to_owned(), |x| format!("max_value {x}"));
            return Err(Trouble::way(
                format!("ReLU with {most}, negative_slope {slope} and threshold {threshold}"),
                "RELU is from 0 on, RELU6 between 0 and 6, LEAKY_RELU has a slope below 0",
            ));
        }
    }))
}

fn of_name(name: &str, major: u32) -> Done<Activation> {
    Ok(Activation::Act(match name {
        "linear" => return Ok(Activation::Nothing),
        "softmax" => return Ok(Activation::Softmax),
        "relu" => Act::Relu,
        "relu6" => Act::Relu6,
        "leaky_relu" => Act::LeakyRelu(0.2),
        "elu" => Act::Elu(1.0),
        "gelu" => Act::Gelu,
        "silu" | "swish" => Act::Silu,
        "sigmoid" => Act::Sigmoid,
        "tanh" => Act::Tanh,
        "hard_sigmoid" | "hard_silu" | "hard_swish" if major < 3 => {
            return Err(Trouble::way(
                format!("{name} of Keras {major}"),
                "there it has the slope 0.2; HARD_SIGMOID is Keras 3's, min(max(x + 3, 0), 6) / 6",
            ));
        }
        "hard_sigmoid" => Act::HardSigmoid,
        "hard_silu" | "hard_swish" => Act::HardSwish,
        other => return Err(strange(other)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_form_of_an_activation_is_read() {
        let act = Activation::Act;
        for (value, ours) in [
            (json!("linear"), Activation::Nothing),
            (json!("swish"), act(Act::Silu)),
            (
                json!({"class_name": "function", "config": "relu6"}),
                act(Act::Relu6),
            ),
            (
                json!({"class_name": "ReLU", "config": {"max_value": null, "negative_slope": 0.5}}),
                act(Act::LeakyRelu(0.5)),
            ),
            (
                json!({"class_name": "LeakyReLU", "config": {"alpha": {"class_name": "__numpy__", "value": 0.25}}}),
                act(Act::LeakyRelu(0.25)),
            ),
            (
                json!({"class_name": "ELU", "config": {}}),
                act(Act::Elu(1.0)),
            ),
        ] {
            assert_eq!(of_value(&value, 3), Ok(ours), "{value}");
        }
        for value in [
            json!("selu"),
            json!({}),
            json!(7),
            json!({"class_name": "Mish", "config": {}}),
        ] {
            assert!(of_value(&value, 3).is_err(), "{value}");
        }
        assert!(of_name("hard_sigmoid", 2).is_err());
    }
}
