//! tract: reads ONNX itself and optimises the graph; its products run on rayon's threads.

use crate::Pass;
use anyhow::Result;
use tract_onnx::prelude::multithread::{Executor, set_default_executor};
use tract_onnx::prelude::*;

/// One forward pass of the network over the pictures.
pub fn engine(path: &str, shape: &[usize], pictures: Vec<f32>) -> Result<Pass> {
    if rayon::current_num_threads() > 1 {
        set_default_executor(Executor::RayonGlobal);
    }
    let model = tract_onnx::onnx()
        .model_for_path(path)?
        .with_input_fact(0, f32::fact(shape).into())?
        .into_optimized()?
        .into_runnable()?;
    let pictures: Tensor = tract_ndarray::ArrayD::from_shape_vec(shape, pictures)?.into();
    let pictures: TValue = pictures.into();
    Ok(Box::new(move || {
        let answer = model.run(tvec!(pictures.clone()))?;
        let answer = answer[0].to_plain_array_view::<f32>()?;
        Ok(answer.iter().copied().collect())
    }))
}
