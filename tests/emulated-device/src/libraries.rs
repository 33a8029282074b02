//! The two libraries as files: built once for each state of their sources.

use crate::sources::{KERNEL, LIBRARIES, Source};
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Why there is no emulated device on this machine.
#[derive(Debug)]
pub enum Missing {
    /// g++ is not installed, or the system is not Linux: a test may pass without a device, and must say so.
    Compiler(String),
    /// The sources do not build, or what was built does not load: a defect.
    Broken(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Compiler(reason) => write!(formatter, "no emulated device here: {reason}"),
            Missing::Broken(reason) => {
                write!(formatter, "the emulated device does not build: {reason}")
            }
        }
    }
}

impl std::error::Error for Missing {}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        Missing::Broken(error.to_string())
    }
}

/// A folder with `libcuda.so`, `libcuda.so.1` and, in `nvrtc/`, `libnvrtc.so`, `.so.12` and `.so.13`.
#[derive(Debug, Clone)]
pub struct Libraries {
    folder: PathBuf,
}

/// NVRTC under every name that a program may look for it by. Loaded into a process ([`Libraries::load`]), a library is found by its
/// SONAME, and it has only one: so it is linked once a name.
pub(crate) const NVRTC_NAMES: [&str; 3] = ["libnvrtc.so", "libnvrtc.so.12", "libnvrtc.so.13"];

impl Libraries {
    /// Builds what is not built yet, below `target/`. Several processes may call it at once.
    ///
    /// # Errors
    /// See [`Missing`].
    pub fn build() -> Result<Self, Missing> {
        let compiler = compiler_version()?;
        let root = build_root();
        fs::create_dir_all(&root)?;
        let folder = root.join(format!("{:016x}", state(&compiler)));
        let libraries = Self { folder };
        let lock = File::create(root.join("lock"))?;
        lock.lock()?;
        if !libraries.folder.exists() {
            libraries.build_anew(&root)?;
        }
        Ok(libraries)
    }

    /// Where the libraries are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a process needs in its environment to find this device instead of a GPU.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let nvrtc = self.folder.join("nvrtc");
        self.search(&[&self.folder, &nvrtc])
    }

    /// The same without NVRTC.
    #[must_use]
    pub fn environment_without_nvrtc(&self) -> Vec<(&'static str, OsString)> {
        self.search(&[&self.folder])
    }

    fn search(&self, folders: &[&Path]) -> Vec<(&'static str, OsString)> {
        let mut folders: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
        if let Some(others) = std::env::var_os("LD_LIBRARY_PATH") {
            folders.extend(std::env::split_paths(&others));
        }
        // A folder with a colon in its name cannot be searched by any means.
        let joined = std::env::join_paths(folders).unwrap_or_default();
        vec![("LD_LIBRARY_PATH", joined)]
    }

    /// The driver, whose devices have the state of the sources in their name: what one build has compiled is no other's.
    fn build_driver(&self, draft: &Path) -> Result<(), Missing> {
        let state = self.folder.file_name().unwrap_or_default();
        let state = format!("-DEMULATED_STATE=\"{}\"", state.to_string_lossy());
        unit(draft, "device.cpp", "device/")?;
        unit(draft, "driver.cpp", "driver/")?;
        let device = start(draft, &[FLAGS, &["-O2", "-c", "device.cpp"]].concat())?;
        let driver = start(
            draft,
            &[FLAGS, &["-O1", "-c", "driver.cpp", &state]].concat(),
        )?;
        finish(device)?;
        finish(driver)?;
        let linked = [
            "-shared",
            "device.o",
            "driver.o",
            "-Wl,-soname,libcuda.so",
            "-ldl",
            "-pthread",
            "-o",
            "libcuda.so",
        ];
        finish(start(draft, &linked)?)?;
        Ok(fs::hard_link(
            draft.join("libcuda.so"),
            draft.join("libcuda.so.1"),
        )?)
    }

    /// Builds in a folder beside, which then takes its name: a folder that is there is whole.
    fn build_anew(&self, root: &Path) -> Result<(), Missing> {
        let draft = root.join(format!("draft-{}", std::process::id()));
        let _ = fs::remove_dir_all(&draft);
        for (path, text) in KERNEL.iter().chain(LIBRARIES) {
            let file = draft.join(path);
            fs::create_dir_all(file.parent().unwrap_or(&draft))?;
            fs::write(file, text)?;
        }
        let built = self.build_driver(&draft).and_then(|()| build_nvrtc(&draft));
        if built.is_err() {
            let _ = fs::remove_dir_all(&draft);
            return built;
        }
        Ok(fs::rename(&draft, &self.folder)?)
    }
}

/// Every `.cpp` of a folder in one unit: headers are read once.
fn unit(draft: &Path, name: &str, folder: &str) -> Result<(), Missing> {
    let wanted = |(path, _): &&Source| path.ends_with(".cpp") && path.starts_with(folder);
    let lines = LIBRARIES
        .iter()
        .filter(wanted)
        .map(|(path, _)| format!("#include \"{path}\"\n"));
    Ok(fs::write(draft.join(name), lines.collect::<String>())?)
}

const FLAGS: &[&str] = &[
    "-std=c++17",
    "-fPIC",
    "-fvisibility=hidden",
    "-I.",
    "-Wall",
    "-Wextra",
];

fn build_nvrtc(draft: &Path) -> Result<(), Missing> {
    unit(draft, "nvrtc.cpp", "nvrtc/")?;
    finish(start(
        draft,
        &[FLAGS, &["-O1", "-c", "nvrtc.cpp"]].concat(),
    )?)?;
    for name in NVRTC_NAMES {
        let (soname, file) = (format!("-Wl,-soname,{name}"), format!("nvrtc/{name}"));
        let arguments = [
            "-shared",
            "nvrtc.o",
            "-L.",
            "-lcuda",
            "-Wl,-rpath,$ORIGIN/..",
            &soname,
            "-o",
            &file,
        ];
        finish(start(draft, &arguments)?)?;
    }
    Ok(())
}

fn start(folder: &Path, arguments: &[&str]) -> Result<Child, Missing> {
    let mut command = Command::new("g++");
    command
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    Ok(command.spawn()?)
}

fn finish(compiler: Child) -> Result<(), Missing> {
    let output = compiler.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(Missing::Broken(
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

fn compiler_version() -> Result<String, Missing> {
    if !cfg!(target_os = "linux") {
        return Err(Missing::Compiler("it is written for Linux".into()));
    }
    let output = Command::new("g++").arg("--version").output();
    let output =
        output.map_err(|error| Missing::Compiler(format!("g++ does not start ({error})")))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// FNV-1a over all that the build depends on.
fn state(compiler: &str) -> u64 {
    let texts = KERNEL
        .iter()
        .chain(LIBRARIES)
        .flat_map(|(path, text)| [*path, *text]);
    let bytes = texts
        .chain([compiler, include_str!("libraries.rs")])
        .flat_map(str::bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// `target/emulated-device` of the build that this program belongs to; among temporary files where it is not in one.
fn build_root() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    target
        .map_or_else(std::env::temp_dir, Path::to_path_buf)
        .join("emulated-device")
}
