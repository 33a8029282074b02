//! The text of a training step, beyond the operations: losses, norm and update.

use super::super::Precision;
use super::super::call::{By, Work};
use super::super::constants::{real, view};
use super::super::source::{Argument, Back, Entry, Source, Task};
use crate::plan::{Loss, Plan};
use crate::train::{Kind, Rule};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Numbers of a piece of the parameters, one block's work.
pub(super) const PIECE: usize = 4096;

/// What the text depends on beside the plan.
pub(super) struct About<'r> {
    pub(super) rule: &'r Rule,
    /// Pieces of the parameters.
    pub(super) pieces: usize,
    /// Whether a connection table leaves out weights.
    pub(super) masked: bool,
    /// Images of the largest batch.
    pub(super) max_batch: usize,
    /// What products are computed to.
    pub(super) precision: Precision,
}

/// The program of a training step.
pub(super) fn step(plan: &Plan, tasks: &[Task], about: &About<'_>) -> Source {
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
    source.text += &rule(about.rule);
    let by_piece = Work::once(By::Block, about.pieces);
    add(
        &mut source,
        "begin_step",
        "begin",
        by_piece,
        &[PIECES, PARAMS, GRADIENTS, BEFORE],
    );
    source.forward(tasks);
    for i in 0..plan.loss.len() {
        loss(&mut source, plan, i, labels(plan) * about.max_batch);
    }
    let backs: Vec<Back> = plan.backward.iter().map(back).collect();
    source.backward(tasks, &backs);
    let function = format!("regularise<{}>", about.masked);
    let operands = [PIECES, PARAMS, GRADIENTS, MASK, PARTS];
    add(&mut source, "end_backward", &function, by_piece, &operands);
    source.text += &outcome(plan, about);
    let once = Work::once(By::Block, 1);
    add(
        &mut source,
        "judge_step",
        "judge<N>",
        once,
        &[FIGURES, PARTS, OUTCOME],
    );
    let operands = [
        PIECES, PARAMS, GRADIENTS, BEFORE, FIRST, SECOND, RATES, OUTCOME,
    ];
    add(
        &mut source,
        "update_params",
        "update<Rule>",
        by_piece,
        &operands,
    );
    source
}

pub(super) const PIECES: Argument = Argument::Own("const netc::Piece*", "pieces");
pub(super) const PARAMS: Argument = Argument::Own("float*", "params");
pub(super) const GRADIENTS: Argument = Argument::Own("float*", "gradients");
pub(super) const BEFORE: Argument = Argument::Own("float*", "before");
pub(super) const MASK: Argument = Argument::Own("const float*", "mask");
pub(super) const PARTS: Argument = Argument::Own("netc::Part*", "parts");
pub(super) const LABELS: Argument = Argument::Own("const unsigned int*", "labels");
pub(super) const FIGURES: Argument = Argument::Own("netc::Figure*", "figures");
pub(super) const OUTCOME: Argument = Argument::Own("netc::Outcome*", "outcome");
pub(super) const FIRST: Argument = Argument::Own("float*", "first");
pub(super) const SECOND: Argument = Argument::Own("float*", "second");
pub(super) const RATES: Argument = Argument::Own("const netc::Rates*", "rates");

/// The most labels that a loss has for an image.
pub(super) fn labels(plan: &Plan) -> usize {
    let pixels = plan
        .loss
        .iter()
        .map(|loss| loss.scores.shape[0] * loss.scores.shape[1]);
    pixels.max().unwrap_or(1)
}

fn back(step: &crate::plan::BackwardStep) -> Back {
    Back {
        task: step.step,
        output_gradient: step.output_gradient,
        input_gradients: step.input_gradients.clone(),
    }
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
        threads: 256,
    });
}

fn loss(source: &mut Source, plan: &Plan, i: usize, room: usize) {
    let step = &plan.loss[i];
    let (kind, parameter) = match step.loss {
        Loss::CrossEntropy { label_smoothing } => ("CrossEntropy", label_smoothing),
        Loss::Mse => ("Mse", 0.0),
        Loss::LeNet5 { j } => ("LeNet5", j),
    };
    let place = |view: crate::plan::View| match view.slot {
        crate::plan::Slot::Arena(offset) => format!("arena + {}ull * images", offset / 4),
        crate::plan::Slot::Input => "arena".into(),
    };
    let arguments = vec![Argument::Arena, LABELS, FIGURES];
    source.text += &format!(
        "struct Loss{i} {{\n    static constexpr netc::Loss loss = netc::Loss::{kind};\n    \
         static constexpr float parameter = {};\n    static constexpr float weight = {};\n    \
         typedef {} Y;\n    typedef {} DY;\n}};\n\
         extern \"C\" __global__ void __launch_bounds__(256) loss{i}({}) {{\n    \
         netc::loss<Loss{i}>(netc::Grid(), images, {}, {}, labels, figures + {}ull);\n}}\n",
        real(parameter),
        real(step.weight),
        view(step.scores),
        view(step.gradient),
        Argument::parameters(&arguments),
        place(step.scores),
        place(step.gradient),
        i * room,
    );
    let labels = step.scores.shape[0] * step.scores.shape[1];
    source.entries.push(Entry {
        name: format!("loss{i}"),
        tasks: 0..0,
        arguments,
        work: Work::each(By::Warp, labels),
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
        "struct N {{\n    static constexpr int losses = {}, pieces = {};\n    \
         static constexpr unsigned long long room = {}ull;\n    \
         __device__ static constexpr int labels(int k) {{ return {}0; }}\n    \
         __device__ static constexpr float weight(int k) {{ return {}0.0f; }}\n}};\n",
        plan.loss.len(),
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
