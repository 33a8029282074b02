//! Networks with random weights, quantised by random pictures.

#![allow(dead_code, unreachable_pub, reason = "each user takes its own part")]

use netc_compiler::{Files, Options, compile};
use netc_plan::Plan;
use netc_plan::random::SplitMix64;
use netc_runtime::cpu::{Machine, Quantisation};
use netc_runtime::{Model, Quantised, Weights, prepare, quantise};
use std::path::Path;

/// A network, quantised.
pub struct Case {
    pub plan: Plan,
    pub quantised: Quantised,
}

impl Case {
    /// The network of a file.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a network");
        Self::of(&path.display().to_string(), &text)
    }

    /// The network of a text.
    pub fn of(name: &str, text: &str) -> Self {
        let options = Options::default();
        let output = compile(
            name,
            text.as_bytes().to_vec(),
            &options,
            &mut Files::default(),
        );
        let plan = output
            .plan
            .unwrap_or_else(|| panic!("{name} does not compile"));
        let weights = Weights::random(7, &plan.params);
        let images = numbers(11, 6 * plan.input.iter().product::<usize>());
        let quantised = quantise(&plan, &weights, &images).expect("as many as six inputs hold");
        Self { plan, quantised }
    }

    /// Random bytes for the input.
    pub fn input(&self, seed: u64) -> Vec<u8> {
        let mut random = SplitMix64(seed);
        let count = self.plan.input.iter().product();
        (0..count).map(|_| random.below(256) as u8).collect()
    }

    /// What `netc run --precision int8` gives for that input. A last SOFTMAX is left out.
    pub fn expected(&self, input: &[u8]) -> Vec<f32> {
        let mut plan = self.plan.clone();
        if matches!(
            plan.forward.last().map(|last| last.op),
            Some(netc_plan::Op::Softmax(_))
        ) {
            let last = plan.forward.pop().expect("there is one");
            plan.result = last.inputs[0];
        }
        let Quantisation { scale, zero_point } = self.quantised.input().expect("a range");
        let number = |byte: &u8| scale * (f32::from(*byte) - f32::from(zero_point));
        let numbers: Vec<f32> = input.iter().map(number).collect();
        let prepared = prepare(&plan, Machine::here(), 1).expect("a plan");
        let prepared = prepared
            .with_int8(&self.quantised)
            .expect("its own weights");
        let executor = prepared
            .int8_executor(&self.quantised)
            .expect("its own weights");
        let mut workspace = executor.workspace(1);
        executor
            .forward(&mut workspace, &numbers)
            .expect("one input")
            .to_vec()
    }
}

/// Between 0 and 1.
pub fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut random = SplitMix64(seed);
    (0..count).map(|_| random.number().abs()).collect()
}
