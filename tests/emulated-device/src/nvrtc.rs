//! NVRTC, as far as a test needs it.

use libloading::Library;
use std::ffi::{CString, c_char, c_int, c_void};

type Program = *mut c_void;
type Create = unsafe extern "C" fn(
    *mut Program,
    *const c_char,
    *const c_char,
    c_int,
    *const *const c_char,
    *const *const c_char,
) -> c_int;
type Compile = unsafe extern "C" fn(Program, c_int, *const *const c_char) -> c_int;
type Size = unsafe extern "C" fn(Program, *mut usize) -> c_int;
type Read = unsafe extern "C" fn(Program, *mut c_char) -> c_int;
type Destroy = unsafe extern "C" fn(*mut Program) -> c_int;

/// The bytes that a pair of functions gives.
fn bytes(library: &Library, program: Program, size: &str, read: &str) -> Vec<u8> {
    let mut count = 0usize;
    // SAFETY: the functions have these types in every version of NVRTC, and the second writes as many bytes as the first said.
    unsafe {
        let (Ok(size), Ok(read)) = (
            library.get::<Size>(size.as_bytes()),
            library.get::<Read>(read.as_bytes()),
        ) else {
            return Vec::new();
        };
        if size(program, &mut count) != 0 {
            return Vec::new();
        }
        let mut bytes = vec![0u8; count];
        read(program, bytes.as_mut_ptr().cast());
        bytes
    }
}

/// A cubin, or the log.
pub(crate) fn compile(
    library: &Library,
    name: &str,
    text: &str,
    options: &[&str],
) -> Result<Vec<u8>, String> {
    let c_text = |text: &str| CString::new(text).map_err(|error| error.to_string());
    let (name, text) = (c_text(name)?, c_text(text)?);
    let options = options
        .iter()
        .map(|option| c_text(option))
        .collect::<Result<Vec<_>, _>>()?;
    let options: Vec<*const c_char> = options.iter().map(|option| option.as_ptr()).collect();
    let none = std::ptr::null();
    let mut program: Program = std::ptr::null_mut();
    // SAFETY: NVRTC's types; every text outlives the calls, and the program is destroyed once, after its last use.
    unsafe {
        let create = library
            .get::<Create>(b"nvrtcCreateProgram")
            .map_err(|error| error.to_string())?;
        let run = library
            .get::<Compile>(b"nvrtcCompileProgram")
            .map_err(|error| error.to_string())?;
        let destroy = library
            .get::<Destroy>(b"nvrtcDestroyProgram")
            .map_err(|error| error.to_string())?;
        if create(&mut program, text.as_ptr(), name.as_ptr(), 0, none, none) != 0 {
            return Err("no program".into());
        }
        let count = c_int::try_from(options.len()).map_err(|error| error.to_string())?;
        let code = run(program, count, options.as_ptr());
        let log = bytes(
            library,
            program,
            "nvrtcGetProgramLogSize",
            "nvrtcGetProgramLog",
        );
        let cubin = bytes(library, program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN");
        destroy(&mut program);
        if code == 0 {
            Ok(cubin)
        } else {
            Err(String::from_utf8_lossy(&log)
                .trim_end_matches('\0')
                .to_owned())
        }
    }
}
