//! The device inside this process.

use crate::counters::KernelCounters;
use crate::libraries::{Libraries, Missing, NVRTC_NAMES};
use crate::nvrtc;
use libloading::{Library, Symbol};
use std::ffi::{CString, c_char, c_int};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The emulated device, loaded: `dlopen("libcuda.so")` and `dlopen("libnvrtc.so.12")` anywhere in this process now give it, as the
/// loader knows a library by its SONAME. So cudarc finds it with no environment set.
#[derive(Debug)]
pub struct Device {
    driver: Library,
    nvrtc: Vec<Library>,
    libraries: Libraries,
    turn: Mutex<()>,
}

/// The device of this process, built and loaded at the first call.
///
/// # Errors
/// See [`Missing`]: a test without g++ should say that it is skipped, and pass.
pub fn device() -> Result<&'static Device, &'static Missing> {
    static DEVICE: OnceLock<Result<Device, Missing>> = OnceLock::new();
    DEVICE.get_or_init(|| Libraries::build()?.load()).as_ref()
}

impl Libraries {
    /// Loads the libraries into this process, before anything has looked for a driver.
    ///
    /// # Errors
    /// [`Missing::Broken`] where they do not load.
    pub fn load(self) -> Result<Device, Missing> {
        let open = |file: &str| {
            // SAFETY: what the libraries do when they are loaded is to read the environment.
            unsafe { Library::new(self.folder().join(file)) }
                .map_err(|error| Missing::Broken(error.to_string()))
        };
        let driver = open("libcuda.so")?;
        let nvrtc = NVRTC_NAMES
            .iter()
            .map(|name| open(&format!("nvrtc/{name}")));
        let nvrtc = nvrtc.collect::<Result<Vec<_>, _>>()?;
        Ok(Device {
            driver,
            nvrtc,
            libraries: self,
            turn: Mutex::new(()),
        })
    }
}

impl Device {
    /// Waits for its turn: there is one device, and one test at a time may change its options, count and make it fail. Everything is
    /// reset now and when the session ends.
    pub fn session(&self) -> Session<'_> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let session = Session {
            device: Some(self),
            _turn: turn,
        };
        session.reset();
        session
    }

    /// For programs that are started.
    #[must_use]
    pub fn libraries(&self) -> &Libraries {
        &self.libraries
    }

    /// Compiles CUDA C++ by the emulated NVRTC, to a cubin that `cuModuleLoadData` takes.
    ///
    /// # Errors
    /// The compiler's log.
    pub fn compile(&self, name: &str, text: &str, options: &[&str]) -> Result<Vec<u8>, String> {
        nvrtc::compile(&self.nvrtc[0], name, text, options)
    }

    fn function<F>(&self, name: &str) -> Symbol<'_, F> {
        // SAFETY: the callers below give the types of `cpp/driver/control.cpp`, which is built from the same sources.
        unsafe { self.driver.get(name.as_bytes()) }
            .unwrap_or_else(|error| panic!("the library is of this crate: {error}"))
    }

    fn text(&self, name: &str) -> String {
        let read = self.function::<unsafe extern "C" fn(*mut c_char, usize) -> usize>(name);
        // SAFETY: without room nothing is written.
        let bytes = unsafe { read(std::ptr::null_mut(), 0) };
        let mut text = vec![0u8; bytes];
        // SAFETY: at most `bytes` bytes are written, the last one a zero.
        unsafe { read(text.as_mut_ptr().cast(), bytes) };
        text.pop();
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// A test's time with the device. With `NETC_GPU` in the environment it is the machine's own GPU: options mean nothing there, and
/// nothing is reported or counted.
#[derive(Debug)]
pub struct Session<'d> {
    /// None: a real GPU.
    device: Option<&'d Device>,
    _turn: MutexGuard<'d, ()>,
}

/// Objects that are alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Live {
    /// Allocations in the memory of all devices.
    pub allocations: usize,
    /// Page-locked allocations of the host.
    pub pinned: usize,
    /// Streams but the default one.
    pub streams: usize,
    /// Events.
    pub events: usize,
    /// Modules.
    pub modules: usize,
    /// Graphs.
    pub graphs: usize,
    /// Executable graphs.
    pub executables: usize,
    /// Since the session began: what was still alive when its context ended (contexts that had failed aside).
    pub abandoned: usize,
}

