//! Random networks: as text, with everything that a file can say, and as graphs that no file may be able to say.

use crate::{check, graph, resolved, without_spans};
use netc_compiler::graph::{Graph, Layer, Node, NodeId, Shape};
use netc_compiler::print;
use netc_grammar::Span;
use netc_plan::{Act, Add, Mul};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A part of a chain, whose value has the shape that comes in: 8x8x4.
#[derive(Clone, Debug)]
enum Part {
    Layer(String),
    /// `as`: on the layer before.
    Tap,
    /// A join of the chain and earlier taps; the numbers choose among those that are visible.
    Taps(Join, Vec<usize>),
    /// Branches; empty ones are SKIPs.
    Branches(Join, Vec<Vec<Part>>),
    Repeat(Vec<Part>, usize),
}

/// What makes one value of several.
#[derive(Clone, Copy, Debug)]
enum Join {
    Add,
    Mul,
    Concat,
}

fn joins() -> impl Strategy<Value = Join> {
    prop_oneof![
        2 => Just(Join::Add),
        1 => Just(Join::Mul),
        3 => Just(Join::Concat)
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u32..3).prop_map(|n| n.to_string()),
        (1_u32..1000).prop_map(|n| format!("{:?}", n as f32 / 1000.0)),
        any::<u16>().prop_map(|n| format!("{:e}", f32::from(n.max(1)) * 1e-9)),
        (1_u32..).prop_map(|bits| format!("{:?}", bits as f32 / u32::MAX as f32)),
    ]
}

fn above_zero() -> impl Strategy<Value = String> {
    number().prop_map(|n| if n == "0" { "0.25".into() } else { n })
}

fn share() -> impl Strategy<Value = String> {
    (0_u32..1000).prop_map(|n| format!("{:?}", f64::from(n) / 1000.0))
}

fn initialiser() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("glorot".to_owned()),
        Just("he".to_owned()),
        Just("lecun".to_owned()),
        number().prop_map(|n| format!("normal({n})")),
        number().prop_map(|n| format!("uniform({n})")),
        number().prop_map(|n| format!("constant(-{n})")),
        number().prop_map(|n| format!("-{n}")),
    ]
}

/// Options of layers with weights, each perhaps.
fn weights() -> impl Strategy<Value = String> {
    let some = |name: &'static str, value: BoxedStrategy<String>| {
        option::weighted(0.2, value.prop_map(move |v| format!(", {name}={v}")))
            .prop_map(Option::unwrap_or_default)
    };
    (
        some("bias", any::<bool>().prop_map(|b| b.to_string()).boxed()),
        some("init", initialiser().boxed()),
        some("bias_init", initialiser().boxed()),
        some("l2", number().boxed()),
    )
        .prop_map(|(a, b, c, d)| a + &b + &c + &d)
}

fn kernel() -> impl Strategy<Value = String> {
    (1_usize..4, 1_usize..4).prop_map(|(h, w)| format!("{h}x{w}"))
}

fn connections() -> impl Strategy<Value = String> {
    let row = proptest::sample::subsequence(vec![0, 1, 2, 3], 1..5);
    vec(row, 4).prop_map(|rows| format!(", connect={rows:?}"))
}

