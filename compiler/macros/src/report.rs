//! Diagnostics as errors of the crate that uses the macro.

use crate::text::Text;
use netc_compiler::Output;
use netc_compiler::grammar::{Diagnostic, render};
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

/// The errors of one compilation.
pub(crate) struct Report<'a> {
    output: &'a Output,
}

impl<'a> Report<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self { output }
    }

    /// One `compile_error!` an error, at the tokens that it speaks of.
    pub(crate) fn at_tokens(&self, text: &Text) -> TokenStream {
        let errors = self.output.diagnostics.iter().filter(|d| d.is_error());
        errors
            .map(|d| {
                let (first, last) = text.spans(d.span());
                error_at(first, last, &self.message(d))
            })
            .collect()
    }

    /// The warnings, each at its place.
    pub(crate) fn warnings(&self, place: impl Fn(&Diagnostic) -> Span) -> TokenStream {
        let warnings = self.output.diagnostics.iter().filter(|d| !d.is_error());
        warnings
            .map(|d| warning_at(place(d), &self.message(d)))
            .collect()
    }

    /// The warnings of a file, which rustc cannot point into: file and line stand in the text.
    pub(crate) fn warnings_of_file(&self, path: Span) -> TokenStream {
        let warnings = self.output.diagnostics.iter().filter(|d| !d.is_error());
        warnings
            .map(|d| {
                let line = self.output.sources.line_col(d.span()).0.line;
                let file = &self.output.sources.get(d.span().file).name;
                warning_at(path, &format!("{file}:{line}: {}", self.message(d)))
            })
            .collect()
    }

    /// All errors as the command line shows them.
    pub(crate) fn rendered(&self) -> String {
        let text = render(&self.output.sources, &self.output.diagnostics, false);
        format!("the network does not compile\n\n{text}")
    }

    /// Headline, labels, notes and helps of one diagnostic; its place is shown by rustc.
    fn message(&self, d: &Diagnostic) -> String {
        let mut message = format!("{} [{}]", d.headline, d.code.as_str());
        let (primary, others) = d.labels.split_at(1);
        for label in primary.iter().filter(|l| !l.text.is_empty()) {
            message.push_str(&format!("\n{}", label.text));
        }
        for label in others {
            let code = self.output.sources.slice(label.span);
            message.push_str(&format!("\n`{code}`: {}", label.text));
        }
        for note in &d.notes {
            message.push_str(&format!("\nnote: {note}"));
        }
        for help in &d.helps {
            message.push_str(&format!("\nhelp: {}", help.text));
            let edit = help.edit.as_ref().map(|(_, replacement)| replacement);
            if let Some(edit) = edit.filter(|edit| !help.text.contains(*edit)) {
                message.push_str(&format!(": `{edit}`"));
            }
        }
        message
    }
}

/// The use of a constant that is deprecated for this reason.
fn warning_at(place: Span, message: &str) -> TokenStream {
    let used = Ident::new("NETWORK", place);
    quote! {
        const _: () = {
            #[deprecated(note = #message)]
            const NETWORK: () = ();
            #used
        };
    }
}

/// `::core::compile_error!{ message }`, which rustc underlines from the first span to the last.
pub(crate) fn error_at(first: Span, last: Span, message: &str) -> TokenStream {
    let colon = |spacing| {
        let mut colon = Punct::new(':', spacing);
        colon.set_span(first);
        TokenTree::from(colon)
    };
    let mut bang = Punct::new('!', Spacing::Alone);
    bang.set_span(first);
    let mut text = Literal::string(message);
    text.set_span(last);
    let mut group = Group::new(Delimiter::Brace, TokenTree::from(text).into());
    group.set_span(last);
    [
        colon(Spacing::Joint),
        colon(Spacing::Alone),
        Ident::new("core", first).into(),
        colon(Spacing::Joint),
        colon(Spacing::Alone),
        Ident::new("compile_error", first).into(),
        bang.into(),
        group.into(),
    ]
    .into_iter()
    .collect()
}
