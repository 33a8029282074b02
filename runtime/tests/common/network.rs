//! A network that holds every operation.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its part; helpers of tests panic as tests do"
)]

use super::common::{Rng, params, plan, step, tensors};
use netc_runtime::plan::{self, Act, Op, Param, Plan, View};
use netc_runtime::{Device, Executor, Weights};

macro_rules! count {
    ($($row:tt)*) => { [$(stringify!($row)),*].len() };
}

/// A small network with a step of every operation.
pub(crate) fn network() -> Plan {
    let mut steps: Vec<plan::Step> = Vec::new();
    let mut all: Vec<Param> = Vec::new();
    let mut at = View::input([20, 20, 3]);
    let mut offset = 0;
    let shape = |at: View| at.shape;
    let mut push = |make: &dyn Fn([usize; 3]) -> Op| {
        let op = make(shape(at));
        let name = format!("layer{}", steps.len());
        all.extend(params(&op).into_iter().map(|p| Param {
            name: p.name.replace("layer", &name),
            ..p
        }));
        let output = View::arena(offset, op.output());
        let inputs = vec![at; op.arity()];
        steps.push(step(&name, op, &inputs, output));
        offset += output.bytes();
        at = output;
    };
    push(&|input| {
        plan::Conv {
            input,
            filters: 40,
            kernel: [3, 3],
            pad: [1; 4],
            act: Act::Relu,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Lrn {
            input,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::MaxPool {
            input,
            window: [3, 3],
            stride: [1, 1],
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Conv {
            input,
            filters: 40,
            kernel: [3, 3],
            groups: 40,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Conv {
            input,
            filters: 70,
            kernel: [1, 1],
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::BatchNorm {
            input,
            act: Act::Gelu,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Activation {
            input,
            act: Act::Tanh,
        }
        .into()
    });
    push(&|input| {
        plan::Pad {
            input,
            pad: [1, 2, 0, 3],
        }
        .into()
    });
    push(&|input| {
        plan::AvgPool {
            input,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Upsample {
            input,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Add {
            input,
            act: Act::Silu,
        }
        .into()
    });
    push(&|input| {
        plan::Mul {
            input,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Scale {
            input,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Prelu {
            input,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::LayerNorm {
            input,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::GroupNorm {
            input,
            groups: 2,
            ..Default::default()
        }
        .into()
    });
    push(&|input| plan::Copy { input }.into());
    push(&|input| {
        plan::Slice {
            input,
            from: 1,
            to: input[2],
        }
        .into()
    });
    push(&|input| {
        plan::AdaptiveAvgPool {
            input,
            size: [17, 18],
        }
        .into()
    });
    push(&|input| {
        plan::Subsample {
            input,
            act: Act::LecunTanh,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Conv {
            input,
            filters: 33,
            kernel: [5, 3],
            stride: [2, 2],
            groups: 1,
            ..Default::default()
        }
        .into()
    });
    push(&|input| plan::Softmax { input }.into());
    push(&|input| {
        plan::Deconv {
            input,
            filters: input[2],
            kernel: [2, 2],
            ..plan::Deconv::DEFAULT
        }
        .into()
    });
    push(&|input| {
        plan::ConvAdd {
            input,
            filters: input[2],
            act: Act::Tanh,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::Crop {
            input,
            crop: [1, 0, 0, 0],
        }
        .into()
    });
    push(&|input| {
        plan::Shuffle {
            input,
            groups: input[2],
        }
        .into()
    });
    push(&|input| plan::Transpose { input }.into());
    push(&|input| {
        plan::Fc {
            input,
            units: 200,
            act: Act::Relu,
            ..Default::default()
        }
        .into()
    });
    push(&|input| {
        plan::GlobalPool {
            input,
            ..plan::GlobalPool::DEFAULT
        }
        .into()
    });
    push(&|input| plan::Rbf { input, classes: 10 }.into());
    let used: std::collections::BTreeSet<_> = steps.iter().map(|s| s.op.name()).collect();
    let rows = netc_runtime::plan::for_each_op!(count, infer);
    assert_eq!(used.len(), rows, "an operation is missing here");
    let mut plan = plan(&[20, 20, 3], steps, all, at);
    plan.distances = true;
    plan.kept = vec![("copy".into(), plan.forward[16].output)];
    plan
}

/// It with random weights, on the CPU.
pub(crate) fn executor(plan: &Plan) -> Executor {
    executor_on(plan, Device::cpu())
}

/// The same on a device.
pub(crate) fn executor_on(plan: &Plan, device: Device) -> Executor {
    let tensors = tensors(&mut Rng(1), &plan.params);
    let weights = Weights::from_tensors(tensors, &plan.params).unwrap();
    Executor::new(plan, &weights.on(device)).unwrap()
}
