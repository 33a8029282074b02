//! A network ready to run: compiled, with weights, prepared for this machine.

use crate::cli::{Bench, Source};
use crate::failure::{Failure, Outcome};
use crate::source::{self, plural};
use crate::weights::file::File;
use netc_compiler::{Options, Output};
use netc_plan::{Param, Plan};
use netc_runtime::cpu::Choice;
use netc_runtime::{
    Device, Error, ErrorKind, Executor, Model, Prepared, Quantised, Weights, Workspace, quantise,
};
use std::path::Path;

/// A network ready to run.
pub(crate) struct Network {
    pub(crate) plan: Plan,
    pub(crate) executor: Executor,
}

impl Network {
    /// Compiles the file, and takes weights from where the arguments say.
    pub(crate) fn load(
        file: &Path,
        from: &Source,
        options: &Options,
        device: Device,
        int8: bool,
    ) -> Outcome<Self> {
        Self::of(file, source::network(file, options)?, from, device, int8)
    }

    /// Takes weights for a compiled network from where the arguments say.
    pub(crate) fn of(
        file: &Path,
        compiled: Output,
        from: &Source,
        device: Device,
        int8: bool,
    ) -> Outcome<Self> {
        let plan = compiled.plan.ok_or_else(|| source::incomplete(file))?;
        if int8 {
            let quantised = match &from.weights {
                Some(path) => read_quantised(path, &plan)?,
                None => random_int8(&plan, from.seed.unwrap_or(0))?,
            };
            let prepared = Prepared::on(&device, &plan, 1).map_err(|e| failed(&e))?;
            let executor = int8_executor(&prepared, &quantised)?;
            return Ok(Self { plan, executor });
        }
        let weights = match &from.weights {
            Some(path) => Weights::from_file(path, &plan.params)
                .map_err(|e| bad_weights(path, file, &plan.params, &e))?,
            None => random(&plan, from.seed.unwrap_or(0))?,
        };
        let executor = Executor::new(&plan, &weights.on(device)).map_err(|e| failed(&e))?;
        Ok(Self { plan, executor })
    }

    /// The network of a benchmark: with random weights, kernels of the user's choice, for batches of the size asked for.
    pub(crate) fn chosen(args: &Bench, device: Device) -> Outcome<(Self, Vec<Choice>)> {
        let compiled = source::network(&args.file, &Options::default())?;
        let plan = compiled
            .plan
            .ok_or_else(|| source::incomplete(&args.file))?;
        let mut prepared = args.choices.prepare(&device, &plan, args.batch as usize)?;
        let executor = if args.device.is_int8() {
            let quantised = random_int8(&plan, args.seed)?;
            prepared = prepared.with_int8(&quantised).map_err(|e| failed(&e))?;
            int8_executor(&prepared, &quantised)?
        } else {
            let weights = random(&plan, args.seed)?.on(device.clone());
            prepared.executor(&weights).map_err(|e| failed(&e))?
        };
        let choices = prepared.steps().map(|(_, choice)| choice).collect();
        Ok((Self { plan, executor }, choices))
    }

    /// Memory for batches of this size.
    pub(crate) fn workspace(&self, batch: usize, threads: Option<u32>) -> Outcome<Workspace> {
        let images: usize = self.plan.input.iter().product();
        // Input, arena, and the scratch memory that a convolution may take beside them.
        let elements = (self.plan.arena / 2).saturating_add(images);
        if !fits(elements.saturating_mul(batch)) {
            return Err(Failure::tool(format!(
                "a batch of {batch} images of {} does not fit into memory",
                self.plan.name
            ))
            .help("take a smaller `--batch`"));
        }
        let workspace = self.executor.workspace(batch);
        Ok(match threads {
            Some(n) => workspace.with_threads(n as usize),
            None => workspace,
        })
    }
}

/// A quantised network, as `netc quantize` wrote it.
pub(crate) fn read_quantised(path: &Path, plan: &Plan) -> Outcome<Quantised> {
    Quantised::from_file(path, plan).map_err(|e| match e.kind() {
        ErrorKind::Io => crate::files::unreadable_file(path, &e),
        _ => Failure::input(format!("`{}` does not run in int8", path.display()))
            .details(e.problems().iter().cloned()),
    })
}

