//! What is to be brought together: a network, and a foreign file.

use super::file::Tensor;
use netc_compiler::graph::Graph;
use netc_plan::Param;

/// A network that needs weights, and a file that may have them.
pub(crate) struct Task<'a> {
    /// The network's file.
    pub(crate) network: String,
    /// The weights' file.
    pub(crate) file: &'a str,
    pub(crate) graph: &'a Graph,
    pub(crate) tensors: &'a [Tensor<'a>],
    pub(crate) params: &'a [Param],
}

/// Tensors that have to find a place, with their indices.
pub(super) type Offered<'a> = Vec<(usize, &'a Tensor<'a>)>;
