//! A workspace's part on the device: what its passes go through is recorded, becomes a program, and runs over memory of its own.

use super::call::COUNTERS;
use super::device::{Gpu, device, failed};
use super::inference::{Extent, program};
use super::kernels;
use super::memory::{gather, range};
use super::params::Params;
use super::program::Program;
use super::source::{Argument, is_small};
use super::task::Task;
use crate::Error;
use crate::plan::{Op, View};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr};

/// Passes on a GPU.
pub(crate) struct Session {
    gpu: Arc<Gpu>,
    extent: Extent,
    steps: Vec<Recorded>,
    /// Steps of the pass under way.
    reached: usize,
    running: Option<Running>,
    /// Whether all values have to be there after a pass, not just the result.
    open: bool,
}

/// A step that a pass went through.
struct Recorded {
    task: Task,
    params: Option<Arc<Params>>,
}

/// A program and its memory.
struct Running {
    program: Program,
    stream: Arc<CudaStream>,
    input: CudaSlice<f32>,
    arena: CudaSlice<f32>,
    results: CudaSlice<f32>,
    scratch: CudaSlice<f32>,
    counters: CudaSlice<u32>,
    result: View,
    /// Whether the program keeps the arena to itself.
    alone: bool,
    /// Images of the last pass.
    batch: usize,
}

impl Session {
    pub(crate) fn new(gpu: Arc<Gpu>, extent: Extent) -> Self {
        Self {
            gpu,
            extent: extent.aligned(),
            steps: Vec::new(),
            reached: 0,
            running: None,
            open: false,
        }
    }

    /// A pass begins.
    pub(crate) fn begin(&mut self) {
        self.reached = 0;
    }

    /// The pass goes through this step. Allocates only where it is another than in the last pass.
    pub(crate) fn record(&mut self, op: &Op, x: &[View], y: View, params: Option<&Arc<Params>>) {
        let same = |step: &&Recorded| {
            let task = &step.task;
            let address = |params: Option<&Arc<Params>>| params.map(Arc::as_ptr);
            task.op == *op
                && task.inputs == x
                && task.output == y
                && address(step.params.as_ref()) == address(params)
        };
        if self.steps.get(self.reached).filter(same).is_none() {
            self.steps.truncate(self.reached);
            self.running = None;
            let task = self.task(op, x, y, params);
            let params = params.cloned();
            self.steps.push(Recorded { task, params });
        }
        self.reached += 1;
    }

    fn task(&self, op: &Op, x: &[View], y: View, params: Option<&Arc<Params>>) -> Task {
        let layer = params.map(|params| params.name());
        let count = params.map_or(0, |params| params.count());
        Task::new(self.reached, layer, op, [x, &[y]], count)
    }

    /// The pass is complete: runs it, and copies the result, dense, to `to`.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if the device fails.
    pub(crate) fn finish(
        &mut self,
        images: &[f32],
        batch: usize,
        result: View,
        to: &mut [f32],
    ) -> Result<(), Error> {
        if self.reached < self.steps.len() {
            self.steps.truncate(self.reached);
            self.running = None;
        }
        self.running = self
            .running
            .take()
            .filter(|running| running.result == result);
        if self.running.is_none() {
            self.running = Some(self.prepare(result)?);
        }
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        let mut input = running.input.slice_mut(..images.len());
        let copied = running.stream.memcpy_htod(images, &mut input);
        copied.map_err(|e| failed("the images do not get onto the GPU", e))?;
        running.pass(&self.steps, batch)?;
        let read = match running.alone {
            true => running
                .stream
                .memcpy_dtoh(&running.results.slice(..to.len()), to),
            false => {
                let values = running.arena.slice(range(result, batch));
                running.stream.memcpy_dtoh(&values, to)
            }
        };
        read.and_then(|()| running.stream.synchronize())
            .map_err(|e| failed("the GPU failed while it computed", e))
    }

