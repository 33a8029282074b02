//! The arguments of the language's tools.

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Format networks: align arrows, break long lines, write layers by their own names
#[derive(Debug, Args)]
#[command(
    override_usage = "netc fmt FILE... [--check]\n       netc fmt --stdin [--check]",
    after_help = "\
Examples:
  netc fmt models                     every .net file below the folder
  netc fmt --check models/*.net       list those that would change; exit code 1 if there are any
  netc fmt --stdin < alexnet.net      print it formatted

White space and the names of layers (DENSE becomes FC) change, nothing else: every comment stays, and so does each line of a \
chain, up to 100 columns. Files with syntax errors are left alone, and their errors shown. A file is replaced by a whole new one, \
or not at all."
)]
pub(crate) struct Fmt {
    /// The files, and folders of files; - for standard input, which goes to standard output
    #[arg(value_name = "FILE", required_unless_present = "stdin", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,

    /// Write nothing; list what would change, and end with exit code 1 if there is any
    #[arg(long)]
    pub(crate) check: bool,

    /// Read standard input and print it formatted
    #[arg(long, conflicts_with = "files")]
    pub(crate) stdin: bool,
}

/// Compare two networks layer by layer
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc diff alexnet.net alexnet_torchvision.net
  netc diff old.net new.net --json | jq '.layers[] | select(.change != \"same\")'

Layers are paired so that as many as possible are alike: the same options and shape, or at least the same kind. - stands before \
layers of the first network, + before those of the second; what is the same in both is shown near a difference and counted \
elsewhere. The exit code is 0 whether they differ or not.")]
pub(crate) struct Diff {
    /// The first network, or - for standard input
    #[arg(value_name = "A", value_hint = ValueHint::FilePath)]
    pub(crate) first: PathBuf,

    /// The second network
    #[arg(value_name = "B", value_hint = ValueHint::FilePath)]
    pub(crate) second: PathBuf,

    /// As JSON: a, b, layers
    #[arg(long)]
    pub(crate) json: bool,
}

/// Serve an editor: the language server protocol over standard input and output
#[derive(Debug, Args)]
#[command(after_help = "\
Editors start it; editors/README.md says how: VS Code, Neovim, Helix. It gives diagnostics as one types with quick fixes, shapes, \
parameters and MACs on hover and behind the stages, completion, definitions, references, new names, the outline, formatting, and what \
each word is.")]
pub(crate) struct Lsp {
    /// Speak over standard input and output, which it does in any case: some editors pass this
    #[arg(long)]
    pub(crate) stdio: bool,
}
