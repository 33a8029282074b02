//! The training plan as Rust.

use std::collections::BTreeSet;

use netc_plan::{BackwardStep, Gradient, Literal, Loss, LossStep, Plan, Recipe, Step, View};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::comments::{Comments, blank};
use super::names::Names;
use super::{
    constants, debug, describe, descriptor, docs, formatted, header, lints, lints_of_methods,
    sizes, tokens, weights,
};
use crate::emit::EmitInfo;
use crate::text::numbers::{bytes, literal, shape, thousands};

/// The training of a network as the source of a module: a struct with its layers, parameters and optimizer, and a straight-line
/// `train_step`. The same plan, recipe and information give the same text, everywhere.
#[must_use]
pub fn train_rust(plan: &Plan, recipe: &Recipe, info: &EmitInfo) -> String {
    let names = Names::of(plan);
    let file = Emitter {
        gradients: gradients(plan, &names),
        plan,
        recipe,
        info,
        names,
        comments: Comments::default(),
    };
    let text = formatted(file.file());
    file.comments.put_back(&text)
}

/// The constants of the module `grad`: the gradient of a value has the value's name.
fn gradients(plan: &Plan, names: &Names) -> Vec<(Ident, View)> {
    let mut all = Vec::new();
    let mut declared = BTreeSet::new();
    let mut declare = |name: &Ident, view: View| {
        if declared.insert(name.clone()) {
            all.push((name.clone(), view));
        }
    };
    for (loss, scores) in plan.loss.iter().zip(names.scores()) {
        declare(scores, loss.gradient);
    }
    for back in &plan.backward {
        declare(names.output(back.step), back.output_gradient);
        let values = names.inputs(back.step).iter();
        for (name, gradient) in values.zip(&back.input_gradients) {
            if let Some(gradient) = gradient {
                declare(name, gradient.view);
            }
        }
    }
    all
}

struct Emitter<'a> {
    plan: &'a Plan,
    recipe: &'a Recipe,
    info: &'a EmitInfo,
    names: Names,
    gradients: Vec<(Ident, View)>,
    comments: Comments,
}

