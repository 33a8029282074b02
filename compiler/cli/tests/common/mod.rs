//! Running the binary in a folder of its own.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

pub(crate) mod world;

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A small network with everything that matters here: CONV, BN, a branch, FC.
pub(crate) const TINY: &str = "net Tiny
INPUT(8x8x3, scale=0.00392156862745098)
=> CONV(4, 3x3, same, bias=false) => BN => RELU
=> [ CONV(4, 3x3, same) | SKIP ] => ADD => POOL(2x2)
=> FC(5) => RELU => FC(3)
";

/// A folder that goes when the test ends.
pub(crate) struct Folder(tempfile::TempDir);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) bytes: Vec<u8>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with TINY as `tiny.net` and its weights for seed 1 as `tiny.safetensors`.
    pub(crate) fn tiny() -> Self {
        let folder = Self::new();
        folder.write("tiny.net", TINY);
        let made = folder.netc([
            "weights",
            "init",
            "tiny.net",
            "--seed",
            "1",
            "-o",
            "tiny.safetensors",
        ]);
        assert_eq!(made.code, 0, "{made:?}");
        folder
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: impl AsRef<Path>) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// The names of the files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netc"));
        command.current_dir(self.0.path());
        for name in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn netc<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Run::of(self.command().args(args).output().unwrap())
    }

    /// With this text as standard input.
    pub(crate) fn netc_reading<S: AsRef<OsStr>>(
        &self,
        input: &[u8],
        args: impl IntoIterator<Item = S>,
    ) -> Run {
        let mut command = self.command();
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Run::of(child.wait_with_output().unwrap())
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!err.contains("panicked"), "{err}");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err,
            bytes: output.stdout,
        }
    }

    /// Asserts the exit code, and that it says each of these on standard error.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for text in says {
            assert!(self.err.contains(text), "no `{text}` in:\n{}", self.err);
        }
    }

    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// A NumPy file.
pub(crate) fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// The numbers of a NumPy file that netc wrote, and its header.
pub(crate) fn read_npy(bytes: &[u8]) -> (String, Vec<f32>) {
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
    let data = bytes[10 + length..].as_chunks::<4>().0;
    (
        header.trim().to_owned(),
        data.iter().map(|b| f32::from_le_bytes(*b)).collect(),
    )
}

/// A safetensors file.
pub(crate) fn safetensors(tensors: &[(&str, safetensors::Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (
            *name,
            safetensors::tensor::TensorView::new(*dtype, shape.to_vec(), data).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

/// A name, shape and numbers as an f32 tensor.
pub(crate) fn tensor<'a>(
    name: &'a str,
    shape: &'a [usize],
    values: &[f32],
) -> (&'a str, safetensors::Dtype, &'a [usize], Vec<u8>) {
    let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    (name, safetensors::Dtype::F32, shape, bytes)
}
