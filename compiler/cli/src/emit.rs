//! What a compiled network looks like: the compiler's emitters, by name.

use crate::cli::Emit;
use crate::failure::{Failure, Outcome};
use crate::network::failed;
use crate::source;
use netc_compiler::print::{self, Unprintable};
use netc_compiler::{Output, emit};
use netc_runtime::cuda;
use std::path::Path;

/// The text of everything but Rust.
pub(crate) fn text(what: Emit, file: &Path, output: &Output) -> Outcome<String> {
    let (Some(graph), Some(plan)) = (&output.graph, &output.plan) else {
        return Err(source::incomplete(file));
    };
    let mut text = match what {
        Emit::Rust => output.code.clone().unwrap_or_default(),
        Emit::Summary => emit::summary(graph, plan, output.training.as_ref()),
        Emit::Json => emit::json(graph),
        Emit::Dot => emit::dot(graph),
        Emit::Svg => emit::svg(graph),
        Emit::Net => printed(print::net(graph))?,
        Emit::Cuda => {
            let text = cuda::text(plan, 1, cuda::Precision::F32);
            text.map_err(|e| failed(&e))?
        }
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// A printed network.
pub(crate) fn printed(text: Result<String, Unprintable>) -> Outcome<String> {
    text.map_err(|problem| Failure::input(problem.to_string()))
}
