//! Networks that `run.mjs` calls in WebAssembly: one at a time, with random weights and pictures that are the same everywhere.

mod lenet5_mnist {
    netc_runtime::include_net!("lenet5_mnist");
}
mod mini_alexnet_mnist {
    netc_runtime::include_net!("mini_alexnet_mnist");
}

use lenet5_mnist::LeNet5Mnist;
use mini_alexnet_mnist::MiniAlexNetMnist;
use netc_runtime::{Model, Workspace};
use std::cell::RefCell;

/// The names of the networks.
pub const NETWORKS: [&str; 2] = ["lenet5_mnist", "mini_alexnet_mnist"];

/// A network, its memory, and a batch of pictures.
pub struct Running {
    model: Box<dyn Model>,
    workspace: Workspace,
    images: Vec<f32>,
}

impl Running {
    /// The network of this number.
    #[must_use]
    pub fn new(network: usize, batch: usize) -> Self {
        let model: Box<dyn Model> = match network {
            0 => Box::new(LeNet5Mnist::random(1)),
            _ => Box::new(MiniAlexNetMnist::random(1)),
        };
        let image: usize = model.input().iter().product();
        // Exact numbers: a sine has not the same bits everywhere.
        let pixel = |i: usize| (i * 37 % 256) as f32 / 256.0;
        Self {
            workspace: model.workspace(batch),
            images: (0..batch * image).map(pixel).collect(),
            model,
        }
    }

    /// The outputs of the pictures, one after the other.
    pub fn pass(&mut self) -> &[f32] {
        let outputs = self.model.forward(&mut self.workspace, &self.images);
        outputs.expect("whole pictures")
    }
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// Makes the network of this number; gives how many numbers a pass computes.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(network: usize, batch: usize) -> usize {
    let mut running = Running::new(network, batch);
    let numbers = running.pass().len();
    RUNNING.set(Some(running));
    numbers
}

/// Computes a batch; gives the address of the outputs, which stay there until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn pass() -> *const f32 {
    RUNNING.with_borrow_mut(|running| match running {
        Some(running) => running.pass().as_ptr(),
        None => core::ptr::null(),
    })
}
