//! `net!`: a neural network in arrow notation, compiled with your crate.
//!
//! ```ignore
//! use netc_macros::net;
//!
//! net! {
//!     net Tiny
//!     INPUT(28x28x1) => CONV(8, 3x3) => RELU => POOL(2x2) => FC(10) => SOFTMAX
//! }
//!
//! net!("models/alexnet.net"); // relative to the crate's Cargo.toml
//!
//! let model = Tiny::random(1);
//! ```
//!
//! The crate depends on `netc-macros` and on `netc-runtime`, which the generated code calls. Cargo's `dev` profile does not
//! optimise the runtime, and networks run some hundred times slower; this in the Cargo.toml of the workspace mends it:
//!
//! ```toml
//! [profile.dev.package.netc-runtime]
//! opt-level = 3
//! ```
//!
//! Both forms define a struct named after the net, at the place of the macro. Rust allows a macro only `()`, `[]` and `{}` as
//! delimiters; all three work (`net!(...)` and `net![...]` need a semicolon after them).

mod report;
mod text;

use netc_compiler::{Files, Options, Output, compile};
use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::quote;
use report::Report;
use std::path::PathBuf;
use text::Text;

/// Defines a network: `net!{ net Tiny  INPUT(28x28x1) => ... }` or `net!("models/tiny.net")`.
///
/// Errors of the network are errors of the crate: at the tokens inside `net!{ }`, or rendered with file and line for a path.
/// Warnings show as uses of something deprecated, which is the one warning that Rust lets a macro give.
#[proc_macro]
pub fn net(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = TokenStream::from(input);
    let tokens = match path_of(&input) {
        Some(path) => from_file(&path),
        None => inline(input),
    };
    tokens.into()
}

/// The Rust that `net!("models/tiny.net")` stands for, as text: for the test that all ways in give the same code.
#[doc(hidden)]
#[proc_macro]
pub fn net_code(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let code = path_of(&input.into()).and_then(|path| {
        let name = unquote(&path);
        let text = netc_compiler::Loader::read(&mut crate_files(), &name).ok()?;
        run(&name, text).code
    });
    let code = code.unwrap_or_default();
    quote!(#code).into()
}

/// The path of `net!("models/alexnet.net")`.
fn path_of(input: &TokenStream) -> Option<Literal> {
    let mut trees = input.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Literal(path)), None) if path.to_string().starts_with('"') => Some(path),
        _ => None,
    }
}

fn inline(input: TokenStream) -> TokenStream {
    let name = name_of(&input);
    let text = Text::of(input);
    let output = run("net!", text.as_bytes());
    let report = Report::new(&output);
    match &output.code {
        Some(code) => {
            let warnings = report.warnings(|d| text.spans(d.span()).0);
            let items = items(&output, code, name);
            quote!(#warnings #items)
        }
        None => report.at_tokens(&text),
    }
}

/// Where the name stands in `net Name ...`.
fn name_of(input: &TokenStream) -> Span {
    let mut trees = input.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(net)), Some(TokenTree::Ident(name))) if net == "net" => name.span(),
        _ => Span::call_site(),
    }
}

fn from_file(path: &Literal) -> TokenStream {
    let name = &unquote(path);
    let span = path.span();
    let text = match netc_compiler::Loader::read(&mut crate_files(), name) {
        Ok(text) => text,
        Err(why) => {
            let message = format!(
                "cannot read `{name}`: {why}\nhelp: the path is relative to the folder of the crate's Cargo.toml"
            );
            return report::error_at(span, span, &message);
        }
    };
    let output = run(name, text);
    let watch = output.files.iter().map(|file| {
        let file = format!("/{file}");
        quote!(
            const _: &[u8] =
                ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #file));
        )
    });
    let report = Report::new(&output);
    let body = match &output.code {
        Some(code) => {
            let warnings = report.warnings_of_file(span);
            let items = items(&output, code, span);
            quote!(#warnings #items)
        }
        None => report::error_at(span, span, &report.rendered()),
    };
    quote!(#(#watch)* #body)
}

/// The text of a string literal. Paths have no use for escapes, so none are undone.
fn unquote(literal: &Literal) -> String {
    literal.to_string().trim_matches('"').to_owned()
}

fn run(name: &str, text: Vec<u8>) -> Output {
    let options = Options {
        code: true,
        ..Options::default()
    };
    compile(name, text, &options, &mut crate_files())
}

/// Files relative to the crate that uses the macro.
fn crate_files() -> Files {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    Files { root }
}

/// The generated file in a module of its own, and the struct re-exported from it. What rustc says about the struct, it says at
/// `span`.
fn items(output: &Output, code: &str, span: Span) -> TokenStream {
    let name = output.plan.as_ref().map_or("Net", |plan| &plan.name);
    let module = Ident::new(&format!("__netc_{name}"), Span::call_site());
    let name = Ident::new(name, span.resolved_at(Span::call_site()));
    match code.parse::<TokenStream>() {
        Ok(code) => {
            let code = named_at(code, &name);
            quote! {
                #[doc(hidden)]
                #[allow(non_snake_case, reason = "named after the network")]
                mod #module { #code }
                #[allow(unreachable_pub, reason = "the program decides who sees it")]
                pub use #module::#name;
            }
        }
        Err(e) => {
            let span = Span::call_site();
            report::error_at(
                span,
                span,
                &format!("netc wrote Rust that does not lex, which is a bug of netc: {e}"),
            )
        }
    }
}

/// The code, with each mention of the struct at the place of `name`.
fn named_at(code: TokenStream, name: &Ident) -> TokenStream {
    let placed = code.into_iter().map(|tree| match tree {
        TokenTree::Ident(word) if word == *name => TokenTree::Ident(name.clone()),
        TokenTree::Group(group) => {
            let mut placed = Group::new(group.delimiter(), named_at(group.stream(), name));
            placed.set_span(group.span());
            TokenTree::Group(placed)
        }
        tree => tree,
    });
    placed.collect()
}
