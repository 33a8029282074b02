//! No kernel touches memory outside the views that it is given, whatever it is given: what does not fit is a documented panic.
//!
//! Memory around the views is compared before and after; and where the machine allows, each buffer ends at a page that nobody may
//! touch. CONTRIBUTING.md says how to run this under AddressSanitizer and valgrind.

#![allow(clippy::print_stderr, reason = "how a test fails")]

mod common;
#[cfg(unix)]
#[path = "common/guarded.rs"]
mod guarded;
#[path = "common/harness.rs"]
mod harness;

use harness::{Draw, Infer, Kernels, Train, weights};
use netc_runtime::plan::{self, Gradient, Loss, LossStep, Op, Param, Slot, View, for_each_op};
use netc_runtime::train::{Layout, LossKernel, TrainMem};
use netc_runtime::{Mem, Scratch, Weights, Workspace, cpu};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// Beginnings of the messages that the documentation of kernels, workspaces and layouts promises.
const DOCUMENTED: &[&str] = &[
    "a view of ",
    "a view without an element",
    "a view leaves its memory",
    "a step reads what it writes",
    "a step writes into the caller's images",
    "a workspace with too little scratch memory",
    "a window, stride or dilation of 0",
    "more padding that counts",
    "channels that are not there",
    "nothing would be left",
    "a window that does not fit into the picture",
    "groups that do not divide",
    "output padding of a stride or more",
    "more padding than the kernel reaches",
    "a picture without elements",
    "sizes that exceed the address space",
    "a plan without `layer.",
    "weights without `layer.",
    "`layer.",
    // Of a buffer of parameters or gradients.
    "range end index",
];

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Whether it ran to its end; a panic that is not documented fails the test.
fn try_it(what: &str, run: impl FnOnce()) -> bool {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // Without a backtrace, whose many small allocations would each take a guard.
        std::panic::set_hook(Box::new(|info| {
            if !IS_QUIET.get() {
                eprintln!("{info}");
            }
        }));
    });
    IS_QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_QUIET.set(false);
    let Err(panic) = result else { return true };
    let message = panic.downcast_ref::<String>().cloned();
    let message = message.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    let message = message.unwrap_or_default();
    let is_documented = DOCUMENTED.iter().any(|start| message.starts_with(start));
    assert!(is_documented, "{what} panics with {message:?}");
    false
}

/// Elements in front of each buffer, and behind the last.
const MARGIN: usize = 37;

/// Where an operation reads and writes; the arena is a little larger.
#[derive(Clone, Debug)]
struct Places {
    x: Vec<View>,
    y: View,
    dy: View,
    dx: Vec<View>,
    arena: usize,
}

impl Places {
    fn new(draw: &mut Draw<'_>, inputs: &[[usize; 3]], output: [usize; 3]) -> Self {
        let mut end = MARGIN;
        let mut place = |shape: [usize; 3]| {
            let (before, after) = draw.pick(&[(0, 0), (0, 0), (3, 1), (16, 0)]);
            let view = View::arena(4 * end, shape).channels(before, before + shape[2] + after);
            end += view.image() + MARGIN;
            view
        };
        Self {
            x: inputs.iter().map(|input| place(*input)).collect(),
            y: place(output),
            dy: place(output),
            dx: inputs.iter().map(|input| place(*input)).collect(),
            arena: end,
        }
    }

    fn all(&mut self) -> Vec<&mut View> {
        let ends = [&mut self.y, &mut self.dy];
        self.x.iter_mut().chain(ends).chain(&mut self.dx).collect()
    }

