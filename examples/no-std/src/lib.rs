//! A network in a program without an operating system: `no_std` with `alloc`. The weights come with the program.
//!
//! ```sh
//! rustup target add thumbv7em-none-eabihf
//! cargo build -p example-no-std --release --target thumbv7em-none-eabihf
//! ```

#![cfg_attr(not(test), no_std)]

mod gestures {
    netc_runtime::include_net!("gestures");
}

use gestures::Gestures;
use netc_runtime::{Error, Workspace};

/// Tells gestures apart. Memory is allocated when it is made, and never again.
pub struct Recogniser {
    network: Gestures,
    workspace: Workspace,
}

impl Recogniser {
    /// Takes the weights as the bytes of a safetensors file: `include_bytes!("gestures.safetensors")`.
    ///
    /// # Errors
    /// If they are not the network's.
    pub fn new(weights: &[u8]) -> Result<Self, Error> {
        Ok(Self::of(Gestures::from_bytes(weights)?))
    }

    fn of(network: Gestures) -> Self {
        let workspace = network.workspace(1);
        Self { network, workspace }
    }

    /// The probability of each gesture.
    ///
    /// # Errors
    /// None for a picture of this size.
    pub fn recognise(&mut self, picture: &[f32; 144]) -> Result<&[f32], Error> {
        self.network.forward(&mut self.workspace, picture)
    }
}

#[cfg(test)]
mod tests {
    use super::{Gestures, Recogniser};

    #[test]
    fn probabilities_sum_to_one() {
        let mut recogniser = Recogniser::of(Gestures::random(1));
        let gestures = recogniser.recognise(&[0.5; 144]).expect("a picture");
        assert_eq!(gestures.len(), 4);
        assert!((gestures.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(Recogniser::new(b"no weights").is_err());
    }
}
