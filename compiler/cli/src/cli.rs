//! The arguments.

mod data;
mod exchange;
mod graph;
mod inference;
mod language;
mod measuring;
mod new;
mod runs;
mod training;
mod watch;
mod weights;

pub(crate) use data::{Data, Get};
pub(crate) use exchange::{ExportModel, ImportModel};
pub(crate) use graph::{Drawing, Graph};
pub(crate) use inference::{Fit, Predict, Run, Source};
pub(crate) use language::{Diff, Fmt, Lsp};
pub(crate) use measuring::{Bench, Gpu, Tune};
pub(crate) use new::New;
pub(crate) use runs::{Runs, Sort};
pub(crate) use training::{Eval, Overrides, Quantize, Train};
pub(crate) use watch::Watch;
pub(crate) use weights::{Flatten, Import, Init, Show, Weights};

use crate::failure::{Failure, Outcome};
use crate::terminal;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use netc_grammar::nearest;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Compiles neural networks in arrow notation into Rust
///
/// `netc alexnet.net` checks the network, prints its summary and writes `alexnet.rs`.
#[derive(Debug, Parser)]
#[command(
    name = "netc",
    version,
    max_term_width = terminal::TEXT_WIDTH,
    override_usage = "netc FILE [OPTIONS]\n       netc COMMAND ...",
    after_help = "\
Examples:
  netc alexnet.net                    print the summary, write alexnet.rs
  netc check *.net                    report every mistake in every file
  netc summary alexnet.net            layers, shapes, parameters, MACs, memory
  netc fmt models                     align the arrows of every network there
  netc train lenet5_mnist.net --data mnist
  netc predict alexnet.net --weights alexnet.safetensors cat.jpg

Exit code: 0 done, 1 the input has errors, 2 the tool could not do its work.
`netc help COMMAND` tells more about a command; a file called `check` is `./check`."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colour on standard error: auto (on a terminal, unless NO_COLOR is set), always, never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        display_order = 900,
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Compile(Compile),
    Check(Check),
    Summary(Summary),
    Explain(Explain),
    New(New),
    Watch(Watch),
    Runs(Runs),
    #[command(subcommand)]
    Data(Data),
    Fmt(Fmt),
    Diff(Diff),
    Lsp(Lsp),
    Run(Run),
    Predict(Predict),
    Train(Train),
    Eval(Eval),
    Quantize(Quantize),
    Bench(Bench),
    Tune(Tune),
    #[command(subcommand)]
    Weights(Weights),
    Import(ImportModel),
    Export(ExportModel),
    Graph(Graph),
    Devices(Devices),
    Completions(Completions),
    Man(Man),
}

/// When to use colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// Compile a network to Rust; `netc FILE` is short for it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc alexnet.net                    print the summary, write alexnet.rs here
  netc alexnet.net -o src/model.rs    write it there
  netc alexnet.net -o -               print the Rust instead
  netc alexnet.net --emit dot | dot -Tpdf > alexnet.pdf
  netc alexnet.net --train -o -       Rust that trains
  netc lenet.net --target embedded --weights lenet.int8.safetensors
                                      lenet.rs and lenet.weights, for a microcontroller

The file is written under another name first and takes its own at the end: an old one is only replaced by a whole new one. \
A file that netc did not write is replaced only where -o names it.")]
pub(crate) struct Compile {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Where to write, or - for standard output [default: FILE's name with .rs, in the current folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// What to write; all but rust go to standard output unless -o names a file
    #[arg(long, value_name = "WHAT", default_value = "rust")]
    pub(crate) emit: Emit,

    /// Keep BN and activations as steps of their own, in inference
    #[arg(long)]
    pub(crate) no_optimise: bool,

    /// Write Rust that trains: `train_step(images, labels) -> loss`
    #[arg(long)]
    pub(crate) train: bool,

    /// The recipe to train by [default: the one without a name]
    #[arg(long, value_name = "NAME", requires = "train")]
    pub(crate) recipe: Option<String>,

    /// What the Rust runs on
    #[arg(long, value_name = "TARGET", default_value = "host")]
    pub(crate) target: Platform,

    /// For --target embedded: the file that `netc quantize` wrote
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, required_if_eq("target", "embedded"))]
    pub(crate) weights: Option<PathBuf>,
}

/// What the Rust that netc writes runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    /// A computer with memory to allocate; weights are read when the program starts
    Host,
    /// A microcontroller: int8, no heap, weights in flash, in a file beside the Rust
    Embedded,
}

/// What `netc FILE` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// Rust source
    Rust,
    /// The table of `netc summary`
    Summary,
    /// The table as JSON
    Json,
    /// A Graphviz drawing
    Dot,
    /// An SVG drawing
    Svg,
    /// CUDA C++: the kernels of `--device cuda`, made for the network
    Cuda,
    /// The network written anew: repeats and blocks found, defaults left out
    Net,
}

/// Report every mistake in every file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc check models/*.net
  netc check --format json alexnet.net | jq .code
  netc check - < alexnet.net

Diagnostics for people go to standard error; json (an object a line) and github (workflow commands) go to standard output.")]
pub(crate) struct Check {
    /// The files, or - for standard input
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,

    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
}

