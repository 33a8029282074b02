//! What the compiler prints for every network, locked: one snapshot a network in one folder a form.

use netc_compiler::{Options, RecipeChoice, Train, emit, print};
use netc_runtime::cuda;
use netc_tests::networks::{all, compile_file, path};

/// One snapshot for each network in `snapshots/<folder>/`.
fn lock(folder: &str, print: impl Fn(&netc_compiler::Output) -> String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in all() {
            let options = Options {
                code: true,
                estimate: true,
                ..Options::default()
            };
            let output = compile_file(&path, &options);
            let stem = path
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .trim_end_matches(".net");
            insta::with_settings!({ description => path.clone() }, {
                insta::assert_snapshot!(stem, print(&output));
            });
        }
    });
}

fn graph(output: &netc_compiler::Output) -> &netc_compiler::graph::Graph {
    output.graph.as_ref().expect("a network")
}

fn plan(output: &netc_compiler::Output) -> &netc_plan::Plan {
    output.plan.as_ref().expect("a network")
}

#[test]
fn summary() {
    lock("summary", |output| {
        emit::summary(graph(output), plan(output), output.training.as_ref())
    });
}

#[test]
fn keras() {
    lock("keras", |output| emit::keras(graph(output), None));
}

#[test]
fn arrow() {
    lock("arrow", |output| {
        print::arrow(graph(output)).expect("a network")
    });
}

#[test]
fn net() {
    lock("net", |output| {
        print::net(graph(output)).expect("a network")
    });
}

#[test]
fn json() {
    lock("json", |output| emit::json(graph(output)));
}

#[test]
fn rust() {
    lock("rust", |output| {
        output.code.clone().expect("code was asked for")
    });
}

/// The training code of a few: by a recipe of its own, with sums, with CONCATs and labels for pixels.
#[test]
fn training() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/training");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let trained = [
        ("lenet5_mnist", RecipeChoice::Default),
        ("residual_mlp", RecipeChoice::BuiltIn),
        ("unet", RecipeChoice::BuiltIn),
    ];
    settings.bind(|| {
        for (stem, recipe) in trained {
            let options = Options {
                code: true,
                train: Some(Train {
                    recipe,
                    ..Train::default()
                }),
                ..Options::default()
            };
            let code = compile_file(&path(stem), &options).code;
            insta::assert_snapshot!(stem, code.expect("code was asked for"));
        }
    });
}

#[test]
fn svg() {
    lock("svg", |output| emit::svg(graph(output)));
}

#[test]
fn dot() {
    lock("dot", |output| emit::dot(graph(output)));
}

/// The kernels of two networks, from their constants on: what stands before is as it stands in the runtime's `.cu` files.
#[test]
fn cuda() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/cuda");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for name in ["lenet5_mnist", "alexnet"] {
        let output = compile_file(&path(name), &Options::default());
        let text = cuda::text(plan(&output), 32, cuda::Precision::F32).expect("a plan that infers");
        let special = text.find("// s0_").expect("the first step");
        settings.bind(|| insta::assert_snapshot!(name, &text[special..]));
    }
}
