//! From a plan, which is the same everywhere, to what runs on a machine: for each step a kernel, its instructions and its precision. Nothing
//! is packed before [`Prepared::executor`].
//!
//! ```
//! # fn show(plan: &netc_runtime::plan::Plan) -> Result<(), netc_runtime::Error> {
//! use netc_runtime::cpu::{Machine, Method};
//! let mut prepared = netc_runtime::prepare(plan, Machine::here(), 1)?;
//! for (step, choice) in prepared.steps() {
//!     println!("{}: {choice}", step.name); // conv1: padded avx2 f32
//! }
//! prepared.force("conv1", Method::Direct)?;
//! # Ok(())
//! # }
//! ```

use crate::backend::Kernel;
use crate::cpu::{Choice, Machine, Method};
use crate::plan::{Plan, Step, validate};
use crate::weights::nearest;
use crate::{Device, Error, ErrorKind, Executor, Weights};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Chooses a kernel for each step of a plan. Deterministic: the same plan and machine give the same choices, and so the same bits. No
/// choice depends on `max_batch`: a plan that infers is prepared for single images, one that trains for batches of some. A trainer made of this
/// takes it as its largest batch, an executor's workspaces name their own.
///
/// # Errors
/// With [`ErrorKind::Plan`], if the plan is not valid.
pub fn prepare(plan: &Plan, machine: Machine, max_batch: usize) -> Result<Prepared<'_>, Error> {
    validate(plan).map_err(Error::plan)?;
    let choices = plan.forward.iter().map(|step| match plan.trains() {
        true => machine.choice_in_training(&step.op),
        false => machine.choice(&step.op),
    });
    Ok(Prepared {
        choices: choices.collect(),
        plan,
        machine,
        max_batch,
    })
}

/// A plan and what was chosen for its steps.
#[derive(Clone, Debug)]
pub struct Prepared<'p> {
    plan: &'p Plan,
    machine: Machine,
    max_batch: usize,
    choices: Vec<Choice>,
}

impl<'p> Prepared<'p> {
    /// As [`prepare`], for this device: with its machine, and where the plan infers with its profile.
    ///
    /// # Errors
    /// As [`prepare`]; with [`ErrorKind::Choice`], if the profile is another network's.
    pub fn on(device: &Device, plan: &'p Plan, max_batch: usize) -> Result<Self, Error> {
        let mut prepared = prepare(plan, device.machine(), max_batch)?;
        if let Some(profile) = device.profile().filter(|_| !plan.trains()) {
            profile.check_network(plan)?;
            let steps = prepared.plan.forward.iter().zip(&mut prepared.choices);
            for (step, choice) in steps {
                *choice = device.choice(&step.name, &step.op);
            }
        }
        Ok(prepared)
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// The largest batch.
    #[must_use]
    pub fn max_batch(&self) -> usize {
        self.max_batch
    }

    /// Each forward step and its choice.
    pub fn steps(&self) -> impl Iterator<Item = (&'p Step, Choice)> {
        self.plan.forward.iter().zip(self.choices.iter().copied())
    }

    /// The choices, by the numbers of their steps.
    pub(crate) fn choices_mut(&mut self) -> impl Iterator<Item = (usize, &mut Choice)> {
        self.choices.iter_mut().enumerate()
    }

    /// Has the step of this name computed by this method; in a plan that trains, its forward part.
    ///
    /// # Errors
    /// With [`ErrorKind::Choice`], if there is no such step, or the method cannot compute it: with those that can.
    pub fn force(&mut self, step: &str, method: Method) -> Result<(), Error> {
        let mut steps = self.plan.forward.iter();
        let Some(i) = steps.position(|this| this.name == step) else {
            return Err(Error::new(ErrorKind::Choice, self.no_step(step)));
        };
        let this = &self.plan.forward[i];
        let methods: Vec<Method> = self.machine.methods(&this.op).collect();
        if !methods.contains(&method) {
            let problem = format!(
                "{step}, {}, cannot be computed by the method `{method}`, only by {}",
                this.text,
                listed(&methods)
            );
            return Err(Error::new(ErrorKind::Choice, problem));
        }
        self.choices[i].method = method;
        Ok(())
    }

    fn no_step(&self, name: &str) -> String {
        let names: Vec<&str> = self.plan.forward.iter().map(|s| s.name.as_str()).collect();
        let mut problem = format!("the network has no step `{name}`");
        if let Some(near) = nearest(name, &names) {
            problem += &format!("; did you mean `{near}`?");
        }
        problem
    }

    /// The plan with its weights, packed for its kernels.
    ///
    /// # Errors
    /// If the weights are not the plan's; with [`ErrorKind::Plan`], if the plan trains.
    pub fn executor(&self, weights: &Weights) -> Result<Executor, Error> {
        if self.plan.trains() {
            return Err(Error::plan("it trains: the executor only infers"));
        }
        weights.check(&self.plan.params)?;
        let kernels = self.steps();
        let kernels = kernels.map(|(step, choice)| Kernel::new(step, weights, choice));
        Ok(Executor::of(
            self.plan.clone(),
            kernels.collect::<Result<_, _>>()?,
            weights.device().clone(),
        ))
    }
}

/// `direct`, `padded` or `winograd2`
fn listed(methods: &[Method]) -> String {
    let names: Vec<String> = methods.iter().map(|m| format!("`{m}`")).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}
