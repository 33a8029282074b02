//! Generated code with the file of a quantised network: the bits of the executor, and what is said of files and workspaces of others.

use netc_compiler::Options;
use netc_plan::Plan;
use netc_runtime::cpu::Machine;
use netc_runtime::{ErrorKind, Executor, Model, Quantised, prepare, quantise};
use netc_tests::generated::heads::Heads;
use netc_tests::generated::lenet_digits::LeNetDigits;
use netc_tests::generated::lenet5_mnist::LeNet5Mnist;
use netc_tests::generated::mobilenet_v2::MobileNetV2;
use netc_tests::generated::{Check, Generated, each};
use netc_tests::networks::{compile_file, path};
use netc_tests::seeded;

/// Networks with more numbers take long to make, and have no layer that the others have not.
const MOST_PARAMS: usize = 5_000_000;

/// A network that has been quantised by two images.
struct Case {
    plan: Plan,
    quantised: Quantised,
    images: Vec<f32>,
}

impl Case {
    /// None for a large network.
    fn of(stem: &str) -> Option<Self> {
        let plan = compile_file(&path(stem), &Options::default()).plan;
        let plan = plan.expect("a network");
        let numbers: usize = plan.params.iter().map(netc_plan::Param::len).sum();
        if numbers > MOST_PARAMS {
            return None;
        }
        let image: usize = plan.input.iter().product();
        let images = seeded::input(2 * image, 1.0);
        let quantised = quantise(&plan, &seeded::weights(&plan.params), &images);
        Some(Self {
            plan,
            quantised: quantised.expect("a quantised network"),
            images,
        })
    }

