//! Random weights and images, and what a network makes of them.

use netc_plan::Plan;
use netc_plan::random::SplitMix64;
use netc_runtime::{Executor, Model, Weights};

/// Weights of a network, the same ones each time.
///
/// # Panics
/// If the plan has tensors that the runtime does not know.
pub fn drawn_weights(plan: &Plan) -> Weights {
    let mut rng = SplitMix64(1);
    let tensors = plan.params.iter().map(|param| {
        let numbers = rng.numbers(param.len()).into_iter();
        // Variances are positive.
        let numbers = numbers.map(|x| match param.name.ends_with("running_var") {
            true => x.abs() + 0.1,
            false => x,
        });
        (param.name.clone(), numbers.collect())
    });
    let tensors: Vec<(String, Vec<f32>)> = tensors.collect();
    match Weights::from_tensors(tensors, &plan.params) {
        Ok(weights) => weights,
        Err(error) => panic!("{error}"),
    }
}

/// So many images for a network, the same ones each time.
pub fn drawn_images(plan: &Plan, count: usize) -> Vec<f32> {
    let image: usize = plan.input.iter().product();
    SplitMix64(2).numbers(count * image)
}

/// The network's output for images, on the CPU.
///
/// # Panics
/// If the plan is not valid, or these are not its weights or images.
pub fn outputs(plan: &Plan, weights: &Weights, images: &[f32]) -> Vec<f32> {
    let image: usize = plan.input.iter().product();
    let computed = Executor::new(plan, weights).and_then(|executor| {
        let mut workspace = executor.workspace(images.len() / image);
        executor
            .forward(&mut workspace, images)
            .map(<[f32]>::to_vec)
    });
    match computed {
        Ok(outputs) => outputs,
        Err(error) => panic!("{error}"),
    }
}
