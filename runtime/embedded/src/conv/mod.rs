//! Convolutions and fully connected layers.
//!
//! ```text
//! descriptor --> block (filters whose numbers are prepared) --> filters: columns of windows, products
//!                                                           --> channels: a filter for each
//!                                                               both --> finish: what becomes of sums
//! ```

mod block;
mod channels;
mod convolve;
mod depthwise;
mod descriptor;
mod filters;
mod finish;
mod product;

pub use descriptor::{Added, Conv};
