//! The memory of a forward pass: one allocation for all activations and the scratch space of a step, and a small one for that of
//! each thread.

use crate::cpu::access::{
    Access, AnySource, AnyTarget, Mixed, Shared, Source, Target, Views, Workers,
};
use crate::cpu::kernel::Aligned;
use crate::cpu::sizes::Shaped;
#[cfg(feature = "cuda")]
use crate::cuda::{Extent, Session};
use crate::int8::{Passes, Trace, Turn};
use crate::plan::{Element, Slot, View, overlap};
use crate::threads::Threads;
use crate::{Device, Error, ErrorKind};
use alloc::format;
use alloc::vec::Vec;
#[cfg(feature = "cuda")]
use std::sync::{Mutex, PoisonError};

/// Cache lines and the widest vectors: 64 bytes.
const ALIGN: usize = 64 / size_of::<f32>();

/// The numbers of one of several outputs, dense, one image after the other.
pub type Values = Vec<f32>;

/// Memory for the forward passes of one thread; made by a model's `workspace`.
pub struct Workspace {
    /// The arena (`arena * max_batch`), then the scratch memory of a step.
    memory: Aligned,
    /// The scratch memory of each thread.
    workers: Aligned,
    /// Elements of one image.
    image: usize,
    /// Elements of the arena per image.
    arena: usize,
    scratch: Scratch,
    max_batch: usize,
    /// Images of the last pass.
    batch: usize,
    threads: Threads,
    /// The passes of a quantised network.
    passes: Option<Passes>,
    trace: Trace,
    /// The passes on another device than the CPU.
    #[cfg(feature = "cuda")]
    session: Option<alloc::boxed::Box<Mutex<Session>>>,
}

/// Memory that a kernel needs while it runs, in elements. Steps run one after the other and share it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scratch {
    /// For the whole step.
    pub shared: usize,
    /// For each thread.
    pub worker: usize,
}

impl Scratch {
    /// Enough for either.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            shared: self.shared.max(other.shared),
            worker: self.worker.max(other.worker),
        }
    }

    /// Whole cache lines, so that every part starts on one. What cannot be counted stays so.
    fn rounded(self) -> Self {
        let lines = |len: usize| len.checked_next_multiple_of(ALIGN).unwrap_or(len);
        Self {
            shared: lines(self.shared),
            worker: lines(self.worker),
        }
    }
}

/// So many numbers, zeros; `None` is more than can be counted.
fn zeros(count: Option<usize>) -> Aligned {
    let bytes = |count: &usize| count.checked_mul(size_of::<f32>());
    let fits = |bytes: usize| bytes < isize::MAX as usize;
    let count = count.filter(|count| bytes(count).is_some_and(fits));
    Aligned::zeros(count.expect("a workspace that exceeds the address space"))
}

impl Workspace {
    /// Memory for batches of up to `max_batch` images of `image` elements, with `arena` bytes for each (a plan's
    /// `arena`; at least one image), and enough scratch space for each of the kernels. Uses all the threads of the machine.
    /// A kernel that finds less scratch space than its `scratch` says panics.
    ///
    /// # Panics
    /// If the size exceeds the address space.
    #[must_use]
    pub fn new(
        image: usize,
        arena: usize,
        max_batch: usize,
        scratch: impl IntoIterator<Item = Scratch>,
    ) -> Self {
        let max_batch = max_batch.max(1);
        let scratch = scratch.into_iter().fold(Scratch::default(), Scratch::max);
        let scratch = scratch.rounded();
        let arena = arena.div_ceil(size_of::<f32>());
        let all = arena
            .checked_mul(max_batch)
            .and_then(|arena| arena.checked_next_multiple_of(ALIGN))
            .and_then(|arena| arena.checked_add(scratch.shared));
        let threads = Threads::all();
        Self {
            memory: zeros(all),
            workers: zeros(scratch.worker.checked_mul(threads.count())),
            image,
            arena,
            scratch,
            max_batch,
            batch: 0,
            threads,
            passes: None,
            trace: Trace::default(),
            #[cfg(feature = "cuda")]
            session: None,
        }
    }

    /// For passes on this device; the network's weights are for the same.
    #[must_use]
    pub fn on(self, device: &Device) -> Self {
        #[cfg(feature = "cuda")]
        if let Some(gpu) = device.gpu() {
            let session = Session::new(gpu.clone(), self.extent());
            return Self {
                session: Some(Mutex::new(session).into()),
                ..self
            };
        }
        let here = match device.passes() {
            Some(Passes::Executed(executor)) => Self::new(
                self.image,
                self.arena_bytes(),
                self.max_batch,
                executor.scratch(self.max_batch),
            ),
            _ => self,
        };
        Self {
            passes: device.passes().cloned(),
            ..here
        }
    }

