//! One operation alone on a GPU, forward and back: for tests, and to look at.

use super::call::COUNTERS;
use super::device::failed;
use super::memory::{gather, range, scatter};
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
    let batch = inputs[0].len() / op.input().iter().product::<usize>();
    let places = Places::new(op, inputs.len(), setting);
    let gradients = places.gradients(setting);
    let end = places.arena / size_of::<f32>();
    let task = Task {
        name: "layer".into(),
        op: *op,
        inputs: places.x.clone(),
        output: places.y,
        params: params.len(),
        aligned: true,
    };
    let back = Back {
        task: 0,
        output_gradient: places.dy,
        input_gradients: gradients,
    };
    let mut arena = vec![f32::NAN; end * batch];
    let mut set =
        |view: View, values: &[f32]| scatter(view, &mut arena[range(view, batch)], values);
    for (view, values) in places.x.iter().zip(inputs) {
        set(*view, values);
    }
    set(places.dy, dy);
    if let Some(value) = setting.accumulate {
        places
            .dx
            .iter()
            .for_each(|&dx| set(dx, &vec![value; dx.len() * batch]));
    }
    let orders: Vec<_> = (0..values.len()).map(|i| kernels(op).order(i)).collect();
    let on_device = values
        .iter()
        .zip(&orders)
        .map(|(values, order)| order.to_device(values));
    let on_device: Vec<Vec<f32>> = on_device.collect();
    let zeros: Vec<Vec<f32>> = values
        .iter()
        .map(|values| vec![0.0; values.len()])
        .collect();
    let tasks = [task];
    let run = || -> Result<_, Attempt> {
        let mut bench = Bench::new(gpu, &arena, &on_device, &zeros, kernels(op).scratch(batch))?;
        let mut source = Source::new(tasks.iter(), end * batch, gpu.precision());
        source.forward(&tasks);
        bench.run(gpu, source, batch)?;
        let mut after = bench.stream.clone_dtoh(&bench.arena)?;
        let output = gather(places.y, &after[range(places.y, batch)]);
        // In a plan something else may lie by now where backward does not read.
        let saved = op.saved();
        let unread = places.x.iter().filter(|_| !saved.inputs);
        for &view in unread.chain(Some(&places.y).filter(|_| !saved.output)) {
            let nothing = vec![f32::NAN; view.len() * batch];
            scatter(view, &mut after[range(view, batch)], &nothing);
        }
        bench.stream.memcpy_htod(&after, &mut bench.arena)?;
        let mut source = Source::new(tasks.iter(), end * batch, gpu.precision());
        source.backward(&tasks, core::slice::from_ref(&back));
        bench.run(gpu, source, batch)?;
        let after = bench.stream.clone_dtoh(&bench.arena)?;
        let numbers = |slices: &[CudaSlice<f32>]| {
            let all = slices.iter().zip(&orders);
            all.map(|(slice, order)| Ok(order.to_file(&bench.stream.clone_dtoh(slice)?)))
                .collect::<Result<Vec<_>, DriverError>>()
        };
        let dx = places.dx.iter();
        let single = Single {
            output,
            inputs: dx.map(|&dx| gather(dx, &after[range(dx, batch)])).collect(),
            gradients: numbers(&bench.gradients)?,
            params: numbers(&bench.params)?,
        };
        bench.stream.synchronize()?;
        Ok(single)
    };
    run().map_err(|attempt| match attempt {
        Attempt::Driver(e) => failed("the GPU failed", e),
        Attempt::Other(e) => e,
    })
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
        gradients: &[Vec<f32>],
        scratch: usize,
    ) -> Result<Self, DriverError> {
        let stream = gpu.context.new_stream()?;
        let all = |numbers: &[Vec<f32>]| {
            let all = numbers.iter();
            all.map(|numbers| stream.clone_htod(numbers))
                .collect::<Result<_, _>>()
        };
        Ok(Self {
            arena: stream.clone_htod(arena)?,
            params: all(params)?,
            gradients: all(gradients)?,
            // SAFETY: kernels read of it what they have written.
            scratch: unsafe { stream.alloc(scratch.max(1)) }?,
            counters: stream.alloc_zeros(COUNTERS)?,
            step: stream.clone_htod(&STEP)?,
            stream,
        })
    }

    fn run(&mut self, gpu: &Gpu, source: Source, batch: usize) -> Result<(), Attempt> {
        let mut program = Program::new(gpu, source)?;
        let stream = &self.stream;
        let at = |slice: &CudaSlice<f32>| slice.device_ptr(stream).0;
        let address = |argument: Argument| match argument {
            Argument::Input | Argument::Results | Argument::Own(..) => 0,
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
