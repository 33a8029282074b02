//! NVIDIA's run-time compiler, found when it is needed.

use crate::{Error, ErrorKind};
use alloc::ffi::CString;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ffi::{c_char, c_int, c_void};
use libloading::Library;

/// What is tried, in order; any of them compiles for the devices that it knows. `NETC_NVRTC` names another.
const NAMES: &[&str] = match cfg!(windows) {
    true => &["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"],
    false => &["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"],
};

type Program = *mut c_void;
type Status = c_int;

/// The compiler.
pub(crate) struct Nvrtc {
    library: Library,
    /// Major and minor.
    version: (i32, i32),
}

impl Nvrtc {
    /// The first that is there.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if there is none.
    pub(crate) fn open() -> Result<Self, Error> {
        let named = std::env::var("NETC_NVRTC").ok();
        let names = named.as_deref().map_or(NAMES, |_| &[]);
        let mut names = named.as_deref().into_iter().chain(names.iter().copied());
        // SAFETY: loading runs the library's constructors; NVRTC's have no conditions.
        let library = names.find_map(|name| unsafe { Library::new(name) }.ok());
        let Some(library) = library else {
            let problem = match named {
                Some(path) => format!("NETC_NVRTC={path} cannot be loaded: it has to be a libnvrtc"),
                None => "NVIDIA's run-time compiler is missing (libnvrtc.so.12 or .13): it comes with the CUDA toolkit, or `pip install nvidia-cuda-nvrtc`; \
                         NETC_NVRTC may name the file".into(),
            };
            return Err(device(problem));
        };
        let mut nvrtc = Self {
            library,
            version: (0, 0),
        };
        let (mut major, mut minor) = (0, 0);
        // SAFETY: the signature is that of NVRTC's documentation; both pointers are valid for the call.
        let status = unsafe {
            let version = nvrtc
                .function::<unsafe extern "C" fn(*mut c_int, *mut c_int) -> Status>(
                    "nvrtcVersion",
                )?;
            version(&raw mut major, &raw mut minor)
        };
        nvrtc.check(status, "nvrtcVersion")?;
        nvrtc.version = (major, minor);
        Ok(nvrtc)
    }

    /// Major and minor.
    pub(crate) fn version(&self) -> (i32, i32) {
        self.version
    }

    /// Compiles a text for a real architecture (`sm_90`) to a cubin.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`]: what the compiler says.
    pub(crate) fn compile(&self, text: &str, options: &[&str]) -> Result<Vec<u8>, Error> {
        let source = c_string(text)?;
        let options: Vec<CString> = options
            .iter()
            .map(|o| c_string(o))
            .collect::<Result<_, _>>()?;
        let options: Vec<*const c_char> = options.iter().map(|o| o.as_ptr()).collect();
        let mut program: Program = core::ptr::null_mut();
        type Create = unsafe extern "C" fn(
            *mut Program,
            *const c_char,
            *const c_char,
            c_int,
            *const *const c_char,
            *const *const c_char,
        ) -> Status;
        type Compile = unsafe extern "C" fn(Program, c_int, *const *const c_char) -> Status;
        type Destroy = unsafe extern "C" fn(*mut Program) -> Status;
        // SAFETY: the signatures are those of NVRTC's documentation. All strings outlive the calls, and the program is destroyed once, after its
        // last use.
        unsafe {
            let create = self.function::<Create>("nvrtcCreateProgram")?;
            let none = core::ptr::null();
            let status = create(
                &raw mut program,
                source.as_ptr(),
                c"netc.cu".as_ptr(),
                0,
                none,
                none,
            );
            self.check(status, "nvrtcCreateProgram")?;
            let compile = self.function::<Compile>("nvrtcCompileProgram")?;
            let count = c_int::try_from(options.len()).unwrap_or(0);
            let status = compile(program, count, options.as_ptr());
            let result = match self.check(status, "nvrtcCompileProgram") {
                Ok(()) => self.bytes(program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN"),
                Err(error) => {
                    let log = self.bytes(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog");
                    let log = log.unwrap_or_default();
                    let log = String::from_utf8_lossy(&log);
                    Err(device(format!(
                        "{error}:\n{}",
                        log.trim_end_matches(['\0', '\n'])
                    )))
                }
            };
            if let Ok(destroy) = self.function::<Destroy>("nvrtcDestroyProgram") {
                destroy(&raw mut program);
            }
            result
        }
    }

    /// What a pair of functions gives: a size, and so many bytes.
    ///
    /// # Safety
    /// `program` is a program of this compiler.
    unsafe fn bytes(&self, program: Program, size: &str, get: &str) -> Result<Vec<u8>, Error> {
        type Size = unsafe extern "C" fn(Program, *mut usize) -> Status;
        type Get = unsafe extern "C" fn(Program, *mut c_char) -> Status;
        let mut len = 0;
        // SAFETY: the signatures are those of NVRTC's documentation; the buffer has the size that the library asked for.
        unsafe {
            self.check(self.function::<Size>(size)?(program, &raw mut len), size)?;
            let mut bytes = vec![0; len];
            self.check(
                self.function::<Get>(get)?(program, bytes.as_mut_ptr().cast()),
                get,
            )?;
            Ok(bytes)
        }
    }

    /// # Safety
    /// `F` is the type of the function of this name.
    unsafe fn function<F: Copy>(&self, name: &str) -> Result<F, Error> {
        // SAFETY: the caller vouches for the type.
        let symbol = unsafe { self.library.get::<F>(name.as_bytes()) };
        let missing = |_| device(format!("this libnvrtc has no {name}: it is too old"));
        symbol.map(|symbol| *symbol).map_err(missing)
    }

    fn check(&self, status: Status, call: &str) -> Result<(), Error> {
        if status == 0 {
            return Ok(());
        }
        type Name = unsafe extern "C" fn(Status) -> *const c_char;
        // SAFETY: the signature is that of NVRTC's documentation; the string is static.
        let name = unsafe {
            self.function::<Name>("nvrtcGetErrorString")
                .ok()
                .map(|name| {
                    let text = name(status);
                    if text.is_null() {
                        return String::new();
                    }
                    core::ffi::CStr::from_ptr(text)
                        .to_string_lossy()
                        .into_owned()
                })
        };
        let name = name.unwrap_or_default();
        Err(device(format!("{call} failed ({status} {name})")))
    }
}

fn c_string(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| device("a kernel's text with a zero byte".into()))
}

fn device(problem: String) -> Error {
    Error::new(ErrorKind::Device, problem)
}
