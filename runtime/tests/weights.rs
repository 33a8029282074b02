//! Weights files: every way in which they can be wrong, and what happens to good ones on loading.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, which panic as tests do"
)]

mod common;

use common::{Rng, param, plan, step, tensors};
use netc_runtime::cpu::Conv;
use netc_runtime::plan::{self, Fold, Init, Param, View};
use netc_runtime::{Error, ErrorKind, Executor, Loader, Model, Scores, Weights, Workspace};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;

fn params() -> Vec<Param> {
    vec![
        param("conv1.weight", &[4, 3, 2, 2]),
        param("conv1.bias", &[4]),
        param("fc1.weight", &[2, 16]),
    ]
}

fn good() -> Vec<(String, Vec<f32>)> {
    tensors(&mut Rng(1), &params())
}

/// A safetensors file of these tensors.
fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (
            *name,
            TensorView::new(*dtype, shape.to_vec(), data).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn good_file() -> Vec<u8> {
    Weights::from_tensors(good(), &params()).unwrap().to_bytes()
}

fn problems(bytes: &[u8]) -> Vec<String> {
    let error = Weights::from_bytes(bytes, &params())
        .err()
        .expect("bad weights");
    assert_eq!(error.kind(), ErrorKind::Weights);
    error.problems().to_vec()
}

#[test]
fn written_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let weights = Weights::from_tensors(good(), &params()).unwrap();
    weights.save(&path).unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    assert_eq!(names, ["w.safetensors"], "nothing is left beside it");
    let again = Weights::from_file(&path, &params()).unwrap();
    for (name, numbers) in good() {
        assert_eq!(again.get(&name).unwrap().1, numbers);
    }
    assert_eq!(
        std::fs::read(&path).unwrap(),
        again.to_bytes(),
        "the same bytes"
    );

    let error = weights
        .save(folder.path().join("no/such/folder"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let error = Weights::from_file(folder.path().join("none"), &params())
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
    std::fs::write(&path, []).unwrap();
    let error = Weights::from_file(&path, &params()).err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("w.safetensors: a broken safetensors file, cut short after 0 bytes"),
        "{error}"
    );
}

#[test]
fn not_aligned_in_memory() {
    let mut shifted = vec![0];
    shifted.extend(good_file());
    let weights = Weights::from_bytes(&shifted[1..], &params()).unwrap();
    assert_eq!(weights.get("fc1.weight").unwrap().1, good()[2].1);
}

#[test]
fn cut_short() {
    let whole = good_file();
    for len in [0, 4, 8, 9, 60, whole.len() - 100, whole.len() - 1] {
        let problems = problems(&whole[..len]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("cut short"), "{len}: {}", problems[0]);
    }
}

#[test]
fn not_safetensors() {
    let found = problems(b"PK\x03\x04 is how a PyTorch file starts");
    assert!(
        found[0].starts_with("not a safetensors file"),
        "{}",
        found[0]
    );
}

#[test]
fn names_and_shapes_all_at_once() {
    let f = |n: usize| bytes(&vec![0.5; n]);
    let found = problems(&file(&[
        ("conv1.wieght", Dtype::F32, &[4, 3, 2, 2], f(48)),
        ("conv1.bias", Dtype::F32, &[5], f(5)),
        ("fc1.weight", Dtype::F32, &[16, 2], f(32)),
        ("fc9.weight", Dtype::F32, &[1], f(1)),
        ("bn1.num_batches_tracked", Dtype::I64, &[], vec![0; 8]),
    ]));
    assert_eq!(
        found,
        [
            "`conv1.weight` is missing, expected [4, 3, 2, 2]; there is `conv1.wieght`",
            "`conv1.bias` is [5], expected [4]",
            "`fc1.weight` is [16, 2], expected [2, 16]",
            "`conv1.wieght` is not a tensor of this network; did you mean `conv1.weight`?",
            "`fc9.weight` is not a tensor of this network; did you mean `fc1.weight`?",
        ]
    );
}

#[test]
fn another_frameworks_names() {
    let found = problems(&file(&[(
        "features.0.weight",
        Dtype::F32,
        &[1],
        bytes(&[0.0]),
    )]));
    assert_eq!(found.len(), 5);
    assert_eq!(
        found[4],
        "no name fits: `netc weights import` matches another framework's tensors by order and shape"
    );
}

#[test]
fn other_types() {
    let found = problems(&file(&[
        ("conv1.weight", Dtype::F16, &[4, 3, 2, 2], vec![0; 96]),
        ("conv1.bias", Dtype::F64, &[4], vec![0; 32]),
        ("fc1.weight", Dtype::F32, &[2, 16], vec![0; 128]),
    ]));
    assert_eq!(
        found,
        [
            "`conv1.bias` is F64, expected F32: `netc weights import` converts it",
            "`conv1.weight` is F16, expected F32: `netc weights import` converts it",
        ]
    );
}

#[test]
fn numbers_that_are_none() {
    let mut tensors = good();
    tensors[0].1[17] = f32::NAN;
    tensors[0].1[40] = f32::INFINITY;
    tensors[2].1[31] = f32::NEG_INFINITY;
    let error = Weights::from_tensors(tensors, &params()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "2 problems\
         \n  - `conv1.weight` has 2 of 48 numbers that are not finite, the first NaN at [1, 1, 0, 1]\
         \n  - `fc1.weight` has 1 of 32 numbers that are not finite, the first -inf at [1, 15]"
    );
}

#[test]
fn connection_tables() {
    let table: &[&[usize]] = &[&[0], &[1, 2], &[0, 1, 2], &[2]];
    let params = vec![param("conv1.weight", &[4, 3, 2, 2]).connect(table)];
    let random = Weights::random(1, &params);
    let (_, numbers) = random.get("conv1.weight").unwrap();
    let connected = |i: usize| table[i / 12].contains(&(i / 4 % 3));
    for (i, &x) in numbers.iter().enumerate() {
        assert_eq!(x != 0.0, connected(i), "{i}");
    }
    let mut stray = numbers.to_vec();
    stray[4] = 0.25;
    let error = Weights::from_tensors([("conv1.weight".into(), stray)], &params)
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "`conv1.weight` is 0.25 at [0, 1, 0, 0], where the connection table has no connection: it must be 0"
    );
}

