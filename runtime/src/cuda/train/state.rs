//! Parameters and the optimizer's state, between the device and the host: there as kernels read them, here as their files store them.

use super::super::device::failed;
use super::super::params::Order;
use super::Training;
use super::buffers::Buffers;
use crate::plan::Param;
use crate::train::{Layout, OptimizerState};
use crate::{Error, Weights};
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;
use cudarc::driver::{CudaSlice, CudaView, DriverError};

impl Training {
    pub(crate) fn weights(&self) -> Result<Weights, Error> {
        let numbers = self.download(&self.buffers.params)?;
        let tensors = self.layout.params();
        let tensors = tensors.map(|(p, range)| (p.name.clone(), numbers[range].to_vec()));
        Weights::from_tensors(tensors, &params(&self.layout))
    }

    pub(crate) fn set_weights(&mut self, weights: &Weights) -> Result<(), Error> {
        let mut numbers = alloc::vec![0.0; self.layout.len()];
        for (param, range) in self.layout.params() {
            if let Some((_, from)) = weights.get(&param.name) {
                numbers[range].copy_from_slice(&from);
            }
        }
        let numbers = self.to_device(&numbers);
        let Buffers { params, before, .. } = &mut self.buffers;
        let copied = self.stream.memcpy_htod(&numbers, params);
        // What no step moves is there for good, to be taken back with what some do.
        let copied = copied.and_then(|()| self.stream.memcpy_htod(&numbers, before));
        copied.map_err(|e| failed("the weights do not get onto the GPU", e))
    }

    pub(crate) fn optimizer_state(&self) -> Result<OptimizerState, Error> {
        let mut tensors = Vec::new();
        for (state, slice) in self.optimizer.states().iter().zip(&self.buffers.states) {
            let numbers = self.download(slice)?;
            let trained = self.layout.params().filter(|(param, _)| param.trainable);
            tensors.extend(trained.map(|(param, range)| {
                let name = format!("{}.{state}", param.name);
                (name, param.shape.clone(), numbers[range].to_vec())
            }));
        }
        let steps = self.steps;
        Ok(OptimizerState { steps, tensors })
    }

    pub(crate) fn restore_optimizer(&mut self, state: &OptimizerState) -> Result<(), Error> {
        self.optimizer_state()?.fits(state)?;
        let trained = self.layout.params().filter(|(param, _)| param.trainable);
        let places: Vec<Range<usize>> = trained.map(|(_, range)| range).collect();
        for i in 0..self.buffers.states.len() {
            let mut numbers = alloc::vec![0.0; self.layout.len()];
            let tensors = &state.tensors[i * places.len()..][..places.len()];
            for (range, (_, _, from)) in places.iter().zip(tensors) {
                numbers[range.clone()].copy_from_slice(from);
            }
            let numbers = self.to_device(&numbers);
            let copied = self
                .stream
                .memcpy_htod(&numbers, &mut self.buffers.states[i]);
            copied.map_err(|e| failed("the optimizer's state does not get onto the GPU", e))?;
        }
        self.steps = state.steps;
        Ok(())
    }

    /// A flat buffer as the file stores it.
    pub(super) fn download(&self, slice: &CudaSlice<f32>) -> Result<Vec<f32>, Error> {
        let numbers = self.copy(&slice.as_view())?;
        Ok(self.each_tensor(&numbers, Order::to_file))
    }

    fn to_device(&self, numbers: &[f32]) -> Vec<f32> {
        self.each_tensor(numbers, Order::to_device)
    }

    /// A flat buffer whose tensors are put into another order.
    fn each_tensor(&self, numbers: &[f32], put: fn(Order, &[f32]) -> Vec<f32>) -> Vec<f32> {
        let mut all = alloc::vec![0.0; numbers.len()];
        for ((_, range), order) in self.layout.params().zip(&self.orders) {
            all[range.clone()].copy_from_slice(&put(*order, &numbers[range]));
        }
        all
    }

    pub(super) fn copy(&self, slice: &CudaView<'_, f32>) -> Result<Vec<f32>, Error> {
        let copy = || -> Result<_, DriverError> {
            let numbers = self.stream.clone_dtoh(slice)?;
            self.stream.synchronize()?;
            Ok(numbers)
        };
        copy().map_err(|e| failed("the GPU's memory cannot be read", e))
    }
}

fn params(layout: &Layout) -> Vec<Param> {
    layout.params().map(|(param, _)| param.clone()).collect()
}
