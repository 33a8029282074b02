//! Which values of a plan are bytes, and what these stand for.
//!
//! A value is bytes if every step that writes or reads it can. Values that are read together (the parts of a CONCAT), and those that a step only
//! chooses from (max pooling), form a group with one scale.

use super::{Quantised, is_input};
use crate::Error;
use crate::cpu::Quantisation;
use crate::cpu::int8;
use crate::plan::{Act, Element, Op, Plan, Step, View, overlap};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

/// The values of a plan. Value 0 is the network's input, value `i + 1` the output of step `i`.
pub(super) struct Places {
    /// For each step the values that it reads.
    reads: Vec<Vec<usize>>,
    /// For each step how it computes from or to bytes; `None` where it does not.
    kernels: Vec<Option<Role>>,
    /// For each value whether it is bytes, and which.
    values: Vec<(bool, Quantisation)>,
}

/// What a step asks of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Reads and writes either.
    Product,
    /// Reads and writes bytes, or neither.
    Bytes,
    /// Reads bytes and writes floats.
    Mean,
    /// Knows floats alone.
    Floats,
}

impl Role {
    fn of(step: &Step, quantised: &Quantised) -> Self {
        match step.op {
            Op::Conv(_) | Op::Fc(_) if quantised.has(step) => Role::Product,
            Op::MaxPool(_) | Op::Copy(_) | Op::Activation(_) | Op::BatchNorm(_) => Role::Bytes,
            Op::Add(d) if int8::Add::fits(&d) => Role::Bytes,
            Op::GlobalPool(d) if int8::Mean::fits(&d) => Role::Mean,
            _ => Role::Floats,
        }
    }
}

/// Whether the output has the numbers of the input and no others.
fn only_chooses(op: &Op) -> bool {
    match op {
        Op::MaxPool(d) => d.act == Act::None,
        Op::Copy(_) => true,
        _ => false,
    }
}

/// Groups of values, each led by one of them.
struct Groups(Vec<usize>);

