//! How parameters lie on the device.

use super::device::{Gpu, failed};
use super::kernels;
use crate::plan::Op;
use crate::{Error, LayerWeights};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use cudarc::driver::CudaSlice;
use std::sync::{Mutex, OnceLock, PoisonError};

/// From the order of the weights file to that of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The same.
    AsStored,
    /// `[outer, channels, area]` becomes `[outer, area, channels]`: a kernel's cells, each with all channels, as pictures lie.
    ChannelsLast {
        /// Channels that a filter sees.
        channels: usize,
        /// Cells of the kernel.
        area: usize,
    },
}

impl Order {
    /// The numbers of a file as the device takes them.
    pub(crate) fn to_device(self, numbers: &[f32]) -> Vec<f32> {
        match self {
            Order::AsStored => numbers.into(),
            Order::ChannelsLast { channels, area } => swapped(numbers, channels, area),
        }
    }

    /// The numbers of the device as the file stores them.
    pub(crate) fn to_file(self, numbers: &[f32]) -> Vec<f32> {
        match self {
            Order::AsStored => numbers.into(),
            Order::ChannelsLast { channels, area } => swapped(numbers, area, channels),
        }
    }
}

/// Matrices of `rows` and `columns`, one after the other, each transposed.
fn swapped(numbers: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(numbers.len());
    for matrix in numbers.chunks_exact((rows * columns).max(1)) {
        for column in 0..columns {
            out.extend((0..rows).map(|row| matrix[row * columns + column]));
        }
    }
    out
}

/// The parameters of a layer as its kernels take them to infer, on the device from the first pass on. Workspaces share them.
pub(crate) struct Params {
    host: Mutex<Vec<Vec<f32>>>,
    device: OnceLock<Vec<CudaSlice<f32>>>,
    /// How many there are.
    count: usize,
    /// Where they come from: `conv1`.
    name: String,
}

impl Params {
    /// The parameters of an operation.
    pub(crate) fn of(op: &Op, layer: LayerWeights<'_>) -> Arc<Self> {
        layer.declare(op);
        let packed = kernels(op).pack(&layer);
        Arc::new(Self {
            count: packed.len(),
            host: Mutex::new(packed),
            device: OnceLock::new(),
            name: layer.name(),
        })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The layer's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The parameters in the device's memory, once they are there.
    pub(crate) fn ready(&self) -> &[CudaSlice<f32>] {
        self.device.get().map_or(&[], Vec::as_slice)
    }

    /// The parameters in the device's memory; the host's are given up then.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if the device has no memory left.
    pub(crate) fn on_device(&self, gpu: &Gpu) -> Result<&[CudaSlice<f32>], Error> {
        let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(device) = self.device.get() {
            return Ok(device);
        }
        let stream = gpu.context.default_stream();
        let copies = host.iter().map(|numbers| stream.clone_htod(numbers));
        let device: Result<Vec<_>, _> = copies.collect();
        let device = device.and_then(|device| stream.synchronize().map(|()| device));
        let device = device.map_err(|e| failed("the weights do not get onto the GPU", e))?;
        host.clear();
        host.shrink_to_fit();
        Ok(self.device.get_or_init(|| device))
    }
}