/// How `netc check` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the source and colours
    Human,
    /// An object a line
    Json,
    /// Annotations in GitHub's workflow runs
    Github,
}

/// Print the layers with their shapes, parameters and costs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc summary alexnet.net
  netc summary alexnet.net --json | jq .params
  netc summary alexnet.net --arrow    the bare line: INPUT => CONV => RELU => ...
  netc summary alexnet.net --keras    the table that Keras' model.summary() prints")]
pub(crate) struct Summary {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// As JSON: name, input, output, params, trainable, macs, layers
    #[arg(long, group = "form")]
    pub(crate) json: bool,

    /// As the bare arrow line
    #[arg(long, group = "form")]
    pub(crate) arrow: bool,

    /// As Keras prints it
    #[arg(long, group = "form")]
    pub(crate) keras: bool,
}

/// List the devices that networks can compute on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc devices
  netc devices --json | jq '.devices[].device'

A GPU is NVIDIA's, of compute capability 7.5 or newer, with a driver and NVIDIA's run-time compiler (libnvrtc, of the CUDA toolkit or \
from Python's packages; NETC_NVRTC may name the file).")]
pub(crate) struct Devices {
    /// As JSON: devices, and why there is no GPU
    #[arg(long)]
    pub(crate) json: bool,
}

/// Explain a diagnostic
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc explain E0101
  netc explain            list all codes")]
pub(crate) struct Explain {
    /// The code, in upper or lower case; none for the list of all
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

/// Print a script that completes netc's arguments
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc completions bash > ~/.local/share/bash-completion/completions/netc
  netc completions zsh > ~/.zfunc/_netc
  netc completions fish > ~/.config/fish/completions/netc.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc man > netc.1 && man ./netc.1
  netc man weights-import | man -l -")]
pub(crate) struct Man {
    /// The page of this command (check, weights-import ...); none for netc's own
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

/// The whole surface, for completions and the manual: `netc FILE` takes what `netc compile` takes.
pub(crate) fn surface() -> clap::Command {
    let cli = Cli::command();
    let texts = [cli.get_about(), cli.get_long_about(), cli.get_after_help()];
    let [about, long_about, after_help] = texts.map(|text| text.cloned().unwrap_or_default());
    // The texts that come with the arguments are the subcommand's.
    Compile::augment_args(cli)
        .subcommand_required(false)
        .about(about)
        .long_about(long_about)
        .after_help(after_help)
}

/// Reads the arguments. `--help` and `--version` print and end with code 0, wrong usage ends with 2.
pub(crate) fn parse(mut args: Vec<OsString>) -> Outcome<Command> {
    let mut command = Cli::command();
    // With `help` among the commands.
    command.build();
    if let Some(at) = implied_compile(&command, &args) {
        if let Some(meant) = misspelt(&command, &args[at]) {
            return Err(
                Failure::tool(format!("there is no command `{}`", args[at].display()))
                    .help(format!("did you mean `netc {meant}`?"))
                    .help("`netc --help` lists the commands"),
            );
        }
        args.insert(at, "compile".into());
    }
    let parsed = command
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => {
            match cli.color {
                Color::Auto => {}
                Color::Always => anstream::ColorChoice::Always.write_global(),
                Color::Never => anstream::ColorChoice::Never.write_global(),
            }
            Ok(cli.command)
        }
        Err(e) => Err(usage(&e)?),
    }
}

/// Where `compile` is left out: before the first argument that is neither a command nor an option of netc itself.
fn implied_compile(command: &clap::Command, args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let arg = args.get(at)?;
        match arg.to_str() {
            Some("--color") => at += 2,
            Some(text) if text.starts_with("--color=") => at += 1,
            Some("-h" | "--help" | "-V" | "--version") => return None,
            Some(text) if command.find_subcommand(text).is_some() => return None,
            _ => return Some(at),
        }
    }
}

/// The command that was probably meant, if this is no file.
fn misspelt(command: &clap::Command, arg: &OsStr) -> Option<String> {
    let text = arg.to_str()?;
    if text.starts_with('-') || text.contains(['.', '/', '\\']) || Path::new(arg).exists() {
        return None;
    }
    // What other tools call it.
    let known = match text {
        "version" => return Some("--version".to_owned()),
        "build" => "compile",
        "draw" | "plot" | "dot" | "svg" => "graph",
        "infer" | "forward" => "run",
        "classify" => "predict",
        "benchmark" | "time" => "bench",
        "fit" | "learn" => "train",
        "evaluate" | "test" => "eval",
        "lint" | "validate" => "check",
        other => other,
    };
    let names = command.get_subcommands().map(clap::Command::get_name);
    nearest(known, names).map(str::to_owned)
}

/// Prints what clap has to say: help and version on standard output.
fn usage(e: &clap::Error) -> Outcome<Failure> {
    let text = e.render();
    if e.use_stderr() {
        terminal::say(&text.ansi().to_string());
        return Ok(Failure::exit(2));
    }
    if terminal::stdout_has_colour() {
        terminal::print(&text.ansi().to_string())?;
    } else {
        terminal::print(&text.to_string())?;
    }
    Ok(Failure::exit(0))
}