/// A layer that keeps the shape.
fn layer() -> impl Strategy<Value = String> {
    let groups = prop_oneof![
        3 => Just(String::new()),
        1 => Just(", groups=2".to_owned()),
        1 => Just(", dilation=2".to_owned()),
        1 => Just(", dilation=1x2".to_owned()),
        1 => connections(),
    ];
    prop_oneof![
        (kernel(), groups, weights()).prop_map(|(k, g, w)| format!("CONV(4, {k}, same{g}{w})")),
        (kernel(), weights()).prop_map(|(k, w)| format!("DWCONV({k}, same{w})")),
        kernel().prop_map(|k| format!("POOL({k}/1, same)")),
        (kernel(), weights()).prop_map(|(k, w)| format!("DECONV(4, {k}, same{w})")),
        weights().prop_map(|w| format!(
            "CONV(4, 1x1/2) => DECONV(4, 3x4/2, 1, output_pad=1, groups=2{w}) => CONV(4, 1x2)"
        )),
        Just("CONV(4, 1x1/2) => DECONV(4, 4x4/2, same)".to_owned()),
        Just("AVGPOOL(3x3, stride=1, pad=1)".to_owned()),
        Just("AVGPOOL(3x3/1, 1, ceil=true, count_pad=true)".to_owned()),
        Just("POOL(3x3/2, ceil=true) => UPSAMPLE".to_owned()),
        Just("PAD((1, 0, 2, 1)) => CONV(4, 2x4)".to_owned()),
        Just("POOL(2x2) => UPSAMPLE".to_owned()),
        (1_usize..5).prop_map(|n| format!("SLICE(0, {n}) => CONV(4, 1x1)")),
        (0_usize..2)
            .prop_map(|n| format!("SPLIT(2, {n}) => SHUFFLE(2) => DWCONV(1x1) => CONV(4, 1x1)")),
        Just("GLOBALPOOL(max) => UPSAMPLE(8, bilinear)".to_owned()),
        Just("ADAPTIVE_AVGPOOL(4x8) => UPSAMPLE(2x1, mode=bilinear)".to_owned()),
        Just("SUBSAMPLE(4x2) => UPSAMPLE(4x2)".to_owned()),
        Just("BN".to_owned()),
        (above_zero(), share()).prop_map(|(eps, m)| format!("BN(eps={eps}, momentum={m})")),
        above_zero().prop_map(|k| format!("LRN(k={k}, n=3)")),
        share().prop_map(|p| format!("DROPOUT({p})")),
        share().prop_map(|p| format!("DROP_PATH({p})")),
        above_zero().prop_map(|eps| format!("LN(eps={eps})")),
        above_zero().prop_map(|eps| format!("GROUPNORM(2, eps={eps})")),
        number().prop_map(|init| format!("SCALE(-{init})")),
        any::<bool>().prop_map(|shared| format!("PRELU(shared={shared})")),
        Just("RELU".to_owned()),
        Just("GELU".to_owned()),
        number().prop_map(|slope| format!("LEAKY_RELU({slope})")),
        number().prop_map(|alpha| format!("ELU(alpha={alpha})")),
        Just("SOFTMAX".to_owned()),
    ]
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let leaf = prop_oneof![
        6 => layer().prop_map(Part::Layer),
        2 => Just(Part::Tap),
        2 => (joins(), vec(any::<usize>(), 1..3)).prop_map(|(join, t)| Part::Taps(join, t)),
    ];
    let part = leaf.prop_recursive(3, 10, 4, |part| {
        let chain = vec(part, 0..4);
        prop_oneof![
            (joins(), vec(chain.clone(), 2..4)).prop_map(|(join, b)| Part::Branches(join, b)),
            (chain, 1_usize..3).prop_map(|(chain, n)| Part::Repeat(chain, n)),
        ]
    });
    vec(part, 1..5)
}

/// Writes parts, with names for what is tapped.
#[derive(Default)]
struct Writer {
    taps: Vec<String>,
    count: usize,
    /// Inside a repeat names are not chosen: a second round would have to choose others.
    repeats: usize,
}