impl Session<'static> {
    /// A turn with the machine's own GPU.
    fn of_the_gpu() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        Self {
            device: None,
            _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Session<'_> {
    /// Whether the device is emulated.
    #[must_use]
    pub fn is_emulated(&self) -> bool {
        self.device.is_some()
    }

    /// Sets an option; `README.md` lists them, and the environment sets the same as `NETC_EMULATED_NAME`.
    ///
    /// # Panics
    /// If there is no such option, or it does not take the value: a test's own mistake.
    pub fn set(&self, name: &str, value: &str) {
        let Some(device) = self.device else { return };
        let set = device.function::<unsafe extern "C" fn(*const c_char, *const c_char) -> c_int>(
            "netc_emulated_set",
        );
        let text = |text: &str| CString::new(text).expect("no zero in an option");
        let (c_name, c_value) = (text(name), text(value));
        // SAFETY: both are texts that live until the call returns.
        let done = unsafe { set(c_name.as_ptr(), c_value.as_ptr()) };
        assert_eq!(done, 1, "no option {name}={value}");
    }

    /// What the device had to report: mistakes of kernels and of calls. Empty: none.
    #[must_use]
    pub fn reports(&self) -> String {
        let device = self.device;
        device.map_or_else(String::new, |device| device.text("netc_emulated_reports"))
    }

    /// What each kernel did since counting began (`set("count", "1")`), by its name.
    #[must_use]
    pub fn counters(&self) -> Vec<KernelCounters> {
        let device = self.device;
        device.map_or_else(Vec::new, |device| {
            KernelCounters::read_all(&device.text("netc_emulated_counters"))
        })
    }

    /// The counts until now, which begin anew: those of one launch, between two calls.
    #[must_use]
    pub fn take_counters(&self) -> Vec<KernelCounters> {
        let counters = self.counters();
        let Some(device) = self.device else {
            return counters;
        };
        let reset = device.function::<unsafe extern "C" fn()>("netc_emulated_reset_counters");
        // SAFETY: it takes nothing.
        unsafe { reset() };
        counters
    }

    /// Options, faults, reports and counts as at the start. What is alive stays.
    pub fn reset(&self) {
        let Some(device) = self.device else { return };
        let reset = device.function::<unsafe extern "C" fn()>("netc_emulated_reset");
        // SAFETY: it takes nothing.
        unsafe { reset() };
    }

    /// What is alive now.
    #[must_use]
    pub fn live(&self) -> Live {
        let Some(device) = self.device else {
            return Live::default();
        };
        let count = device.function::<unsafe extern "C" fn(*mut usize)>("netc_emulated_live");
        let mut live = [0usize; 8];
        // SAFETY: eight numbers are written.
        unsafe { count(live.as_mut_ptr()) };
        let [
            allocations,
            pinned,
            streams,
            events,
            modules,
            graphs,
            executables,
            abandoned,
        ] = live;
        Live {
            allocations,
            pinned,
            streams,
            events,
            modules,
            graphs,
            executables,
            abandoned,
        }
    }

    /// See [`Device::compile`].
    ///
    /// # Errors
    /// The compiler's log.
    pub fn compile(&self, name: &str, text: &str, options: &[&str]) -> Result<Vec<u8>, String> {
        let device = self.device.ok_or("a real GPU has another compiler")?;
        device.compile(name, text, options)
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.reset();
    }
}

/// A test's turn: with the emulated device, or with the machine's own GPU where `NETC_GPU` stands in the environment. Where there is no
/// g++ to build the former it says so, and gives none.
///
/// # Panics
/// If the device's sources do not build: a defect.
#[must_use]
pub fn session_or_skip() -> Option<Session<'static>> {
    if std::env::var_os("NETC_GPU").is_some() {
        return Some(Session::of_the_gpu());
    }
    match device() {
        Ok(device) => Some(device.session()),
        Err(Missing::Compiler(reason)) => skipped(reason),
        Err(broken) => panic!("{broken}"),
    }
}

/// As [`session_or_skip`], for a test of what a real GPU does not do.
///
/// # Panics
/// As [`session_or_skip`].
#[must_use]
pub fn emulated_or_skip() -> Option<Session<'static>> {
    let session = session_or_skip()?;
    match session.is_emulated() {
        true => Some(session),
        false => skipped("it needs the emulated device"),
    }
}

fn skipped<T>(reason: &str) -> Option<T> {
    #[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
    {
        eprintln!("SKIPPED: {reason}");
    }
    None
}
