//! The device that a command computes on.

use crate::failure::{Failure, Outcome};
use crate::source::plural;
use clap::{Args, ValueEnum, ValueHint};
use netc_runtime::cpu::Profile;
use netc_runtime::{Device, DeviceName, ErrorKind, cuda};
use std::path::PathBuf;

/// Where to compute, and how exactly.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OnDevice {
    /// Where to compute: cpu, cuda, cuda:1 ..., or auto for the first GPU if there is one
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceName,

    /// What the operands of products are rounded to; all but f32 need a GPU with tensor cores
    #[arg(long, value_name = "TYPE", default_value = "f32")]
    precision: Precision,

    /// Compute no convolution by Winograd's method on the CPU: slower, with smaller rounding errors
    #[arg(long)]
    no_winograd: bool,
}

/// What was measured on this machine, if anything.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Measured {
    /// Choose kernels by this profile, which `netc tune` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    profile: Option<PathBuf>,
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

/// How exactly products are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Precision {
    F32,
    Tf32,
    Bf16,
}

impl From<Precision> for cuda::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::Tf32 => Self::Tf32,
            Precision::Bf16 => Self::Bf16,
        }
    }
}

impl OnDevice {
    /// The device, or why it cannot be used.
    pub(crate) fn open(self) -> Outcome<Device> {
        let device = Device::named(self.device);
        let device = device.map_err(|e| Failure::tool(format!("{e}; --device cpu runs here")))?;
        if device.is_cpu() && self.precision != Precision::F32 {
            let name = self.precision();
            return Err(
                Failure::tool(format!("the CPU computes in f32, not in {name}"))
                    .help("`--device cuda` computes in it on an NVIDIA GPU"),
            );
        }
        let machine = match self.no_winograd {
            true => device.machine().without_winograd(),
            false => device.machine(),
        };
        let device = device.with_machine(machine);
        Ok(device.with_precision(self.precision.into()))
    }

    /// Whether a GPU is asked for by name.
    pub(crate) fn asks_for_gpu(self) -> bool {
        matches!(self.device, DeviceName::Cuda(_))
    }

    /// How exactly a GPU is to compute.
    pub(crate) fn cuda_precision(self) -> cuda::Precision {
        self.precision.into()
    }

    /// The precision's name.
    pub(crate) fn precision(self) -> &'static str {
        self.cuda_precision().name()
    }
}

/// `2 threads`, or the GPU.
pub(crate) fn described(device: &Device, threads: usize) -> String {
    match device.is_cpu() {
        true => plural(threads, "thread"),
        false => device.to_string(),
    }
}
