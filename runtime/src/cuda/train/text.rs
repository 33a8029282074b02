//! The text of a training step, beyond the operations: losses, norm and update.

use super::super::call::{By, COUNTERS, Work};
use super::super::constants::{real, view};
use super::super::source::{Argument, Entry, Source, through};
use super::super::task::{Back, Task};
use super::alone::{Alone, Tensor};
use super::given::{
    About, BEFORE, FIGURES, FIRST, GRADIENTS, LABELS, MASK, OUTCOME, PARAMS, PARTS, PIECES, RATES,
    SECOND, by_batch, labels,
};
use crate::plan::{Loss, Plan};
use crate::train::{Kind, Rule};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The program of a training step; `alone` says where a small network keeps things.
pub(super) fn step(
    plan: &Plan,
    tasks: &[Task],
    backs: &[Back],
    tensors: &[Vec<Tensor>],
    alone: Option<&Alone>,
    about: &About<'_>,
) -> Source {
    let views = tasks
        .iter()
        .flat_map(|t| t.inputs.iter().chain([&t.output]));
    let largest = views.map(crate::plan::View::image).max().unwrap_or(0);
    let mut source = Source::new(
        tasks.iter(),
        largest.saturating_mul(about.max_batch),
        about.precision,
    );
    let own = concat!(include_str!("loss.cu"), "\n", include_str!("update.cu"));
    source.text += &format!("namespace netc {{\n{own}\n}}  // namespace netc\n\n");
    source.text += about.pictures.unwrap_or_default();
    source.text += &rule(about.rule);
    for i in 0..plan.loss.len() {
        source.text += &loss(plan, i);
    }
    source.text += &outcome(plan, about);
    match alone {
        Some(alone) => {
            alone.values(&mut source, plan, tasks, backs, about);
            alone.gradients(&mut source, tasks, backs, tensors, about.masked);
        }
        None => launches(&mut source, plan, tasks, backs, about),
    }
    let function = format!("update<Rule, N, {}>", alone.is_none());
    let operands = [
        PIECES, PARAMS, GRADIENTS, BEFORE, FIRST, SECOND, RATES, OUTCOME,
    ];
    by_piece(&mut source, "update_params", &function, &operands, about);
    source
}

/// Values, gradients and their sums, each step by launches of its own.
fn launches(source: &mut Source, plan: &Plan, tasks: &[Task], backs: &[Back], about: &About<'_>) {
    if backs.iter().any(|back| back.adds) {
        let operands = [PIECES, GRADIENTS];
        by_piece(source, "begin_step", "begin<N>", &operands, about);
    }
    source.forward(tasks);
    for i in 0..plan.loss.len() {
        launch_loss(source, plan, i, about);
    }
    source.backward(tasks, backs);
    let function = format!("end_backward<N, {}, {COUNTERS}>", about.masked);
    let operands = [
        PIECES,
        PARAMS,
        GRADIENTS,
        MASK,
        FIGURES,
        PARTS,
        OUTCOME,
        Argument::Counters,
    ];
    by_piece(source, "end_backward", &function, &operands, about);
}

/// An entry for a function over the pieces of the parameters.
fn by_piece(
    source: &mut Source,
    name: &str,
    function: &str,
    arguments: &[Argument],
    about: &About<'_>,
) {
    let work = Work::once(By::Block, about.pieces);
    add(source, name, function, work, arguments);
}

/// An entry that hands its arguments to a function.
fn add(source: &mut Source, name: &str, function: &str, work: Work, arguments: &[Argument]) {
    let names: Vec<String> = arguments.iter().map(|a| a.name()).collect();
    let names = names.join(", ");
    let parameters = Argument::parameters(arguments);
    source.text += &format!(
        "extern \"C\" __global__ void __launch_bounds__(256) {name}({parameters}) {{\n    \
         netc::{function}(images, {names});\n}}\n"
    );
    source.entries.push(Entry {
        name: name.into(),
        tasks: 0..0,
        arguments: arguments.into(),
        work,
        beside: Vec::new(),
        threads: 256,
    });
}

