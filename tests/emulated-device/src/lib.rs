//! An emulated CUDA device, so that netc's GPU code runs where there is no GPU: a `libcuda.so` and a `libnvrtc.so` that g++ builds from
//! the sources in `cpp/`. cudarc, the kernels' text and all host code are used unchanged.
//!
//! ```no_run
//! let device = netc_emulated_device::device()?; // builds and loads it, once a process
//! let session = device.session();               // one test at a time
//! session.set("seed", "7");
//! // ... cudarc::driver::CudaContext::new(0) ...
//! assert_eq!(session.reports(), "");
//! # Ok::<(), &netc_emulated_device::Missing>(())
//! ```
//!
//! A process that is started gets it by [`Libraries::environment`]. `README.md` says how it works, what it finds and what it cannot show.

mod counters;
mod device;
mod libraries;
mod nvrtc;
mod sources;

pub use counters::{KernelCounters, Traffic};
pub use device::{Device, Live, Session, device, emulated_or_skip, session_or_skip};
pub use libraries::{Libraries, Missing};
