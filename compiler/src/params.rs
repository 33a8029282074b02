//! What a network stores and how much it computes: tensors, their numbers and initial values, multiply-accumulates.

use crate::graph::{Conv, Graph, Initialiser, Layer, Node, Recipe, Setting, WeightOptions};
use netc_plan::{Init, Param};

/// The numbers of a network or of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All stored numbers.
    pub params: u64,
    /// Those that training moves.
    pub trainable: u64,
    /// Multiply-accumulates of one image.
    pub macs: u64,
}

/// The tensors of a layer, in the order of the weights file. The default recipe decides how they start where the layer does
/// not say.
#[must_use]
pub fn of(node: &Node, graph: &Graph) -> Vec<Param> {
    let recipe = graph.recipes.iter().find(|r| r.name.is_none());
    with_recipe(node, graph, recipe)
}

/// The tensors of a layer, as they start under a recipe.
#[must_use]
pub fn with_recipe(node: &Node, graph: &Graph, recipe: Option<&Recipe>) -> Vec<Param> {
    let tensors = Tensors { node, recipe };
    let Some([_, _, channels]) = input_shape(node, graph) else {
        return Vec::new();
    };
    match &node.op {
        Layer::Conv(conv) => tensors.conv(conv, channels),
        Layer::Fc {
            units,
            bias,
            weights,
        } => {
            let inputs = input_elements(node, graph);
            let fans = Fans {
                fan_in: inputs,
                fan_out: *units,
            };
            tensors.weighted(vec![*units, inputs], *units, *bias, weights, fans)
        }
        Layer::BatchNorm { .. } => vec![
            tensors.param("weight", vec![channels], Init::Constant(1.0)),
            tensors.param("bias", vec![channels], Init::Constant(0.0)),
            tensors.fixed("running_mean", vec![channels], Init::Constant(0.0)),
            tensors.fixed("running_var", vec![channels], Init::Constant(1.0)),
        ],
        // Starts as the mean over the window.
        Layer::Subsample { window: [h, w], .. } => vec![
            tensors.param(
                "coefficient",
                vec![channels],
                Init::Constant(1.0 / (h * w) as f32),
            ),
            tensors.param("bias", vec![channels], Init::Constant(0.0)),
        ],
        Layer::Rbf { classes } => vec![tensors.fixed(
            "prototypes",
            vec![*classes, input_elements(node, graph)],
            Init::Prototypes,
        )],
        _ => Vec::new(),
    }
}

/// The factor of a tensor's squared weights in the loss: the layer's, or the recipe's. Only weights are held small; biases and
/// BN are not.
#[must_use]
pub fn l2(tensor: &Param, node: &Node, recipe: Option<&Recipe>) -> f32 {
    let own = match &node.op {
        Layer::Conv(conv) => conv.weights.l2,
        Layer::Fc { weights, .. } => weights.l2,
        _ => return 0.0,
    };
    if !tensor.name.ends_with(".weight") {
        return 0.0;
    }
    let general = match recipe.and_then(|recipe| recipe.get("l2")) {
        Some(Setting::Float(factor)) => *factor as f32,
        _ => 0.0,
    };
    own.unwrap_or(general)
}

/// All tensors of a network, in the order of the layers.
#[must_use]
pub fn all(graph: &Graph) -> Vec<Param> {
    graph
        .nodes
        .iter()
        .flat_map(|node| of(node, graph))
        .collect()
}

/// The numbers of one layer.
#[must_use]
pub fn count(node: &Node, graph: &Graph) -> Count {
    let params = of(node, graph);
    let sum = |keep: fn(&Param) -> bool| {
        params
            .iter()
            .filter(|p| keep(p))
            .map(numbers)
            .fold(0, u64::saturating_add)
    };
    Count {
        params: sum(|_| true),
        trainable: sum(|p| p.trainable),
        macs: macs(node, graph),
    }
}

/// The numbers of a network.
#[must_use]
pub fn total(graph: &Graph) -> Count {
    graph
        .nodes
        .iter()
        .map(|node| count(node, graph))
        .fold(Count::default(), |a, b| Count {
            params: a.params.saturating_add(b.params),
            trainable: a.trainable.saturating_add(b.trainable),
            macs: a.macs.saturating_add(b.macs),
        })
}

/// Numbers stored for one layer.
pub(crate) fn of_node(node: &Node, graph: &Graph) -> u64 {
    of(node, graph)
        .iter()
        .map(numbers)
        .fold(0, u64::saturating_add)
}

/// The numbers of a tensor that mean something: with a connection table, those that are connected.
fn numbers(param: &Param) -> u64 {
    let product = |sizes: &[usize]| sizes.iter().map(|&n| n as u64).fold(1, u64::saturating_mul);
    match &param.connect {
        None => product(&param.shape),
        Some(table) => {
            connections(table).saturating_mul(product(param.shape.get(2..).unwrap_or_default()))
        }
    }
}

