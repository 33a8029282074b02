//! What the tests share: a kernel's text to a function, by cudarc as it is.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::print_stderr, reason = "a skipped test must be seen")]

use cudarc::driver::{CudaContext, CudaFunction, CudaStream, DriverError, LaunchConfig};
use cudarc::nvrtc::Ptx;
use netc_emulated_device::{Missing, Session, device};
use std::sync::Arc;

/// The device's turn, or a visible skip where it cannot be built.
pub(crate) fn session() -> Option<Session<'static>> {
    match device() {
        Ok(device) => Some(device.session()),
        Err(Missing::Compiler(reason)) => {
            eprintln!("SKIPPED: {reason}");
            None
        }
        Err(broken) => panic!("{broken}"),
    }
}

/// A context, a stream of its own, and the functions of a text.
pub(crate) struct Gpu {
    pub(crate) context: Arc<CudaContext>,
    pub(crate) stream: Arc<CudaStream>,
}

impl Gpu {
    pub(crate) fn new() -> Self {
        let context = CudaContext::new(0).expect("a device");
        // SAFETY: one stream is used.
        unsafe { context.disable_event_tracking() };
        let stream = context.new_stream().expect("a stream");
        Self { context, stream }
    }

    pub(crate) fn functions<const N: usize>(
        &self,
        session: &Session<'_>,
        text: &str,
        names: [&str; N],
    ) -> [CudaFunction; N] {
        let cubin = session.compile("test.cu", text, &["--gpu-architecture=sm_90"]);
        let cubin = cubin.unwrap_or_else(|log| panic!("{log}"));
        let module = self
            .context
            .load_module(Ptx::from_binary(cubin))
            .expect("a module");
        names.map(|name| module.load_function(name).expect("a kernel"))
    }

    pub(crate) fn function(&self, session: &Session<'_>, text: &str, name: &str) -> CudaFunction {
        let [function] = self.functions(session, text, [name]);
        function
    }
}

pub(crate) fn shape(blocks: u32, threads: u32) -> LaunchConfig {
    LaunchConfig {
        grid_dim: (blocks, 1, 1),
        block_dim: (threads, 1, 1),
        shared_mem_bytes: 0,
    }
}

/// Launches with arguments.
#[macro_export]
macro_rules! launch {
    ($gpu:expr, $function:expr, $shape:expr, $($argument:expr),*) => {{
        let shape = $shape;
        let mut builder = $gpu.stream.launch_builder(&$function);
        $(cudarc::driver::PushKernelArg::arg(&mut builder, $argument);)*
        // SAFETY: the arguments are those of the kernel's text; memory is checked by the device.
        unsafe { builder.launch(shape) }.map(|_| ())
    }};
}

/// The code of an error.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, DriverError>) -> u32 {
    result.expect_err("an error").0 as u32
}
