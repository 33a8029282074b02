//! Forward passes as a whole: memory, threads, errors, predictions.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which panic as tests do"
)]

mod common;
#[path = "common/network.rs"]
mod network;

use common::{Rng, plan, step};
use netc_runtime::plan::{self, Act, View};
use netc_runtime::{ErrorKind, Executor, Model, Prediction, Scores, Weights, Workspace};
use network::{executor, network};

#[test]
fn a_forward_pass_allocates_nothing() {
    let model = executor(&network());
    let images = Rng(2).numbers(3 * 20 * 20 * 3);
    for threads in [1, 3] {
        let mut workspace = model.workspace(3).with_threads(threads);
        let _ = model.forward(&mut workspace, &images).unwrap();
        let memory = allocation_counter::measure(|| {
            for _ in 0..10 {
                let _ = model.forward(&mut workspace, &images).unwrap();
            }
        });
        assert_eq!(memory.count_total, 0, "{threads} threads");
    }
}

#[test]
fn threads_and_batches_do_not_change_a_bit() {
    let model = executor(&network());
    let image = 20 * 20 * 3;
    let images = Rng(2).numbers(5 * image);
    let forward = |workspace: &mut Workspace, images: &[f32]| {
        let outputs = model.forward(workspace, images).unwrap();
        outputs.iter().map(|y| y.to_bits()).collect::<Vec<_>>()
    };
    let mut one = model.workspace(5).with_threads(1);
    let expected = forward(&mut one, &images);
    for threads in [2, 3, 4, 7] {
        let mut workspace = model.workspace(8).with_threads(threads);
        assert_eq!(
            forward(&mut workspace, &images),
            expected,
            "{threads} threads"
        );
    }
    let each: Vec<u32> = images
        .chunks(image)
        .flat_map(|image| forward(&mut one, image))
        .collect();
    assert_eq!(each, expected, "one image at a time");
}

#[test]
fn threads_share_a_model() {
    let model = executor(&network());
    let images = Rng(2).numbers(20 * 20 * 3);
    let expected = model
        .forward(&mut model.workspace(1), &images)
        .unwrap()
        .to_vec();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut workspace = model.workspace(2);
                for _ in 0..5 {
                    assert_eq!(model.forward(&mut workspace, &images).unwrap(), expected);
                }
            });
        }
    });
}

#[test]
fn a_workspace_can_be_used_again() {
    let model = executor(&network());
    let mut rng = Rng(5);
    let (a, b) = (rng.numbers(2 * 20 * 20 * 3), rng.numbers(20 * 20 * 3));
    let mut workspace = model.workspace(2);
    let first = model.forward(&mut workspace, &a).unwrap().to_vec();
    let _ = model.forward(&mut workspace, &b).unwrap();
    assert_eq!(model.forward(&mut workspace, &a).unwrap(), first);
}

#[test]
fn wrong_numbers_of_images() {
    let model = executor(&network());
    let mut workspace = model.workspace(2);
    let mut error = |len: usize| {
        let error = model.forward(&mut workspace, &vec![0.0; len]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        error.to_string()
    };
    assert_eq!(error(0), "no images: a forward pass needs one at least");
    assert_eq!(
        error(1201),
        "1201 numbers are not a whole number of images: each has 1200"
    );
    assert_eq!(
        error(3 * 1200),
        "3 images, but the workspace holds 2: make it with `workspace(3)`"
    );
}

#[test]
fn kept_layers_and_times() {
    let model = executor(&network());
    let images = Rng(2).numbers(2 * 20 * 20 * 3);
    let mut workspace = model.workspace(4);
    let mut times = Vec::new();
    let timed = model
        .forward_timed(&mut workspace, &images, &mut times)
        .unwrap()
        .to_vec();
    assert_eq!(timed, model.forward(&mut workspace, &images).unwrap());
    assert_eq!(times.len(), model.plan().forward.len());
    let kept = model.kept(&workspace, "copy").unwrap().unwrap();
    assert_eq!(kept.len(), 2 * model.plan().forward[16].output.len());
    assert!(model.kept(&workspace, "conv99").is_none());
}

#[test]
fn predictions() {
    assert_eq!(
        Scores::Logits.probabilities(&[0.0, 0.0]),
        [0.5, 0.5],
        "a softmax is added"
    );
    let near = Scores::Distances.probabilities(&[3.0, 1.0, 2.0]);
    assert_eq!(
        Prediction::best(&near).class,
        1,
        "the smallest distance wins"
    );
    assert_eq!(Scores::Probabilities.probabilities(&[0.2, 0.8]), [0.2, 0.8]);
    let top = Prediction::top(&[0.1, 0.6, 0.3], 2);
    assert_eq!(top.iter().map(|p| p.class).collect::<Vec<_>>(), [1, 2]);

    let model = executor(&network());
    let images = Rng(2).numbers(2 * 20 * 20 * 3);
    let mut workspace = model.workspace(2);
    let distances = model.forward(&mut workspace, &images).unwrap().to_vec();
    let predictions = model.predict(&mut workspace, &images).unwrap();
    for (prediction, distances) in predictions.iter().zip(distances.chunks(10)) {
        assert!(distances.iter().all(|&d| d >= distances[prediction.class]));
        assert!((0.1..=1.0).contains(&prediction.probability));
    }
}

/// What a step's views break is said before anything runs.
#[test]
fn faulty_plans_are_refused() {
    let relu = |input| plan::Activation {
        input,
        act: Act::Relu,
    };
    let image = View::input([4, 4, 2]);
    let inside = View::arena(0, [4, 4, 2]);
    let run = |x: View, y: View| {
        let op = relu(x.shape);
        let first = step("first", relu([4, 4, 2]), &[image], inside);
        let steps = vec![first, step("layer", op, &[x], y)];
        let mut plan = plan(&[4, 4, 2], steps, vec![], inside);
        plan.arena = 64 * 4;
        plan.result = y;
        let weights = Weights::from_tensors([], &[]).unwrap();
        match Executor::new(&plan, &weights) {
            Ok(model) => model.forward(&mut model.workspace(3), &[0.0; 64]).is_ok(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Plan);
                false
            }
        }
    };
    assert!(run(image, inside));
    assert!(run(image, View::arena(32 * 4, [4, 4, 2])));
    assert!(run(inside, View::arena(32 * 4, [4, 4, 2])));
    assert!(run(inside, inside), "in place");
    assert!(
        !run(image, View::arena(0, [4, 4, 2]).channels(2, 4)),
        "a result with gaps"
    );
    assert!(
        !run(image, View::arena(33 * 4, [4, 4, 2])),
        "beyond the arena"
    );
    assert!(
        !run(image, View::arena(usize::MAX - 3, [4, 4, 2])),
        "far beyond the arena"
    );
    assert!(
        !run(image, View::arena(0, [4, 4, 2]).channels(3, 4)),
        "beyond the pixel"
    );
    assert!(!run(image, View::arena(0, [4, 2, 4])), "another shape");
    assert!(
        !run(View::input([4, 4, 3]), View::arena(0, [4, 4, 3])),
        "beyond the image"
    );
    assert!(
        !run(inside, View::arena(16 * 4, [4, 4, 2])),
        "reads what it writes"
    );
    assert!(!run(image, image), "writes the images");
}