impl Emitter<'_> {
    fn file(&self) -> TokenStream {
        let header = self.comments.line(header(self.info));
        let blank = blank();
        let imports = self.imports();
        let structure = self.structure();
        let methods = self.methods();
        let places = self.places(&methods);
        quote! {
            #header #blank
            #imports #blank
            #structure #blank
            #places #blank
            #methods
        }
    }

    fn imports(&self) -> TokenStream {
        let gradients = self
            .plan
            .backward
            .iter()
            .flat_map(|back| &back.input_gradients);
        let (added, written): (Vec<&Gradient>, Vec<&Gradient>) = gradients
            .flatten()
            .partition(|gradient| gradient.accumulate);
        let mut train = vec![quote!(Layout), quote!(LossKernel), quote!(State)];
        train.extend((!added.is_empty()).then(|| quote!(add)));
        train.extend((!written.is_empty()).then(|| quote!(write)));
        let kernels = self.names.kernels();
        quote! {
            use netc_runtime::kernels::train::{#(#kernels),*};
            use netc_runtime::train::{#(#train),*};
            use netc_runtime::{Device, Error, Weights, Workspace, plan};
        }
    }

    fn structure(&self) -> TokenStream {
        let name = self.names.network();
        let about = self.about();
        let fields = self.plan.forward.iter().enumerate().map(|(i, step)| {
            let field = self.names.field(i);
            let kernel = self.names.ty(step.op.name());
            let doc = docs::lines(&summary(step));
            quote!(#doc #field: #kernel,)
        });
        let losses = self
            .plan
            .loss
            .iter()
            .zip(self.losses())
            .map(|(step, field)| {
                let doc = docs::lines(loss(step.loss));
                quote!(#doc #field: LossKernel,)
            });
        let (lints, debug, blank) = (lints(), debug(name), blank());
        quote! {
            #about
            #lints
            pub struct #name {
                #(#fields)*
                #(#losses)*
                /// Values and their gradients.
                workspace: Workspace,
                /// Parameters, their gradients, and the optimizer.
                state: State,
            }
            #blank
            #debug
        }
    }

    fn about(&self) -> TokenStream {
        let (plan, name) = (self.plan, self.names.network());
        let text = format!(
            "Trains {}: {} -> {}, {} parameters, {} of them trainable.\n\n\
             An image of a batch takes {} for values and their gradients.\n\n\
             ```text\n\
             let mut trainer = {name}::random({name}::SEED, 64);\n\
             for (images, labels) in batches {{\n    \
                 let loss = trainer.train_step(images, labels)?;\n\
             }}\n\
             trainer.save(\"{}.safetensors\")?;\n\
             ```\n",
            plan.name,
            shape(&plan.input),
            shape(&plan.output),
            thousands(self.info.params),
            thousands(self.info.trainable),
            bytes(plan.arena as u64),
            plan.name.to_lowercase(),
        );
        docs::lines(&text)
    }

    fn places(&self, methods: &TokenStream) -> TokenStream {
        let blank = blank();
        let values = constants(&self.names.places(methods));
        let gradients = constants(&self.gradients);
        quote! {
            /// Where each value lies: its offset in the workspace, in bytes per image, and its shape.
            mod at {
                use netc_runtime::plan::View;
                #blank
                #values
            }
            #blank
            /// Where the gradient of each value lies.
            mod grad {
                use netc_runtime::plan::View;
                #blank
                #gradients
            }
        }
    }

    fn methods(&self) -> TokenStream {
        let name = self.names.network();
        let blank = blank();
        let constants = self.constants();
        let params = weights::params(&self.plan.params, &self.names);
        let constructors = constructors();
        let constructor = self.constructor();
        let step = self.train_step();
        let lints = lints_of_methods();
        quote! {
            #lints
            impl #name {
                #constants
                #blank
                #params
                #blank
                #constructors
                #blank
                #constructor
                #blank
                #step
                #blank
                /// Multiplies the recipe's learning rate from now on.
                pub fn set_rate(&mut self, factor: f64) {
                    self.state.set_rate(factor);
                }
                #blank
                /// The parameters as they are now.
                ///
                /// # Errors
                /// If a number is not finite, or a GPU fails.
                pub fn weights(&self) -> Result<Weights, Error> {
                    self.state.weights()
                }
                #blank
                /// Writes the parameters to a safetensors file.
                ///
                /// # Errors
                /// As [`weights`](Self::weights), or if the file cannot be written.
                pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), Error> {
                    self.weights()?.save(path)
                }
                #blank
                /// Writes all that [`resume`](Self::resume) needs: the parameters, the optimizer's state, steps, seed and rate.
                ///
                /// # Errors
                /// As [`weights`](Self::weights), or if the file cannot be written.
                pub fn save_checkpoint(&self, path: impl AsRef<std::path::Path>) -> Result<(), Error> {
                    self.state.save(path)
                }
            }
        }
    }

    fn constants(&self) -> TokenStream {
        let (input, input_type) = sizes(&self.plan.input);
        let (output, output_type) = sizes(&self.plan.output);
        let arena = tokens(&literal(self.plan.arena));
        let optimizer = tokens(&self.recipe.optimizer.literal());
        let seed = proc_macro2::Literal::u64_unsuffixed(self.recipe.seed);
        let l2 = self.l2();
        let values = self.values();
        quote! {
            /// Shape of one image.
            pub const INPUT: #input_type = #input;
            /// Shape of one output.
            pub const OUTPUT: #output_type = #output;
            /// How the weights move.
            pub const OPTIMIZER: plan::Optimizer = #optimizer;
            /// The recipe's seed, of initial weights and DROPOUT.
            pub const SEED: u64 = #seed;
            /// Bytes of the workspace per image.
            const ARENA: usize = #arena;
            #l2
            #values
        }
    }

    /// The values of the forward pass, for the error that names where a number is not finite.
    fn values(&self) -> TokenStream {
        let count = self.plan.forward.len();
        let values = self.plan.forward.iter().enumerate().map(|(i, step)| {
            let (name, text, output) = (&step.name, &step.text, self.names.output(i));
            quote!((#name, #text, at::#output))
        });
        quote! {
            /// What each layer gives: its name, its text, and where the value lies.
            const VALUES: [(&'static str, &'static str, plan::View); #count] = [#(#values),*];
        }
    }

    /// The factors of the squared weights, if there are any.
    fn l2(&self) -> TokenStream {
        if self.plan.update.iter().all(|step| step.l2 == 0.0) {
            return TokenStream::new();
        }
        let count = self.plan.params.len();
        let mut factors = vec![0.0_f32; count];
        for step in &self.plan.update {
            factors[step.param] = step.l2;
        }
        let factors = factors.iter().map(|factor| tokens(&factor.literal()));
        quote! {
            /// For each tensor the factor of its squared numbers in the loss.
            const L2: [f32; #count] = [#(#factors),*];
        }
    }

    fn constructor(&self) -> TokenStream {
        let steps = || self.plan.forward.iter().enumerate();
        let layers = steps().map(|(i, step)| {
            let field = self.names.field(i);
            let kernel = self.kernel(i, step);
            quote!(let #field = #kernel;)
        });
        let fields = steps().map(|(i, _)| self.names.field(i));
        let with_scratch = steps().filter(|(_, step)| step.op.has_scratch(true));
        let scratch = with_scratch.map(|(i, _)| self.names.field(i));
        let losses = self.losses();
        let kernels = self.plan.loss.iter().zip(self.names.scores()).zip(&losses);
        let kernels = kernels.map(|((step, scores), field)| {
            let LossStep { loss, weight, .. } = step;
            let (loss, weight) = (tokens(&loss.literal()), tokens(&weight.literal()));
            quote! {
                let #field = LossKernel::new(plan::LossStep {
                    loss: #loss,
                    weight: #weight,
                    scores: at::#scores,
                    gradient: grad::#scores,
                });
            }
        });
        let note = self
            .comments
            .line("What the larger kernels need while they run; they share it.");
        let image: TokenStream = tokens(&literal(self.plan.input.iter().product()));
        let l2 = if self.l2().is_empty() {
            quote!(&[])
        } else {
            quote!(&Self::L2)
        };
        let clip = self.recipe.clip.map(|norm| {
            let norm = tokens(&norm.literal());
            quote!(.with_clip(Some(#norm)))
        });
        quote! {
            fn new(weights: &Weights, seed: u64, max_batch: usize) -> Self {
                let params = &Self::params();
                let layout = &Layout::new(params);
                #(#layers)*
                #(#kernels)*
                #note
                let scratch = [#(#scratch.scratch(max_batch),)* #(#losses.scratch(max_batch)),*];
                let workspace = Workspace::new(#image, Self::ARENA, max_batch, scratch);
                let update = &plan::UpdateStep::each(params, #l2);
                let state = State::new(params, weights, &Self::OPTIMIZER, update, workspace.threads());
                Self { #(#fields,)* #(#losses,)* workspace, state: state.with_seed(seed)#clip }
            }
        }
    }

    /// `Conv::new(plan::Conv { .. }, layout, "conv1")`
    fn kernel(&self, i: usize, step: &Step) -> TokenStream {
        let kernel = self.names.ty(step.op.name());
        let descriptor = descriptor(&step.op, &self.names.inputs(i)[0]);
        match &step.source {
            Some(source) => {
                let layer = &source.layer;
                quote!(#kernel::new(#descriptor, layout, #layer))
            }
            None => quote!(#kernel::new(#descriptor)),
        }
    }

    fn train_step(&self) -> TokenStream {
        let doc = docs::lines(&self.about_step());
        let forward = self
            .plan
            .forward
            .iter()
            .enumerate()
            .map(|(i, step)| self.forward(i, step));
        let backward = self.plan.backward.iter().map(|back| self.backward(back));
        let (there, loss, back) = (
            self.comments.line("Forward."),
            self.comments.line("Loss, and the gradient of the scores."),
            self.comments.line("Backward: each step reads the gradient of its output, and gives those of its weights and inputs."),
        );
        let update = self.comments.line("Update.");
        let losses = self.losses();
        let (first, others) = losses.split_at(1);
        let outcome =
            quote!(#(self.#first.run(mem, labels)?)* #(.and(self.#others.run(mem, labels)?))*);
        let blank = blank();
        quote! {
            #doc
            pub fn train_step(&mut self, images: &[f32], labels: &[u32]) -> Result<f32, Error> {
                let mem = &mut self.state.begin(self.workspace.begin(images)?);
                #blank #there
                #(#forward)*
                #blank #loss
                let outcome = #outcome;
                if !outcome.loss.is_finite() {
                    let losses = [#(&self.#losses),*];
                    return Err(self.state.diverged(&outcome, &losses, images, &self.workspace, Self::VALUES));
                }
                #blank #back
                #(#backward)*
                #blank #update
                self.state.finish(outcome, images, labels)
            }
        }
    }

    /// The fields of the losses: `loss`, `loss_2`.
    fn losses(&self) -> Vec<Ident> {
        let numbers = 1..=self.plan.loss.len();
        numbers
            .map(|number| match number {
                1 => quote::format_ident!("loss"),
                _ => quote::format_ident!("loss_{number}"),
            })
            .collect()
    }

    fn about_step(&self) -> String {
        let elements: Vec<String> = self.plan.input.iter().map(usize::to_string).collect();
        let order = if elements.len() == 3 { ", NHWC" } else { "" };
        let labels = match self.plan.result.shape {
            [1, 1, _] => "the n classes".to_owned(),
            [h, w, _] => format!("n * {h} * {w} classes, one a pixel"),
        };
        format!(
            "Learns from a batch, without allocating, and gives its mean loss.\n\
             `images` holds n * {} numbers{order}, `labels` {labels}.\n\n\
             # Errors\n\
             If images or labels do not fit the network or `max_batch`; if a GPU fails; or if the loss or a gradient is not a\n\
             finite number: then the weights stay as they were, and the error names the first layer where it shows.",
            elements.join(" * "),
        )
    }

    fn forward(&self, i: usize, step: &Step) -> TokenStream {
        let note = self
            .comments
            .line(format!("{}: {}", step.name, summary(step)));
        let field = self.names.field(i);
        let inputs = self.inputs(i);
        let output = self.names.output(i);
        quote!(#note self.#field.forward(mem, #inputs, at::#output);)
    }

    fn backward(&self, back: &BackwardStep) -> TokenStream {
        let i = back.step;
        let field = self.names.field(i);
        let inputs = self.inputs(i);
        let output = self.names.output(i);
        let values = self.names.inputs(i).iter().zip(&back.input_gradients);
        let gradients: Vec<TokenStream> = values.map(|(name, to)| gradient(name, *to)).collect();
        let gradients = match &gradients[..] {
            [one] => one.clone(),
            all => quote!([#(#all),*]),
        };
        quote!(self.#field.backward(mem, #inputs, at::#output, grad::#output, #gradients);)
    }

    fn inputs(&self, step: usize) -> TokenStream {
        match self.names.inputs(step) {
            [input] => quote!(at::#input),
            inputs => quote!([#(at::#inputs),*]),
        }
    }
}

fn gradient(name: &Ident, to: Option<Gradient>) -> TokenStream {
    match to {
        None => quote!(None),
        Some(Gradient {
            accumulate: false, ..
        }) => quote!(write(grad::#name)),
        Some(Gradient {
            accumulate: true, ..
        }) => quote!(add(grad::#name)),
    }
}

fn summary(step: &Step) -> String {
    describe(&step.text, step.op.input(), step.op.output())
}

fn loss(loss: Loss) -> &'static str {
    match loss {
        Loss::CrossEntropy { .. } => "Cross-entropy of the softmax of the scores.",
        Loss::Mse => "Mean squared error.",
        Loss::LeNet5 { .. } => "The criterion of LeNet-5 (LeCun et al. 1998, eq. 9).",
    }
}

/// `random`, `load`, `resume` and `on`.
fn constructors() -> TokenStream {
    let blank = blank();
    quote! {
        /// Training from initial weights, the same for the same seed, with batches of up to `max_batch` images.
        #[must_use]
        pub fn random(seed: u64, max_batch: usize) -> Self {
            Self::new(&Weights::random(seed, &Self::params()), seed, max_batch)
        }
        #blank
        /// Training from the weights of a safetensors file. The optimizer starts afresh.
        ///
        /// # Errors
        /// If the file cannot be read, or its tensors are not those of [`params`](Self::params): all that is wrong, at once.
        pub fn load(path: impl AsRef<std::path::Path>, max_batch: usize) -> Result<Self, Error> {
            Ok(Self::new(&Weights::from_file(path, &Self::params())?, Self::SEED, max_batch))
        }
        #blank
        /// Goes on, bit by bit, from what [`save_checkpoint`](Self::save_checkpoint) has written.
        ///
        /// # Errors
        /// If the file cannot be read, or is of another network or optimizer.
        pub fn resume(path: impl AsRef<std::path::Path>, max_batch: usize) -> Result<Self, Error> {
            let mut run = Self::random(Self::SEED, max_batch);
            run.state.resume(path)?;
            Ok(run)
        }
        #blank
        /// The same run on this device, `Device::cuda(0)?`, from where it stands. The first step there prepares it.
        ///
        /// # Errors
        /// If the device that it was on fails.
        pub fn on(self, device: &Device) -> Result<Self, Error> {
            let state = self.state.on(device, &self.workspace, &Self::VALUES)?;
            Ok(Self { state, ..self })
        }
    }
}
