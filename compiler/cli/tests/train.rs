//! From data to a judged network, through the binary: train, kill, resume, eval, predict.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::world::{CLASSES, NET, SIDE, World, figures};
use serde_json::Value;
use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

#[test]
fn a_run_from_data_to_predictions() {
    let world = World::new();
    let (out, err) = world.run(0, "train stripes.net --data data --out run --threads 2");
    assert!(out.contains("test_accuracy: "), "{out}");
    for said in [
        "Memory",
        "activations",
        "in run",
        "Epoch 6/6",
        "expect accuracy >= 0.8",
    ] {
        assert!(err.contains(said), "{said}: {err}");
    }
    for left in [
        "stripes.net",
        "run.json",
        "metrics.csv",
        "best.safetensors",
        "index.html",
    ] {
        assert!(world.path("run").join(left).exists(), "{left}");
    }

    let (out, _) = world.run(0, "eval stripes.net --run run --data data --json");
    let judged: Value = serde_json::from_str(&out).unwrap();
    assert!(judged["accuracy"].as_f64().unwrap() >= 0.8, "{judged}");
    assert_eq!(judged["images"], 100);
    assert_eq!(judged["classes"].as_array().unwrap().len(), CLASSES);
    assert_eq!(judged["claims"][0]["holds"], true);

    let mut picture = image::GrayImage::new(SIDE as u32, SIDE as u32);
    (0..SIDE as u32).for_each(|x| picture.put_pixel(x, 4, image::Luma([230])));
    picture.save(world.path("two.png")).unwrap();
    let (out, _) = world.run(
        0,
        "predict stripes.net --weights run/last.safetensors --json two.png",
    );
    let predicted: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(predicted["top"][0]["label"], "2", "{predicted}");
    let (_, err) = world.run(2, "predict stripes.net --weights run two.png");
    assert!(err.contains("directory"), "{err}");
}

#[test]
fn three_epochs_and_three_more_are_six() {
    let world = World::new();
    world.run(0, "train stripes.net --data data --out whole --threads 2");
    world
        .netc("train stripes.net --data data --out half --epochs 3")
        .output()
        .unwrap();
    world.run(
        0,
        "train stripes.net --data data --resume half --epochs 6 --threads 1",
    );
    let tensors = |run: &str| world.bytes(&format!("{run}/last.safetensors"));
    assert!(tensors("whole") == tensors("half"));
    assert_eq!(figures(&world.path("whole")), figures(&world.path("half")));
}

