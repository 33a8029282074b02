//! What uses of a struct differ in, as few arguments as say it all: what is equal everywhere is written in the struct, what follows from
//! something else is computed from it, and the rest is given to `new`.

use std::ops::Range;

use netc_plan::{Field, Plan, Slot, View};
use proc_macro2::Ident;

use super::choose::is_size;
use super::values::{Values, is_read_after};
use crate::emit::rust::names::Names;

/// The largest factor that one size is written as a multiple of another with.
const MAX_FACTOR: usize = 16;

/// A number or an array of them in a descriptor.
#[derive(Clone, Debug)]
pub(super) enum Size {
    /// The same everywhere.
    Fixed(String),
    /// An argument, by its index in [`Arguments::sizes`].
    Argument(usize),
    /// A multiple of an argument.
    Times(usize, usize),
    /// A fraction of an argument.
    Over(usize, usize),
    /// A multiple of the channels of a value that comes from outside.
    Channels(usize, usize),
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An argument, by its index in [`Arguments::views`].
    Argument(usize),
    /// Where another value lies.
    At(usize),
    /// In the buffer of another value, at the channels after its own.
    Beside(Base),
    /// Some of the channels of another value, from this one on.
    Part(Base, usize),
    /// At an offset of its own, by its index in [`Arguments::offsets`].
    Offset(usize),
}

/// The view that another is derived from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// A value of the steps.
    Value(usize),
    /// A CONCAT that the steps complete.
    Join(usize),
}

/// The name of a layer.
#[derive(Clone, Debug)]
pub(super) enum LayerName {
    /// `conv` and a number, this much more than an argument, by its index in [`Arguments::numbers`].
    Numbered(String, usize, i64),
    /// An argument, by its index in [`Arguments::names`].
    Argument(usize),
}

/// A step of the struct.
#[derive(Debug)]
pub(super) struct BlockStep {
    /// The fields of its descriptor that are not usual everywhere, without `input`.
    pub(super) fields: Vec<(&'static str, Size)>,
    /// Whether all fields stand in `fields` (and `input`).
    pub(super) complete: bool,
    /// Its layer, and the batch normalisation that is folded into it.
    pub(super) layers: Option<(LayerName, Option<LayerName>)>,
}

/// The arguments of `new`, and their values in each use.
#[derive(Default)]
pub(super) struct Arguments {
    /// Numbers of layers, with the layers' kind.
    pub(super) numbers: Vec<(String, Vec<usize>)>,
    /// Names of layers.
    pub(super) names: Vec<Vec<String>>,
    /// Sizes, with the field that they are for.
    pub(super) sizes: Vec<(&'static str, Vec<String>)>,
    /// Constants of the module `at`, and what they are.
    pub(super) views: Vec<(Vec<Ident>, Vec<View>)>,
    /// Offsets in bytes.
    pub(super) offsets: Vec<Vec<usize>>,
}

/// Steps that are alike, as one.
pub(super) struct Unified {
    /// The values of the first use; those of the others have the same numbers.
    pub(super) values: Values,
    /// Where each value lies.
    pub(super) places: Vec<Place>,
    /// Where each CONCAT lies that the steps complete: the argument, if something is derived from it.
    pub(super) joins: Vec<Option<usize>>,
    pub(super) parts: Vec<BlockStep>,
    pub(super) arguments: Arguments,
}

/// What the uses of a struct have in common and how they differ.
pub(super) fn unify(plan: &Plan, uses: &[Range<usize>], names: &Names) -> Unified {
    let values: Vec<Values> = uses.iter().map(|steps| Values::of(plan, steps)).collect();
    let mut unifier = Unifier {
        plan,
        uses,
        names,
        places: vec![None; values[0].views.len()],
        joins: joins(plan, uses),
        join_arguments: Vec::new(),
        values,
        arguments: Arguments::default(),
    };
    unifier.join_arguments = vec![None; unifier.joins.len()];
    unifier.given();
    let parts = (0..uses[0].len()).map(|step| unifier.part(step)).collect();
    Unified {
        values: Values::of(plan, &uses[0]),
        places: unifier.places.into_iter().flatten().collect(),
        joins: unifier.join_arguments,
        parts,
        arguments: unifier.arguments,
    }
}

struct Unifier<'a> {
    plan: &'a Plan,
    uses: &'a [Range<usize>],
    names: &'a Names,
    values: Vec<Values>,
    places: Vec<Option<Place>>,
    /// For each CONCAT its index in the plan, in each use.
    joins: Vec<Vec<usize>>,
    join_arguments: Vec<Option<usize>>,
    arguments: Arguments,
}

/// The CONCATs that the steps complete, where all uses have as many.
fn joins(plan: &Plan, uses: &[Range<usize>]) -> Vec<Vec<usize>> {
    let of = |steps: &Range<usize>| -> Vec<usize> {
        let joins = plan.joins.iter().enumerate();
        let completed =
            joins.filter(|(_, join)| steps.start < join.after && join.after <= steps.end);
        completed.map(|(i, _)| i).collect()
    };
    let all: Vec<Vec<usize>> = uses.iter().map(of).collect();
    let count = all[0].len();
    if all.iter().any(|joins| joins.len() != count) {
        return Vec::new();
    }
    let join = |i: usize| all.iter().map(|joins| joins[i]).collect();
    (0..count).map(join).collect()
}

impl Unifier<'_> {
    /// The values that are arguments: those that come from outside, then those that steps after these read as they are.
    fn given(&mut self) {
        let external: Vec<usize> = self.values[0].external().collect();
        for id in external {
            let place = |(steps, values): (&Range<usize>, &Values)| {
                let mut inputs = values.inputs.iter().enumerate();
                inputs.find_map(|(step, inputs)| {
                    let input = inputs.iter().position(|input| *input == id)?;
                    self.names.inputs(steps.start + step).get(input).cloned()
                })
            };
            let places = self
                .uses
                .iter()
                .zip(&self.values)
                .filter_map(place)
                .collect();
            let views = self.views(Base::Value(id));
            self.places[id] = Some(self.view(places, views));
        }
        for step in 0..self.uses[0].len() {
            let mut uses = self.uses.iter();
            if uses.any(|steps| is_read_after(self.plan, steps.start + step, steps.end)) {
                self.give(step);
            }
        }
    }

