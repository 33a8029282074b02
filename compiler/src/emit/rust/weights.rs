//! The tensors of the weights file, and what is made of them.

use std::collections::BTreeMap;

use netc_plan::{BatchNorm, Fold, Literal, Op, Operation, Param, Plan, Source};
use proc_macro2::{Literal as Number, TokenStream};
use quote::quote;

use super::names::Names;
use super::tokens;

/// Above this many tensors the list is built in parts: one expression of thousands of values would need a deep stack.
const PART: usize = 128;

/// `params()`
pub(super) fn params(params: &[Param], names: &Names) -> TokenStream {
    let vec = names.ty("Vec");
    let all: Vec<TokenStream> = params
        .iter()
        .map(|param| tokens(&param.literal()))
        .collect();
    let body = if all.len() <= PART {
        // No `vec!`: the formatter leaves what is inside a macro as it is.
        quote!(#vec::from([#(#all),*]))
    } else {
        let count = all.len();
        let parts = all.chunks(PART);
        let parts = parts.map(|part| quote!(all.extend([#(#part),*]);));
        quote! {
            let mut all = #vec::with_capacity(#count);
            #(#parts)*
            all
        }
    };
    quote! {
        /// The tensors of the weights file, in order.
        #[must_use]
        pub fn params() -> #vec<plan::Param> {
            #body
        }
    }
}

/// The tensors that a plan's steps take, as they start where nothing else is asked for.
fn taken(plan: &Plan) -> BTreeMap<String, Param> {
    let mut taken = BTreeMap::new();
    for step in &plan.forward {
        let Some(source) = &step.source else { continue };
        let mut take = |op: Op, layer: &str, connect: Option<&Vec<Vec<usize>>>| {
            for tensor in op.tensors() {
                let param = tensor.param(layer, connect.cloned());
                taken.insert(param.name.clone(), param);
            }
        };
        let statistics = |input| BatchNorm {
            input,
            ..BatchNorm::DEFAULT
        };
        take(
            source.own(&step.op),
            &source.layer,
            connect(plan, &source.layer),
        );
        if let Some(fold) = &source.fold {
            take(statistics(step.op.output()).into(), &fold.layer, None);
        }
        if let Some(pointwise) = &source.pointwise {
            let conv = pointwise.conv(step.op.input());
            take(
                conv.into(),
                &pointwise.layer,
                connect(plan, &pointwise.layer),
            );
            if let Some(fold) = &pointwise.fold {
                take(statistics(conv.output()).into(), &fold.layer, None);
            }
        }
    }
    taken
}

/// A layer's connection table.
pub(super) fn connect<'p>(plan: &'p Plan, layer: &str) -> Option<&'p Vec<Vec<usize>>> {
    let layer = |param: &&Param| param.name.strip_suffix(".weight") == Some(layer);
    plan.params.iter().find(layer)?.connect.as_ref()
}

/// `w.pass_over("aux1.weight", &[..])`: what the file holds and no step takes.
pub(super) fn passed_over(plan: &Plan) -> TokenStream {
    let taken = taken(plan);
    let others = plan.params.iter();
    let others = others.filter(|param| !taken.contains_key(&param.name));
    others
        .map(|param| {
            let (name, shape) = (&param.name, tokens(&format!("{:?}", param.shape)));
            quote!(w.pass_over(#name, &#shape);)
        })
        .collect()
}

/// `[("conv1.weight", plan::Init::Normal(0.01)), ..]`: what starts otherwise than its layer says.
fn initialisers(plan: &Plan) -> TokenStream {
    let taken = taken(plan);
    let others = plan.params.iter().filter(|param| {
        let usual = taken.get(&param.name);
        usual.is_some_and(|usual| usual.init != param.init)
    });
    let others = others.map(|param| {
        let (name, init) = (&param.name, tokens(&param.init.literal()));
        quote!((#name, #init))
    });
    quote!([#(#others),*])
}

/// `from_file`, `on`, `from_bytes` and `random`.
pub(super) fn constructors(plan: &Plan, names: &Names) -> [TokenStream; 4] {
    let [device, loader, result, error, as_ref, path] =
        ["Device", "Loader", "Result", "Error", "AsRef", "Path"].map(|name| names.ty(name));
    let initialisers = initialisers(plan);
    [
        quote! {
            /// The network with the weights of a safetensors file.
            ///
            /// # Errors
            /// If the file cannot be read, or its tensors are not the network's: all that is wrong, at once.
            pub fn from_file(path: impl #as_ref<#path>) -> #result<Self, #error> {
                #loader::file(path, Self::new)
            }
        },
        quote! {
            /// As [`from_file`](Self::from_file), on this device: `Device::cuda(0)?`.
            ///
            /// # Errors
            /// As [`from_file`](Self::from_file).
            pub fn on(device: &#device, path: impl #as_ref<#path>) -> #result<Self, #error> {
                #loader::on(device, path, Self::new)
            }
        },
        quote! {
            /// The network with the weights of a safetensors file that is in memory.
            ///
            /// # Errors
            /// As [`from_file`](Self::from_file).
            pub fn from_bytes(bytes: &[u8]) -> #result<Self, #error> {
                #loader::bytes(bytes, Self::new)
            }
        },
        quote! {
            /// The network with initial weights, the same for the same seed.
            #[must_use]
            pub fn random(seed: u64) -> Self {
                #loader::random(seed, &#initialisers, Self::new)
            }
        },
    ]
}

/// `w.layer("conv2").fold("bn2", 0.001)`
pub(super) fn layer(plan: &Plan, source: &Source) -> TokenStream {
    let name = &source.layer;
    named_layer(plan, source, quote!(#name), folded(source.fold.as_ref()))
}

fn folded(fold: Option<&Fold>) -> Option<TokenStream> {
    fold.map(|fold| {
        let name = &fold.layer;
        quote!(#name)
    })
}

/// The same with expressions for the names.
pub(super) fn named_layer(
    plan: &Plan,
    source: &Source,
    name: TokenStream,
    fold_name: Option<TokenStream>,
) -> TokenStream {
    let mut layer = quote!(w.layer(#name));
    if let (Some(fold), Some(name)) = (&source.fold, fold_name) {
        let eps = tokens(&fold.eps.literal());
        layer.extend(quote!(.fold(#name, #eps)));
    }
    if let Some(table) = connect(plan, &source.layer) {
        let maps = table.iter().map(|maps| tokens(&format!("&{maps:?}")));
        layer.extend(quote!(.connect(&[#(#maps),*])));
    }
    if let Some(shape) = source.chw {
        let [h, w, c] = shape.map(Number::usize_unsuffixed);
        layer.extend(quote!(.chw([#h, #w, #c])));
    }
    if let Some(pointwise) = &source.pointwise {
        let name = &pointwise.layer;
        let conv = Source {
            fold: pointwise.fold.clone(),
            ..Source::of(name)
        };
        let conv = named_layer(plan, &conv, quote!(#name), folded(pointwise.fold.as_ref()));
        let [inputs, outputs] = pointwise.channels.map(Number::usize_unsuffixed);
        let bias = pointwise.bias;
        layer.extend(quote!(.pointwise(#conv, [#inputs, #outputs], #bias)));
    }
    layer
}
