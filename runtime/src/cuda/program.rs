//! A program on a device: compiled, loaded, and its launches.

use super::cache;
use super::device::{Gpu, failed};
use super::source::{Argument, Entry, Source};
use crate::Error;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use cudarc::driver::sys::{CUgraphInstantiate_flags, CUstreamCaptureMode};
use cudarc::driver::{CudaFunction, CudaGraph, CudaStream, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::Ptx;

/// Blocks that a processor is given at most: beyond that they only wait.
pub(super) const WAVES: u32 = 16;

/// Graphs that are kept.
const GRAPHS: usize = 8;

/// A program that is ready to run.
pub(super) struct Program {
    entries: Vec<(Entry, CudaFunction)>,
    /// By the number of images and of launches.
    graphs: BTreeMap<(usize, usize), Captured>,
    /// Blocks of a launch at most.
    most: u32,
}

/// A captured graph.
struct Captured(CudaGraph);

// SAFETY: a graph may move to another thread; it must not be used by two at once, and only a `&mut Program` gives access to it.
unsafe impl Send for Captured {}
// SAFETY: as above: a shared reference gives no access.
unsafe impl Sync for Captured {}

impl Program {
    /// Compiles a text for this device and loads it.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if the compiler is missing or refuses the text, or the driver refuses the result.
    pub(super) fn new(gpu: &Gpu, source: Source) -> Result<Self, Error> {
        Ok(Self {
            entries: entries(gpu, source)?,
            graphs: BTreeMap::new(),
            most: gpu.processors.saturating_mul(WAVES),
        })
    }

    /// This program after another one, which is compiled.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[cfg(feature = "train")]
    pub(super) fn after(&self, gpu: &Gpu, source: Source) -> Result<Self, Error> {
        let mut entries = entries(gpu, source)?;
        entries.extend(self.entries.iter().cloned());
        Ok(Self {
            entries,
            graphs: BTreeMap::new(),
            most: self.most,
        })
    }

    /// Launches of a pass.
    pub(super) fn launches(&self) -> usize {
        self.entries.len()
    }

    /// Puts a pass over `images` images into the stream: one graph. `address` says where each argument lies; it is asked in the first
    /// pass over so many images alone.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if a launch fails.
    pub(super) fn run(
        &mut self,
        stream: &Arc<CudaStream>,
        images: usize,
        address: impl Fn(Argument) -> u64,
    ) -> Result<(), Error> {
        self.run_part(stream, images, self.entries.len(), address)
    }

    /// As [`run`](Self::run), so many launches.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) fn run_part(
        &mut self,
        stream: &Arc<CudaStream>,
        images: usize,
        entries: usize,
        address: impl Fn(Argument) -> u64,
    ) -> Result<(), Error> {
        if entries == 0 {
            return Ok(());
        }
        let key = (images, entries);
        if !self.graphs.contains_key(&key) {
            if self.graphs.len() >= GRAPHS {
                self.graphs.pop_first();
            }
            let graph = self.capture(stream, images, &self.entries[..entries], address)?;
            self.graphs.insert(key, Captured(graph));
        }
        let launched = self.graphs[&key].0.launch();
        launched.map_err(|e| failed("the kernels cannot be launched", e))
    }

    fn capture(
        &self,
        stream: &Arc<CudaStream>,
        images: usize,
        entries: &[(Entry, CudaFunction)],
        address: impl Fn(Argument) -> u64,
    ) -> Result<CudaGraph, Error> {
        let begun = stream.begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
        begun.map_err(|e| failed("the kernels cannot be captured", e))?;
        let launched = self.launch(stream, images, entries, address);
        // The capture ends whatever happened.
        let graph = stream.end_capture(CUgraphInstantiate_flags(0));
        launched?;
        let graph = graph.map_err(|e| failed("the kernels cannot be captured", e))?;
        graph.ok_or_else(|| super::device::device("the captured graph is empty".into()))
    }

    fn launch(
        &self,
        stream: &CudaStream,
        images: usize,
        entries: &[(Entry, CudaFunction)],
        address: impl Fn(Argument) -> u64,
    ) -> Result<(), Error> {
        let count = u32::try_from(images).unwrap_or(u32::MAX);
        for (entry, function) in entries {
            let addresses: Vec<u64> = entry.arguments.iter().map(|&a| address(a)).collect();
            let mut launch = stream.launch_builder(function);
            for address in &addresses {
                launch.arg(address);
            }
            launch.arg(&count);
            let works = [entry.work].into_iter().chain(entry.beside.iter().copied());
            let blocks = works.map(|work| work.blocks(images, entry.threads, self.most));
            let blocks: Vec<u32> = blocks.collect();
            for of_one in &blocks[..blocks.len() - 1] {
                launch.arg(of_one);
            }
            let config = LaunchConfig {
                grid_dim: (blocks.iter().sum(), 1, 1),
                block_dim: (entry.threads, 1, 1),
                shared_mem_bytes: 0,
            };
            // SAFETY: the entry was written for these arguments in this order (`Source`): each is the address of device memory that is as
            // large as the plan, which is valid, says, and that lives as long as the session which the graph belongs to.
            let launched = unsafe { launch.launch(config) };
            launched.map_err(|e| failed(&format!("{} cannot be launched", entry.name), e))?;
        }
        Ok(())
    }
}

/// Compiles a text for this device and loads it.
fn entries(gpu: &Gpu, source: Source) -> Result<Vec<(Entry, CudaFunction)>, Error> {
    let module = cache::load(gpu, &source.text, |cubin| {
        let module = gpu.context.load_module(Ptx::from_binary(cubin));
        module.map_err(|e| failed("the GPU does not take the kernels", e))
    })?;
    let entries = source.entries.into_iter().map(|entry| {
        let function = module.load_function(&entry.name);
        let missing = |e| failed(&format!("no kernel {}", entry.name), e);
        Ok((entry.clone(), function.map_err(missing)?))
    });
    entries.collect()
}