impl Writer {
    fn chain(&mut self, parts: &[Part]) -> String {
        let mut stages: Vec<String> = Vec::new();
        for part in parts {
            match part {
                Part::Layer(layer) => stages.push(layer.clone()),
                Part::Tap => self.tap(stages.last_mut()),
                Part::Taps(how, taps) if !self.taps.is_empty() => {
                    let taps = taps.iter().map(|t| self.taps[t % self.taps.len()].clone());
                    let taps = taps.collect::<Vec<_>>().join(", ");
                    stages.push(join(*how, &format!("({taps})")));
                }
                Part::Taps(..) => {}
                Part::Branches(how, branches) => {
                    let known = self.taps.len();
                    let mut inside = Vec::new();
                    let mut texts = Vec::new();
                    for branch in branches {
                        texts.push(self.chain(branch));
                        inside.extend(self.taps.split_off(known));
                    }
                    self.taps.extend(inside);
                    stages.push(format!("[ {} ] => {}", texts.join(" | "), join(*how, "")));
                }
                Part::Repeat(chain, n) => {
                    self.repeats += 1;
                    stages.push(format!("({}) * {n}", self.chain(chain)));
                    self.repeats -= 1;
                }
            }
        }
        if stages.is_empty() {
            stages.push("SKIP".to_owned());
        }
        stages.join(" => ")
    }

    fn tap(&mut self, stage: Option<&mut String>) {
        let Some(stage) = stage.filter(|s| self.repeats == 0 && !s.contains(" as ")) else {
            return;
        };
        self.count += 1;
        let name = format!("tap{}", self.count);
        *stage += &format!(" as {name}");
        self.taps.push(name);
    }
}

fn join(how: Join, taps: &str) -> String {
    match how {
        Join::Add => format!("ADD{taps}"),
        Join::Mul => format!("MUL{taps}"),
        Join::Concat => format!("CONCAT{taps} => CONV(4, 1x1)"),
    }
}

/// What may stand at the end: the shape changes.
fn tail() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" => CONV(8, 3x2/2x1) => CONV(8, 1x1/2) => GLOBALPOOL".to_owned()),
        weights().prop_map(|w| format!(" => FLATTEN(chw) => FC(20{w}) => RELU => FC(12345)")),
        Just(" => FLATTEN => RBF(10)".to_owned()),
    ]
}

fn recipe() -> impl Strategy<Value = String> {
    let optimizer = (above_zero(), share(), any::<bool>()).prop_map(|(lr, share, adam)| {
        if adam {
            format!("adamw({lr}, beta2={share})")
        } else {
            format!("sgd({lr}, momentum={share}, nesterov=true)")
        }
    });
    let schedule = (above_zero(), 1_usize..9).prop_map(|(x, n)| {
        format!(
            "warmup({n}) => steps({n}: {x}, {}: 1) => exponential(rate={x})",
            n + 1
        )
    });
    let augment = (number(), share()).prop_map(|(degrees, share)| {
        format!("rotate({degrees}) => shift({share}) => hflip => shift({share}, horizontal=3) => crop(7, width=8)")
    });
    (optimizer, schedule, augment, any::<u32>(), initialiser(), share()).prop_map(
        |(optimizer, schedule, augment, seed, init, share)| {
            format!(
                "data = npz(images=\"a \\\"b\\\", c\", labels=\"\\u{{e9}}\") optimizer = {optimizer} schedule = {schedule}\n\
                 augment = {augment} seed = {seed} init = {init} shuffle = false clip = 2 losses = (aux: {share}, boxes: (mse, 2)) stop = early(patience=3)"
            )
        },
    )
}