/// A CONV with a connection table and the BN that is folded into it, as generated code makes them.
fn convolution(w: &Loader<'_>) -> Alone {
    let d = plan::Conv {
        input: [4, 4, 3],
        filters: 4,
        kernel: [2, 2],
        bias: false,
        ..plan::Conv::DEFAULT
    };
    w.pass_over("aux1.weight", &[2, 2]);
    let layer = w.layer(("conv", 1));
    Alone(Conv::new(d, layer.connect(TABLE).fold("bn1", 1e-5)))
}

/// A network of one layer.
struct Alone(Conv);

impl Model for Alone {
    fn input(&self) -> &[usize] {
        &[4, 4, 3]
    }

    fn output(&self) -> &[usize] {
        &[3, 3, 4]
    }

    fn scores(&self) -> Scores {
        Scores::Logits
    }

    fn workspace(&self, max_batch: usize) -> Workspace {
        Workspace::new(48, 144, max_batch, [self.0.scratch(max_batch)])
    }

    fn forward<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: &[f32],
    ) -> Result<&'w [f32], Error> {
        let mem = &mut workspace.begin(images)?;
        let output = View::arena(0, [3, 3, 4]);
        self.0.run(mem, View::input([4, 4, 3]), output);
        mem.finish(output)
    }
}

const TABLE: &[&[usize]] = &[&[0], &[1, 2], &[0, 1, 2], &[2]];

/// What `convolution` takes.
fn taken() -> Vec<Param> {
    let fixed = |name: &str, start| Param::new(name, &[4], Init::Constant(start)).fixed();
    vec![
        Param::new("aux1.weight", &[2, 2], Init::Constant(0.0)),
        Param::new("conv1.weight", &[4, 3, 2, 2], Init::Glorot(7, 10)).connect(TABLE),
        Param::new("bn1.weight", &[4], Init::Constant(1.0)),
        Param::new("bn1.bias", &[4], Init::Constant(0.0)),
        fixed("bn1.running_mean", 0.0),
        fixed("bn1.running_var", 1.0),
    ]
}

