//! `rust-peers ENGINE MODEL.onnx NxCxHxW PICTURES ANSWER`: computes the network by the engine over the file PICTURES, raw f32, writes
//! its answer to the file ANSWER, and then for each line of standard input, a number of seconds, times forward passes for as long and
//! prints their median in milliseconds. RAYON_NUM_THREADS says on how many threads.

mod burn;
mod candle;
mod network;
mod tract;

use anyhow::{Context, Result, bail, ensure};
use std::io::BufRead;
use std::time::{Duration, Instant};

/// One forward pass of an engine that is ready: the network's answer.
type Pass = Box<dyn Fn() -> Result<Vec<f32>>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, model, shape, pictures, answer] = arguments.as_slice() else {
        bail!("usage: rust-peers ENGINE MODEL.onnx NxCxHxW PICTURES ANSWER");
    };
    let shape: Vec<usize> = shape
        .split('x')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .context("the shape")?;
    let bytes = std::fs::read(pictures).with_context(|| pictures.clone())?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = numbers
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    ensure!(
        numbers.len() == shape.iter().product::<usize>(),
        "{pictures} is of another size"
    );
    let pass = ready(engine, model, &shape, numbers)?;
    let bytes: Vec<u8> = pass()?
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    std::fs::write(answer, bytes).with_context(|| answer.clone())?;
    for line in std::io::stdin().lock().lines() {
        let seconds: f64 = line?.trim().parse().context("a number of seconds")?;
        println!("{}", median(&pass, Duration::from_secs_f64(seconds))?);
    }
    Ok(())
}

fn ready(engine: &str, model: &str, shape: &[usize], pictures: Vec<f32>) -> Result<Pass> {
    use ::burn::tensor::Device;
    match engine {
        "tract" => tract::engine(model, shape, pictures),
        "candle" => candle::engine(model, shape, pictures),
        "burn-flex" => burn::engine(Device::flex(), model, shape, pictures),
        #[cfg(feature = "burn-ndarray")]
        #[allow(deprecated)]
        "burn-ndarray" => burn::engine(Device::ndarray(), model, shape, pictures),
        _ => bail!(
            "the engines are tract, candle, burn-flex and, if it was built with that feature, burn-ndarray; not {engine}"
        ),
    }
}

/// The median of forward passes over the time, three at least, in milliseconds.
fn median(pass: &Pass, time: Duration) -> Result<f64> {
    let mut times = Vec::new();
    let end = Instant::now() + time;
    while times.len() < 3 || Instant::now() < end {
        let start = Instant::now();
        pass()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
