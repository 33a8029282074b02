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
    /// Reads and writes either, but for an input that it adds to in place, which is as the output is.
    Product,
    /// The same, and computes floats alone with the kernel for floats.
    Sum,
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
            Op::Conv(_) | Op::ConvAdd(_) | Op::Fc(_) if quantised.has(step) => Role::Product,
            Op::MaxPool(_) | Op::Copy(_) | Op::Activation(_) | Op::BatchNorm(_) => Role::Bytes,
            Op::Add(d) if int8::Add::fits(&d) => Role::Sum,
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
struct Memory<'l> {
    latest: Vec<(View, usize)>,
    groups: Groups,
    /// For each value the step that reads it last.
    last: &'l [usize],
}

impl Memory<'_> {
    /// The values that a view holds, its parts, which become a group.
    fn read(&mut self, view: &View) -> Result<Vec<usize>, Error> {
        if is_input(view) {
            return Ok(vec![0]);
        }
        let parts = self.latest.iter().filter(|(other, _)| overlap(other, view));
        let parts: Vec<usize> = parts.map(|(_, value)| *value).collect();
        let first = parts.first().copied();
        let first = first.ok_or_else(|| Error::plan("a step reads what none has written"))?;
        parts.iter().for_each(|part| self.groups.join(first, *part));
        Ok(parts)
    }

    /// A step writes a value. What shares its buffer has elements of the same kind, as long as somebody reads it.
    fn write(&mut self, view: View, value: usize, step: usize) {
        let groups = &mut self.groups;
        self.latest.retain(|(other, old)| {
            if self.last[*old] < step {
                return false;
            }
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

/// Who reads what, and which values go together.
struct Flow {
    /// For each step and each of its inputs the values there, then those that the caller gets.
    reads: Vec<Vec<Vec<usize>>>,
    groups: Groups,
}

impl Flow {
    /// `last` says for each value the step that reads it last: at least, where it isn't known better.
    fn of(plan: &Plan, last: &[usize]) -> Result<Self, Error> {
        let mut memory = Memory {
            latest: Vec::new(),
            groups: Groups((0..last.len()).collect()),
            last,
        };
        let mut reads = Vec::with_capacity(plan.forward.len() + 1);
        for (i, step) in plan.forward.iter().enumerate() {
            let inputs = step.inputs.iter().map(|view| memory.read(view));
            let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
            memory.write(step.output, i + 1, i);
            if only_chooses(&step.op) {
                memory.groups.join(inputs[0][0], i + 1);
            }
            reads.push(inputs);
        }
        let given = plan.kept.iter().map(|(_, view)| view).chain([&plan.result]);
        let given = given.map(|view| memory.read(view));
        reads.push(given.collect::<Result<_, _>>()?);
        Ok(Self {
            reads,
            groups: memory.groups,
        })
    }

    /// For each value the step that reads it last; its own number where none does.
    fn last(&self, count: usize) -> Vec<usize> {
        let mut last: Vec<usize> = (0..count).collect();
        for (i, reads) in self.reads.iter().enumerate() {
            reads.iter().flatten().for_each(|value| last[*value] = i);
        }
        last
    }
}

impl Places {
    pub(super) fn of(plan: &Plan, quantised: &Quantised) -> Result<Self, Error> {
        let count = plan.forward.len() + 1;
        let flow = Flow::of(plan, &vec![usize::MAX; count])?;
        // What nobody reads any more does not count.
        let Flow { reads, groups } = Flow::of(plan, &flow.last(count))?;
        let mut reads: Vec<Vec<usize>> = reads
            .into_iter()
            .map(|reads| reads.into_iter().map(|parts| parts[0]).collect())
            .collect();
        // The caller gets floats.
        let mut floats = reads.pop().unwrap_or_default();
        floats.push(0);
        let roles: Vec<Role> = plan
            .forward
            .iter()
            .map(|step| Role::of(step, quantised))
            .collect();
        let bytes = bytes(plan, &roles, &reads, &groups, &floats);
        let values = values(plan, quantised, &groups, &bytes)?;
        let kernels = (0..roles.len()).map(|i| {
            let works = match roles[i] {
                Role::Product => true,
                Role::Floats => false,
                Role::Bytes | Role::Mean => reads[i].iter().all(|value| values[*value].0),
                Role::Sum => values[i + 1].0 || reads[i].iter().any(|value| values[*value].0),
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
fn bytes(
    plan: &Plan,
    roles: &[Role],
    reads: &[Vec<usize>],
    groups: &Groups,
    floats: &[usize],
) -> Vec<bool> {
    let mut bytes = vec![true; roles.len() + 1];
    floats
        .iter()
        .for_each(|value| bytes[groups.leader(*value)] = false);
    loop {
        let before = bytes.clone();
        for (i, (role, reads)) in roles.iter().zip(reads).enumerate() {
            let output = groups.leader(i + 1);
            let step = &plan.forward[i];
            let inputs = reads.iter().map(|value| groups.leader(*value));
            let any_floats = |output: bool| {
                inputs.clone().any(|value| !before[value])
                    || (output && !before[groups.leader(i + 1)])
            };
            let becomes_floats = match role {
                Role::Product | Role::Sum => {
                    let places = step.inputs.iter().zip(inputs.clone());
                    for (_, input) in places.filter(|(view, _)| overlap(view, &step.output)) {
                        let both = before[input] && before[output];
                        (bytes[input], bytes[output]) =
                            (bytes[input] && both, bytes[output] && both);
                    }
                    false
                }
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