#[test]
fn loaders_know_what_is_wrong_from_what_the_layers_take() {
    let good = Weights::random(3, &taken());
    assert!(Loader::bytes(&good.to_bytes(), convolution).is_ok());
    let tensors = |good: &Weights| -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let tensors = good.tensors();
        tensors
            .map(|(name, shape, numbers)| (name.into(), (shape.to_vec(), numbers.into_owned())))
            .collect()
    };
    let problems = |tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>| {
        let bytes: Vec<Vec<u8>> = tensors.values().map(|(_, x)| bytes(x)).collect();
        let views = tensors.iter().zip(&bytes);
        let views: Vec<_> = views
            .map(|((name, (shape, _)), bytes)| (&name[..], Dtype::F32, &shape[..], bytes.clone()))
            .collect();
        let error = Loader::bytes(&file(&views), convolution).err();
        error.expect("a wrong file").problems().to_vec()
    };
    let mut wrong = tensors(&good);
    wrong.insert("conv1.weight".into(), (vec![4, 12], vec![0.5; 48]));
    let mean = wrong.remove("bn1.running_mean").unwrap();
    wrong.insert("bn1.runing_mean".into(), mean);
    wrong.insert("bn1.num_batches_tracked".into(), (vec![1], vec![7.0]));
    assert_eq!(
        problems(&wrong),
        [
            "`conv1.weight` is [4, 12], expected [4, 3, 2, 2]",
            "`bn1.running_mean` is missing, expected [4]; there is `bn1.runing_mean`",
            "`bn1.runing_mean` is not a tensor of this network; did you mean `bn1.running_mean`?",
        ]
    );
    let mut wrong = tensors(&good);
    wrong.get_mut("conv1.weight").unwrap().1[4] = 0.25;
    wrong.get_mut("bn1.bias").unwrap().1[2] = f32::NAN;
    assert_eq!(
        problems(&wrong),
        [
            "`conv1.weight` is 0.25 at [0, 1, 0, 0], where the connection table has no connection: it must be 0",
            "`bn1.bias` has 1 of 4 numbers that are not finite, the first NaN at [2]",
        ]
    );
    let nothing = Loader::bytes(b"nothing", convolution).err().unwrap();
    assert!(nothing.to_string().contains("safetensors"), "{nothing}");
    let nowhere = Loader::file("no/such/file", convolution).err().unwrap();
    assert!(nowhere.to_string().contains("no/such/file"), "{nowhere}");
}

#[test]
fn executors_take_their_own_weights_only() {
    let fc = plan::Fc {
        input: [1, 1, 16],
        units: 2,
        bias: false,
        ..Default::default()
    };
    let plan = plan(
        &[16],
        vec![step(
            "fc1",
            fc,
            &[View::input([1, 1, 16])],
            View::arena(0, [1, 1, 2]),
        )],
        vec![param("fc1.weight", &[2, 16])],
        View::arena(0, [1, 1, 2]),
    );
    let others = Weights::from_tensors(good(), &params()).unwrap();
    assert_eq!(
        Executor::new(&plan, &others)
            .err()
            .unwrap()
            .problems()
            .len(),
        2
    );
}