    /// Makes the place of a step's output an argument.
    fn give(&mut self, step: usize) {
        let outputs = self.uses.iter();
        let places = outputs.map(|steps| self.names.output(steps.start + step).clone());
        let places = places.collect();
        let id = self.values[0].outputs[step];
        let views = self.views(Base::Value(id));
        self.places[id] = Some(self.view(places, views));
    }

    fn view(&mut self, places: Vec<Ident>, views: Vec<View>) -> Place {
        self.arguments.views.push((places, views));
        Place::Argument(self.arguments.views.len() - 1)
    }

    fn part(&mut self, step: usize) -> BlockStep {
        let steps = self
            .uses
            .iter()
            .map(|steps| &self.plan.forward[steps.start + step]);
        let steps: Vec<_> = steps.collect();
        let all: Vec<Vec<Field>> = steps.iter().map(|step| step.op.fields()).collect();
        let mut fields = Vec::new();
        let mut complete = true;
        for (i, field) in all[0].iter().enumerate() {
            if field.name == "input" {
                continue;
            }
            if all.iter().all(|fields| fields[i].usual) {
                complete = false;
                continue;
            }
            let values = all.iter().map(|fields| fields[i].value.clone()).collect();
            fields.push((field.name, self.size(field.name, values)));
        }
        let layer = |name: fn(&netc_plan::Source) -> Option<&String>| -> Option<Vec<&str>> {
            let names = steps.iter().map(|step| name(step.source.as_ref()?));
            names.map(|name| name.map(String::as_str)).collect()
        };
        let own = layer(|source| Some(&source.layer));
        let folded = layer(|source| source.fold.as_ref().map(|fold| &fold.layer));
        let layers = own.map(|own| (self.name(&own), folded.map(|names| self.name(&names))));
        self.place(step);
        BlockStep {
            fields,
            complete,
            layers,
        }
    }

    fn size(&mut self, field: &'static str, values: Vec<String>) -> Size {
        if values.iter().all(|value| *value == values[0]) || !is_size(&values[0]) {
            return Size::Fixed(values[0].clone());
        }
        let numbers: Option<Vec<usize>> = values.iter().map(|value| value.parse().ok()).collect();
        let known = self.arguments.sizes.iter().map(|(_, known)| known);
        if let Some(same) = known.clone().position(|known| *known == values) {
            return Size::Argument(same);
        }
        let Some(numbers) = numbers else {
            return self.new_size(field, values);
        };
        let channels = |id: usize| -> Vec<usize> {
            let views = self.values.iter().map(|values| values.views[id]);
            views.map(|view| view.shape[2]).collect()
        };
        let external: Vec<usize> = self.values[0].external().collect();
        if let Some(id) = external.iter().find(|id| channels(**id) == numbers) {
            return Size::Channels(*id, 1);
        }
        for (i, known) in known.enumerate() {
            let Ok(known) = known
                .iter()
                .map(|value| value.parse())
                .collect::<Result<Vec<usize>, _>>()
            else {
                continue;
            };
            if let Some(factor) = factor(&known, &numbers) {
                return Size::Times(i, factor);
            }
            if let Some(factor) = factor(&numbers, &known) {
                return Size::Over(i, factor);
            }
        }
        let multiples = external.iter();
        let mut multiples =
            multiples.filter_map(|id| Some((*id, factor(&channels(*id), &numbers)?)));
        match multiples.next() {
            Some((id, factor)) => Size::Channels(id, factor),
            None => self.new_size(field, values),
        }
    }

    fn new_size(&mut self, field: &'static str, values: Vec<String>) -> Size {
        self.arguments.sizes.push((field, values));
        Size::Argument(self.arguments.sizes.len() - 1)
    }

