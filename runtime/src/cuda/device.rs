//! An NVIDIA GPU.

use super::Precision;
use super::nvrtc::Nvrtc;
use crate::{Error, ErrorKind};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use cudarc::driver::sys::{CUdevice_attribute as Attribute, CUresult, is_culib_present};
use cudarc::driver::{CudaContext, DriverError};
use std::sync::OnceLock;

/// A GPU that can be used.
pub struct Gpu {
    number: usize,
    pub(crate) context: Arc<CudaContext>,
    name: String,
    /// Compute capability, major and minor.
    capability: (i32, i32),
    /// Streaming multiprocessors.
    pub(crate) processors: u32,
    precision: Precision,
    nvrtc: OnceLock<Nvrtc>,
}

impl Gpu {
    /// The GPU of this number.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`]: why it cannot be used.
    pub(crate) fn open(number: usize) -> Result<Self, Error> {
        let count = Self::count()?;
        if number >= count {
            let there = match count {
                0 => "the driver finds none".into(),
                1 => "there is one, cuda:0".into(),
                n => format!("there are cuda:0 to cuda:{}", n - 1),
            };
            return Err(device(format!("no GPU cuda:{number}: {there}")));
        }
        let context = CudaContext::new(number).map_err(|e| failed("the GPU cannot be used", e))?;
        let get = |attribute| context.attribute(attribute);
        let about = || -> Result<_, DriverError> {
            let capability = context.compute_capability()?;
            let processors = get(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
            Ok((context.name()?, capability, processors))
        };
        let (name, capability, processors) =
            about().map_err(|e| failed("the GPU cannot be asked", e))?;
        if capability < (7, 5) {
            let (major, minor) = capability;
            let problem = format!(
                "{name} has compute capability {major}.{minor}; netc's kernels need 7.5 (Turing, 2018) or newer"
            );
            return Err(device(problem));
        }
        // SAFETY: each stream of ours has memory of its own, so that no event has to be tracked; graphs cannot be captured with them.
        unsafe { context.disable_event_tracking() };
        Ok(Self {
            number,
            context,
            name,
            capability,
            processors: u32::try_from(processors).unwrap_or(1).max(1),
            precision: Precision::default(),
            nvrtc: OnceLock::new(),
        })
    }

    /// The same GPU, whose products are computed to this precision.
    #[must_use]
    pub(crate) fn with_precision(&self, precision: Precision) -> Self {
        Self {
            number: self.number,
            context: self.context.clone(),
            name: self.name.clone(),
            capability: self.capability,
            processors: self.processors,
            precision,
            nvrtc: OnceLock::new(),
        }
    }

    /// What its products are computed to.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How many there are.
    fn count() -> Result<usize, Error> {
        // SAFETY: asks the loader whether the driver's library is there.
        if !unsafe { is_culib_present() } {
            return Err(device(
                "no NVIDIA driver found: there is no libcuda on this machine".into(),
            ));
        }
        cudarc::driver::result::init()
            .map_err(|e| failed("the NVIDIA driver does not start", e))?;
        let count = CudaContext::device_count();
        let count = count.map_err(|e| failed("the NVIDIA driver does not answer", e))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Every GPU, or why it cannot be used.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if there is no driver.
    pub fn all() -> Result<Vec<Result<Self, Error>>, Error> {
        Ok((0..Self::count()?).map(Self::open).collect())
    }

    /// Its name, as the driver says it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its compute capability: major and minor.
    #[must_use]
    pub fn capability(&self) -> (i32, i32) {
        self.capability
    }

    /// Streaming multiprocessors.
    #[must_use]
    pub fn processors(&self) -> u32 {
        self.processors
    }

    /// Bytes of memory.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if the driver does not say.
    pub fn memory(&self) -> Result<usize, Error> {
        let memory = self.context.total_mem();
        memory.map_err(|e| failed("the GPU cannot be asked", e))
    }

    /// `sm_90`
    #[must_use]
    pub fn architecture(&self) -> String {
        format!("sm_{}{}", self.capability.0, self.capability.1)
    }

    /// The run-time compiler.
    pub(crate) fn nvrtc(&self) -> Result<&Nvrtc, Error> {
        if let Some(nvrtc) = self.nvrtc.get() {
            return Ok(nvrtc);
        }
        let nvrtc = Nvrtc::open()?;
        Ok(self.nvrtc.get_or_init(|| nvrtc))
    }

    /// Whether it can be used to the end: there is a compiler too.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if there is none.
    pub fn compiler(&self) -> Result<(i32, i32), Error> {
        Ok(self.nvrtc()?.version())
    }
}

impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cuda:{} ({}, {})",
            self.number,
            self.name,
            self.architecture()
        )
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the driver says, in words that say what to do.
pub(crate) fn failed(what: &str, error: DriverError) -> Error {
    let advice = match error.0 {
        CUresult::CUDA_ERROR_OUT_OF_MEMORY => "its memory does not suffice: take a smaller batch",
        CUresult::CUDA_ERROR_NO_DEVICE => "the driver finds no GPU",
        CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH => {
            "the driver is too old or not the kernel's: install a newer one, or restart"
        }
        CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU | CUresult::CUDA_ERROR_INVALID_PTX => {
            "the kernels were compiled for another GPU: empty netc's cache"
        }
        _ => "",
    };
    let name = error.error_name().ok();
    let name = name.map_or_else(
        || format!("{:?}", error.0),
        |n| n.to_string_lossy().to_string(),
    );
    let text = match advice {
        "" => format!("{what}: {name}"),
        advice => format!("{what}: {advice} ({name})"),
    };
    device(text)
}

pub(crate) fn device(problem: String) -> Error {
    Error::new(ErrorKind::Device, problem)
}
