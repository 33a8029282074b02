//! The generated code of every network, compiled into the tests by `build.rs`.

// What a user's crate may ask of all its code.
#![warn(clippy::pedantic, missing_debug_implementations)]

use netc_runtime::{Error, Model};

/// What every generated struct has, as a trait, so that one check can serve all.
pub trait Generated: Model + Sized {
    /// `from_bytes`
    ///
    /// # Errors
    /// As `from_bytes`.
    fn load(bytes: &[u8]) -> Result<Self, Error>;

    /// `random`
    fn seeded(seed: u64) -> Self;
}

/// A check that is run on every network.
pub trait Check {
    /// Checks the network generated from this file stem.
    fn network<N: Generated>(&mut self, stem: &str);
}

include!(concat!(env!("OUT_DIR"), "/networks.rs"));
