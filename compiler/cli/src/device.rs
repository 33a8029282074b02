//! The device that a command computes on.

use crate::failure::{Failure, Outcome};
use clap::Args;
use netc_runtime::{Device, DeviceName};

/// Where to compute.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OnDevice {
    /// Where to compute: cpu, cuda, cuda:1 ..., or auto for the first GPU if there is one
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceName,
}

impl OnDevice {
    /// The device, or why it cannot be used.
    pub(crate) fn open(self) -> Outcome<Device> {
        let device = Device::named(self.device);
        device.map_err(|e| Failure::tool(format!("{e}; --device cpu runs here")))
    }
}