#[test]
fn random_weights_are_the_same_everywhere() {
    let params = vec![
        Param::new("a.weight", &[1000, 10], Init::Normal(2.0)),
        Param::new("b.weight", &[1000, 10], Init::Glorot(10, 1000)),
        Param::new("b.bias", &[3], Init::Constant(0.5)),
        Param::new("rbf1.prototypes", &[10, 84], Init::Prototypes).fixed(),
        Param::new("rbf2.prototypes", &[4, 500], Init::Prototypes).fixed(),
    ];
    let weights = Weights::random(7, &params);
    let get = |name: &str| weights.get(name).unwrap().1.into_owned();
    // Fixed values: a change here changes every experiment.
    assert_eq!(get("a.weight")[..3], FIRST_NORMAL);
    assert_eq!(get("b.weight")[..3], FIRST_UNIFORM);
    assert_eq!(get("b.bias"), [0.5; 3]);

    let moments = |all: &[f32]| {
        let mean = all.iter().sum::<f32>() / all.len() as f32;
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / all.len() as f32;
        (mean, variance.sqrt())
    };
    let (mean, deviation) = moments(&get("a.weight"));
    assert!(
        mean.abs() < 0.06 && (deviation - 2.0).abs() < 0.05,
        "{mean} {deviation}"
    );
    let limit = (6.0_f32 / 1010.0).sqrt();
    let uniform = get("b.weight");
    let (mean, deviation) = moments(&uniform);
    assert!(uniform.iter().all(|x| x.abs() <= limit));
    assert!(mean.abs() < 0.002 && (deviation - limit / 3.0_f32.sqrt()).abs() < 0.001);
    for name in ["rbf1.prototypes", "rbf2.prototypes"] {
        assert!(get(name).iter().all(|&x| x == 1.0 || x == -1.0));
    }
    let other = Weights::random(8, &params);
    assert_ne!(other.get("a.weight").unwrap().1, get("a.weight"));
}

// By a script written from the description in `weights/random.rs`.
const FIRST_NORMAL: [f32; 3] = [-1.051_424_3, -3.192_866_3, -0.176_235_4];
const FIRST_UNIFORM: [f32; 3] = [-0.027_516_672, -0.039_184_21, -0.040_456_172];

/// CONV + BN and FLATTEN(chw) + FC + BN, folded, against the same network written out.
#[test]
fn folding_changes_nothing() {
    let input = [5, 5, 3];
    let conv = plan::Conv {
        input,
        filters: 4,
        kernel: [2, 2],
        bias: false,
        ..Default::default()
    };
    let bn1 = plan::BatchNorm {
        input: [4, 4, 4],
        ..Default::default()
    };
    let fc = plan::Fc {
        input: [4, 4, 4],
        units: 6,
        ..Default::default()
    };
    let bn2 = plan::BatchNorm {
        input: [1, 1, 6],
        eps: 1e-5,
        ..Default::default()
    };
    let mut params = vec![
        param("conv1.weight", &[4, 3, 2, 2]),
        param("fc1.weight", &[6, 64]),
        param("fc1.bias", &[6]),
    ];
    for (layer, channels) in [("bn1", 4), ("bn2", 6)] {
        for leaf in ["weight", "bias", "running_mean", "running_var"] {
            params.push(param(&format!("{layer}.{leaf}"), &[channels]));
        }
    }
    let weights = Weights::from_tensors(tensors(&mut Rng(4), &params), &params).unwrap();
    let at = |offset, shape| View::arena(offset, shape);
    let (a, b, c) = (at(0, [4, 4, 4]), at(256, [4, 4, 4]), at(512, [1, 1, 64]));
    let (d, e) = (at(768, [1, 1, 6]), at(800, [1, 1, 6]));
    let flat = plan::Fc {
        input: [1, 1, 64],
        ..fc
    };
    let written_out = plan(
        &input,
        vec![
            step("conv1", conv, &[View::input(input)], a),
            step("bn1", bn1, &[a], b),
            step("flatten1", plan::Transpose { input: [4, 4, 4] }, &[b], c),
            step("fc1", flat, &[c], d),
            step("bn2", bn2, &[d], e),
        ],
        params.clone(),
        e,
    );
    let mut folded = plan(
        &input,
        vec![
            step("conv1", conv, &[View::input(input)], a),
            step("fc1", fc, &[a], d),
        ],
        params,
        d,
    );
    let fold = |layer: &str, eps| {
        Some(Fold {
            layer: layer.into(),
            eps,
        })
    };
    folded.forward[0].source.as_mut().unwrap().fold = fold("bn1", 1e-3);
    let source = folded.forward[1].source.as_mut().unwrap();
    source.fold = fold("bn2", 1e-5);
    source.chw = Some([4, 4, 4]);

    let images = Rng(9).numbers(2 * 75);
    let run = |plan| {
        let model = Executor::new(plan, &weights).unwrap();
        model
            .forward(&mut model.workspace(2), &images)
            .unwrap()
            .to_vec()
    };
    for (a, b) in run(&written_out).iter().zip(run(&folded)) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}