    fn name(&mut self, names: &[&str]) -> LayerName {
        let split = |name: &&str| {
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let digits = &name[stem.len()..];
            let number = digits
                .parse::<usize>()
                .ok()
                .filter(|_| !digits.starts_with('0'));
            number.map(|number| (stem.to_owned(), number))
        };
        let numbered: Option<Vec<(String, usize)>> = names.iter().map(split).collect();
        let numbered = numbered.filter(|all| all.iter().all(|(stem, _)| *stem == all[0].0));
        let Some(numbered) = numbered else {
            let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
            let known = self
                .arguments
                .names
                .iter()
                .position(|known| *known == names);
            return LayerName::Argument(known.unwrap_or_else(|| {
                self.arguments.names.push(names);
                self.arguments.names.len() - 1
            }));
        };
        let stem = numbered[0].0.clone();
        let numbers: Vec<usize> = numbered.into_iter().map(|(_, number)| number).collect();
        let arguments = self.arguments.numbers.iter().enumerate();
        let mut known =
            arguments.filter_map(|(i, (_, known))| Some((i, distance(known, &numbers)?)));
        if let Some((i, distance)) = known.next() {
            return LayerName::Numbered(stem, i, distance);
        }
        self.arguments.numbers.push((stem.clone(), numbers));
        LayerName::Numbered(stem, self.arguments.numbers.len() - 1, 0)
    }

    /// Finds where a step's output lies, if it is no argument.
    fn place(&mut self, step: usize) {
        let id = self.values[0].outputs[step];
        if self.places[id].is_some() {
            return;
        }
        let views = self.views(Base::Value(id));
        if let Some(place) = self.derived(&views) {
            self.places[id] = Some(place);
            return;
        }
        let offset = |view: &View| match view.slot {
            Slot::Arena(offset) if view.is_dense() => Some(offset),
            _ => None,
        };
        let Some(offsets) = views.iter().map(offset).collect::<Option<Vec<usize>>>() else {
            return self.give(step);
        };
        let known = self
            .arguments
            .offsets
            .iter()
            .position(|known| *known == offsets);
        self.places[id] = Some(Place::Offset(known.unwrap_or_else(|| {
            self.arguments.offsets.push(offsets);
            self.arguments.offsets.len() - 1
        })));
    }

    /// The same place in every use.
    fn views(&self, base: Base) -> Vec<View> {
        match base {
            Base::Value(id) => self.values.iter().map(|values| values.views[id]).collect(),
            Base::Join(i) => self.joins[i]
                .iter()
                .map(|join| self.plan.joins[*join].view)
                .collect(),
        }
    }

    /// A place as one that follows from another: that of a value that is known, or of a CONCAT.
    fn derived(&mut self, views: &[View]) -> Option<Place> {
        let known = (0..self.places.len()).filter(|id| self.places[*id].is_some());
        let values: Vec<usize> = known.collect();
        for &id in &values {
            if self.views(Base::Value(id)) == views {
                return Some(Place::At(id));
            }
        }
        // A dense buffer is told by its offset.
        if views.iter().any(View::is_dense) {
            return None;
        }
        let values = values.into_iter().map(Base::Value);
        let bases: Vec<Base> = values
            .chain((0..self.joins.len()).map(Base::Join))
            .collect();
        let found = bases.into_iter().find_map(|base| {
            let known = self.views(base);
            let pairs = || known.iter().zip(views);
            let same_buffer = pairs().all(|(known, view)| {
                (known.slot, known.pixel, known.element) == (view.slot, view.pixel, view.element)
            });
            let first = || views[0].channel.checked_sub(known[0].channel);
            if !same_buffer {
                None
            } else if pairs().all(|(known, view)| view.channel == known.channel + known.shape[2]) {
                Some((base, Place::Beside(base)))
            } else if let Some(first) = first()
                && pairs().all(|(known, view)| view.channel == known.channel + first)
            {
                Some((base, Place::Part(base, first)))
            } else {
                None
            }
        });
        let (base, place) = found?;
        if let Base::Join(i) = base
            && self.join_arguments[i].is_none()
        {
            let names = self.joins[i].iter();
            let places = names.map(|join| self.names.join(*join).clone()).collect();
            self.arguments.views.push((places, self.views(base)));
            self.join_arguments[i] = Some(self.arguments.views.len() - 1);
        }
        Some(place)
    }
}

/// The number by which all of some sizes are multiples of others.
fn factor(known: &[usize], sizes: &[usize]) -> Option<usize> {
    let mut pairs = known.iter().zip(sizes);
    let factor = sizes[0].checked_div(known[0])?;
    let same = pairs.all(|(known, size)| known.checked_mul(factor) == Some(*size));
    (same && (2..=MAX_FACTOR).contains(&factor)).then_some(factor)
}

/// What numbers have more than others, if it is the same everywhere.
fn distance(known: &[usize], numbers: &[usize]) -> Option<i64> {
    let distance = |(known, number): (&usize, &usize)| *number as i64 - *known as i64;
    let mut pairs = known.iter().zip(numbers);
    let first = pairs.next().map(distance)?;
    pairs.all(|pair| distance(pair) == first).then_some(first)
}
