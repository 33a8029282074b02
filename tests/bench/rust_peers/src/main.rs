//! `rust-peers MODEL.onnx BATCHxCxHxW SECONDS`: the median of tract's forward passes in milliseconds, on one thread.

use std::time::{Duration, Instant};
use tract_onnx::prelude::*;

fn main() -> TractResult<()> {
    let usage = "rust-peers MODEL.onnx BATCHxCxHxW SECONDS";
    let mut args = std::env::args().skip(1);
    let (path, shape, seconds) = (
        args.next().expect(usage),
        args.next().expect(usage),
        args.next().expect(usage),
    );
    let shape: Vec<usize> = shape
        .split('x')
        .map(|size| size.parse().expect(usage))
        .collect();
    let model = tract_onnx::onnx()
        .model_for_path(path)?
        .with_input_fact(0, f32::fact(&shape).into())?
        .into_optimized()?
        .into_runnable()?;
    let count: usize = shape.iter().product();
    let numbers = (0..count).map(|i| (i % 255) as f32 / 255.0).collect();
    let images: Tensor = tract_ndarray::ArrayD::<f32>::from_shape_vec(shape, numbers)?.into();
    let images: TValue = images.into();
    let mut times = Vec::new();
    let end = Instant::now() + Duration::from_secs_f64(seconds.parse().expect(usage));
    while times.len() < 5 || Instant::now() < end {
        let start = Instant::now();
        model.run(tvec!(images.clone()))?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("{}", times[times.len() / 2]);
    Ok(())
}
