//! Names in generated code: fields, constants and types that clash with nothing.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use netc_plan::{Join, Op, Plan, View, overlap};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// The names of one generated file.
pub(super) struct Names {
    network: Ident,
    kernels: BTreeSet<&'static str>,
    fields: Vec<Ident>,
    places: Constants,
    taken: RefCell<Unique>,
}

/// The constants of the module `at`, and who uses which.
#[derive(Default)]
struct Constants {
    all: Vec<(Ident, View)>,
    declared: BTreeSet<String>,
    inputs: Vec<Vec<Ident>>,
    outputs: Vec<Ident>,
    joins: Vec<Ident>,
    result: Option<Ident>,
    kept: Vec<Ident>,
    scores: Vec<Ident>,
}

/// What fields of inference code are called beside those of layers.
const OF_INFERENCE: &[&str] = &["device"];

/// What fields and variables of training code are called beside those of layers.
const OF_TRAINING: &[&str] = &[
    "layout",
    "loss",
    "max_batch",
    "params",
    "scratch",
    "seed",
    "state",
    "update",
    "weights",
    "workspace",
];

impl Names {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut unique = Unique::default();
        let mut network = plan.name.clone();
        if plan.trains() {
            network.push_str("Trainer");
        }
        let reserved = if plan.trains() {
            OF_TRAINING
        } else {
            OF_INFERENCE
        };
        for name in reserved {
            unique.name(name);
        }
        let image = unique.name("image");
        let steps = plan.forward.iter();
        let fields: Vec<String> = steps.map(|step| unique.name(&step.name)).collect();
        let steps = plan.forward.iter();
        Self {
            network: ident(&network),
            kernels: steps.map(|step| step.op.name()).collect(),
            places: Constants::of(plan, image, &fields, &mut unique),
            fields: fields.iter().map(|field| ident(field)).collect(),
            taken: RefCell::new(unique),
        }
    }

    /// A field beside those of steps, called this or something like it.
    pub(super) fn free(&self, wanted: &str) -> Ident {
        ident(&self.taken.borrow_mut().name(wanted))
    }

    /// Whether a type has this name: the network, what may be imported, or what everybody has.
    pub(super) fn is_type(&self, name: &str) -> bool {
        let others = "AsRef Box Clone Copy Debug Default Device Drop Eq Err Error Fn From Hash Into Iterator Layout Loader LossKernel Mem Model \
                      None Ok Operation Option Ord Path Predictions Result Scores Scratch Self Send Some State String Sync ToString Values Vec View \
                      Weights Workspace";
        self.clashes(name)
            || Op::NAMES.contains(&name)
            || others.split_whitespace().any(|other| other == name)
    }

    /// The struct.
    pub(super) fn network(&self) -> &Ident {
        &self.network
    }

    /// The field of a step.
    pub(super) fn field(&self, step: usize) -> &Ident {
        &self.fields[step]
    }

    /// The constants of the module `at` that some code names, in order.
    pub(super) fn places(&self, code: &TokenStream) -> Vec<(Ident, View)> {
        let mut used = BTreeSet::new();
        used_places(code.clone(), &mut used);
        let places = self.places.all.iter();
        let used = places.filter(|(name, _)| used.contains(&name.to_string()));
        used.cloned().collect()
    }

    /// Where a CONCAT lies.
    pub(super) fn join(&self, join: usize) -> &Ident {
        &self.places.joins[join]
    }

    /// What a step reads.
    pub(super) fn inputs(&self, step: usize) -> &[Ident] {
        &self.places.inputs[step]
    }

    /// What a step writes.
    pub(super) fn output(&self, step: usize) -> &Ident {
        &self.places.outputs[step]
    }

    /// Where the result lies.
    pub(super) fn result(&self) -> Option<&Ident> {
        self.places.result.as_ref()
    }

    /// Where the other outputs lie.
    pub(super) fn kept(&self) -> &[Ident] {
        &self.places.kept
    }

    /// What the losses judge.
    pub(super) fn scores(&self) -> &[Ident] {
        &self.places.scores
    }

    /// The kernels' types, as they are imported.
    pub(super) fn kernels(&self) -> Vec<TokenStream> {
        self.kernels
            .iter()
            .map(|kernel| self.import(kernel))
            .collect()
    }

    /// A type of the runtime as it is imported: under another name if the network has its name.
    pub(super) fn import(&self, name: &str) -> TokenStream {
        let original = ident(name);
        if self.clashes(name) {
            let other = ident(&renamed(name));
            quote!(#original as #other)
        } else {
            quote!(#original)
        }
    }

    /// A type of the runtime, or of the prelude, as it is written.
    pub(super) fn ty(&self, name: &str) -> TokenStream {
        let original = ident(name);
        match name {
            _ if !self.clashes(name) => quote!(#original),
            "Result" => quote!(core::result::Result),
            "AsRef" => quote!(core::convert::AsRef),
            _ => {
                let other = ident(&renamed(name));
                quote!(#other)
            }
        }
    }

    fn clashes(&self, name: &str) -> bool {
        self.network == name
    }
}

impl Constants {
    fn of(plan: &Plan, image: String, fields: &[String], unique: &mut Unique) -> Self {
        let mut places = Self::default();
        // The name of the value that was last written to a view.
        let mut names: HashMap<View, String> = HashMap::new();
        names.insert(View::input(hwc(&plan.input)), image);
        let mut joins = plan.joins.iter().peekable();
        for (i, step) in plan.forward.iter().enumerate() {
            while let Some(join) = joins.next_if(|join| join.after <= i) {
                places.join(join, &mut names, unique);
            }
            let mut inputs = Vec::with_capacity(step.inputs.len());
            for view in &step.inputs {
                // A value that is read in another shape than it was written in.
                let name = names
                    .entry(*view)
                    .or_insert_with(|| unique.name(&format!("{}_input", step.name)));
                inputs.push(places.constant(name, *view));
            }
            places.inputs.push(inputs);
            // What lay there before is gone, in whatever shape it was read.
            names.retain(|view, _| !overlap(view, &step.output));
            names.insert(step.output, fields[i].clone());
            let output = places.constant(&fields[i], step.output);
            places.outputs.push(output);
        }
        for join in joins {
            places.join(join, &mut names, unique);
        }
        let mut end = |view: View, name: &str| {
            let name = names.entry(view).or_insert_with(|| unique.name(name));
            places.constant(name, view)
        };
        let result = end(plan.result, "result");
        let kept: Vec<Ident> = plan
            .kept
            .iter()
            .map(|(name, view)| end(*view, name))
            .collect();
        let scores = plan.loss.iter().map(|loss| end(loss.scores, "scores"));
        (places.scores, places.result) = (scores.collect(), Some(result));
        places.kept = kept;
        places
    }

    fn join(&mut self, join: &Join, names: &mut HashMap<View, String>, unique: &mut Unique) {
        let name = unique.name(&join.name);
        let constant = self.constant(&name, join.view);
        self.joins.push(constant);
        names.insert(join.view, name);
    }

    /// The constant of this name, declared at its first use.
    fn constant(&mut self, name: &str, view: View) -> Ident {
        let constant = ident(&name.to_ascii_uppercase());
        if self.declared.insert(name.to_string()) {
            self.all.push((constant.clone(), view));
        }
        constant
    }
}

/// The names after `at::`.
fn used_places(code: TokenStream, used: &mut BTreeSet<String>) {
    let mut before = [String::new(), String::new(), String::new()];
    for token in code {
        let text = match token {
            TokenTree::Group(group) => {
                used_places(group.stream(), used);
                String::new()
            }
            TokenTree::Ident(name) if before == ["at", ":", ":"] => {
                used.insert(name.to_string());
                String::new()
            }
            other => other.to_string(),
        };
        before.rotate_left(1);
        before[2] = text;
    }
}

/// The names given so far.
#[derive(Default)]
struct Unique(BTreeSet<String>);

impl Unique {
    /// This name in snake case, or one like it that is still free.
    fn name(&mut self, wanted: &str) -> String {
        let base = snake_case(wanted);
        let mut name = base.clone();
        let mut count = 1;
        while !self.0.insert(name.clone()) {
            count += 1;
            name = format!("{base}_{count}");
        }
        name
    }
}

/// `stemConv` is `stem_conv`. A keyword stays one, so the caller's names are none: [`netc_plan::Step::name`] is an identifier.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && small || c == '_' {
            snake.push('_');
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
        if c != '_' {
            snake.push(c.to_ascii_lowercase());
        }
    }
    // rustc finds two underscores in a row as little pleasing as people do.
    while snake.contains("__") {
        snake = snake.replace("__", "_");
    }
    snake
}

/// What a type of the runtime is called where the network has its name: `NetcConv`.
fn renamed(name: &str) -> String {
    format!("Netc{name}")
}

fn ident(name: &str) -> Ident {
    syn::parse_str(name)
        .unwrap_or_else(|_| Ident::new(&format!("{}_", snake_case(name)), Span::call_site()))
}

/// A shape as views have it.
fn hwc(sizes: &[usize]) -> [usize; 3] {
    match *sizes {
        [h, w, c] => [h, w, c],
        _ => [1, 1, sizes.iter().product()],
    }
}