    /// Bytes of the arena for each image.
    pub(crate) fn arena_bytes(&self) -> usize {
        self.arena * size_of::<f32>()
    }

    /// What a pass has been seen to do.
    pub(crate) fn into_trace(self) -> Trace {
        self.trace
    }

    /// Its sizes.
    #[cfg(feature = "cuda")]
    pub(crate) fn extent(&self) -> Extent {
        Extent {
            image: self.image,
            arena: self.arena,
            max_batch: self.max_batch,
        }
    }

    /// Uses at most `threads` threads, the caller's included. The results stay the same.
    ///
    /// # Panics
    /// If the size exceeds the address space.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = Threads::new(threads);
        self.workers = zeros(self.scratch.worker.checked_mul(self.threads.count()));
        self
    }

    /// The largest batch.
    #[must_use]
    pub fn max_batch(&self) -> usize {
        self.max_batch
    }

    /// How many threads a forward pass may use.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    /// Bytes allocated, on the host and on another device.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let here = size_of_val(self.memory.as_slice()) + size_of_val(self.workers.as_slice());
        #[cfg(feature = "cuda")]
        return here + self.asked(Session::bytes).unwrap_or(0);
        #[cfg(not(feature = "cuda"))]
        here
    }

    /// Launches of a pass on a GPU; none on the CPU, and before the first pass.
    #[cfg(feature = "cuda")]
    #[must_use]
    pub fn launches(&self) -> Option<usize> {
        self.asked(Session::launches).flatten()
    }

    /// Asks the session on another device, where there is one.
    #[cfg(feature = "cuda")]
    fn asked<T>(&self, of: impl FnOnce(&Session) -> T) -> Option<T> {
        let session = self.session.as_ref()?;
        let session = session.lock().unwrap_or_else(PoisonError::into_inner);
        Some(of(&session))
    }

    /// Starts a forward pass over these images. The first one starts the threads.
    ///
    /// # Errors
    /// If `images` does not hold between 1 and `max_batch` whole images.
    pub fn begin<'w, 'i>(&'w mut self, images: &'i [f32]) -> Result<Mem<'w, 'i>, Error> {
        let wrong = |problem| Err(Error::new(ErrorKind::Input, problem));
        if images.is_empty() {
            return wrong("no images: a forward pass needs one at least".into());
        }
        if self.image == 0 || !images.len().is_multiple_of(self.image) {
            return wrong(format!(
                "{} numbers are not a whole number of images: each has {}",
                images.len(),
                self.image
            ));
        }
        let batch = images.len() / self.image;
        if batch > self.max_batch {
            return wrong(format!(
                "{batch} images, but the workspace holds {}: make it with `workspace({batch})`",
                self.max_batch
            ));
        }
        self.batch = batch;
        self.threads = self.threads.hire();
        let reserved = (self.arena * self.max_batch).next_multiple_of(ALIGN);
        let (arena, shared) = self.memory.as_mut_slice().split_at_mut(reserved);
        #[cfg(feature = "cuda")]
        let session = self.session.as_deref_mut().map(|session| {
            let session = session.get_mut().unwrap_or_else(PoisonError::into_inner);
            session.begin();
            session
        });
        Ok(Mem {
            arena: &mut arena[..self.arena * batch],
            shared: &mut shared[..self.scratch.shared],
            workers: self.workers.as_mut_slice(),
            worker: self.scratch.worker,
            images,
            batch,
            threads: self.threads,
            turn: self.passes.as_ref().map(|passes| Turn {
                passes,
                trace: &mut self.trace,
                next: 0,
            }),
            foreign: false,
            #[cfg(feature = "cuda")]
            session,
        })
    }

    /// Sets the values of a view of the arena for a pass over `batch` images.
    #[cfg(feature = "train")]
    pub(crate) fn write(&mut self, view: View, batch: usize, values: &[f32]) {
        let Slot::Arena(offset) = view.slot else {
            panic!("the caller's images are not ours")
        };
        let first = place(view, offset, batch, self.arena * batch) - view.channel;
        let buffer = &mut self.memory.as_mut_slice()[first..][..view.image() * batch];
        let pixels = buffer.chunks_exact_mut(view.pixel);
        for (pixel, values) in pixels.zip(values.chunks_exact(view.shape[2])) {
            pixel[view.channel..][..view.shape[2]].copy_from_slice(values);
        }
    }

    /// The values that a view of the arena had after the last pass, dense, one image after the other.
    ///
    /// # Errors
    /// With [`ErrorKind::Input`], if no pass has run; with [`ErrorKind::Device`], if another device than the CPU fails.
    ///
    /// # Panics
    /// As [`read`](Self::read).
    pub fn values(&self, view: View) -> Result<Values, Error> {
        if self.batch == 0 {
            let problem = "nothing has been computed in this workspace";
            return Err(Error::new(ErrorKind::Input, problem));
        }
        #[cfg(feature = "cuda")]
        if let Some(session) = &self.session {
            let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
            return session.read(view);
        }
        Ok(self.read(view))
    }

    /// The values that a view of the arena had after the last pass on the CPU, dense, one image after the other.
    ///
    /// # Panics
    /// If the view is not in the arena, or has no element.
    #[must_use]
    pub fn read(&self, view: View) -> Values {
        let arena = &self.memory.as_slice()[..self.arena * self.batch];
        let Slot::Arena(offset) = view.slot else {
            panic!("the caller's images are not kept")
        };
        let first = place(view, offset, self.batch, arena.len()) - view.channel;
        let buffer = &arena[first..][..view.image() * self.batch];
        buffer
            .chunks_exact(view.pixel)
            .flat_map(|pixel| &pixel[view.channel..view.channel + view.shape[2]])
            .copied()
            .collect()
    }
}