    fn executor(&self) -> Executor {
        let prepared = prepare(&self.plan, Machine::here(), 1).expect("a valid plan");
        let executor = prepared
            .with_int8(&self.quantised)
            .and_then(|prepared| prepared.int8_executor(&self.quantised));
        executor.expect("its own network")
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// The bits that a network gives.
fn output(model: &impl Model, images: &[f32]) -> Vec<u32> {
    let mut workspace = model.workspace(2);
    bits(model.forward(&mut workspace, images).expect("a pass"))
}

struct Bits {
    compared: usize,
}

impl Check for Bits {
    fn network<N: Generated>(&mut self, stem: &str) {
        let Some(case) = Case::of(stem) else {
            return;
        };
        let file = case.quantised.to_bytes();
        let model = N::load(&file).unwrap_or_else(|e| panic!("{stem}: {e}"));
        let executor = case.executor();
        let found = output(&model, &case.images);
        assert!(found == output(&executor, &case.images), "{stem}");
        let weights = seeded::weights(&case.plan.params);
        let floats = N::load(&weights.to_bytes()).expect("its weights");
        // Else it has computed with floats.
        let differs = found != output(&floats, &case.images);
        assert!(
            differs || case.quantised.layers() == 0,
            "{stem} is not quantised"
        );
        self.compared += 1;
    }
}

#[test]
fn generated_code_gives_the_bits_of_the_executor() {
    let mut check = Bits { compared: 0 };
    each(&mut check);
    assert!(check.compared > 12, "{} networks", check.compared);
}

/// Of four images the pictures between depthwise and pointwise convolutions are so large that they are computed by rows.
#[test]
fn by_rows_the_bits_are_the_same() {
    let case = Case::of("mobilenet_v2").expect("not too large a network");
    let model = MobileNetV2::from_bytes(&case.quantised.to_bytes()).expect("its file");
    let images = [&case.images[..], &case.images].concat();
    let bits_of = |model: &dyn Model| {
        let mut workspace = model.workspace(4);
        bits(model.forward(&mut workspace, &images).expect("a pass"))
    };
    let expected = bits_of(&case.executor().one_by_one());
    assert!(bits_of(&case.executor()) == expected);
    assert!(bits_of(&model) == expected);
}

#[test]
fn passes_share_a_model_and_repeat() {
    let case = Case::of("lenet5_mnist").expect("a small network");
    let model = LeNet5Mnist::from_bytes(&case.quantised.to_bytes()).expect("its file");
    let expected = output(&case.executor(), &case.images);
    std::thread::scope(|scope| {
        for threads in 1..3 {
            let (model, expected, images) = (&model, &expected, &case.images);
            scope.spawn(move || {
                let mut workspace = model.workspace(2).with_threads(threads);
                for _ in 0..3 {
                    let found = model.forward(&mut workspace, images).expect("a pass");
                    assert!(bits(found) == *expected);
                }
                let best = model.predict(&mut workspace, images).expect("a pass");
                assert_eq!(best.len(), 2);
            });
        }
    });
}

#[test]
fn a_file_may_lack_the_last_softmax() {
    let case = Case::of("lenet5_mnist").expect("a small network");
    let mut plan = case.plan.clone();
    let softmax = plan.forward.pop().expect("a SOFTMAX");
    plan.result = softmax.inputs[0];
    plan.probabilities = false;
    let quantised = quantise(&plan, &seeded::weights(&plan.params), &case.images);
    let file = quantised.expect("a quantised network").to_bytes();
    let model = LeNet5Mnist::from_bytes(&file).expect("its file");
    let expected = output(&case.executor(), &case.images);
    assert!(output(&model, &case.images) == expected);
}

#[test]
fn other_outputs_are_floats() {
    let case = Case::of("heads").expect("a small network");
    let model = Heads::from_bytes(&case.quantised.to_bytes()).expect("its file");
    let executor = case.executor();
    let mut here = model.workspace(2);
    let mut there = executor.workspace(2);
    model.forward(&mut here, &case.images).expect("a pass");
    executor.forward(&mut there, &case.images).expect("a pass");
    let found = Heads::output_boxes(&here).expect("a pass has been");
    let expected = executor.kept(&there, "boxes").expect("an output");
    assert_eq!(bits(&found), bits(&expected.expect("a pass has been")));
}

#[test]
fn a_file_of_another_network_is_refused() {
    let case = Case::of("lenet5_mnist").expect("a small network");
    let file = case.quantised.to_bytes();
    let error = LeNetDigits::from_bytes(&file).expect_err("another network's file");
    assert_eq!(error.kind(), ErrorKind::Weights);
    assert_eq!(
        error.to_string(),
        "quantised for another network than `LeNetDigits`: for `LeNet5Mnist`, or for another version of it; `netc quantize` makes a file for this one"
    );
    let cut = LeNet5Mnist::from_bytes(&file[..file.len() - 8]).expect_err("a broken file");
    assert!(cut.to_string().contains("cut short"), "{cut}");
    let old = replaced(&file, b"\"netc.int8\":\"2 ", b"\"netc.int8\":\"1 ");
    let old = LeNet5Mnist::from_bytes(&old).expect_err("an older file");
    assert!(old.to_string().contains("another version of netc"), "{old}");
}

/// The bytes with one part in place of another of its length.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = bytes.windows(from.len()).position(|part| part == from);
    let at = at.expect("the part is there");
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn a_workspace_of_other_weights_is_refused() {
    let case = Case::of("lenet5_mnist").expect("a small network");
    let file = case.quantised.to_bytes();
    let [one, two] = [(); 2].map(|()| LeNet5Mnist::from_bytes(&file).expect("its file"));
    let floats = LeNet5Mnist::random(1);
    for (model, other) in [(&one, &two), (&one, &floats), (&floats, &one)] {
        let mut workspace = other.workspace(2);
        let error = model.forward(&mut workspace, &case.images);
        let error = error.expect_err("another model's workspace");
        assert_eq!(error.kind(), ErrorKind::Choice);
        // It still serves its own.
        assert!(other.forward(&mut workspace, &case.images).is_ok());
    }
    let mut workspace = floats.workspace(2);
    let other = LeNet5Mnist::random(2);
    assert!(other.forward(&mut workspace, &case.images).is_ok());
}