impl Groups {
    fn leader(&self, mut value: usize) -> usize {
        while self.0[value] != value {
            value = self.0[value];
        }
        value
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.leader(a), self.leader(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Where values lie while steps go by.
struct Memory {
    latest: Vec<(View, usize)>,
    groups: Groups,
}

impl Memory {
    /// The value that a view holds; its parts become a group.
    fn read(&mut self, view: &View) -> Result<usize, Error> {
        if is_input(view) {
            return Ok(0);
        }
        let parts = self.latest.iter().filter(|(other, _)| overlap(other, view));
        let parts: Vec<usize> = parts.map(|(_, value)| *value).collect();
        let first = parts.first().copied();
        let first = first.ok_or_else(|| Error::plan("a step reads what none has written"))?;
        parts.iter().for_each(|part| self.groups.join(first, *part));
        Ok(first)
    }

    /// A value is written. What shares its buffer has elements of the same kind.
    fn write(&mut self, view: View, value: usize) {
        let groups = &mut self.groups;
        self.latest.retain(|(other, old)| {
            let same_buffer = other.slot == view.slot
                && other.pixel == view.pixel
                && other.bytes() == view.bytes();
            if !same_buffer {
                return !overlap(other, &view);
            }
            let covered = view.channel <= other.channel
                && other.channel + other.shape[2] <= view.channel + view.shape[2];
            if !covered {
                groups.join(*old, value);
            }
            !covered
        });
        self.latest.push((view, value));
    }
}

impl Places {
    pub(super) fn of(plan: &Plan, quantised: &Quantised) -> Result<Self, Error> {
        let count = plan.forward.len() + 1;
        let mut memory = Memory {
            latest: Vec::new(),
            groups: Groups((0..count).collect()),
        };
        let mut reads = Vec::with_capacity(plan.forward.len());
        for (i, step) in plan.forward.iter().enumerate() {
            let inputs = step.inputs.iter().map(|view| memory.read(view));
            let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
            memory.write(step.output, i + 1);
            if only_chooses(&step.op) {
                memory.groups.join(inputs[0], i + 1);
            }
            reads.push(inputs);
        }
        // The caller gets floats.
        let mut floats = vec![0];
        for view in plan.kept.iter().map(|(_, view)| view).chain([&plan.result]) {
            floats.push(memory.read(view)?);
        }
        let roles: Vec<Role> = plan
            .forward
            .iter()
            .map(|step| Role::of(step, quantised))
            .collect();
        let bytes = bytes(&roles, &reads, &memory.groups, &floats);
        let values = values(plan, quantised, &memory.groups, &bytes)?;
        let kernels = (0..roles.len()).map(|i| {
            let works = match roles[i] {
                Role::Product => true,
                Role::Floats => false,
                Role::Bytes | Role::Mean => reads[i].iter().all(|value| values[*value].0),
            };
            works.then_some(roles[i])
        });
        Ok(Self {
            kernels: kernels.collect(),
            reads,
            values,
        })
    }

    /// How a step computes from or to bytes, if it does.
    pub(super) fn kernel(&self, step: usize) -> Option<Role> {
        self.kernels[step]
    }

    /// How a step's input is quantised, by the step itself where it is floats.
    pub(super) fn input(&self, step: usize, k: usize) -> Quantisation {
        self.values[self.reads[step][k]].1
    }

    /// How a step's output is quantised, where it is.
    pub(super) fn output(&self, step: usize) -> Quantisation {
        self.values[step + 1].1
    }

    /// A step's views, with their elements.
    pub(super) fn views(&self, step: &Step, index: usize) -> (Vec<View>, View) {
        let with = |view: View, value: usize| match self.values[value].0 {
            true => View {
                element: Element::U8,
                ..view
            },
            false => view,
        };
        let inputs = step.inputs.iter().zip(&self.reads[index]);
        let inputs = inputs.map(|(view, value)| with(*view, *value));
        (inputs.collect(), with(step.output, index + 1))
    }
}

/// For each value whether its group is bytes: all are, but for those that a step or the caller needs as floats.
fn bytes(roles: &[Role], reads: &[Vec<usize>], groups: &Groups, floats: &[usize]) -> Vec<bool> {
    let mut bytes = vec![true; roles.len() + 1];
    floats
        .iter()
        .for_each(|value| bytes[groups.leader(*value)] = false);
    loop {
        let before = bytes.clone();
        for (i, (role, reads)) in roles.iter().zip(reads).enumerate() {
            let output = groups.leader(i + 1);
            let inputs = reads.iter().map(|value| groups.leader(*value));
            let any_floats = |output: bool| {
                inputs.clone().any(|value| !before[value])
                    || (output && !before[groups.leader(i + 1)])
            };
            let becomes_floats = match role {
                Role::Product => false,
                Role::Bytes => any_floats(true),
                Role::Floats => true,
                Role::Mean => {
                    bytes[output] = false;
                    false
                }
            };
            if becomes_floats {
                bytes[output] = false;
                inputs.clone().for_each(|value| bytes[value] = false);
            }
        }
        if bytes == before {
            return (0..bytes.len())
                .map(|value| bytes[groups.leader(value)])
                .collect();
        }
    }
}

/// What the bytes of each value stand for: all numbers of its group.
fn values(
    plan: &Plan,
    quantised: &Quantised,
    groups: &Groups,
    bytes: &[bool],
) -> Result<Vec<(bool, Quantisation)>, Error> {
    let mut ranges = BTreeMap::new();
    let names = plan.forward.iter().map(|step| step.name.as_str());
    let names: Vec<&str> = [""].into_iter().chain(names).collect();
    for (value, name) in names.iter().enumerate() {
        // A last SOFTMAX that the loss contains has no range in a plan without it, and needs none.
        let range = match quantised.ranges.contains_key(*name) || bytes[value] {
            true => quantised.range(name)?,
            false => continue,
        };
        let group = ranges.entry(groups.leader(value)).or_insert(range);
        *group = [group[0].min(range[0]), group[1].max(range[1])];
    }
    let of = |value| {
        let range = ranges.get(&groups.leader(value)).copied();
        (bytes[value], Quantisation::of(range.unwrap_or([0.0; 2])))
    };
    Ok((0..names.len()).map(of).collect())
}