/// A forward pass under way: the arena, the images, the threads.
pub struct Mem<'w, 'i> {
    arena: &'w mut [f32],
    shared: &'w mut [f32],
    workers: &'w mut [f32],
    /// Elements of `workers` for each thread.
    worker: usize,
    images: &'i [f32],
    batch: usize,
    threads: Threads,
    /// Where a quantised network stands.
    pub(crate) turn: Option<Turn<'w>>,
    /// Whether a network has been run in a workspace of other weights.
    pub(crate) foreign: bool,
    #[cfg(feature = "cuda")]
    session: Option<&'w mut Session>,
}

impl<'w> Mem<'w, '_> {
    /// Images in this pass.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The threads that steps may use.
    #[cfg(feature = "train")]
    pub(crate) fn threads(&self) -> Threads {
        self.threads
    }

    /// Whether the pass is a quantised network's.
    pub(crate) fn is_quantised(&self) -> bool {
        self.turn.is_some()
    }

    /// Whether a call of a kernel computes nothing by itself.
    pub(crate) fn computes_elsewhere(&self) -> bool {
        #[cfg(feature = "cuda")]
        let records = self.records();
        #[cfg(not(feature = "cuda"))]
        let records = false;
        records || self.is_quantised()
    }

    /// Whether steps are recorded for another device, and not computed.
    #[cfg(feature = "cuda")]
    pub(crate) fn records(&self) -> bool {
        self.session.is_some()
    }

    /// Records a step for the device of the workspace.
    ///
    /// # Panics
    /// If the workspace is the CPU's.
    #[cfg(feature = "cuda")]
    pub(crate) fn record(
        &mut self,
        op: &crate::plan::Op,
        x: &[View],
        y: View,
        params: Option<&alloc::sync::Arc<crate::cuda::Params>>,
    ) {
        assert!(
            params.is_some() || !op.has_params(),
            "a network on the CPU with the workspace of another device"
        );
        let session = self.session.as_deref_mut();
        let session = session.expect("a network on another device with a workspace of the CPU");
        session.record(op, x, y, params);
    }

    /// The result, when all steps have run.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if another device than the CPU fails; with [`ErrorKind::Choice`], if the network's weights are quantised and the
    /// workspace was made for others, or the other way round.
    ///
    /// # Panics
    /// If the view is not a dense buffer inside the arena: the planner ends with such a one.
    pub fn finish(&mut self, result: View) -> Result<&'w [f32], Error> {
        let Slot::Arena(offset) = result.slot else {
            panic!("the result lies in the caller's images")
        };
        assert!(result.is_dense(), "the result is not dense");
        self.finish_quantised(result)?;
        let first = place(result, offset, self.batch, self.arena.len());
        let arena: &'w mut [f32] = core::mem::take(&mut self.arena);
        let values = &mut arena[first..][..result.len() * self.batch];
        #[cfg(feature = "cuda")]
        if let Some(session) = &mut self.session {
            session.finish(self.images, self.batch, result, values)?;
        }
        Ok(values)
    }

    /// Access to the inputs and the output of one step.
    ///
    /// # Panics
    /// As [`access`](Self::access).
    #[track_caller]
    pub(crate) fn step<const N: usize>(
        &mut self,
        inputs: [Shaped; N],
        output: Shaped,
    ) -> Views<'_, N> {
        let Access {
            x, y: [y], threads, ..
        } = self.access(inputs, [output]);
        Views { x, y, threads }
    }

    /// As [`step`](Self::step), for steps that write several views. This is the only way from views to memory.
    ///
    /// # Panics
    /// If a view has another shape than the operation, has no element or leaves its memory, or if one that is written shares an
    /// element with another or is not in the arena.
    #[track_caller]
    pub(crate) fn access<const R: usize, const W: usize>(
        &mut self,
        reads: [Shaped; R],
        writes: [Shaped; W],
    ) -> Access<'_, R, W> {
        let Mixed {
            x,
            y,
            shared,
            workers,
            threads,
        } = self.mixed(reads, writes);
        Access {
            x: x.map(AnySource::floats),
            y: y.map(AnyTarget::floats),
            shared,
            workers,
            threads,
        }
    }

    /// As [`access`](Self::access), where views may be of bytes.
    ///
    /// # Panics
    /// As [`access`](Self::access).
    #[track_caller]
    pub(crate) fn mixed<const R: usize, const W: usize>(
        &mut self,
        reads: [Shaped; R],
        writes: [Shaped; W],
    ) -> Mixed<'_, R, W> {
        let (reads, writes) = (reads.map(Shaped::view), writes.map(Shaped::view));
        let (batch, size) = (self.batch, self.arena.len());
        let sources = reads.map(|view| match view.slot {
            Slot::Input => (false, place(view, 0, batch, self.images.len())),
            Slot::Arena(offset) => (true, place(view, offset, batch, size)),
        });
        let targets = writes.map(|view| match view.slot {
            Slot::Input => panic!("a step writes into the caller's images: {view:?}"),
            Slot::Arena(offset) => place(view, offset, batch, size),
        });
        for (i, write) in writes.iter().enumerate() {
            for other in reads.iter().chain(&writes[..i]) {
                assert!(
                    !overlap(other, write),
                    "a step reads what it writes: {other:?}, {write:?}"
                );
            }
        }
        let images = Shared::read_only(self.images);
        let arena = Shared::new(&mut *self.arena);
        Mixed {
            x: core::array::from_fn(|i| {
                let ((in_arena, first), view) = (sources[i], reads[i]);
                let memory = if in_arena { arena } else { images };
                match view.element {
                    Element::U8 => {
                        AnySource::U8(Source::new(memory.bytes().skip(first), view, batch))
                    }
                    _ => AnySource::F32(Source::new(memory.skip(first), view, batch)),
                }
            }),
            y: core::array::from_fn(|i| {
                let (first, view) = (targets[i], writes[i]);
                match view.element {
                    Element::U8 => {
                        AnyTarget::U8(Target::new(arena.bytes().skip(first), view, batch))
                    }
                    _ => AnyTarget::F32(Target::new(arena.skip(first), view, batch)),
                }
            }),
            shared: self.shared,
            workers: Workers::new(self.workers, self.worker, self.threads.count()),
            threads: self.threads,
        }
    }

    /// The values of a view of floats, dense, one image after the other.
    ///
    /// # Panics
    /// As [`access`](Self::access).
    pub(crate) fn dense(&mut self, view: Shaped) -> Values {
        let Access { x: [x], .. } = self.access([view], []);
        let [h, w, _] = x.geometry.shape;
        let rows = (0..x.geometry.images).flat_map(|image| (0..h).map(move |y| (image, y)));
        rows.flat_map(|(image, y)| x.pixels(image, y, 0..w))
            .flatten()
            .copied()
            .collect()
    }
}

/// Where the view's first element lies in a memory of `size` floats, in its own elements, after checking that the whole view lies in it.
/// `offset` is that of its buffer, in bytes per image.
#[track_caller]
fn place(view: View, offset: usize, batch: usize, size: usize) -> usize {
    let [h, w, c] = view.shape;
    let unit = view.element.bytes();
    let (offset, size) = (offset / unit, size * (size_of::<f32>() / unit));
    let inside = || {
        let last = view.channel.checked_add(c)?;
        let image = h.checked_mul(w)?.checked_mul(view.pixel)?;
        let end = offset.checked_add(image)?.checked_mul(batch)?;
        (last <= view.pixel && end <= size).then(|| offset * batch + view.channel)
    };
    assert!(
        h > 0 && w > 0 && c > 0,
        "a view without an element: {view:?}"
    );
    inside().unwrap_or_else(|| panic!("a view leaves its memory of {size} elements: {view:?}"))
}
