//! A network and data that it learns, and runs of the binary on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const SIDE: usize = 8;
pub(crate) const CLASSES: usize = 4;

pub(crate) const NET: &str = "\
net Stripes

INPUT(8x8x1, scale=0.00392156862745098)
=> CONV(6, 3x3) => BN => RELU => POOL(2x2) => DROPOUT(0.1)
=> FC(4) => SOFTMAX

expect accuracy >= 0.8

train {
    data      = mnist
    augment   = shift(0.02)
    optimizer = adam(lr=0.01)
    batch     = 16
    epochs    = 6
    seed      = 3
}

train hopeless {
    data      = mnist
    optimizer = sgd(lr=1e-12)
    epochs    = 1
}
";

/// A network and data that it learns.
pub(crate) struct World(TempDir);

impl World {
    pub(crate) fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        fs::write(world.path("stripes.net"), NET).unwrap();
        fs::create_dir(world.path("data")).unwrap();
        world.idx("train", 400, 1);
        world.idx("t10k", 100, 2);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// MNIST's files: a bright row in noise, two rows apart for each class.
    pub(crate) fn idx(&self, stem: &str, n: usize, seed: u32) {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut noise = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        let labels: Vec<u8> = (0..n).map(|_| (noise() % CLASSES as u32) as u8).collect();
        let mut images = Vec::new();
        for label in &labels {
            for cell in 0..SIDE * SIDE {
                let bright = cell / SIDE == 2 * usize::from(*label);
                images.push((noise() % 120) as u8 + if bright { 120 } else { 0 });
            }
        }
        let sizes = [n, SIDE, SIDE];
        let file = |shape: &[usize], bytes: &[u8]| {
            let sizes = shape.iter().flat_map(|n| (*n as u32).to_be_bytes());
            let head = [0, 0, 8, shape.len() as u8].into_iter();
            head.chain(sizes)
                .chain(bytes.iter().copied())
                .collect::<Vec<u8>>()
        };
        let write = |what: &str, bytes| {
            fs::write(
                self.path("data").join(format!("{stem}-{what}-ubyte")),
                bytes,
            )
            .unwrap();
        };
        write("images-idx3", file(&sizes, &images));
        write("labels-idx1", file(&sizes[..1], &labels));
    }

    pub(crate) fn netc(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netc"));
        command.args(line.split(' ')).current_dir(self.0.path());
        command.env("NO_COLOR", "1");
        command
    }

    /// Runs netc, which has to end with this code; what it printed.
    pub(crate) fn run(&self, code: i32, line: &str) -> (String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.netc(line).output().unwrap();
        let (out, err) = (
            String::from_utf8(stdout).unwrap(),
            String::from_utf8(stderr).unwrap(),
        );
        assert_eq!(status.code(), Some(code), "netc {line}\n{out}{err}");
        (out, err)
    }

    /// Runs netc, whatever its code; what it printed.
    pub(crate) fn netc_said(&self, line: &str) -> (String, String) {
        let Output { stdout, stderr, .. } = self.netc(line).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(stdout), text(stderr))
    }

    /// Starts a run that does not end by itself, and waits for its first checkpoint.
    #[cfg(unix)]
    pub(crate) fn long_run(&self, mut netc: Command) -> Child {
        let line = "train stripes.net --data data --out run --epochs 100000";
        netc.args(line.split(' ')).current_dir(self.0.path());
        let child = netc.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        while !self.path("run/resume.safetensors").exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        child.unwrap()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

/// The figures of each epoch, without times.
pub(crate) fn figures(run: &Path) -> Vec<String> {
    let table = fs::read_to_string(run.join("metrics.csv")).unwrap();
    let row = |line: &str| line.split(',').take(6).collect::<Vec<_>>().join(",");
    table.lines().map(row).collect()
}
