//! One operation alone on a GPU, forward and back: for tests, and to look at.

use super::call::COUNTERS;
use super::device::failed;
use super::memory::{gather, range, scatter};
use super::params::Order;
use super::program::Program;
use super::source::{Argument, Source};
use super::task::{Back, Task};
use super::{Gpu, kernels};
use crate::plan::{Op, Operation, Param, View};
use crate::train::{Places, Setting, Single};
use crate::{Device, Error, ErrorKind};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DriverError};

/// What a training step tells kernels: seed, number and first image.
pub(super) const STEP: [u64; 3] = [1, 2, 0];

/// The kernels of an operation on these dense inputs and this gradient of the output: as [`train::fast`](crate::train::fast) on the CPU.
///
/// # Errors
/// With [`ErrorKind::Device`], if the device is the CPU, or fails.
///
/// # Panics
/// If sizes do not fit.
pub fn single(
    device: &Device,
    op: &Op,
    params: &[Param],
    values: &[Vec<f32>],
    inputs: &[Vec<f32>],
    dy: &[f32],
    setting: Setting,
) -> Result<Single<f32>, Error> {
    let gpu = device.gpu();
    let gpu = gpu.ok_or_else(|| Error::new(ErrorKind::Device, "the CPU is no GPU"))?;
    let places = Places::new(op, inputs.len(), setting);
    let alone = Alone {
        gpu,
        batch: dy.len() / places.dy.len(),
        end: places.arena / size_of::<f32>(),
        task: [Task {
            name: "layer".into(),
            op: *op,
            inputs: places.x.clone(),
            output: places.y,
            params: params.len(),
            aligned: true,
            packed: false,
        }],
        back: [Back::new(0, places.dy, places.gradients(setting))],
        orders: (0..values.len()).map(|i| kernels(op).order(i)).collect(),
        places,
    };
    let arena = alone.arena(inputs, dy, setting);
    alone.run(&arena, values).map_err(|attempt| match attempt {
        Attempt::Driver(e) => failed("the GPU failed", e),
        Attempt::Other(e) => e,
    })
}

/// An operation, and where it reads and writes.
struct Alone<'g> {
    gpu: &'g Gpu,
    batch: usize,
    /// Numbers of the arena for each image.
    end: usize,
    task: [Task; 1],
    back: [Back; 1],
    orders: Vec<Order>,
    places: Places,
}

impl Alone<'_> {
    /// What the steps read, and what they add to; all else is NaN.
    fn arena(&self, inputs: &[Vec<f32>], dy: &[f32], setting: Setting) -> Vec<f32> {
        let mut arena = vec![f32::NAN; self.end * self.batch];
        for (view, values) in self.places.x.iter().zip(inputs) {
            self.set(&mut arena, *view, values);
        }
        self.set(&mut arena, self.places.dy, dy);
        if let Some(value) = setting.accumulate {
            for &dx in &self.places.dx {
                self.set(&mut arena, dx, &vec![value; dx.len() * self.batch]);
            }
        }
        arena
    }

    fn set(&self, arena: &mut [f32], view: View, values: &[f32]) {
        scatter(view, &mut arena[range(view, self.batch)], values);
    }

    fn get(&self, arena: &[f32], view: View) -> Vec<f32> {
        gather(view, &arena[range(view, self.batch)])
    }

    /// Writes NaN where backward does not read: in a plan something else may lie there by then.
    fn forget(&self, arena: &mut [f32]) {
        let saved = self.task[0].op.saved();
        let inputs = self.places.x.iter().filter(|_| !saved.inputs);
        let output = Some(&self.places.y).filter(|_| !saved.output);
        for &view in inputs.chain(output) {
            self.set(arena, view, &vec![f32::NAN; view.len() * self.batch]);
        }
    }

    fn run(&self, arena: &[f32], values: &[Vec<f32>]) -> Result<Single<f32>, Attempt> {
        let on_device = values.iter().zip(&self.orders);
        let on_device: Vec<Vec<f32>> = on_device.map(|(v, order)| order.to_device(v)).collect();
        let scratch = kernels(&self.task[0].op).scratch(self.batch);
        let mut bench = Bench::new(self.gpu, arena, &on_device, scratch)?;
        let mut source = self.source();
        source.forward(&self.task);
        bench.run(self.gpu, source, self.batch)?;
        let mut after = bench.stream.clone_dtoh(&bench.arena)?;
        let output = self.get(&after, self.places.y);
        self.forget(&mut after);
        bench.stream.memcpy_htod(&after, &mut bench.arena)?;
        let mut source = self.source();
        source.backward(&self.task, &self.back);
        bench.run(self.gpu, source, self.batch)?;
        let after = bench.stream.clone_dtoh(&bench.arena)?;
        let dx = self.places.dx.iter();
        Ok(Single {
            output,
            inputs: dx.map(|&dx| self.get(&after, dx)).collect(),
            gradients: bench.numbers(&bench.gradients, &self.orders)?,
            params: bench.numbers(&bench.params, &self.orders)?,
        })
    }

    fn source(&self) -> Source {
        let largest = self.end * self.batch;
        Source::new(self.task.iter(), largest, self.gpu.precision())
    }
}

