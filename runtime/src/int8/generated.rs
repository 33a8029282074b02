//! Quantised weights for a network that netc wrote as Rust. Its code knows neither the names of all steps nor who reads what: a first pass tells
//! the steps, the file their names. That makes a plan, and from there on all is as for a plan.

use super::file::names;
use super::pass::{self, Passes, Trace};
use crate::plan::{Op, Param, Pixels, Plan, Step};
use crate::{Device, Error, Loader, Model, Prepared, Quantised, Scores};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// Makes a network with the weights of a file that `netc quantize` wrote.
pub(crate) fn load<M: Model>(
    device: &Device,
    bytes: &[u8],
    new: impl Fn(&Loader<'_>) -> M,
) -> Result<M, Error> {
    let loader = Loader::quantised(pass::on(device, Passes::Traced)?);
    let plan = plan(&new(&loader), loader.taken(), names(bytes)?)?;
    let quantised = Quantised::from_bytes(bytes, &plan)?;
    let prepared = Prepared::on(device, &plan, 1)?.with_int8(&quantised)?;
    let executor = Arc::new(prepared.int8_executor(&quantised)?);
    let device = pass::on(device, Passes::Executed(executor))?;
    Ok(new(&Loader::quantised(device)))
}

/// The plan of a network whose passes are traced.
fn plan<M: Model>(model: &M, params: Vec<Param>, names: Vec<String>) -> Result<Plan, Error> {
    let mut workspace = model.workspace(1);
    let image: usize = model.input().iter().product();
    model.forward(&mut workspace, &vec![0.0; image])?;
    let arena = workspace.arena_bytes();
    let Trace {
        mut steps,
        by_rows,
        kept,
        result,
    } = workspace.into_trace();
    name(&mut steps, names);
    let kept = kept.into_iter().enumerate();
    let kept = kept.map(|(i, view)| (format!("output{i}"), view));
    Ok(Plan {
        name: struct_name::<M>(),
        input: model.input().to_vec(),
        output: model.output().to_vec(),
        probabilities: model.scores() == Scores::Probabilities,
        distances: model.scores() == Scores::Distances,
        pixels: Pixels::default(),
        params,
        arena,
        forward: steps,
        joins: Vec::new(),
        blocks: Vec::new(),
        by_rows,
        result: result.ok_or_else(|| Error::plan("a pass without a result"))?,
        kept: kept.collect(),
        loss: Vec::new(),
        backward: Vec::new(),
        update: Vec::new(),
    })
}

/// Gives steps the names of a file. It may lack those of a last SOFTMAX, or have one that the network has not.
fn name(steps: &mut [Step], names: Vec<String>) {
    let mut names = names.into_iter().peekable();
    for (i, step) in steps.iter_mut().enumerate() {
        let softmax = matches!(step.op, Op::Softmax(_));
        while !softmax && names.next_if(|name| is_softmax(name)).is_some() {}
        let listed = names.next_if(|name| softmax == is_softmax(name));
        let plain = listed.map(|name| name.trim_start_matches(SOFTMAX).into());
        // A network that the file is not for, or that SOFTMAX: any name does.
        step.name = plain.unwrap_or_else(|| format!("step{i}"));
    }
}

/// Stands before the name of a SOFTMAX in a file.
const SOFTMAX: char = '~';

fn is_softmax(name: &str) -> bool {
    name.starts_with(SOFTMAX)
}

/// A step's name as a file lists it.
pub(super) fn listed(step: &Step) -> String {
    match step.op {
        Op::Softmax(_) => format!("{SOFTMAX}{}", step.name),
        _ => step.name.clone(),
    }
}

/// A type without its module.
fn struct_name<M>() -> String {
    let name = core::any::type_name::<M>();
    name.rsplit_once("::").map_or(name, |(_, name)| name).into()
}
