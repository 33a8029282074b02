//! The tensors of the weights file, and what is made of them.

use netc_plan::{Literal, Param, Source};
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

/// `from_file`, `from_bytes` and `random`.
pub(super) fn constructors(names: &Names) -> [TokenStream; 3] {
    let [weights, result, error, as_ref] =
        ["Weights", "Result", "Error", "AsRef"].map(|name| names.ty(name));
    [
        quote! {
            /// The network with the weights of a safetensors file.
            ///
            /// # Errors
            /// If the file cannot be read, or its tensors are not those of [`params`](Self::params): all that is wrong, at once.
            pub fn from_file(path: impl #as_ref<std::path::Path>) -> #result<Self, #error> {
                Ok(Self::new(&#weights::from_file(path, &Self::params())?))
            }
        },
        quote! {
            /// The network with the weights of a safetensors file that is in memory.
            ///
            /// # Errors
            /// As [`from_file`](Self::from_file).
            pub fn from_bytes(bytes: &[u8]) -> #result<Self, #error> {
                Ok(Self::new(&#weights::from_bytes(bytes, &Self::params())?))
            }
        },
        quote! {
            /// The network with initial weights, the same for the same seed.
            #[must_use]
            pub fn random(seed: u64) -> Self {
                Self::new(&#weights::random(seed, &Self::params()))
            }
        },
    ]
}

/// `w.layer("conv2").fold("bn2", 0.001)`
pub(super) fn layer(source: &Source) -> TokenStream {
    let name = &source.layer;
    let mut layer = quote!(w.layer(#name));
    if let Some(fold) = &source.fold {
        let name = &fold.layer;
        let eps = tokens(&fold.eps.literal());
        layer.extend(quote!(.fold(#name, #eps)));
    }
    if let Some(shape) = source.chw {
        let [h, w, c] = shape.map(Number::usize_unsuffixed);
        layer.extend(quote!(.chw([#h, #w, #c])));
    }
    layer
}
