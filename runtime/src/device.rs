//! Where networks compute.

#[cfg(not(feature = "cuda"))]
use crate::ErrorKind;
use crate::cpu::{Choice, Machine, Profile};
use crate::int8::Passes;
use crate::plan::Op;
use crate::{Error, Precision};
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

#[cfg(feature = "cuda")]
use crate::cuda::Gpu;

/// A device that networks compute on: the CPU, or an NVIDIA GPU with the feature `cuda`.
#[derive(Clone, Debug, Default)]
pub struct Device(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Cpu(Cpu),
    #[cfg(feature = "cuda")]
    Cuda(Arc<Gpu>),
}

/// How kernels are chosen on the CPU.
#[derive(Clone, Debug, Default)]
struct Cpu {
    machine: Machine,
    profile: Option<Arc<Profile>>,
    /// Passes of the quantised network whose device this is.
    passes: Option<Passes>,
}

impl Default for Kind {
    fn default() -> Self {
        Self::Cpu(Cpu::default())
    }
}

/// A device that was asked for by name: `auto`, `cpu`, `cuda`, `cuda:1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceName {
    /// The first GPU where there is one that can be used, else the CPU.
    Auto,
    /// The CPU.
    #[default]
    Cpu,
    /// The GPU of this number.
    Cuda(usize),
}

impl Device {
    /// The CPU.
    #[must_use]
    pub fn cpu() -> Self {
        Self::default()
    }

    /// The NVIDIA GPU of this number, counted from 0.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if it cannot be used: no driver, no such GPU, no run-time compiler, or a runtime without the feature `cuda`.
    #[cfg(feature = "cuda")]
    pub fn cuda(number: usize) -> Result<Self, Error> {
        let gpu = Gpu::open(number)?;
        Ok(Self(Kind::Cuda(Arc::new(gpu))))
    }

    /// The NVIDIA GPU of this number, counted from 0: needs the feature `cuda`.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device): this runtime was built without the feature.
    #[cfg(not(feature = "cuda"))]
    pub fn cuda(_number: usize) -> Result<Self, Error> {
        let problem = "built without the feature `cuda` of netc-runtime; the CPU runs here";
        Err(Error::new(ErrorKind::Device, problem))
    }

    /// The first GPU where one can be used, else the CPU.
    #[must_use]
    pub fn auto() -> Self {
        Self::cuda(0).unwrap_or_default()
    }

    /// The device of this name.
    ///
    /// # Errors
    /// As [`cuda`](Self::cuda).
    pub fn named(name: DeviceName) -> Result<Self, Error> {
        match name {
            DeviceName::Auto => Ok(Self::auto()),
            DeviceName::Cpu => Ok(Self::cpu()),
            DeviceName::Cuda(number) => Self::cuda(number),
        }
    }

    /// The same device, whose products are computed to this precision: by default in `f32`.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        match self.0 {
            Kind::Cpu(cpu) => {
                let machine = cpu.machine.with_precision(precision);
                Self(Kind::Cpu(Cpu { machine, ..cpu }))
            }
            #[cfg(feature = "cuda")]
            Kind::Cuda(gpu) => Self(Kind::Cuda(Arc::new(gpu.with_precision(precision)))),
        }
    }

    /// The same device, on which kernels for the CPU are chosen as for this machine: `Machine::here().without_winograd()`, say. A GPU
    /// stays as it is.
    #[must_use]
    pub fn with_machine(self, machine: Machine) -> Self {
        match self.0 {
            Kind::Cpu(cpu) => Self(Kind::Cpu(Cpu { machine, ..cpu })),
            #[cfg(feature = "cuda")]
            Kind::Cuda(_) => self,
        }
    }

    /// The same device, on which networks that infer take the methods that were measured to be the fastest. A layer that the profile does not
    /// know, or knows with other sizes, is computed as the machine chooses. A GPU stays as it is.
    ///
    /// # Errors
    /// With [`ErrorKind::Choice`](crate::ErrorKind::Choice), if the profile was measured with other instructions than this machine's.
    pub fn with_profile(self, profile: Profile) -> Result<Self, Error> {
        match self.0 {
            Kind::Cpu(cpu) => {
                profile.check_level(cpu.machine.level())?;
                let profile = Some(Arc::new(profile));
                Ok(Self(Kind::Cpu(Cpu { profile, ..cpu })))
            }
            #[cfg(feature = "cuda")]
            Kind::Cuda(_) => Ok(self),
        }
    }

    /// The same device for a quantised network alone, where there is one.
    pub(crate) fn with_passes(self, passes: Passes) -> Option<Self> {
        match self.0 {
            Kind::Cpu(cpu) => {
                let passes = Some(passes);
                Some(Self(Kind::Cpu(Cpu { passes, ..cpu })))
            }
            #[cfg(feature = "cuda")]
            Kind::Cuda(_) => None,
        }
    }

    /// The passes of the quantised network whose device this is.
    pub(crate) fn passes(&self) -> Option<&Passes> {
        match &self.0 {
            Kind::Cpu(cpu) => cpu.passes.as_ref(),
            #[cfg(feature = "cuda")]
            Kind::Cuda(_) => None,
        }
    }

    /// The CPU, as kernels are chosen for it.
    #[must_use]
    pub fn machine(&self) -> Machine {
        match &self.0 {
            Kind::Cpu(cpu) => cpu.machine,
            #[cfg(feature = "cuda")]
            Kind::Cuda(_) => Machine::here(),
        }
    }

    /// What was measured.
    pub(crate) fn profile(&self) -> Option<&Profile> {
        match &self.0 {
            Kind::Cpu(cpu) => cpu.profile.as_deref(),
            #[cfg(feature = "cuda")]
            Kind::Cuda(_) => None,
        }
    }

    /// How the step of this name is computed on the CPU.
    pub(crate) fn choice(&self, name: &str, op: &Op) -> Choice {
        let choice = self.machine().choice(op);
        let measured = self.profile().and_then(|profile| profile.method(name, op));
        let measured = measured.filter(|method| choice.winograd || !method.is_winograd());
        Choice {
            method: measured.unwrap_or(choice.method),
            ..choice
        }
    }

    /// How exactly its products are computed.
    #[must_use]
    pub fn precision(&self) -> Precision {
        match &self.0 {
            Kind::Cpu(cpu) => cpu.machine.precision(),
            #[cfg(feature = "cuda")]
            Kind::Cuda(gpu) => gpu.precision(),
        }
    }

    /// Whether it is the CPU.
    #[must_use]
    pub fn is_cpu(&self) -> bool {
        matches!(self.0, Kind::Cpu(_))
    }

    /// The GPU, where it is one.
    #[cfg(feature = "cuda")]
    pub(crate) fn gpu(&self) -> Option<&Arc<Gpu>> {
        match &self.0 {
            Kind::Cpu(_) => None,
            Kind::Cuda(gpu) => Some(gpu),
        }
    }
}

/// `CPU`, or `cuda:0 (NVIDIA H100, sm_90)`.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Cpu(_) => f.write_str("CPU"),
            #[cfg(feature = "cuda")]
            Kind::Cuda(gpu) => gpu.fmt(f),
        }
    }
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = match text.split_once(':') {
            Some(("cuda", number)) => number.parse().ok(),
            _ => (text == "cuda").then_some(0),
        };
        match (text, number) {
            ("auto", _) => Ok(Self::Auto),
            ("cpu", _) => Ok(Self::Cpu),
            (_, Some(number)) => Ok(Self::Cuda(number)),
            _ => Err(alloc::format!(
                "no device `{text}`: `auto`, `cpu`, `cuda` or `cuda:1`"
            )),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}