fn network() -> impl Strategy<Value = String> {
    let about = prop_oneof![
        Just(""),
        Just("// one\n//\n// / two\n"),
        Just("/* a\n * b */\n")
    ];
    let pixels = prop_oneof![
        Just(""),
        Just(", scale=0.00392156862745098, mean=-0.1"),
        Just(", mean=(1, 2, 0.25, 4), std=2")
    ];
    let claims = vec(0_usize..4, 0..3);
    let heads = option::weighted(0.2, vec(0_usize..4, 1..4));
    let recipes = option::weighted(0.1, vec(recipe(), 1..3));
    (about, pixels, parts(), tail(), claims, (heads, recipes)).prop_map(
        |(about, pixels, parts, tail, claims, (heads, recipes))| {
            let chain = Writer::default().chain(&parts);
            let tap = if heads.is_some() {
                "RELU as from_here => (ELU * 2) as value => "
            } else {
                ""
            };
            let mut text =
                format!("{about}net Random INPUT(8x8x4{pixels}) => {tap}{chain}{tail}\n");
            for (i, head) in heads.iter().flatten().enumerate() {
                text += &[
                    format!("output other{i} = from_here\n"),
                    format!("output head{i} = value => CONV(3, 1x1) => [ RELU => CONV(3, 3x3, same) | SKIP ] => ADD\n"),
                    format!("auxiliary aux{i} = from_here => CONV(4, 1x1) => CONCAT(value) => FC({}) => SOFTMAX\n", i + 2),
                    if i == 0 { "output from_here\n".to_owned() } else { String::new() },
                ][*head];
            }
            for claim in claims {
                text += [
                    "expect params > 1_000\n",
                    "expect accuracy >= 0.5\n",
                    "expect output = 3x4x5\n",
                    "expect loss < 1\n",
                ][claim];
            }
            for (i, recipe) in recipes.iter().flatten().enumerate() {
                let name = if i == 0 { "" } else { "other" };
                writeln!(text, "train {name} {{ {recipe} }}").unwrap();
            }
            text
        },
    )
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(9),
        max_shrink_iters: 4_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn random_networks_print_as_themselves(text in network()) {
        check(resolved(&text));
    }
}

/// A graph that was never a text: each layer reads any earlier ones.
fn wild() -> impl Strategy<Value = Graph> {
    vec(
        (
            any::<usize>(),
            option::weighted(0.4, vec(any::<usize>(), 1..3)),
        ),
        1..9,
    )
    .prop_map(|rows| {
        let mut nodes = vec![node("input", Layer::Input(Shape::Vector(4)), Vec::new())];
        for (i, (first, others)) in rows.into_iter().enumerate() {
            let count = nodes.len();
            // Near ones more often, so that chains grow.
            let near = |n: usize| NodeId(count - 1 - (n % count).min(n / 7 % 4));
            let mut inputs = vec![near(first)];
            inputs.extend(others.iter().flatten().map(|n| near(*n)));
            let op = match inputs.len() {
                1 => Layer::Activation(Act::Relu),
                n if n % 2 == 0 => Layer::Op(Add::DEFAULT.into()),
                _ => Layer::Op(Mul::DEFAULT.into()),
            };
            nodes.push(node(&format!("layer{i}"), op, inputs));
        }
        Graph {
            name: "Wild".into(),
            about: String::new(),
            output: NodeId(nodes.len() - 1),
            nodes,
            pixels: Default::default(),
            claims: Vec::new(),
            recipes: Vec::new(),
            heads: Vec::new(),
            blocks: Vec::new(),
        }
    })
}

fn node(name: &str, layer: Layer, inputs: Vec<NodeId>) -> Node {
    Node {
        name: name.into(),
        layer,
        inputs,
        shape: Shape::Vector(4),
        span: Span::default(),
        table: None,
        used_at: Vec::new(),
    }
}

/// The layers that the output depends on, by name.
fn by_name(graph: &Graph) -> BTreeMap<String, (Layer, Vec<String>)> {
    let mut open = vec![graph.output];
    let mut layers = BTreeMap::new();
    while let Some(id) = open.pop() {
        let node = graph.node(id);
        let inputs = node.inputs.iter().map(|id| graph.node(*id).name.clone());
        let entry = (node.layer.clone(), inputs.collect());
        if layers.insert(node.name.clone(), entry).is_none() {
            open.extend(&node.inputs);
        }
    }
    layers
}

proptest! {
    #![proptest_config(config(2_000))]

    /// In the language's order, but the same; or the language cannot say it.
    #[test]
    fn graphs_that_were_no_text_print_or_are_refused(wild in wild()) {
        if let Ok(text) = print::net(&wild) {
            let again = without_spans(graph("wild.net", &text, ".".as_ref()).unwrap());
            prop_assert_eq!(by_name(&wild), by_name(&again), "\n{}", text);
        }
    }
}
