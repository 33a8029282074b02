//! The device that a command computes on.

use crate::failure::{Failure, Outcome};
use crate::source::plural;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use netc_runtime::cpu::Profile;
use netc_runtime::{Device, DeviceName, ErrorKind, Precision};
use std::path::PathBuf;

/// Where to compute, and how exactly.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OnDevice {
    /// Where to compute: cpu, cuda, cuda:1 ..., or auto for the first GPU if there is one
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceName,

    /// What the operands of products are rounded to: all but f32 need a GPU with tensor cores, or are bf16 weights of large FC layers on the CPU;
    /// int8 runs there what `netc quantize` has written
    #[arg(long, value_name = "TYPE", default_value = "f32", value_parser = precisions())]
    precision: Asked,

    /// Compute no convolution by Winograd's method on the CPU: slower, with smaller rounding errors
    #[arg(long)]
    no_winograd: bool,
}

/// A precision of floats, or the one of networks that have been quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Floats(Precision),
    Int8,
}

/// What was measured on this machine, if anything.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Measured {
    /// Choose kernels by this profile, which `netc tune` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    profile: Option<PathBuf>,
}

/// How many threads compute.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Threads {
    /// How many threads to use [default: all]
    #[arg(long = "threads", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) count: Option<u32>,
}

impl Measured {
    /// Whether there is a profile to choose by.
    pub(crate) fn is_given(&self) -> bool {
        self.profile.is_some()
    }

    /// The device, with the profile that was asked for.
    pub(crate) fn on(&self, device: Device) -> Outcome<Device> {
        let Some(path) = &self.profile else {
            return Ok(device);
        };
        let profile = Profile::read(path).map_err(|e| match e.kind() {
            ErrorKind::Io => Failure::tool(e.to_string()),
            _ => Failure::input(e.to_string()),
        })?;
        let device = device.with_profile(profile);
        device.map_err(|e| Failure::tool(format!("`{}` cannot be used: {e}", path.display())))
    }
}

impl OnDevice {
    /// The device to infer on, or why it cannot be used.
    pub(crate) fn open(self) -> Outcome<Device> {
        let device = self.named()?;
        if self.is_int8() && !device.is_cpu() {
            return Err(Failure::tool(format!("{device} does not compute in int8"))
                .help("`--device cpu` does"));
        }
        if device.is_cpu() && self.precision() == Precision::Tf32 {
            return Err(self.refused("infers in f32, bf16 or int8"));
        }
        Ok(device)
    }

    /// The device to train on, or why it cannot be used.
    pub(crate) fn open_to_train(self) -> Outcome<Device> {
        if self.is_int8() {
            return Err(Failure::tool("no network learns in int8")
                .help("train it in f32; `netc quantize` makes what `--precision int8` runs"));
        }
        let device = self.named()?;
        if device.is_cpu() && self.precision() != Precision::F32 {
            return Err(self.refused("learns in f32"));
        }
        Ok(device)
    }

    fn named(self) -> Outcome<Device> {
        let device = Device::named(self.device);
        let device = device.map_err(|e| Failure::tool(format!("{e}; --device cpu runs here")))?;
        let machine = match self.no_winograd {
            true => device.machine().without_winograd(),
            false => device.machine(),
        };
        let device = device.with_machine(machine);
        Ok(device.with_precision(self.precision()))
    }

    fn refused(self, can: &str) -> Failure {
        Failure::tool(format!("the CPU {can}, not in {}", self.precision()))
            .help("`--device cuda` computes in it on an NVIDIA GPU")
    }

    /// Whether a GPU is asked for by name.
    pub(crate) fn asks_for_gpu(self) -> bool {
        matches!(self.device, DeviceName::Cuda(_))
    }

    /// Whether networks are to compute in int8.
    pub(crate) fn is_int8(self) -> bool {
        self.precision == Asked::Int8
    }

    /// How exactly to compute with floats.
    pub(crate) fn precision(self) -> Precision {
        match self.precision {
            Asked::Floats(precision) => precision,
            Asked::Int8 => Precision::F32,
        }
    }

    /// The precision's name.
    pub(crate) fn precision_name(self) -> &'static str {
        match self.precision {
            Asked::Floats(precision) => precision.name(),
            Asked::Int8 => INT8,
        }
    }
}

const INT8: &str = "int8";

fn precisions() -> impl TypedValueParser<Value = Asked> {
    let all = Precision::ALL;
    let named = move |name: String| all.into_iter().find(|p| p.name() == name);
    let names = all.into_iter().map(Precision::name).chain([INT8]);
    PossibleValuesParser::new(names).map(move |name| match name == INT8 {
        true => Asked::Int8,
        false => Asked::Floats(named(name).unwrap_or_default()),
    })
}

/// `2 threads`, or the GPU.
pub(crate) fn described(device: &Device, threads: usize) -> String {
    match device.is_cpu() {
        true => plural(threads, "thread"),
        false => device.to_string(),
    }
}
