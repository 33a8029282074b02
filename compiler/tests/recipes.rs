//! Recipes as the training loop gets them: checked settings become types, and the table's defaults fill the gaps.
#![allow(clippy::unwrap_used, reason = "a test")]

use netc_compiler::{Files, Options, Output, RecipeChoice, Train, compile, training};
use netc_plan::{
    Augment, Data, Freeze, Init, Initialiser, Loss, Metric, Optimizer, Recipe, Restore, Schedule,
    Stop,
};

fn trained(text: &str, recipe: RecipeChoice, overrides: &[(&str, &str)]) -> Output {
    let options = Options {
        train: Some(Train {
            recipe,
            overrides: overrides
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
        }),
        ..Options::default()
    };
    compile("net.net", text.into(), &options, &mut Files::default())
}

fn recipe(text: &str, recipe: RecipeChoice, overrides: &[(&str, &str)]) -> Recipe {
    let output = trained(text, recipe, overrides);
    assert!(!output.has_errors(), "{}", output.rendered());
    output.training.unwrap().recipe
}

fn named(name: &str) -> RecipeChoice {
    RecipeChoice::Named(name.into())
}

const FC: &str = "INPUT(28x28x1) => FC(84, l2=0.5) => FC(10)\n";
const ALL: &str = include_str!("pass/recipes.net");

#[test]
fn every_key_is_understood() {
    let found = recipe(ALL, RecipeChoice::Default, &[]);
    let expected = Recipe {
        name: None,
        data: Some(Data::Mnist { pad: 2 }),
        validation: Some(0.2),
        augment: vec![
            Augment::Rotate(8.0),
            Augment::Shift(0.08, Some(0.08)),
            Augment::Shear(0.3),
            Augment::Zoom(0.08),
            Augment::HFlip,
            Augment::VFlip,
            Augment::Rescale(0.5),
            Augment::Crop {
                height: Some(28),
                width: None,
            },
            Augment::Lighting(0.1),
            Augment::TenCrop(None),
        ],
        loss: Loss::CrossEntropy {
            label_smoothing: 0.1,
        },
        losses: Vec::new(),
        optimizer: Optimizer::Adam {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.99,
            eps: 1e-7,
            weight_decay: 0.0,
            decoupled: false,
            decay: 0.0,
        },
        schedule: vec![
            Schedule::Warmup(2),
            Schedule::Steps(vec![(2, 0.8), (5, 0.4)]),
        ],
        batch: 64,
        epochs: 5,
        seed: 1,
        stop: Some(Stop {
            patience: 5,
            min_delta: 0.0,
        }),
        clip: Some(1.0),
        l2: 5e-4,
        init: Initialiser::LeCun,
        bias_init: Initialiser::Constant(0.1),
        freeze: vec![Freeze::Layer("conv1".into()), Freeze::Before("fc2".into())],
        shuffle: false,
        best: Metric::Loss,
        restore: Restore::Best,
    };
    assert_eq!(found, expected);
}

#[test]
fn what_is_left_out_is_the_tables_default() {
    let sgd = recipe(ALL, named("sgd"), &[]);
    assert_eq!(sgd.name.as_deref(), Some("sgd"));
    let data = Data::Folder {
        resize: Some(256),
        crop: true,
    };
    assert_eq!(sgd.data, Some(data));
    let plateau = Schedule::Plateau {
        factor: 0.5,
        patience: 10,
        min_delta: 1e-4,
        min_lr: 0.0,
    };
    assert_eq!(sgd.schedule, [plateau]);
    assert_eq!((sgd.batch, sgd.epochs, sgd.seed), (32, 10, 0));
    assert_eq!((sgd.validation, sgd.stop, sgd.clip), (None, None, None));
    assert!(sgd.shuffle && sgd.restore == Restore::Last && sgd.best == Metric::Accuracy);

    let adamw = recipe(ALL, named("adamw"), &[]);
    let Optimizer::Adam {
        weight_decay,
        decoupled,
        ..
    } = adamw.optimizer
    else {
        panic!("{adamw:?}")
    };
    assert!(decoupled && weight_decay == 0.01);
    let cosine = Schedule::Cosine {
        epochs: None,
        min: 0.1,
    };
    assert_eq!(adamw.schedule, [cosine]);
    let data = Data::Npz {
        images: "x_train".into(),
        labels: "y".into(),
    };
    assert_eq!(adamw.data, Some(data));
}

#[test]
fn without_a_recipe_there_is_a_built_in_one() {
    let sgd = Optimizer::Sgd {
        lr: 0.01,
        momentum: 0.9,
        nesterov: false,
        weight_decay: 0.0,
        decay: 0.0,
    };
    assert_eq!(recipe(FC, RecipeChoice::Default, &[]).optimizer, sgd);
    assert_eq!(recipe(ALL, RecipeChoice::BuiltIn, &[]).optimizer, sgd);
    let rbf = recipe(
        "INPUT(8x8x1) => FC(84) => RBF(10)",
        RecipeChoice::Default,
        &[],
    );
    assert_eq!(rbf.loss, Loss::LeNet5 { j: 1.0 });
    let output = trained("INPUT(8) => RELU", RecipeChoice::Default, &[]);
    assert!(output.rendered().contains("E0608"), "{}", output.rendered());
    let output = trained(FC, named("fast"), &[]);
    assert!(output.rendered().contains("E0606"), "{}", output.rendered());
}

