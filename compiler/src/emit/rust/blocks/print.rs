//! A struct for steps that run several times, as Rust.

use std::ops::Range;

use netc_plan::{Op, Plan, Step, View};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::texts::common;
use super::unify::{Arguments, Base, BlockStep, LayerName, Place, Size, Unified};
use super::values::Values;
use super::{BlockStruct, snake};
use crate::emit::rust::comments::{Comments, blank};
use crate::emit::rust::names::Names;
use crate::emit::rust::weights::named_layer;
use crate::emit::rust::{docs, tokens};
use crate::text::numbers::{literal, shape};

/// Prints one struct.
pub(super) struct Printer<'a> {
    plan: &'a Plan,
    names: &'a Names,
    comments: &'a Comments,
    block: &'a BlockStruct,
    unified: &'a Unified,
    /// The fields: one for each step.
    fields: Vec<Ident>,
    /// The parameters for numbers of layers, for names of layers and for sizes.
    numbers: Vec<Ident>,
    layers: Vec<Ident>,
    sizes: Vec<String>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        names: &'a Names,
        comments: &'a Comments,
        block: &'a BlockStruct,
    ) -> Self {
        let unified = &block.unified;
        let Arguments {
            numbers,
            names: layers,
            sizes,
            ..
        } = &unified.arguments;
        let fields = fields(block.steps(plan));
        let mut taken: Vec<String> = ["w", "op", "at", "x", "y"].map(str::to_owned).into();
        taken.extend(fields.iter().map(Ident::to_string));
        let mut unique = |wanted: &str| {
            let mut name = snake(wanted);
            while taken.contains(&name) || syn::parse_str::<Ident>(&name).is_err() {
                name.push_str("_no");
            }
            taken.push(name.clone());
            format_ident!("{name}")
        };
        Self {
            numbers: numbers.iter().map(|(stem, _)| unique(stem)).collect(),
            layers: layers.iter().map(|_| unique("name")).collect(),
            sizes: size_names(sizes),
            plan,
            names,
            comments,
            block,
            unified,
            fields,
        }
    }

    pub(super) fn item(&self) -> TokenStream {
        let name = &self.block.name;
        let about = docs::lines(&self.about());
        let steps = self.block.steps(self.plan).iter().zip(&self.fields);
        let fields = steps.enumerate().map(|(i, (step, field))| {
            let kernel = self.names.ty(step.op.name());
            let doc = docs::lines(&format!("`{}`", self.text(i)));
            quote!(#doc #field: #kernel,)
        });
        let places = self.places();
        let ty = repeated(&quote!(plan::View), places.len());
        let listed = listed(&places);
        let doc = docs::lines(&format!("Where {listed} lie."));
        let (new, run, scratch) = (self.constructor(), self.run(&places), self.scratch());
        let (lints, blank) = (lints(&self.unified.arguments), blank());
        quote! {
            #about
            struct #name {
                #(#fields)*
                #doc
                at: #ty,
            }
            #blank
            #lints
            impl #name {
                #new
                #blank
                #run
                #scratch
            }
        }
    }

    fn about(&self) -> String {
        let count = self.block.uses.len();
        match self.block.source.as_str() {
            "" => format!("A group of layers that stands {count} times."),
            name => format!("The block `{name}`, {count} times."),
        }
    }

    /// What the layers of a step say in all uses.
    fn text(&self, step: usize) -> String {
        let uses = self.block.uses.iter();
        let texts: Vec<&str> = uses
            .map(|steps| self.plan.forward[steps.start + step].text.as_str())
            .collect();
        common(&texts, &|numbers| self.number(numbers))
    }

    /// Numbers that are those of a size.
    fn number(&self, numbers: &[usize]) -> Option<String> {
        let sizes = &self.unified.arguments.sizes;
        let all = sizes.iter().position(|(_, values)| {
            let values = values.iter().map(|value| single(value));
            values.eq(numbers.iter().map(|number| Some(*number)))
        });
        if let Some(i) = all {
            return Some(self.sizes[i].clone());
        }
        let fields = self.unified.parts.iter().flat_map(|part| &part.fields);
        let mut derived = fields.filter(|(_, size)| {
            let values = (0..numbers.len()).map(|i| self.value(size, i));
            values.eq(numbers.iter().map(|number| Some(*number)))
        });
        derived.next().map(|(_, size)| self.size(size))
    }

    /// A size in one of the uses.
    fn value(&self, size: &Size, index: usize) -> Option<usize> {
        let argument = |i: usize| single(&self.unified.arguments.sizes[i].1[index]);
        match *size {
            Size::Fixed(_) => None,
            Size::Channels(id, factor) => {
                let values = Values::of(self.plan, &self.block.uses[index]);
                Some(values.views[id].shape[2] * factor)
            }
            Size::Argument(i) => argument(i),
            Size::Times(i, factor) => Some(argument(i)? * factor),
            Size::Over(i, factor) => Some(argument(i)? / factor),
        }
    }

    fn size(&self, size: &Size) -> String {
        match size {
            Size::Fixed(value) => value.clone(),
            Size::Argument(i) => self.sizes[*i].clone(),
            Size::Times(i, factor) => format!("{factor} * {}", self.sizes[*i]),
            Size::Over(i, factor) => format!("{} / {factor}", self.sizes[*i]),
            Size::Channels(id, 1) => format!("{}.shape[2]", self.value_name(*id)),
            Size::Channels(id, factor) => format!("{factor} * {}.shape[2]", self.value_name(*id)),
        }
    }

    /// How a value's place is called: `x` comes from outside, `y1` is what the first step writes.
    fn value_name(&self, id: usize) -> Ident {
        if let Place::At(other) = self.unified.places[id] {
            return self.value_name(other);
        }
        let values = &self.unified.values;
        if let Some(step) = values.outputs.iter().position(|output| *output == id) {
            let given = matches!(self.unified.places[id], Place::Argument(_));
            return match given && self.given_outputs() == 1 {
                true => format_ident!("y"),
                false => format_ident!("y{}", step + 1),
            };
        }
        match values.external().position(|other| other == id) {
            Some(0) | None => format_ident!("x"),
            Some(i) => format_ident!("x{}", i + 1),
        }
    }

    fn join_name(&self, join: usize) -> Ident {
        match self.given_outputs() {
            1 => format_ident!("y"),
            _ => format_ident!("joined{}", join + 1),
        }
    }

    /// How many places of outputs and of CONCATs are arguments.
    fn given_outputs(&self) -> usize {
        let unified = self.unified;
        let outputs = unified.values.outputs.iter();
        let outputs = outputs.filter(|id| matches!(unified.places[**id], Place::Argument(_)));
        outputs.count() + unified.joins.iter().flatten().count()
    }

    /// The names of the places that `run` needs, each once.
    fn places(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        for id in 0..self.unified.places.len() {
            let name = self.value_name(id);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn constructor(&self) -> TokenStream {
        let params = self.params();
        let steps = (0..self.fields.len()).map(|step| self.step(step));
        let (fields, places) = (&self.fields, self.places());
        let takes = self.unified.parts.iter().any(|part| part.layers.is_some());
        let w = if takes { quote!(w) } else { quote!(_) };
        let loader = self.names.ty("Loader");
        let doc = docs::lines(&self.about_params());
        quote! {
            #doc
            fn new(#w: &#loader<'_>, #(#params),*) -> Self {
                #(#steps)*
                Self { #(#fields,)* at: [#(#places),*] }
            }
        }
    }

    fn about_params(&self) -> String {
        let offsets = self.offsets();
        let mut said = Vec::new();
        let numbers = self.unified.arguments.numbers.iter().zip(&self.numbers);
        said.extend(numbers.map(|((stem, _), name)| {
            format!("`{name}` is the number of the first layer `{stem}`")
        }));
        if !offsets.is_empty() {
            said.push(format!("`at` holds the offsets of {}", listed(&offsets)));
        }
        match said.is_empty() {
            true => "Prepares the layers.".to_owned(),
            false => format!("Prepares the layers: {}.", said.join(", ")),
        }
    }

    /// The values that have offsets of their own.
    fn offsets(&self) -> Vec<Ident> {
        let places = self.unified.places.iter().enumerate();
        let own = places.filter(|(_, place)| matches!(place, Place::Offset(_)));
        own.map(|(id, _)| self.value_name(id)).collect()
    }

    fn params(&self) -> Vec<TokenStream> {
        let mut params = Vec::new();
        params.extend(self.numbers.iter().map(|name| quote!(#name: usize)));
        params.extend(self.layers.iter().map(|name| quote!(#name: &str)));
        params.extend(groups(&self.unified.arguments.sizes).map(|(field, all)| {
            let name = format_ident!("{field}");
            let numbers = self.unified.arguments.sizes[all[0]].1[0]
                .matches(',')
                .count()
                + 1;
            let one = match numbers {
                1 => quote!(usize),
                count => repeated(&quote!(usize), count),
            };
            match all.len() {
                1 => quote!(#name: #one),
                count => {
                    let all = repeated(&one, count);
                    quote!(#name: #all)
                }
            }
        }));
        params.extend(self.external().map(|name| quote!(#name: plan::View)));
        params.extend(match self.unified.arguments.offsets.len() {
            0 => None,
            1 => Some(quote!(at: usize)),
            count => {
                let all = repeated(&quote!(usize), count);
                Some(quote!(at: #all))
            }
        });
        let outputs = self.outputs().into_iter();
        params.extend(outputs.map(|(name, _)| quote!(#name: plan::View)));
        params
    }

    fn external(&self) -> impl Iterator<Item = Ident> {
        self.unified.values.external().map(|id| self.value_name(id))
    }

    /// The outputs and CONCATs whose places are arguments, and which.
    fn outputs(&self) -> Vec<(Ident, usize)> {
        let unified = self.unified;
        let outputs = unified.values.outputs.iter();
        let outputs = outputs.filter_map(|id| match unified.places[*id] {
            Place::Argument(i) => Some((self.value_name(*id), i)),
            _ => None,
        });
        let joins = unified.joins.iter().enumerate();
        let joins = joins.filter_map(|(join, i)| Some((self.join_name(join), (*i)?)));
        outputs.chain(joins).collect()
    }

    /// `let op = plan::Conv { .. }; let conv1 = Conv::new(op, ..); let y1 = plan::View::arena(at[0], op.output());`
    fn step(&self, i: usize) -> TokenStream {
        let step = &self.block.steps(self.plan)[i];
        let part = &self.unified.parts[i];
        let kernel = self.names.ty(step.op.name());
        let field = &self.fields[i];
        let descriptor = self.descriptor(i, part, step);
        let layer = part.layers.as_ref().map(|layers| {
            let layer = self.layer(layers, step);
            quote!(, #layer)
        });
        let id = self.unified.values.outputs[i];
        let view = match self.unified.places[id] {
            Place::Argument(_) | Place::At(_) => {
                return quote!(let #field = #kernel::new(#descriptor #layer););
            }
            Place::Beside(base) => {
                let base = self.base(base);
                quote!(#base.beside(op.output()))
            }
            Place::Part(base, first) => {
                let (base, first) = (self.base(base), tokens(&literal(first)));
                quote!(#base.part(#first, op.output()))
            }
            Place::Offset(at) => {
                let offset = match self.unified.arguments.offsets.len() {
                    1 => quote!(at),
                    _ => {
                        let at = tokens(&literal(at));
                        quote!(at[#at])
                    }
                };
                quote!(plan::View::arena(#offset, op.output()))
            }
        };
        let name = self.value_name(id);
        quote! {
            let op = #descriptor;
            let #field = #kernel::new(op #layer);
            let #name = #view;
        }
    }

    fn base(&self, base: Base) -> Ident {
        match base {
            Base::Value(id) => self.value_name(id),
            Base::Join(join) => self.join_name(join),
        }
    }

    fn descriptor(&self, i: usize, part: &BlockStep, step: &Step) -> TokenStream {
        let kernel = format_ident!("{}", step.op.name());
        let input = self.value_name(self.unified.values.inputs[i][0]);
        let fields = part.fields.iter().map(|(name, size)| {
            let name = format_ident!("{name}");
            let value = tokens(&self.size(size));
            // `filters: filters` is `filters`.
            match name == value.to_string() {
                true => quote!(#name),
                false => quote!(#name: #value),
            }
        });
        let rest = (!part.complete).then(|| quote!(..plan::#kernel::DEFAULT));
        quote!(plan::#kernel { input: #input.shape, #(#fields,)* #rest })
    }

    /// `w.layer(("conv", conv + 1)).fold(("bn", conv + 1), 1e-5)`
    fn layer(&self, (own, fold): &(LayerName, Option<LayerName>), step: &Step) -> TokenStream {
        let name = |name: &LayerName| match name {
            LayerName::Argument(i) => {
                let name = &self.layers[*i];
                quote!(#name)
            }
            LayerName::Numbered(stem, i, distance) => {
                let number = &self.numbers[*i];
                let size = tokens(&distance.unsigned_abs().to_string());
                match distance {
                    0 => quote!((#stem, #number)),
                    1.. => quote!((#stem, #number + #size)),
                    _ => quote!((#stem, #number - #size)),
                }
            }
        };
        let (own, fold) = (name(own), fold.as_ref().map(name));
        match &step.source {
            Some(source) => named_layer(self.plan, source, own, fold),
            None => TokenStream::new(),
        }
    }

    fn run(&self, places: &[Ident]) -> TokenStream {
        let mem = self.names.ty("Mem");
        let groups = self.block.by_rows(self.plan);
        let calls =
            (0..self.fields.len()).map(|i| match groups.iter().find(|group| group.contains(&i)) {
                None => self.call(i),
                Some(group) if group.start == i => self.together(group),
                Some(_) => TokenStream::new(),
            });
        quote! {
            fn run(&self, mem: &mut #mem<'_, '_>) {
                let [#(#places),*] = self.at;
                #(#calls)*
            }
        }
    }

    /// `self.conv1.run(mem, x, y1);`
    fn call(&self, i: usize) -> TokenStream {
        let field = &self.fields[i];
        let inputs = self.unified.values.inputs[i].iter();
        let inputs: Vec<Ident> = inputs.map(|id| self.value_name(*id)).collect();
        let inputs = match &inputs[..] {
            [input] => quote!(#input),
            inputs => quote!([#(#inputs),*]),
        };
        let output = self.value_name(self.unified.values.outputs[i]);
        let joins = self.joins(i);
        quote!(self.#field.run(mem, #inputs, #output); #joins)
    }

    /// `by_rows(mem, [x], [(&self.conv1, y1), (&self.conv2, y2)]);`
    fn together(&self, group: &Range<usize>) -> TokenStream {
        let values = &self.unified.values;
        let inputs = values.inputs[group.start].iter();
        let inputs = inputs.map(|id| self.value_name(*id));
        let steps = group.clone().map(|i| {
            let (field, output) = (&self.fields[i], self.value_name(values.outputs[i]));
            quote!((&self.#field, #output))
        });
        let joins = self.joins(group.end - 1);
        quote!(by_rows(mem, [#(#inputs),*], [#(#steps),*]); #joins)
    }

    /// The CONCATs that a step completes, as comments.
    fn joins(&self, step: usize) -> TokenStream {
        let after = self.block.uses[0].start + step + 1;
        let joins = self.plan.joins.iter().filter(|join| join.after == after);
        joins
            .map(|join| {
                self.comments
                    .line(format!("{}, computed in place", join.text))
            })
            .collect()
    }

    fn scratch(&self) -> TokenStream {
        let steps = self.block.steps(self.plan).iter().zip(&self.fields);
        let mut with = steps.filter(|(step, _)| step.op.has_scratch(false));
        let Some((_, first)) = with.next() else {
            return TokenStream::new();
        };
        let others = with.map(|(_, field)| quote!(.max(self.#field.scratch(max_batch))));
        let (scratch, blank) = (self.names.ty("Scratch"), blank());
        quote! {
            #blank
            fn scratch(&self, max_batch: usize) -> #scratch {
                self.#first.scratch(max_batch) #(#others)*
            }
        }
    }

    /// `Bottleneck::new(w, 6, 64, at::ADD1, [0, 3_211_264], at::ADD2)`: the use with this index.
    pub(super) fn made(&self, index: usize) -> TokenStream {
        let single = index..index + 1;
        self.progression(&single).unwrap_or_default()
    }

    /// The same for several uses, as a function of `i`, where all that they differ in grows evenly from use to use.
    pub(super) fn progression(&self, which: &Range<usize>) -> Option<TokenStream> {
        let Arguments {
            numbers,
            names,
            sizes,
            views,
            offsets,
        } = &self.unified.arguments;
        let mut values: Vec<TokenStream> = Vec::new();
        for (_, all) in numbers {
            values.push(grown(&all[which.clone()], usize::to_string)?);
        }
        for all in names {
            values.push(constant(&all[which.clone()], |name| quote!(#name))?);
        }
        for (_, all) in groups(sizes) {
            let size = |i: &usize| constant(&sizes[*i].1[which.clone()], |size| tokens(size));
            values.push(array(all.iter().map(size).collect::<Option<_>>()?));
        }
        let place = |(names, views): &(Vec<Ident>, Vec<View>)| {
            let first = &names[which.start];
            let more = widened(&views[which.clone()])?;
            Some(quote!(at::#first #more))
        };
        let external = self.unified.values.external();
        for id in external {
            if let Place::Argument(i) = self.unified.places[id] {
                values.push(place(&views[i])?);
            }
        }
        if !offsets.is_empty() {
            let offset = |all: &Vec<usize>| grown(&all[which.clone()], |offset| literal(*offset));
            values.push(array(offsets.iter().map(offset).collect::<Option<_>>()?));
        }
        for (_, i) in self.outputs() {
            values.push(place(&views[i])?);
        }
        let name = &self.block.name;
        Some(quote!(#name::new(w, #(#values),*)))
    }
}

/// What `new` is allowed.
fn lints(arguments: &Arguments) -> TokenStream {
    let count = 1
        + arguments.numbers.len()
        + arguments.names.len()
        + groups(&arguments.sizes).count()
        + arguments.views.len()
        + usize::from(!arguments.offsets.is_empty());
    let many = (count > 7).then(|| quote!(clippy::too_many_arguments,));
    quote!(#[allow(clippy::similar_names, clippy::too_many_lines, #many reason = "as long as the block is")])
}

/// `conv6 .. add2: 56x56x256`
pub(super) fn about_use(plan: &Plan, steps: &Range<usize>) -> String {
    let (first, last) = (&plan.forward[steps.start], &plan.forward[steps.end - 1]);
    let joined = plan.joins.iter().find(|join| join.after == steps.end);
    let input = shape(&first.inputs[0].shape);
    let output = shape(&joined.map_or(last.output, |join| join.view).shape);
    let last = joined.map_or(&last.name, |join| &join.name);
    match input == output {
        true => format!("{} .. {last}, {input}", first.name),
        false => format!("{} .. {last}, {input} -> {output}", first.name),
    }
}

/// The number that a size is, or that all its numbers are.
fn single(value: &str) -> Option<usize> {
    let numbers = value.trim_matches(['[', ']']).split(", ");
    let numbers: Option<Vec<usize>> = numbers.map(|number| number.parse().ok()).collect();
    let numbers = numbers?;
    let first = *numbers.first()?;
    numbers
        .iter()
        .all(|number| *number == first)
        .then_some(first)
}

/// The sizes of each field, in the order of the first ones.
fn groups<'s>(
    sizes: &'s [(&'static str, Vec<String>)],
) -> impl Iterator<Item = (&'static str, Vec<usize>)> + 's {
    let firsts = sizes.iter().enumerate();
    let firsts =
        firsts.filter(|(i, (field, _))| sizes[..*i].iter().all(|(other, _)| other != field));
    firsts.map(|(_, (field, _))| {
        let all = sizes.iter().enumerate();
        let all = all.filter(|(_, (other, _))| other == field);
        (*field, all.map(|(i, _)| i).collect())
    })
}

/// What each size is called: `filters`, or `filters[1]` where there are several.
fn size_names(sizes: &[(&'static str, Vec<String>)]) -> Vec<String> {
    let mut names = vec![String::new(); sizes.len()];
    for (field, all) in groups(sizes) {
        for (i, size) in all.iter().enumerate() {
            names[*size] = match all.len() {
                1 => field.to_owned(),
                _ => format!("{field}[{i}]"),
            };
        }
    }
    names
}

/// What is the same in all uses.
fn constant<T: PartialEq>(all: &[T], print: impl Fn(&T) -> TokenStream) -> Option<TokenStream> {
    let same = all.iter().all(|value| *value == all[0]);
    same.then(|| print(&all[0]))
}

/// `15 + 2 * i`: numbers that grow evenly.
fn grown(all: &[usize], print: impl Fn(&usize) -> String) -> Option<TokenStream> {
    let step = growth(all)?;
    let first = print(&all[0]);
    let text = match (all[0], step) {
        (_, 0) => first,
        (0, 1) => "i".to_owned(),
        (0, step) => format!("{} * i", print(&step)),
        (_, 1) => format!("{first} + i"),
        (_, step) => format!("{first} + {} * i", print(&step)),
    };
    Some(tokens(&text))
}

/// By how much each number is larger than the one before.
fn growth(all: &[usize]) -> Option<usize> {
    let Some([first, second]) = all.first_chunk() else {
        return Some(0);
    };
    let step = second.checked_sub(*first)?;
    let grows = all
        .windows(2)
        .all(|pair| pair[1].checked_sub(pair[0]) == Some(step));
    grows.then_some(step)
}

/// `.wider(32 * i)`: what makes the others of the first view.
fn widened(views: &[View]) -> Option<TokenStream> {
    let channels: Vec<usize> = views
        .iter()
        .map(|view| view.shape[2] - views[0].shape[2].min(view.shape[2]))
        .collect();
    let same = views
        .iter()
        .zip(&channels)
        .all(|(view, more)| views[0].wider(*more) == *view);
    let more = grown(&channels, usize::to_string).filter(|_| same)?;
    Some(match channels.last() {
        None | Some(0) => TokenStream::new(),
        Some(_) => quote!(.wider(#more)),
    })
}

/// `[usize; 2]`
pub(super) fn repeated(ty: &TokenStream, count: usize) -> TokenStream {
    let count = proc_macro2::Literal::usize_unsuffixed(count);
    quote!([#ty; #count])
}

fn array(mut values: Vec<TokenStream>) -> TokenStream {
    match values.len() {
        1 => values.remove(0),
        _ => quote!([#(#values),*]),
    }
}

/// The fields of steps: `conv1`, `conv2`, `add1`; a convolution is one, also where it adds something.
fn fields(steps: &[Step]) -> Vec<Ident> {
    let name = |i: usize| match steps[i].op {
        Op::ConvAdd(_) => "conv".to_owned(),
        op => snake(op.name()),
    };
    let number = |i: usize| (0..=i).filter(|other| name(*other) == name(i)).count();
    (0..steps.len())
        .map(|i| format_ident!("{}{}", name(i), number(i)))
        .collect()
}

/// `x, y1 and y`
fn listed(names: &[Ident]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