/// Random weights, quantised by random images: no more than a benchmark needs.
fn random_int8(plan: &Plan, seed: u64) -> Outcome<Quantised> {
    const IMAGES: usize = 4;
    let weights = random(plan, seed)?;
    let one: usize = plan.input.iter().product();
    let images = crate::measure::images(seed, one * IMAGES);
    quantise(plan, &weights, &images).map_err(|e| failed(&e))
}

/// Packs a quantised network.
fn int8_executor(prepared: &Prepared<'_>, quantised: &Quantised) -> Outcome<Executor> {
    prepared.int8_executor(quantised).map_err(|e| failed(&e))
}

/// Whether the system would give memory for this many numbers, so that a network that is too large is told so and does not
/// abort the process.
pub(crate) fn fits(elements: usize) -> bool {
    Vec::<f32>::new().try_reserve_exact(elements).is_ok()
}

/// Random weights.
pub(crate) fn random(plan: &Plan, seed: u64) -> Outcome<Weights> {
    let size = |p: &Param| {
        p.shape
            .iter()
            .fold(1usize, |n, axis| n.saturating_mul(*axis))
    };
    let elements = plan.params.iter().map(size).fold(0, usize::saturating_add);
    // Once as a file has them, once packed for the kernels.
    if !fits(elements.saturating_mul(2)) {
        return Err(Failure::tool(format!(
            "the {elements} weights of {} do not fit into memory",
            plan.name
        )));
    }
    Ok(Weights::random(seed, &plan.params))
}

/// More lines than a screen has help nobody.
const PROBLEMS: usize = 20;

/// Why a file does not serve as weights.
pub(crate) fn bad_weights(path: &Path, network: &Path, params: &[Param], e: &Error) -> Failure {
    if e.kind() == ErrorKind::Io {
        return crate::files::unreadable_file(path, e);
    }
    let names: Outcome<Vec<String>> = File::read(path).and_then(|file| {
        let tensors = file.tensors()?;
        Ok(tensors.into_iter().map(|t| t.name).collect())
    });
    unfit(path, network, params, &names.unwrap_or_default(), e)
}

/// What to say of weights that are read and do not fit. `names` are those of the file.
pub(crate) fn unfit(
    path: &Path,
    network: &Path,
    params: &[Param],
    names: &[String],
    e: &Error,
) -> Failure {
    let shown = path.display();
    let name = source::name(network);
    let import = format!(
        "`netc weights import {} --for {} -o OUT` converts weights that come from elsewhere",
        source::quoted(path),
        source::quoted(network)
    );
    let is_ours = |name: &&String| params.iter().any(|param| param.name == **name);
    let known = names.iter().filter(is_ours).count();
    let other = names.iter().find(|name| !is_ours(name));
    if let Some(other) = other.filter(|_| 2 * known < params.len()) {
        // A line for each of its tensors would say the same again and again.
        let n = plural(params.len(), "tensor");
        let missing = params.iter().find(|param| !names.contains(&param.name));
        let missing = missing.map_or("", |param| &param.name);
        return Failure::input(format!(
            "`{shown}` names its tensors otherwise than `{name}`: it has `{other}`, say, and no `{missing}`"
        ))
        .detail(format!("{known} of the {n} of `{name}` are there"))
        .help(import);
    }
    let problems = e.problems();
    let rest = problems.len().saturating_sub(PROBLEMS);
    let failure = Failure::input(format!("`{shown}` does not hold weights for `{name}`"))
        .details(problems.iter().take(PROBLEMS).cloned());
    match rest {
        0 => failure,
        n => failure.detail(format!("and {n} more")),
    }
    .help(import)
}

/// What the runtime refused.
pub(crate) fn failed(e: &Error) -> Failure {
    let mut problems = e.problems().iter().cloned();
    let first = problems.next().unwrap_or_default();
    match e.kind() {
        ErrorKind::Choice | ErrorKind::Device => Failure::tool(first),
        _ => Failure::input(first),
    }
    .details(problems)
}
