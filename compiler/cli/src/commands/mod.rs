//! One file a command.

mod bench;
mod bench_model;
mod bench_train;
mod check;
mod compile;
mod completions;
mod data_get;
mod devices;
mod diff;
mod embedded;
mod eval;
mod explain;
mod export;
mod fmt;
mod graph;
mod import;
mod lsp;
mod man;
mod new;
mod predict;
mod quantize;
mod run;
mod runs;
mod summary;
mod train;
mod tune;
mod watch;
mod weights_import;
mod weights_init;
mod weights_show;

use crate::cli::{Command, Data, Weights};
use crate::failure::Outcome;

/// Does what the arguments say.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Compile(args) => compile::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::New(args) => new::run(&args),
        Command::Data(Data::Get(args)) => data_get::run(&args),
        Command::Runs(args) => runs::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Lsp(args) => lsp::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Quantize(args) => quantize::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Tune(args) => tune::run(&args),
        Command::Weights(Weights::Import(args)) => weights_import::run(&args),
        Command::Weights(Weights::Show(args)) => weights_show::run(&args),
        Command::Weights(Weights::Init(args)) => weights_init::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
