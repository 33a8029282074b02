//! The device that a command computes on.

use crate::failure::{Failure, Outcome};
use crate::source::plural;
use clap::{Args, ValueEnum};
use netc_runtime::{Device, DeviceName, cuda};

/// Where to compute, and how exactly.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OnDevice {
    /// Where to compute: cpu, cuda, cuda:1 ..., or auto for the first GPU if there is one
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceName,

    /// What the operands of products are rounded to; all but f32 need a GPU with tensor cores
    #[arg(long, value_name = "TYPE", default_value = "f32")]
    precision: Precision,
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
