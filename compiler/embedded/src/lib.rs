//! A network in int8 becomes Rust for a microcontroller: constants for the layers, a file of weights beside them, and `forward`, which calls
//! the kernels of `netc-embedded` one after the other.
//!
//! ```text
//! plan, quantised weights --network--> steps on bytes --arena--> their places --layers, code--> Rust, and the file of weights
//! ```
//!
//! ```no_run
//! # fn show(plan: &netc_plan::Plan) -> Result<(), Box<dyn std::error::Error>> {
//! let quantised = netc_runtime::Quantised::from_file("lenet.int8.safetensors", plan)?;
//! let embedded = netc_embedded_build::embedded(plan, &quantised, "lenet.net", "lenet.weights")?;
//! std::fs::write("lenet.rs", embedded.code)?;
//! std::fs::write("lenet.weights", embedded.weights)?;
//! # Ok(())
//! # }
//! ```

mod arena;
mod code;
mod layers;
mod literals;
mod network;
mod weights;

use netc_plan::Plan;
use netc_runtime::Quantised;
use std::fmt;

pub use network::{Ending, Kernel, Network, Step};
pub use weights::{HEAD, ordered};

/// A network for a microcontroller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The Rust, which asks for the file of weights by its name.
    pub code: String,
    /// The file of weights.
    pub weights: Vec<u8>,
    /// Bytes of the workspace that all values share.
    pub arena: usize,
    /// Bytes of the input, which the caller holds.
    pub input: usize,
}

/// Why a network cannot be written so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, a line for each step.
    pub problems: Vec<String>,
}

impl Refusal {
    fn of(problem: impl Into<String>) -> Self {
        Self {
            problems: vec![problem.into()],
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for Refusal {}

/// Writes the network. `file` is what its first line says it was made from, `weights` the name of the file of weights beside the code.
///
/// # Errors
/// If the file is another network's, or for each step that computes with anything but bytes.
pub fn embedded(
    plan: &Plan,
    quantised: &Quantised,
    file: &str,
    weights: &str,
) -> Result<Embedded, Refusal> {
    let network = Network::of(plan, quantised)?;
    Ok(code::write(plan, &network, file, weights))
}
