//! Choices of kernels that the user makes instead of `prepare`.

use crate::failure::{Failure, Outcome};
use clap::Args;
use netc_plan::Plan;
use netc_runtime::cpu::{Level, Method};
use netc_runtime::{Device, Error, Prepared};

/// What is asked for; nothing, where the machine's own choices hold.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Choices {
    /// Compute a layer by this kernel: conv1=direct (--layers shows those chosen)
    #[arg(long, value_name = "LAYER=METHOD", value_parser = forced)]
    force: Vec<(String, Method)>,

    /// Let convolutions and FC use no better instructions than these
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
}

impl Choices {
    /// The device, with the instructions that were asked for.
    pub(crate) fn on(&self, device: Device) -> Outcome<Device> {
        let here = device.machine();
        let machine = self.level.map_or(Ok(here), |level| here.with_level(level));
        Ok(device.with_machine(machine.map_err(refused)?))
    }

    /// The plan with the kernels that the machine, its profile or the user chooses.
    pub(crate) fn prepare<'p>(
        &self,
        device: &Device,
        plan: &'p Plan,
        max_batch: usize,
    ) -> Outcome<Prepared<'p>> {
        let mut prepared = Prepared::on(device, plan, max_batch).map_err(refused)?;
        for (layer, method) in &self.force {
            prepared.force(layer, *method).map_err(refused)?;
        }
        Ok(prepared)
    }
}

fn refused(e: Error) -> Failure {
    Failure::tool(e.to_string())
}

fn forced(text: &str) -> Result<(String, Method), String> {
    let (layer, method) = text
        .split_once('=')
        .ok_or("a layer and a method are needed: conv1=direct")?;
    let methods = Method::ALL.iter().filter(|method| **method != Method::Only);
    Ok((layer.to_owned(), named(method, methods, Method::name)?))
}

fn level(text: &str) -> Result<Level, String> {
    named(text, Level::ALL.iter(), Level::name)
}

/// The value of this name, or what there is.
fn named<'a, T: Copy + 'a>(
    text: &str,
    mut values: impl Iterator<Item = &'a T> + Clone,
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let names: Vec<&str> = values.clone().map(|value| name(*value)).collect();
    let found = values.find(|value| name(**value) == text);
    found
        .copied()
        .ok_or_else(|| format!("there are {}", names.join(", ")))
}
