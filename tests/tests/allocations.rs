//! A forward pass and a training step allocate nothing: as the executor and the trainer run them, and as generated code does.
//! (`generated_training.rs` has the steps of generated code.)

use netc_compiler::{Options, RecipeChoice, Train};
use netc_plan::{Operation, Plan};
use netc_runtime::train::Trainer;
use netc_runtime::{Executor, Model, Weights, quantise};
use netc_tests::generated::{Check, Generated, each};
use netc_tests::networks::{compile_file, path};
use std::collections::BTreeMap;

/// More images than one, so that batches are cut for threads.
const BATCH: usize = 3;

/// Not larger: tests are quick.
const MACS: u64 = 200_000_000;

fn images(plan: &Plan) -> Vec<f32> {
    let count = plan.input.iter().product::<usize>() * BATCH;
    (0..count).map(|i| (i as f32 * 0.37).sin()).collect()
}

/// Nothing is allocated once the first run is over, whatever the number of threads.
fn allocates_nothing(what: &str, mut run: impl FnMut()) {
    run();
    let memory = allocation_counter::measure(|| (0..3).for_each(|_| run()));
    assert_eq!(memory.count_total, 0, "{what}");
}

fn passes(what: &str, model: &dyn Model, images: &[f32]) {
    for threads in [1, 2] {
        let mut workspace = model.workspace(BATCH).with_threads(threads);
        let what = format!("{what}, {threads} threads");
        allocates_nothing(&what, || {
            let outputs = model.forward(&mut workspace, images);
            assert!(outputs.is_ok());
        });
    }
}

struct Inference(usize);

impl Check for Inference {
    fn network<N: Generated>(&mut self, stem: &str) {
        let plan = compile_file(&path(stem), &Options::default()).plan;
        let plan = plan.expect("a network");
        let macs: u64 = plan.forward.iter().map(|step| step.op.macs()).sum();
        if macs > MACS {
            return;
        }
        let weights = Weights::random(1, &plan.params);
        let executor = Executor::new(&plan, &weights).expect("a valid plan");
        passes(stem, &executor, &images(&plan));
        passes(&format!("{stem}, generated"), &N::seeded(1), &images(&plan));
        let quantised = quantise(&plan, &weights, &images(&plan)).expect("finite numbers");
        let quantised = N::load(&quantised.to_bytes()).expect("its own file");
        passes(
            &format!("{stem}, generated, int8"),
            &quantised,
            &images(&plan),
        );
        self.0 += 1;
    }
}

#[test]
fn forward_passes_of_small_networks() {
    let mut check = Inference(0);
    each(&mut check);
    assert!(check.0 > 10, "{} networks", check.0);
}

#[test]
fn training_steps() {
    for stem in [
        "alexnet_cifar_bn",
        "heads",
        "lenet5_1998",
        "lenet5_mnist",
        "residual_mlp",
        "sepnet",
        "striped",
        "unet",
    ] {
        let options = Options {
            train: Some(Train {
                recipe: RecipeChoice::BuiltIn,
                overrides: BTreeMap::new(),
            }),
            ..Options::default()
        };
        let training = compile_file(&path(stem), &options).training;
        let training = training.expect("a network that trains");
        let (plan, optimizer) = (&training.plan, &training.recipe.optimizer);
        let weights = Weights::random(1, &plan.params);
        let [h, w, classes] = plan.result.shape;
        let labels: Vec<u32> = (0..BATCH * h * w).map(|i| (i % classes) as u32).collect();
        for threads in [1, 2] {
            let trainer = Trainer::new(plan, optimizer, &weights, BATCH, threads);
            let mut trainer = trainer.expect("a valid plan");
            let images = images(plan);
            allocates_nothing(&format!("{stem}, {threads} threads"), || {
                assert!(trainer.step(&images, &labels, 0.0).is_ok());
            });
        }
    }
}