    /// The same with some views broken.
    fn broken(&self, draw: &mut Draw<'_>) -> Self {
        let mut broken = self.clone();
        for _ in 0..draw.within(1, 2) {
            let mut all = broken.all();
            let (chosen, other) = (draw.within(0, all.len() - 1), draw.within(0, all.len() - 1));
            let other = *all[other];
            let view = &mut *all[chosen];
            match draw.within(0, 8) {
                0 => view.shape[draw.within(0, 2)] = draw.any(),
                1 => {
                    let size = &mut view.shape[draw.within(0, 2)];
                    *size = size.saturating_add(1);
                }
                2 => view.pixel = draw.any(),
                3 => view.channel = draw.any(),
                4 => view.slot = Slot::Arena(draw.any()),
                5 => view.slot = Slot::Input,
                6 => *view = other,
                7 => view.slot = other.slot,
                _ => view.shape.swap(0, draw.within(1, 2)),
            }
        }
        broken
    }
}

/// Marks the elements of a view, if all lie in the arena.
fn mark(allowed: &mut [bool], view: View, batch: usize) {
    let Slot::Arena(offset) = view.slot else {
        return;
    };
    let offset = offset / 4;
    let [h, w, c] = view.shape.map(|size| size as u128);
    let pixel = view.pixel as u128;
    let image = h.saturating_mul(w).saturating_mul(pixel);
    let end = (offset as u128)
        .saturating_add(image)
        .saturating_mul(batch as u128);
    if end > allowed.len() as u128 || view.channel as u128 + c > pixel {
        return;
    }
    for cell in 0..batch * view.shape[0] * view.shape[1] {
        let first = offset * batch + cell * view.pixel + view.channel;
        allowed[first..first + view.shape[2]].fill(true);
    }
}

/// An arena of `batch` images under a test.
struct Bench {
    workspace: Workspace,
    whole: View,
    batch: usize,
    /// What the arena holds before a kernel runs; also the caller's images.
    images: Vec<f32>,
}

/// What a case is run with.
#[derive(Clone, Copy, Debug)]
struct Setting {
    batch: usize,
    threads: usize,
    scratch: Scratch,
    /// What lies around the views.
    around: f32,
}

impl Bench {
    fn new(places: &Places, setting: Setting) -> Self {
        let Setting { batch, threads, .. } = setting;
        let mut inside = vec![false; places.arena * batch];
        let outputs = [places.y, places.dy];
        for view in places.x.iter().chain(&outputs).chain(&places.dx) {
            mark(&mut inside, *view, batch);
        }
        let number = |i: usize| (i * 7919 % 1009) as f32 / 1009.0 - 0.4;
        let images = inside.iter().enumerate();
        let images = images.map(|(i, inside)| if *inside { number(i) } else { setting.around });
        let workspace = Workspace::new(places.arena, 4 * places.arena, batch, [setting.scratch]);
        Self {
            workspace: workspace.with_threads(threads),
            whole: View::arena(0, [1, 1, places.arena]),
            batch,
            images: images.collect(),
        }
    }

    /// Runs a kernel on a fresh arena: the arena after, if it ran to its end. Nothing but `written` may have changed.
    fn run(
        &mut self,
        what: &str,
        written: &[View],
        run: impl FnOnce(Mem<'_, '_>),
    ) -> Option<Vec<u32>> {
        let mut mem = self.workspace.begin(&self.images).expect("whole images");
        let shape = self.whole.shape;
        cpu::Copy::new(plan::Copy { input: shape }).run(&mut mem, View::input(shape), self.whole);
        let done = try_it(what, || run(mem));
        let after = bits(&self.workspace.read(self.whole));
        let mut allowed = vec![false; after.len()];
        for view in written {
            mark(&mut allowed, *view, self.batch);
        }
        for (i, (before, after)) in bits(&self.images).iter().zip(&after).enumerate() {
            assert!(
                before == after || allowed[i],
                "{what} writes element {i}, outside {written:?}"
            );
        }
        done.then_some(after)
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// The flat buffers of a layer's parameters, between numbers that must stay.
struct Buffers([Vec<f32>; 2]);

impl Buffers {
    const AROUND: usize = 24;

    fn new(len: usize) -> Self {
        let all = vec![0.5; len + 2 * Self::AROUND];
        Self([all.clone(), all])
    }

    fn parts(&mut self) -> [&mut [f32]; 2] {
        self.0.each_mut().map(|all| {
            let end = all.len() - Self::AROUND;
            &mut all[Self::AROUND..end]
        })
    }

    fn check(&self, what: &str) {
        for all in &self.0 {
            let (before, after) = (&all[..Self::AROUND], &all[all.len() - Self::AROUND..]);
            let mut around = before.iter().chain(after);
            assert!(
                around.all(|x| *x == 0.5),
                "{what} writes outside the parameters"
            );
        }
    }
}

/// An operation's shapes, and what it is called.
struct Subject<'s> {
    inputs: Vec<[usize; 3]>,
    output: [usize; 3],
    what: &'s str,
}

impl<'s> Subject<'s> {
    fn of(op: &Op, what: &'s str) -> Self {
        Self {
            inputs: (0..op.arity()).map(|i| op.operand(i)).collect(),
            output: op.output(),
            what,
        }
    }