/// A loss as constants.
fn loss(plan: &Plan, i: usize) -> String {
    let step = &plan.loss[i];
    let (kind, parameter) = match step.loss {
        Loss::CrossEntropy { label_smoothing } => ("CrossEntropy", label_smoothing),
        Loss::Mse => ("Mse", 0.0),
        Loss::LeNet5 { j } => ("LeNet5", j),
    };
    format!(
        "struct Loss{i} {{\n    static constexpr netc::Loss loss = netc::Loss::{kind};\n    \
         static constexpr float parameter = {};\n    static constexpr float weight = {};\n    \
         typedef {} Y;\n    typedef {} DY;\n}};\n",
        real(parameter),
        real(step.weight),
        view(step.scores),
        view(step.gradient),
    )
}

fn launch_loss(source: &mut Source, plan: &Plan, i: usize, about: &About<'_>) {
    let step = &plan.loss[i];
    let room = labels(plan) * about.max_batch;
    let arguments = vec![Argument::Arena, LABELS, FIGURES];
    source.text += &format!(
        "extern \"C\" __global__ void __launch_bounds__(256) loss{i}({}) {{\n    \
         netc::loss<Loss{i}>(netc::Grid(), images, images, {}, {}, labels, figures + {}ull);\n}}\n",
        Argument::parameters(&arguments),
        by_batch(step.scores),
        through(by_batch(step.gradient), about.losses[i].as_ref(), &by_batch),
        i * room,
    );
    let labels = step.scores.shape[0] * step.scores.shape[1];
    source.entries.push(Entry {
        name: format!("loss{i}"),
        tasks: 0..0,
        arguments,
        work: Work::each(By::Warp, labels),
        beside: Vec::new(),
        threads: 256,
    });
}

/// What the outcome is made of.
fn outcome(plan: &Plan, about: &About<'_>) -> String {
    let choose = |of: &dyn Fn(&crate::plan::LossStep) -> String| {
        let all = plan.loss.iter().enumerate();
        let all = all.map(|(k, loss)| format!("k == {k} ? {} : ", of(loss)));
        all.collect::<String>()
    };
    format!(
        "struct N {{\n    static constexpr int losses = {}, parts = {}, pieces = {};\n    \
         static constexpr unsigned long long room = {}ull;\n    \
         __device__ static constexpr int labels(int k) {{ return {}0; }}\n    \
         __device__ static constexpr float weight(int k) {{ return {}0.0f; }}\n}};\n",
        plan.loss.len(),
        about.parts,
        about.pieces,
        labels(plan) * about.max_batch,
        choose(&|loss| format!("{}", loss.scores.shape[0] * loss.scores.shape[1])),
        choose(&|loss| real(loss.weight)),
    )
}

/// The optimizer's rule as constants.
fn rule(rule: &Rule) -> String {
    let (kind, constants): (usize, Vec<(&str, f32)>) = match rule.kind {
        Kind::Plain => (0, vec![]),
        Kind::Momentum { momentum, .. } => (1, vec![("momentum", momentum)]),
        Kind::RmsProp { square, eps } => (
            2,
            vec![
                ("square_old", square[0]),
                ("square_new", square[1]),
                ("eps", eps),
            ],
        ),
        Kind::Adam {
            mean, square, eps, ..
        } => (
            3,
            vec![
                ("mean_old", mean[0]),
                ("mean_new", mean[1]),
                ("square_old", square[0]),
                ("square_new", square[1]),
                ("eps", eps),
            ],
        ),
    };
    let nesterov = matches!(rule.kind, Kind::Momentum { nesterov: true, .. });
    let constants = constants.iter();
    let constants = constants
        .map(|(name, value)| format!("    static constexpr float {name} = {};\n", real(*value)));
    format!(
        "struct Rule {{\n    static constexpr int kind = {kind};\n    static constexpr bool nesterov = {nesterov};\n{}}};\n",
        constants.collect::<String>()
    )
}