/// Multiply-accumulates of a layer for one image: products of CONV, DWCONV and FC, padded cells counted, only existing
/// connections counted.
#[must_use]
pub fn macs(node: &Node, graph: &Graph) -> u64 {
    let Some(output) = node.shape.hwc() else {
        return 0;
    };
    match &node.op {
        Layer::Conv(conv) => {
            let Some([_, _, channels]) = input_shape(node, graph) else {
                return 0;
            };
            let pairs = match &conv.connect {
                Some(table) => connections(table),
                None => conv.filters as u64 * (channels / conv.groups.max(1)) as u64,
            };
            let windows = output[0] as u64 * output[1] as u64;
            pairs.saturating_mul(area(conv)).saturating_mul(windows)
        }
        Layer::Fc { units, .. } => {
            (*units as u64).saturating_mul(input_elements(node, graph) as u64)
        }
        _ => 0,
    }
}

fn connections(table: &[Vec<usize>]) -> u64 {
    table.iter().map(|row| row.len() as u64).sum()
}

fn area(conv: &Conv) -> u64 {
    conv.kernel[0] as u64 * conv.kernel[1] as u64
}

fn input_shape(node: &Node, graph: &Graph) -> Option<[usize; 3]> {
    if node.shape.is_unknown() {
        return None;
    }
    graph.node(*node.inputs.first()?).shape.hwc()
}

fn input_elements(node: &Node, graph: &Graph) -> usize {
    node.inputs
        .first()
        .map_or(0, |&id| graph.node(id).shape.elements())
}

/// Connected inputs and outputs of one unit.
#[derive(Clone, Copy)]
struct Fans {
    fan_in: usize,
    fan_out: usize,
}

struct Tensors<'a> {
    node: &'a Node,
    recipe: Option<&'a Recipe>,
}

impl Tensors<'_> {
    fn conv(&self, conv: &Conv, channels: usize) -> Vec<Param> {
        let [kh, kw] = conv.kernel;
        let area = kh * kw;
        let inputs = channels / conv.groups.max(1);
        let fans = match &conv.connect {
            // Means over the maps: one tensor has one distribution.
            Some(table) => {
                let all = connections(table) as usize * area;
                Fans {
                    fan_in: all.div_ceil(conv.filters.max(1)),
                    fan_out: all.div_ceil(channels.max(1)),
                }
            }
            None => Fans {
                fan_in: inputs * area,
                fan_out: conv.filters / conv.groups.max(1) * area,
            },
        };
        let shape = vec![conv.filters, inputs, kh, kw];
        let mut params = self.weighted(shape, conv.filters, conv.bias, &conv.weights, fans);
        if let Some(weight) = params.first_mut() {
            weight.connect.clone_from(&conv.connect);
        }
        params
    }

    fn weighted(
        &self,
        shape: Vec<usize>,
        outputs: usize,
        bias: bool,
        options: &WeightOptions,
        fans: Fans,
    ) -> Vec<Param> {
        let weights = options
            .init
            .or_else(|| self.recipe_init("init"))
            .unwrap_or(Initialiser::Glorot);
        let biases = options
            .bias_init
            .or_else(|| self.recipe_init("bias_init"))
            .unwrap_or(Initialiser::Constant(0.0));
        let mut params = vec![self.param("weight", shape, distribution(weights, fans))];
        params.extend(bias.then(|| self.param("bias", vec![outputs], distribution(biases, fans))));
        params
    }

    fn recipe_init(&self, key: &str) -> Option<Initialiser> {
        from_setting(self.recipe?.get(key)?)
    }

    fn param(&self, part: &str, shape: Vec<usize>, init: Init) -> Param {
        Param {
            name: format!("{}.{part}", self.node.name),
            shape,
            init,
            trainable: true,
            connect: None,
        }
    }

    fn fixed(&self, part: &str, shape: Vec<usize>, init: Init) -> Param {
        Param {
            trainable: false,
            ..self.param(part, shape, init)
        }
    }
}

fn distribution(init: Initialiser, Fans { fan_in, fan_out }: Fans) -> Init {
    match init {
        Initialiser::Glorot => Init::Glorot(fan_in, fan_out),
        Initialiser::He => Init::He(fan_in),
        Initialiser::LeCun => Init::LeCun(fan_in),
        Initialiser::Normal(sd) => Init::Normal(sd),
        Initialiser::Uniform(a) => Init::Uniform(a),
        Initialiser::Constant(v) => Init::Constant(v),
    }
}

/// A recipe's `init = he`, as its pass left it.
fn from_setting(setting: &Setting) -> Option<Initialiser> {
    let number = |s: &Setting| match *s {
        Setting::Int(n) => Some(n as f32),
        Setting::Float(x) => Some(x as f32),
        _ => None,
    };
    let Setting::Call {
        name, args, named, ..
    } = setting
    else {
        return number(setting).map(Initialiser::Constant);
    };
    let parameter = args
        .first()
        .or_else(|| named.first().map(|(_, s)| s))
        .and_then(number);
    match (name.as_str(), parameter) {
        ("glorot", _) => Some(Initialiser::Glorot),
        ("he", _) => Some(Initialiser::He),
        ("lecun", _) => Some(Initialiser::LeCun),
        ("normal", Some(sd)) => Some(Initialiser::Normal(sd)),
        ("uniform", Some(a)) => Some(Initialiser::Uniform(a)),
        ("constant", Some(v)) => Some(Initialiser::Constant(v)),
        _ => None,
    }
}