#[test]
fn killed_at_any_moment() {
    let world = World::new();
    let began = Instant::now();
    world.run(0, "train stripes.net --data data --out whole");
    // Whatever the machine is busy with, a moment is somewhere in a run.
    let whole = began.elapsed();
    let start = "train stripes.net --data data --out run --save-steps 2";
    let go_on = "train stripes.net --data data --resume run --save-steps 2";
    let mut kills = 0;
    for round in 0u32.. {
        assert!(round < 200, "no progress");
        let line = if world.path("run/resume.safetensors").exists() {
            go_on
        } else {
            start
        };
        let mut child = world
            .netc(line)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The golden ratio spreads the moments evenly.
        std::thread::sleep(whole.mul_f64((round as f64 * 0.618_034).fract()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "round {round}: {status}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills > 0);
    assert!(world.bytes("whole/last.safetensors") == world.bytes("run/last.safetensors"));
}

#[test]
fn a_claim_that_fails_ends_with_1() {
    let world = World::new();
    let line = "train stripes.net --data data --recipe hopeless --out run";
    let (out, err) = world.run(1, line);
    assert!(out.contains("test_accuracy"), "{out}");
    assert!(err.contains("error[E0503]: the test accuracy is"), "{err}");
    let (_, err) = world.run(1, "eval stripes.net --run run --data data");
    assert!(err.contains("E0503"), "{err}");
}

#[test]
fn options_are_checked_as_the_file_is() {
    let world = World::new();
    for (option, said) in [
        ("--epochs 0", "E0"),
        ("--optimizer adm", "did you mean `adam`?"),
        ("--recipe hopless", "did you mean `hopeless`?"),
        ("--schedule steps(5:0.1,2:0.5)", "must rise"),
    ] {
        let (_, err) = world.run(
            1,
            &format!("train stripes.net --data data --out run {option}"),
        );
        assert!(err.contains(said), "{option}: {err}");
    }
    assert!(!world.path("run").exists());
    let (_, err) = world.run(
        2,
        "train stripes.net --data data --out run --batch 1000000000",
    );
    assert!(err.contains("the largest batch that fits is"), "{err}");
}

#[test]
fn a_sheet_of_samples() {
    let world = World::new();
    world.run(0, "train stripes.net --data data --sheet sheet.png");
    assert!(image::open(world.path("sheet.png")).unwrap().width() > 100);
}

#[test]
fn broken_data_is_named() {
    let world = World::new();
    let (_, err) = world.run(2, "train stripes.net --data nowhere --out run");
    assert!(err.contains("nowhere"), "{err}");
    let labels = world.path("data/train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    bytes.truncate(100);
    fs::write(&labels, bytes).unwrap();
    let (_, err) = world.run(1, "train stripes.net --data data --out run");
    assert!(err.contains("train-labels-idx1-ubyte"), "{err}");
    fs::remove_file(&labels).unwrap();
    let (_, err) = world.run(1, "train stripes.net --data data --out run");
    assert!(err.contains("train-labels-idx1-ubyte"), "{err}");
    world.run(2, "train stripes.net --data data --resume nothing");
}

#[test]
fn a_refused_resume_changes_nothing() {
    let world = World::new();
    world
        .netc("train stripes.net --data data --out run --epochs 1")
        .output()
        .unwrap();
    let kept = || ["run/run.json", "run/resume.safetensors"].map(|name| world.bytes(name));
    let before = kept();
    for other in ["--batch 8", "--seed 4", "--optimizer sgd(lr=0.1)"] {
        let (_, err) = world.run(
            1,
            &format!("train stripes.net --data data --resume run {other}"),
        );
        assert!(
            err.contains("cannot be resumed with another network, recipe or data"),
            "{err}"
        );
        assert!(kept() == before, "{other}");
    }
    fs::write(world.path("stripes.net"), NET.replace("CONV(6", "CONV(7")).unwrap();
    let (_, err) = world.run(1, "train stripes.net --data data --resume run");
    assert!(err.contains("now CONV(7, 3x3) + BN + RELU"), "{err}");
    assert!(kept() == before);
    // The weights have the same shapes.
    let other = NET.replace("POOL", "RELU => POOL").replace("RELU", "TANH");
    fs::write(world.path("stripes.net"), other).unwrap();
    let (_, err) = world.run(1, "train stripes.net --data data --resume run");
    assert!(err.contains("BN + TANH"), "{err}");
    assert!(kept() == before);
}

#[test]
fn used_files_of_one_name_are_kept_where_they_are_found() {
    let world = World::new();
    for (folder, name) in [("nets/a", "first"), ("blocks", "second")] {
        fs::create_dir_all(world.path(folder)).unwrap();
        let block = format!("block {name}(n) = CONV(n, 3x3, same) => RELU\n");
        fs::write(world.path(folder).join("block.net"), block).unwrap();
    }
    let uses = "use \"a/block.net\"\nuse \"../blocks/block.net\"\n";
    let net = NET.replace("net Stripes\n", &format!("net Stripes\n{uses}"));
    let net = net.replace(
        "=> CONV(6, 3x3)",
        "=> first(4) => second(4) => CONV(6, 3x3)",
    );
    fs::write(world.path("nets/stripes.net"), net).unwrap();
    world.run(0, "train nets/stripes.net --data data --out run --epochs 6");
    world.run(0, "check run/nets/stripes.net");
}

#[test]
fn what_cannot_be_learnt_is_refused_before_there_is_a_run() {
    let world = World::new();
    let net = NET.replace("=> FC(4) => SOFTMAX", "=> CONV(4, 1x1) => SOFTMAX");
    fs::write(world.path("spread.net"), net).unwrap();
    let (_, err) = world.run(1, "train spread.net --data data --out run");
    assert!(err.contains("Stripes gives 3x3x4 for an image"), "{err}");
    assert!(!world.path("run").exists());
}

#[test]
fn weights_that_overflow_at_the_end_of_an_epoch_are_located() {
    let world = World::new();
    let net = NET
        .replace("=> BN ", "")
        .replace("0.00392156862745098", "1e3");
    fs::write(world.path("stripes.net"), net).unwrap();
    let line = "train stripes.net --data data --out run --batch 400 --optimizer sgd(lr=3e38)";
    let (_, err) = world.run(1, line);
    assert!(
        err.contains("at [0, 0, 0, 0], at step 1 (epoch 1), with learning rate 3e38;"),
        "{err}"
    );
}

#[test]
fn weights_are_judged_by_the_classes_that_they_know() {
    let world = World::new();
    world.run(0, "train stripes.net --data data --out run");
    let picture = |class: &str, name: &str| {
        let folder = world.path("photos").join(class);
        fs::create_dir_all(&folder).unwrap();
        image::GrayImage::new(8, 8).save(folder.join(name)).unwrap();
    };
    ["cat", "dog"]
        .iter()
        .for_each(|class| (0..4).for_each(|i| picture(class, &format!("{i}.png"))));
    let line = "eval stripes.net --run run --data photos --data-format folder --validation 0.5";
    let (_, err) = world.run(1, line);
    assert!(err.contains("class 0 is `cat` here and was `0`"), "{err}");
}

#[test]
fn entries_of_a_recipe_are_taken_away() {
    let world = World::new();
    let net = NET.replace(
        "    epochs    = 6\n",
        "    epochs    = 6\n    schedule  = exponential(0.5)\n    stop      = early\n",
    );
    fs::write(world.path("stripes.net"), net).unwrap();
    let off = "--augment none --schedule none --stop none --epochs 6 --out run";
    world.run(0, &format!("train stripes.net --data data {off}"));
    let rows = figures(&world.path("run"));
    assert!(
        rows[1..].iter().all(|row| row.ends_with(",0.01")),
        "{rows:?}"
    );
}

/// `timeout -s INT` signals its child, and then its whole group: the child is interrupted twice.
#[cfg(unix)]
#[test]
fn interrupted_twice_at_once_it_still_saves() {
    let world = World::new();
    let child = world.long_run(Command::new(env!("CARGO_BIN_EXE_netc")));
    let signal = |name: &str| {
        let id = child.id().to_string();
        Command::new("kill").args([name, &id]).status().unwrap();
    };
    signal("-INT");
    std::thread::sleep(Duration::from_millis(20));
    signal("-INT");
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let err = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(130), "{err}");
    assert!(err.contains("everything is saved"), "{err}");
    assert!(
        err.contains("netc train stripes.net --data data --resume run"),
        "{err}"
    );
    let lines = err.lines().filter(|line| !line.starts_with("Epoch"));
    assert!(
        lines.clone().all(|line| line.chars().count() <= 80),
        "{err}"
    );
}

#[cfg(unix)]
#[test]
fn nohup_keeps_its_meaning() {
    let world = World::new();
    let mut nohup = Command::new("nohup");
    nohup.arg(env!("CARGO_BIN_EXE_netc"));
    let mut child = world.long_run(nohup);
    let id = child.id().to_string();
    Command::new("kill").args(["-HUP", &id]).status().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ended, None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_the_shell_is_a_limit_of_memory() {
    let world = World::new();
    let line =
        "ulimit -v 600000; exec \"$0\" train stripes.net --data data --out run --batch 300000";
    let mut shell = Command::new("sh");
    shell
        .args(["-c", line, env!("CARGO_BIN_EXE_netc")])
        .current_dir(world.path(""));
    let Output { status, stderr, .. } = shell.output().unwrap();
    let err = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{err}");
    assert!(err.contains("the largest batch that fits is"), "{err}");
}

/// The README's first run.
#[test]
fn the_digits_are_learnt_without_a_download() {
    let world = World::new();
    let net =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/lenet_digits.net");
    fs::copy(net, world.path("lenet_digits.net")).unwrap();
    let (out, err) = world.run(0, "train lenet_digits.net");
    assert!(err.contains("1438 pictures, 359 for validation"), "{err}");
    assert!(err.contains("Holds expect accuracy >= 0.97"), "{out}{err}");
    world.run(0, "eval lenet_digits.net --run runs/lenet_digits");
    let (_, err) = world.run(2, "train lenet_digits.net --data data");
    assert!(err.contains("leave `--data` out"), "{err}");
    let (_, err) = world.run(2, "train stripes.net");
    assert!(
        err.contains("`--data DIR` has to say where it lies"),
        "{err}"
    );
}

/// The tensors of a file, as bytes.
fn tensors(world: &World, file: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let bytes = world.bytes(file);
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.tensors().into_iter();
    tensors
        .map(|(name, tensor)| (name, tensor.data().to_vec()))
        .collect()
}

#[test]
fn frozen_layers_stay_bit_for_bit() {
    let world = World::new();
    world.netc_said("train stripes.net --data data --out first --epochs 2 --threads 1");
    let before = tensors(&world, "first/last.safetensors");
    let line = "train stripes.net --data data --weights first/last.safetensors --epochs 1 --threads 1 --clip 0.5 --l2 0.01";
    world.netc_said(&format!("{line} --out tuned --freeze before(fc1)"));
    let after = tensors(&world, "tuned/last.safetensors");
    for (name, values) in &before {
        let stays = !name.starts_with("fc1");
        assert_eq!(after[name] == *values, stays, "{name}");
    }
    // A BN alone: what is before it still learns, through it.
    world.netc_said(&format!("{line} --out norm --freeze bn1"));
    let after = tensors(&world, "norm/last.safetensors");
    for (name, values) in &before {
        let stays = name.starts_with("bn1");
        assert_eq!(after[name] == *values, stays, "{name}");
    }
    // A run that is resumed goes on frozen.
    world.netc_said("train stripes.net --data data --resume tuned --epochs 2 --threads 1");
    let resumed = tensors(&world, "tuned/last.safetensors");
    assert_eq!(resumed["conv1.weight"], before["conv1.weight"]);
    assert_eq!(resumed["bn1.running_mean"], before["bn1.running_mean"]);
}

#[test]
fn a_run_starts_from_weights_as_far_as_they_fit() {
    let world = World::new();
    world.netc_said("train stripes.net --data data --out first --epochs 1");
    let seven = NET.replace("FC(4)", "FC(7)");
    fs::write(world.path("seven.net"), seven).unwrap();
    let line = "train seven.net --data data --epochs 1";
    let fine = format!("{line} --weights first/last.safetensors --out seven --freeze before(fc1)");
    let (_, err) = world.netc_said(&fine);
    assert!(
        err.contains("6 of 8 tensors from first/last.safetensors"),
        "{err}"
    );
    assert!(err.contains("fc1.bias, fc1.weight start anew"), "{err}");
    let first = tensors(&world, "first/last.safetensors");
    assert_eq!(
        tensors(&world, "seven/last.safetensors")["conv1.weight"],
        first["conv1.weight"]
    );

    let (_, err) = world.run(
        1,
        &format!("{line} --weights first/last.safetensors --freeze fc1"),
    );
    assert!(err.contains("freezes layers that"), "{err}");
    assert!(
        err.contains("`fc1.weight` is 4x54 there and 7x54 here"),
        "{err}"
    );
    let (_, err) = world.run(1, "train seven.net --data data --weights stripes.net");
    assert!(err.contains("`stripes.net` cannot be used"), "{err}");
    fs::write(world.path("other.net"), "INPUT(8x8x1) => FC(9) => FC(4)").unwrap();
    world.run(0, "weights init other.net --seed 1 -o other.safetensors");
    let (_, err) = world.run(
        1,
        "train stripes.net --data data --weights other.safetensors",
    );
    assert!(
        err.contains("has no tensor of the names and shapes"),
        "{err}"
    );
    let (_, err) = world.netc_said(&format!("{line} --freeze conv1 --out random"));
    assert!(err.contains("conv1 stays as drawn by the seed"), "{err}");
    let taken = format!("{line} --weights first/last.safetensors --out first");
    let (_, err) = world.run(2, &taken);
    assert!(err.contains("holds the weights to start from"), "{err}");
}