    /// The values of a view after the last pass, dense.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if the device fails.
    pub(crate) fn read(&mut self, view: View) -> Result<Vec<f32>, Error> {
        let never = || device("no pass has run".into());
        let mut running = self.running.take().ok_or_else(never)?;
        let batch = running.batch;
        if running.alone {
            // The same pass once more, by a program that leaves all values where they belong; the images are still there.
            self.open = true;
            let input = running.input;
            running = self.prepare(running.result)?;
            running.input = input;
            running.pass(&self.steps, batch)?;
        }
        let running = self.running.insert(running);
        let mut buffer = vec![0.0; view.image() * batch];
        let values = running.arena.slice(range(view, batch));
        let read = running.stream.memcpy_dtoh(&values, &mut buffer[..]);
        read.and_then(|()| running.stream.synchronize())
            .map_err(|e| failed("the GPU failed while it computed", e))?;
        Ok(gather(view, &buffer))
    }

    /// Bytes of the device's memory, parameters left aside.
    pub(crate) fn bytes(&self) -> usize {
        let running = self.running.as_ref();
        let buffers = running.map(|r| [&r.input, &r.arena, &r.results, &r.scratch]);
        let buffers = buffers.into_iter().flatten();
        buffers.map(CudaSlice::num_bytes).sum()
    }

    /// How many launches a pass is; none before the first.
    pub(crate) fn launches(&self) -> Option<usize> {
        self.running
            .as_ref()
            .map(|running| running.program.launches())
    }

    fn prepare(&self, result: View) -> Result<Running, Error> {
        let tasks: Vec<Task> = self.steps.iter().map(|step| step.task.clone()).collect();
        let alone = !self.open && is_small(&tasks, self.extent.arena);
        let source = program(&tasks, self.extent, result, alone, self.gpu.precision());
        let program = Program::new(&self.gpu, source)?;
        for params in self.steps.iter().filter_map(|step| step.params.as_ref()) {
            params.on_device(&self.gpu)?;
        }
        let Extent {
            image,
            arena,
            max_batch,
        } = self.extent;
        let scratch = tasks
            .iter()
            .map(|task| kernels(&task.op).scratch(max_batch));
        let scratch = scratch.max().unwrap_or(0);
        let no_memory = |e| failed("the GPU has no memory for the workspace", e);
        let stream = self.gpu.context.new_stream().map_err(no_memory)?;
        // SAFETY: no number is read before it is written: the plan is valid.
        let buffer = |len: usize| unsafe { stream.alloc::<f32>(len.max(1)) }.map_err(no_memory);
        Ok(Running {
            program,
            input: buffer(image * max_batch)?,
            arena: buffer(arena * max_batch)?,
            results: buffer(if alone { result.len() * max_batch } else { 0 })?,
            scratch: buffer(scratch)?,
            counters: stream.alloc_zeros(COUNTERS).map_err(no_memory)?,
            stream: stream.clone(),
            result,
            alone,
            batch: 0,
        })
    }
}

impl Running {
    fn pass(&mut self, steps: &[Recorded], batch: usize) -> Result<(), Error> {
        self.batch = batch;
        let stream = &self.stream;
        let at = |slice: &CudaSlice<f32>| slice.device_ptr(stream).0;
        let (input, arena) = (at(&self.input), at(&self.arena));
        let (results, scratch) = (at(&self.results), at(&self.scratch));
        let address = |argument: Argument| match argument {
            Argument::Input => input,
            Argument::Arena => arena,
            Argument::Results => results,
            Argument::Scratch => scratch,
            Argument::Counters => self.counters.device_ptr(stream).0,
            Argument::Param(task, i) => {
                let params = steps.get(task).and_then(|step| step.params.as_ref());
                params
                    .and_then(|params| params.ready().get(i))
                    .map_or(0, at)
            }
            Argument::Gradient(..) | Argument::Before(..) | Argument::Step | Argument::Own(..) => 0,
        };
        self.program.run(&self.stream, batch, address)
    }
}