enum Attempt {
    Driver(DriverError),
    Other(Error),
}

impl From<DriverError> for Attempt {
    fn from(error: DriverError) -> Self {
        Attempt::Driver(error)
    }
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        Attempt::Other(error)
    }
}

/// The device's memory.
struct Bench {
    stream: Arc<CudaStream>,
    arena: CudaSlice<f32>,
    params: Vec<CudaSlice<f32>>,
    gradients: Vec<CudaSlice<f32>>,
    scratch: CudaSlice<f32>,
    counters: CudaSlice<u32>,
    step: CudaSlice<u64>,
}

impl Bench {
    fn new(
        gpu: &Gpu,
        arena: &[f32],
        params: &[Vec<f32>],
        scratch: usize,
    ) -> Result<Self, DriverError> {
        let stream = gpu.context.new_stream()?;
        let copies = params.iter().map(|numbers| stream.clone_htod(numbers));
        let zeros = params.iter();
        let zeros = zeros.map(|numbers| stream.alloc_zeros(numbers.len()));
        Ok(Self {
            arena: stream.clone_htod(arena)?,
            params: copies.collect::<Result<_, _>>()?,
            gradients: zeros.collect::<Result<_, _>>()?,
            // SAFETY: kernels read of it what they have written.
            scratch: unsafe { stream.alloc(scratch.max(1)) }?,
            counters: stream.alloc_zeros(COUNTERS)?,
            step: stream.clone_htod(&STEP)?,
            stream,
        })
    }

    /// Numbers of parameters as the file stores them.
    fn numbers(
        &self,
        slices: &[CudaSlice<f32>],
        orders: &[Order],
    ) -> Result<Vec<Vec<f32>>, DriverError> {
        let all = slices.iter().zip(orders);
        let all = all.map(|(slice, order)| Ok(order.to_file(&self.stream.clone_dtoh(slice)?)));
        let all = all.collect();
        self.stream.synchronize()?;
        all
    }

    fn run(&mut self, gpu: &Gpu, source: Source, batch: usize) -> Result<(), Attempt> {
        let mut program = Program::new(gpu, source)?;
        let stream = &self.stream;
        let at = |slice: &CudaSlice<f32>| slice.device_ptr(stream).0;
        let address = |argument: Argument| match argument {
            Argument::Input | Argument::Results | Argument::Before(..) | Argument::Own(..) => 0,
            Argument::Arena => at(&self.arena),
            Argument::Param(_, i) => at(&self.params[i]),
            Argument::Gradient(_, i) => at(&self.gradients[i]),
            Argument::Scratch => at(&self.scratch),
            Argument::Counters => self.counters.device_ptr(stream).0,
            Argument::Step => self.step.device_ptr(stream).0,
        };
        program.run(stream, batch, address)?;
        Ok(stream.synchronize()?)
    }
}