    fn places(&self, draw: &mut Draw<'_>) -> Places {
        Places::new(draw, &self.inputs, self.output)
    }

    /// Views of the inputs or of their gradients, those that there are.
    fn fits(&self, inputs: &[Option<View>], outputs: &[View]) -> bool {
        let inputs = inputs.iter().zip(&self.inputs);
        let inputs = inputs.filter_map(|(view, shape)| Some((view.as_ref()?, shape)));
        inputs.into_iter().all(|(view, shape)| view.shape == *shape)
            && outputs.iter().all(|view| view.shape == self.output)
    }
}

fn given(views: &[View]) -> Vec<Option<View>> {
    views.iter().copied().map(Some).collect()
}

/// Enough scratch memory or too little.
fn less(draw: &mut Draw<'_>, needed: Scratch) -> Scratch {
    let mut part = |len: usize| len.div_ceil(4) * draw.pick(&[0, 1, 2, 3, 4]);
    Scratch {
        shared: part(needed.shared),
        worker: part(needed.worker),
    }
}

fn setting(draw: &mut Draw<'_>, scratch: Scratch) -> Setting {
    Setting {
        batch: draw.within(1, 3),
        threads: draw.within(1, 2),
        scratch,
        around: 0.0,
    }
}

fn infer(draw: &mut Draw<'_>, subject: &Subject<'_>, kernel: &dyn Infer) {
    let good = subject.places(draw);
    let enough = setting(draw, Scratch::default());
    let needed = kernel.memory(enough.batch);
    let enough = Setting {
        scratch: needed,
        ..enough
    };
    let too_little = Setting {
        scratch: less(draw, needed),
        ..enough
    };
    let run = |places: &Places, setting: Setting| {
        let Setting { batch, scratch, .. } = setting;
        let what = format!("{}, {batch} images, {scratch:?}, {places:?}", subject.what);
        let after = Bench::new(&good, setting).run(&what, &[places.y], |mut mem| {
            kernel.run(&mut mem, &places.x, places.y);
        })?;
        assert!(
            subject.fits(&given(&places.x), &[places.y]),
            "{what} is taken"
        );
        let mut inside = vec![false; after.len()];
        mark(&mut inside, places.y, batch);
        let values = after.into_iter().zip(inside).filter(|(_, inside)| *inside);
        Some(values.map(|(value, _)| value).collect::<Vec<u32>>())
    };
    let what = subject.what;
    let expected = run(&good, enough);
    assert!(expected.is_some(), "{what}");
    let around = f32::NAN;
    assert!(
        run(&good, Setting { around, ..enough }) == expected,
        "{what} reads around its views"
    );
    let found = run(&good, too_little);
    assert!(
        found.is_none() || found == expected,
        "{what} needs more than {:?}",
        too_little.scratch
    );
    for setting in [enough, too_little] {
        run(&good.broken(draw), setting);
    }
}

fn train(draw: &mut Draw<'_>, subject: &Subject<'_>, params: usize, kernel: &mut dyn Train) {
    let good = subject.places(draw);
    let enough = setting(draw, Scratch::default());
    let scratch = kernel.memory(enough.batch);
    let enough = Setting { scratch, ..enough };
    let too_little = Setting {
        scratch: less(draw, scratch),
        ..enough
    };
    let short = draw.within(0, 1).min(params);
    let bad = [good.broken(draw), good.broken(draw)];
    let cases = [
        (&good, enough, 0),
        (&good, too_little, 0),
        (&bad[0], enough, 0),
        (&bad[1], too_little, 0),
        (&good, enough, short),
    ];
    for (places, setting, short) in cases {
        let dx: Vec<_> = places.dx.iter().map(|view| gradient(draw, *view)).collect();
        let Setting { batch, scratch, .. } = setting;
        let what = format!(
            "{}, {batch} images, {scratch:?}, {short} too few, {places:?}, {dx:?}",
            subject.what
        );
        let mut buffers = Buffers::new(params - short);
        let [numbers, gradients] = buffers.parts();
        let (x, y, dy) = (&places.x[..], places.y, places.dy);
        let mut bench = Bench::new(&good, setting);
        let done = bench.run(&what, &[y], |mem| {
            kernel.forward(&mut TrainMem::new(mem, numbers, gradients, 1, 2), x, y);
        });
        assert!(
            done.is_none() || subject.fits(&given(x), &[y]),
            "{what} is taken forward"
        );
        let gives: Vec<Option<View>> = dx.iter().map(|dx| Some(dx.as_ref()?.view)).collect();
        let written: Vec<View> = gives.iter().flatten().copied().chain([dy]).collect();
        let [numbers, gradients] = buffers.parts();
        let back = bench.run(&what, &written, |mem| {
            let mem = &mut TrainMem::new(mem, numbers, gradients, 1, 2);
            kernel.backward(mem, x, [y, dy], &dx);
        });
        let fits = subject.fits(&given(x), &[y, dy]) && subject.fits(&gives, &[]);
        assert!(back.is_none() || fits, "{what} is taken backward");
        buffers.check(&what);
        if std::ptr::eq(places, &good) && setting.scratch == enough.scratch && short == 0 {
            assert!(done.is_some() && back.is_some(), "{what}");
        }
    }
}

fn gradient(draw: &mut Draw<'_>, view: View) -> Option<Gradient> {
    let accumulate = draw.pick(&[false, true]);
    draw.pick(&[
        Some(Gradient { view, accumulate }),
        Some(Gradient { view, accumulate }),
        None,
    ])
}

/// Cases of numbers, the same on each run; `PROPTEST_CASES` says how many.
fn cases(test: impl Fn(&[u32])) {
    let mut config = Config::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 64;
    }
    config.failure_persistence = None;
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let numbers = proptest::collection::vec(0_u32..100_000, 0..100);
    let result = runner.run(&numbers, |numbers| {
        test(&numbers);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Wrong views, too little scratch memory, too few parameters.
fn wrong_calls<D: Kernels>(numbers: &[u32]) {
    let draw = &mut Draw::new(numbers, false);
    let d = D::draw(draw);
    let op: Op = d.into();
    let (params, weights) = weights(op, op);
    check(draw, d, &params, &weights);
}

/// Wrong descriptors; where they are right by chance, wrong calls.
fn wrong_descriptors<D: Kernels>(numbers: &[u32]) {
    let draw = &mut Draw::new(numbers, true);
    let d = D::draw(draw);
    let (params, weights) = weights(d.into(), D::draw(&mut Draw::new(numbers, false)).into());
    let what = format!("{d:?}");
    let op: Op = d.into();
    let makes = try_it(&what, || drop(d.infer(&weights)));
    let layout = Layout::new(&params);
    let trains = try_it(&what, || drop(d.train(&layout)));
    if op.occurs(false) && op.occurs(true) {
        assert!(makes || !trains, "{what}");
    }
    let elements = |shape: [usize; 3]| shape.into_iter().fold(1, usize::saturating_mul);
    if makes && trains && elements(op.input()).max(elements(op.output())) < 1 << 16 {
        check(draw, d, &params, &weights);
    }
}

fn check<D: Kernels>(draw: &mut Draw<'_>, d: D, params: &[Param], weights: &Weights) {
    let op: Op = d.into();
    let what = format!("{op:?}");
    let subject = Subject::of(&op, &what);
    let is_small = |memory: Scratch| memory.shared.max(memory.worker) <= 1 << 20;
    if let Some(kernel) = d.infer(weights).filter(|kernel| is_small(kernel.memory(3))) {
        infer(draw, &subject, &*kernel);
    }
    let training = d.train(&Layout::new(params));
    if let Some(mut training) = training.filter(|kernel| is_small(kernel.memory(3))) {
        let params = params.iter().map(Param::len).sum();
        train(draw, &subject, params, &mut *training);
    }
}

macro_rules! tests {
    ($({ $op:ident, $arity:tt, $weights:tt $($more:tt)* })*) => {$(
        #[allow(non_snake_case, reason = "named as the kernels are")]
        mod $op {
            use super::*;

            #[test]
            fn refuses_wrong_calls() {
                cases(wrong_calls::<plan::$op>);
            }

            #[test]
            fn refuses_wrong_descriptors() {
                cases(wrong_descriptors::<plan::$op>);
            }
        }
    )*};
}
for_each_op!(tests);

#[test]
fn losses() {
    cases(|numbers| {
        let draw = &mut Draw::new(numbers, false);
        let input = plan::Copy::draw(draw).input;
        let good = Places::new(draw, &[input], input);
        let bad = good.broken(draw);
        let loss = draw.pick(&[
            Loss::CrossEntropy {
                label_smoothing: 0.1,
            },
            Loss::Mse,
            Loss::LeNet5 { j: 1.0 },
        ]);
        for places in [&good, &bad] {
            let (scores, gradient) = (places.x[0], places.y);
            let kernel = LossKernel::new(LossStep {
                loss,
                weight: 1.0,
                scores,
                gradient,
            });
            let mut setting = setting(draw, Scratch::default());
            let needed = kernel.scratch(setting.batch);
            setting.scratch = needed;
            if needed.shared > 1 << 20 || draw.pick(&[true, false]) {
                setting.scratch = Scratch {
                    shared: needed.shared.min(1 << 10) / 2,
                    worker: 0,
                };
            }
            let labels = vec![0; kernel.labels().saturating_mul(setting.batch).min(1 << 12)];
            let what = format!("{loss:?}, {setting:?}, {places:?}");
            let mut buffers = Buffers::new(0);
            let [params, gradients] = buffers.parts();
            let mut is_taken = false;
            Bench::new(&good, setting).run(&what, &[gradient], |mem| {
                let mem = &mut TrainMem::new(mem, params, gradients, 1, 2);
                is_taken = kernel.run(mem, &labels).is_ok();
            });
            assert!(
                !is_taken || scores.shape == gradient.shape,
                "{what} is taken"
            );
        }
    });
}

#[test]
#[should_panic(expected = "two tensors `layer.weight`")]
fn a_layout_names_no_tensor_twice() {
    let param = Param::new("layer.weight", &[4], plan::Init::Constant(0.0));
    let _ = Layout::new(&[param.clone(), param]);
}

#[test]
#[should_panic(expected = "exceeds the address space")]
fn a_layout_can_be_counted() {
    let half = [1 << (usize::BITS / 2), 1 << (usize::BITS / 2 - 1)];
    let param = |name: &str| Param::new(name, &half, plan::Init::Constant(0.0));
    let _ = Layout::new(&[param("a.weight"), param("b.weight")]);
}