#[test]
fn overrides_hold_in_place_of_the_recipe() {
    let found = recipe(
        ALL,
        RecipeChoice::Default,
        &[("batch", "7"), ("loss", "mse")],
    );
    assert_eq!((found.batch, found.loss), (7, Loss::Mse));
    assert_eq!(found.epochs, 5);
    let output = trained(
        ALL,
        RecipeChoice::Default,
        &[("batch", "none"), ("epoch", "3"), ("epochs", "3 seed = 4")],
    );
    let text = output.rendered();
    for (code, place) in [
        ("E0201", "batch:1:1"),
        ("E0601", "epoch:1:1"),
        ("E0101", "epochs:1:3"),
    ] {
        assert!(text.contains(code) && text.contains(place), "{text}");
    }
    assert!(output.training.is_none() && output.plan.is_none());
}

#[test]
fn layers_and_recipes_say_how_weights_start_and_stay_small() {
    let text = format!("{FC}train {{ data = mnist, l2 = 0.25, init = he, bias_init = 0.1 }}");
    let output = compile(
        "net.net",
        text.into(),
        &Options::default(),
        &mut Files::default(),
    );
    let graph = output.graph.unwrap();
    let plan = training(&graph, &RecipeChoice::Default, None).unwrap().plan;
    let found: Vec<(&str, Init, f32)> = plan
        .update
        .iter()
        .map(|step| (&plan.params[step.param], step.l2))
        .map(|(param, l2)| (param.name.as_str(), param.init, l2))
        .collect();
    let expected = [
        ("fc1.weight", Init::He(784), 0.5),
        ("fc1.bias", Init::Constant(0.1), 0.0),
        ("fc2.weight", Init::He(84), 0.25),
        ("fc2.bias", Init::Constant(0.1), 0.0),
    ];
    assert_eq!(found, expected);
}

/// The steps of `text`'s training plan: operations forward, layers backward, tensors that are updated.
fn frozen(text: &str, freeze: &str) -> [Vec<String>; 3] {
    let output = trained(text, RecipeChoice::Default, &[("freeze", freeze)]);
    assert!(!output.has_errors(), "{}", output.rendered());
    let plan = output.training.unwrap().plan;
    netc_plan::validate(&plan).unwrap();
    let backward = plan.backward.iter().map(|back| &plan.forward[back.step]);
    let updated = plan.update.iter().map(|step| &plan.params[step.param]);
    [
        plan.forward
            .iter()
            .map(|step| step.op.name().to_owned())
            .collect(),
        backward.map(|step| step.name.clone()).collect(),
        updated.map(|param| param.name.clone()).collect(),
    ]
}

#[test]
fn frozen_layers_have_no_gradient_and_keep_their_statistics() {
    let text = "INPUT(8x8x3) => CONV(4, 3x3, bias=false) => BN => RELU => CONV(4, 3x3) => BN => FC(3)\n\
                train { data = cifar10 }";
    let [forward, backward, updated] = frozen(text, "before(fc1)");
    assert_eq!(
        forward,
        ["Conv", "BatchNormFrozen", "Conv", "BatchNormFrozen", "Fc"]
    );
    assert_eq!(backward, ["fc1"]);
    assert_eq!(updated, ["fc1.weight", "fc1.bias"]);

    // In the middle: gradients go through it.
    let [forward, backward, updated] = frozen(text, "(conv2, bn2)");
    assert_eq!(
        forward,
        ["Conv", "BatchNormTraining", "Conv", "BatchNormFrozen", "Fc"]
    );
    assert_eq!(backward, ["fc1", "bn2", "conv2", "bn1", "conv1"]);
    let left = [
        "conv1.weight",
        "bn1.weight",
        "bn1.bias",
        "fc1.weight",
        "fc1.bias",
    ];
    assert_eq!(updated, left);

    let [forward, _, updated] = frozen(text, "none");
    assert_eq!(forward[3], "BatchNormTraining");
    assert_eq!(updated.len(), 9);
}

/// Only what comes into a layer is before it.
#[test]
fn branches_beside_a_layer_are_not_before_it() {
    let text = "INPUT(8x8x3) => [ CONV(4, 1x1) => CONV(4, 1x1) | CONV(4, 1x1) ] => ADD => FC(3)\n\
                train { data = cifar10 }";
    let [_, backward, updated] = frozen(text, "before(conv2)");
    assert!(!updated.contains(&"conv1.weight".to_owned()), "{updated:?}");
    assert!(updated.contains(&"conv3.weight".to_owned()), "{updated:?}");
    assert!(!backward.contains(&"conv1".to_owned()), "{backward:?}");
}

#[test]
fn settings_are_taken_away_by_none() {
    let found = recipe(
        ALL,
        RecipeChoice::Default,
        &[("validation", "none"), ("clip", "none"), ("freeze", "none")],
    );
    assert_eq!((found.validation, found.clip), (None, None));
    assert!(found.freeze.is_empty());
    let output = trained(ALL, RecipeChoice::Default, &[("l2", "none")]);
    assert!(output.rendered().contains("E0201"), "{}", output.rendered());
}
