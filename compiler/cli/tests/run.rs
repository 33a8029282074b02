//! `netc run`, `netc predict`, `netc bench`.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::{Folder, TINY, npy, read_npy};
use std::io::Cursor;

const IMAGE: usize = 8 * 8 * 3;

/// Numbers that are different everywhere.
fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 37 + 11) % 101) as f32 / 50.0 - 1.0)
        .collect()
}

fn little(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn tensors_go_in_and_out() {
    let folder = Folder::tiny();
    let x = numbers(3 * IMAGE);
    folder.write("x.npy", npy("<f4", "False", "(3, 8, 8, 3)", &little(&x)));
    let run = |args: &[&str]| {
        let base = ["run", "tiny.net", "--input", "x.npy", "--output", "y.npy"];
        let done = folder.netc(base.iter().chain(args));
        assert!(done.succeeds().err.contains("Wrote y.npy"), "{done:?}");
        read_npy(&folder.read("y.npy"))
    };
    let (header, all) = run(&["--weights", "tiny.safetensors"]);
    assert_eq!(
        header,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }"
    );
    assert!(all.iter().all(|v| v.is_finite()));
    // The file holds what the seed gives; neither threads nor the batch change a bit.
    assert_eq!(run(&["--seed", "1"]).1, all);
    assert_ne!(run(&["--seed", "2"]).1, all);
    assert_eq!(
        run(&["--seed", "1", "--threads", "1", "--batch", "2"]).1,
        all
    );

    // One image alone has no batch axis, and the same result.
    folder.write(
        "x.npy",
        npy("<f4", "False", "(8, 8, 3)", &little(&x[IMAGE..2 * IMAGE])),
    );
    let (header, one) = run(&["--seed", "1"]);
    assert!(header.contains("'shape': (3,)"), "{header}");
    assert_eq!(one, all[3..6]);
}

#[test]
fn each_output_has_its_file() {
    let folder = Folder::tiny();
    let net = "INPUT(8x8x3) => CONV(4, 3x3) as fine => RELU => FC(3)
        output boxes = fine => CONV(2, 1x1)
        auxiliary aux = fine => FC(3)";
    folder.write("heads.net", net);
    let x = little(&numbers(2 * IMAGE));
    folder.write("x.npy", npy("<f4", "False", "(2, 8, 8, 3)", &x));
    let run = |args: &[&str]| {
        let base = ["run", "heads.net", "--seed", "1", "--input", "x.npy"];
        folder.netc(base.iter().chain(args)).succeeds();
    };
    run(&["--output", "y.npy"]);
    let (header, boxes) = read_npy(&folder.read("y.boxes.npy"));
    assert!(header.contains("(2, 6, 6, 2)"), "{header}");
    run(&["--output", "z.npy", "--layer", "boxes"]);
    assert_eq!(read_npy(&folder.read("z.npy")).1, boxes);
    let there = |name: &str| folder.path(name).exists();
    assert!(!there("y.aux.npy") && !there("z.boxes.npy"));

    // An output is no way to lose an input either.
    folder.write("y.npy", npy("<f4", "False", "(2, 8, 8, 3)", &x));
    std::fs::rename(folder.path("y.npy"), folder.path("y.boxes.npy")).unwrap();
    let line = [
        "run",
        "heads.net",
        "--seed",
        "1",
        "--input",
        "y.boxes.npy",
        "--output",
        "y.npy",
    ];
    assert!(folder.netc(line).err.contains("would be lost"));
}

#[test]
fn every_kind_of_array_is_read() {
    let folder = Folder::tiny();
    let x = numbers(IMAGE);
    let result = |file: Vec<u8>| {
        folder.write("x.npy", file);
        folder
            .netc([
                "run", "tiny.net", "--seed", "1", "--input", "x.npy", "--output", "y.npy",
            ])
            .succeeds();
        read_npy(&folder.read("y.npy")).1
    };
    let shape = "(8, 8, 3)";
    let wanted = result(npy("<f4", "False", shape, &little(&x)));
    let big: Vec<u8> = x.iter().flat_map(|v| v.to_be_bytes()).collect();
    assert_eq!(result(npy(">f4", "False", shape, &big)), wanted);
    let double: Vec<u8> = x.iter().flat_map(|v| f64::from(*v).to_le_bytes()).collect();
    assert_eq!(result(npy("<f8", "False", shape, &double)), wanted);
    let mut fortran = Vec::new();
    for c in 0..3 {
        for column in 0..8 {
            fortran.extend((0..8).map(|row| x[(row * 8 + column) * 3 + c]));
        }
    }
    assert_eq!(result(npy("<f4", "True", shape, &little(&fortran))), wanted);
    let bytes: Vec<u8> = (0..IMAGE).map(|i| (i % 251) as u8).collect();
    let floats: Vec<f32> = bytes.iter().copied().map(f32::from).collect();
    let wanted = result(npy("<f4", "False", shape, &little(&floats)));
    assert_eq!(result(npy("|u1", "False", shape, &bytes)), wanted);
}

#[test]
fn layers_inside_can_be_read() {
    let folder = Folder::tiny();
    let x = numbers(2 * IMAGE);
    folder.write("x.npy", npy("<f4", "False", "(2, 8, 8, 3)", &little(&x)));
    let layer = |name: &str| {
        folder.netc([
            "run", "tiny.net", "--seed", "1", "--input", "x.npy", "--output", "y.npy", "--layer",
            name,
        ])
    };
    layer("conv1").succeeds();
    let (header, before) = read_npy(&folder.read("y.npy"));
    assert!(header.contains("'shape': (2, 8, 8, 4)"), "{header}");
    layer("bn1").succeeds();
    let bn = read_npy(&folder.read("y.npy")).1;
    // Initial statistics: mean 0, variance 1, eps 1e-3.
    assert!(
        before
            .iter()
            .zip(&bn)
            .all(|(a, b)| (a / 1.001f32.sqrt() - b).abs() < 1e-5)
    );
    layer("relu1").succeeds();
    let relu = read_npy(&folder.read("y.npy")).1;
    assert_eq!(bn.iter().map(|v| v.max(0.0)).collect::<Vec<_>>(), relu);
    layer("input").succeeds();
    assert_eq!(read_npy(&folder.read("y.npy")).1, x);
    layer("cnov1").fails(2, &["no layer `cnov1`", "did you mean `conv"]);
}

#[test]
fn arrays_that_do_not_fit_are_explained() {
    let folder = Folder::tiny();
    let run = |name: &str, file: Vec<u8>| {
        folder.write("x.npy", file);
        let args = [
            "run", "tiny.net", "--seed", "1", "--input", name, "--output", "y.npy",
        ];
        folder.netc(args)
    };
    let zeros = |n: usize| vec![0; 4 * n];
    run("no.npy", vec![]).fails(2, &["cannot read `no.npy`: no such file"]);
    run("x.npy", vec![]).fails(1, &["`x.npy` cannot be used: it is not a NumPy file"]);
    let chw = npy("<f4", "False", "(3, 8, 8)", &zeros(IMAGE));
    run("x.npy", chw).fails(
        1,
        &["the input is 3x8x8, the network takes 8x8x3", "np.moveaxis"],
    );
    let flat = npy("<f4", "False", "(2, 192)", &zeros(2 * IMAGE));
    run("x.npy", flat).fails(1, &["the input is 2x192"]);
    let none = npy("<f4", "False", "(0, 8, 8, 3)", &[]);
    run("x.npy", none).fails(1, &["the input holds no image"]);
    let ints = npy("<i8", "False", "(8, 8, 3)", &zeros(2 * IMAGE));
    run("x.npy", ints).fails(1, &["`<i8`", "float32, float64 or uint8"]);
    let short = npy("<f4", "False", "(8, 8, 3)", &zeros(5));
    run("x.npy", short).fails(1, &["cut short: 20 of 768 bytes"]);
    assert!(!folder.path("y.npy").exists());

    let good = npy("<f4", "False", "(8, 8, 3)", &zeros(IMAGE));
    folder.write("x.npy", good);
    let base = ["run", "tiny.net", "--input", "x.npy"];
    folder
        .netc(base.iter().chain(&["--output", "y.npy"]))
        .fails(2, &["--weights <FILE>|--seed <N>"]);
    folder
        .netc(base.iter().chain(&["--seed", "1", "--output", "no/y.npy"]))
        .fails(2, &["no such folder"]);
    folder
        .netc(
            base.iter()
                .chain(&["--seed", "1", "--output", "y.npy", "--batch", "0"]),
        )
        .fails(2, &["--batch"]);
}

/// A picture as PNG or JPEG.
fn picture(width: u32, height: u32, format: image::ImageFormat) -> Vec<u8> {
    let image = image::RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x * 30 % 256) as u8, (y * 20 % 256) as u8, 128])
    });
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn pictures_are_classified() {
    let folder = Folder::tiny();
    folder.write("a.png", picture(8, 8, image::ImageFormat::Png));
    folder.write("b.jpg", picture(20, 11, image::ImageFormat::Jpeg));
    folder.write("labels.txt", "cat\ndog\r\nfish\n");
    let predict = |args: &[&str]| {
        folder.netc(
            ["predict", "tiny.net", "--weights", "tiny.safetensors"]
                .iter()
                .chain(args),
        )
    };
    let plain = predict(&["a.png"]);
    assert_eq!(plain.succeeds().out.lines().count(), 3);
    assert!(plain.out.contains(" %  class "), "{}", plain.out);
    let named = predict(&["a.png", "b.jpg", "--labels", "labels.txt", "--top", "2"]);
    let lines: Vec<&str> = named.succeeds().out.lines().collect();
    assert_eq!(
        (lines[0], lines[3], lines[4], lines.len()),
        ("a.png", "", "b.jpg", 7)
    );

    let json = predict(&["a.png", "b.jpg", "--json", "--labels", "labels.txt"]);
    let rows: Vec<serde_json::Value> = json
        .succeeds()
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2);
    let top = rows[1]["top"].as_array().unwrap();
    let sum: f64 = top.iter().map(|c| c["probability"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{rows:?}");
    assert!(["cat", "dog", "fish"].contains(&top[0]["label"].as_str().unwrap()));

    // An 8x8 PNG is taken as it is: the same as its bytes, normalised.
    let decoded = image::load_from_memory(&folder.read("a.png"))
        .unwrap()
        .to_rgb8();
    let scaled: Vec<f32> = decoded
        .as_raw()
        .iter()
        .map(|b| f32::from(*b) * 0.003_921_569)
        .collect();
    folder.write("x.npy", npy("<f4", "False", "(8, 8, 3)", &little(&scaled)));
    folder
        .netc([
            "run", "tiny.net", "--seed", "1", "--input", "x.npy", "--output", "y.npy",
        ])
        .succeeds();
    let logits = read_npy(&folder.read("y.npy")).1;
    let sum: f32 = logits.iter().map(|x| x.exp()).sum();
    for entry in rows[0]["top"].as_array().unwrap() {
        let class = entry["class"].as_u64().unwrap() as usize;
        let probability = entry["probability"].as_f64().unwrap() as f32;
        assert!((logits[class].exp() / sum - probability).abs() < 1e-5);
    }
}

#[test]
fn a_bad_picture_does_not_hide_the_others() {
    let folder = Folder::tiny();
    folder.write("a.png", picture(8, 8, image::ImageFormat::Png));
    folder.write("text.png", "hello");
    let cut = picture(50, 50, image::ImageFormat::Png);
    folder.write("cut.png", &cut[..cut.len() / 2]);
    let predict = |args: &[&str]| {
        folder.netc(
            ["predict", "tiny.net", "--seed", "1", "--json"]
                .iter()
                .chain(args),
        )
    };
    let bad = predict(&["text.png", "cut.png", "a.png"]);
    bad.fails(
        1,
        &[
            "`text.png` cannot be used: it is neither JPEG nor PNG",
            "`cut.png` cannot be used: ",
        ],
    );
    assert_eq!(bad.out.lines().count(), 1);
    predict(&["no.png", "text.png"]).fails(2, &["cannot read `no.png`"]);

    folder.write("two.txt", "cat\ndog\n");
    predict(&["a.png", "--labels", "two.txt"]).fails(1, &["it names 2 classes, the network has 3"]);
    folder.write("vector.net", "INPUT(7) => FC(2)");
    folder
        .netc(["predict", "vector.net", "--seed", "1", "a.png"])
        .fails(1, &["takes vectors of 7"]);
    folder.write("wide.net", "INPUT(8x8x5) => FC(2)");
    folder
        .netc(["predict", "wide.net", "--seed", "1", "a.png"])
        .fails(1, &["takes 5 channels"]);
    folder.write("full.net", "INPUT(8x8x3) => CONV(2, 3x3)");
    folder
        .netc(["predict", "full.net", "--seed", "1", "a.png"])
        .fails(1, &["does not classify: its output is 6x6x2"]);
}

#[test]
fn distances_put_the_smallest_first() {
    let folder = Folder::new();
    folder.write("rbf.net", "INPUT(8x8x1) => FC(84) => TANH => RBF(10)");
    folder.write("a.png", picture(8, 8, image::ImageFormat::Png));
    let run = folder.netc([
        "predict", "rbf.net", "--seed", "1", "--json", "--top", "10", "a.png",
    ]);
    let row: serde_json::Value = serde_json::from_str(&run.succeeds().out).unwrap();
    let distances: Vec<f64> = row["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["distance"].as_f64().unwrap())
        .collect();
    assert_eq!(distances.len(), 10);
    assert!(distances.is_sorted() && distances[0] > 0.0, "{distances:?}");
}

#[test]
fn a_bench_ends_with_the_median() {
    let folder = Folder::new();
    folder.write("tiny.net", TINY);
    let bench = |args: &[&str]| {
        folder.netc(
            ["bench", "tiny.net", "--seconds", "0.01"]
                .iter()
                .chain(args),
        )
    };
    let json = bench(&[
        "--json",
        "--batch",
        "3",
        "--threads",
        "1",
        "--precision",
        "f32",
        "--layers",
    ]);
    let last = json.succeeds().out.lines().last().unwrap();
    let object: serde_json::Value = serde_json::from_str(last).unwrap();
    assert!(object["median_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(
        (&object["batch"], &object["threads"]),
        (&3.into(), &1.into())
    );
    let layers = object["layers"].as_array().unwrap();
    let share: f64 = layers.iter().map(|l| l["share"].as_f64().unwrap()).sum();
    assert!(
        (share - 1.0).abs() < 1e-6 && layers.len() >= 5,
        "{layers:?}"
    );
    for layer in layers {
        let (limit, ms) = (&layer["limit_ms"], &layer["ms"]);
        let (limit, ms) = (limit.as_f64().unwrap(), ms.as_f64().unwrap());
        assert!((layer["of_limit"].as_f64().unwrap() - limit / ms).abs() < 1e-6);
        assert!(limit > 0.0 && layer["gbytes"].as_f64().unwrap() > 0.0);
    }
    let limits = &object["limits"];
    assert!(limits["gflops"].as_f64().unwrap() > 0.0, "{limits}");
    assert_eq!(limits["reads"].as_array().unwrap().len(), 4, "{limits}");

    let text = bench(&["--layers", "--seed", "7"]);
    assert!(text.succeeds().out.contains("GFLOP/s"), "{}", text.out);
    assert!(text.out.contains("median "), "{}", text.out);
    assert!(text.out.contains("limits: ") && text.out.contains("of limit"));
    assert!(!bench(&[]).succeeds().out.contains("limits"));
    bench(&["--precision", "tf32"]).fails(2, &["the CPU infers in f32, bf16 or int8, not in tf32"]);
    let line = &["--precision", "bf16", "--train"];
    bench(line).fails(2, &["the CPU learns in f32, not in bf16"]);
    bench(&["--precision", "bf8"]).fails(2, &["possible values: f32, tf32, bf16"]);
    let forced = bench(&["--layers", "--level", "portable", "--force", "conv1=direct"]);
    let row = forced
        .succeeds()
        .out
        .lines()
        .find(|l| l.starts_with("conv1"));
    assert!(
        row.is_some_and(|row| row.contains("direct portable f32")),
        "{}",
        forced.out
    );
    bench(&["--force", "conv1=depthwise"]).fails(2, &["only by `direct`"]);
    bench(&["--force", "conv9=direct"]).fails(2, &["did you mean `conv1`?"]);
    bench(&["--force", "conv1"]).fails(2, &["conv1=direct"]);
    bench(&["--level", "mmx"]).fails(2, &["there are portable"]);
    let train = bench(&["--train", "--json", "--batch", "3", "--threads", "1"]);
    let last = train.succeeds().out.lines().last().unwrap();
    let object: serde_json::Value = serde_json::from_str(last).unwrap();
    assert!(object["median_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(
        (&object["batch"], &object["train"]),
        (&3.into(), &true.into())
    );
    let train = bench(&["--train", "--json", "--batch", "3", "--layers"]);
    let last = train.succeeds().out.lines().last().unwrap();
    let object: serde_json::Value = serde_json::from_str(last).unwrap();
    let layers = object["layers"].as_array().unwrap();
    let names: Vec<&str> = layers.iter().map(|l| l["name"].as_str().unwrap()).collect();
    assert!(names.ends_with(&["loss", "update"]), "{names:?}");
    let of = |layer: &serde_json::Value, what: &str| layer[what].as_f64().unwrap();
    for layer in &layers[..layers.len() - 2] {
        let parts = of(layer, "forward_ms") + of(layer, "backward_ms");
        assert!((of(layer, "ms") - parts).abs() < 1e-9, "{layer}");
    }
    assert!(train.out.contains("backward"), "{}", train.out);
    bench(&["--threads", "0"]).fails(2, &["--threads"]);
    bench(&["--batch", "4294967295"]).fails(2, &["does not fit into memory"]);
}

#[test]
fn a_profile_chooses_and_is_refused_elsewhere() {
    let folder = Folder::tiny();
    folder.write("other.net", common::TINY.replace("FC(5)", "FC(6)"));
    let tune = folder.netc(["tune", "tiny.net", "--seconds", "0.05", "--threads", "1"]);
    assert!(tune.succeeds().err.contains("Wrote tiny.profile.toml"));
    assert!(tune.out.contains("conv2"), "{}", tune.out);
    let profile = folder.text("tiny.profile.toml");
    assert!(profile.contains("\n[conv1]\nmethod = "), "{profile}");

    let bench = |network: &str, args: &[&str]| {
        let line = ["bench", network, "--seconds", "0.01", "--layers"];
        let profile = ["--profile", "tiny.profile.toml"];
        folder.netc(line.iter().chain(&profile).chain(args).copied())
    };
    for method in ["direct", "winograd2"] {
        let methods = profile.lines().map(|line| match line.split_once(" = ") {
            Some(("method", _)) => format!("method = \"{method}\""),
            _ => line.to_owned(),
        });
        let changed = methods.collect::<Vec<_>>().join("\n");
        folder.write("tiny.profile.toml", changed);
        let run = bench("tiny.net", &[]);
        let conv = run.succeeds().out.lines().find(|l| l.starts_with("conv1"));
        assert!(conv.unwrap().contains(method), "{}", run.out);
    }
    let exact = bench("tiny.net", &["--no-winograd"]);
    assert!(!exact.succeeds().out.contains("winograd"), "{}", exact.out);
    bench("other.net", &[]).fails(2, &["of another network than Tiny", "netc tune"]);
    bench("tiny.net", &["--level", "portable"]).fails(2, &["this machine computes with portable"]);
    bench("tiny.net", &["--train"]).fails(2, &["takes none"]);

    let x = numbers(IMAGE);
    folder.write("x.npy", npy("<f4", "False", "(8, 8, 3)", &little(&x)));
    let run = |args: &[&str]| {
        let base = [
            "run", "tiny.net", "--seed", "1", "-i", "x.npy", "-o", "y.npy",
        ];
        folder.netc(base.iter().chain(args)).succeeds();
        read_npy(&folder.read("y.npy")).1
    };
    let by_profile = run(&["--profile", "tiny.profile.toml"]);
    let exact = run(&["--no-winograd"]);
    assert_eq!(
        run(&["--profile", "tiny.profile.toml", "--no-winograd"]),
        exact
    );
    assert!(
        by_profile
            .iter()
            .zip(&exact)
            .all(|(a, b)| (a - b).abs() < 1e-5)
    );
    folder.write("tiny.profile.toml", "batch");
    bench("tiny.net", &[]).fails(1, &["tiny.profile.toml", "line 1"]);
    let missing = folder.netc(["bench", "tiny.net", "--profile", "none.toml"]);
    missing.fails(2, &["none.toml"]);
}

#[test]
fn a_network_too_large_for_memory_is_told_so() {
    let folder = Folder::new();
    folder.write("large.net", "INPUT(1000000) => FC(1000000)");
    let check = folder.netc(["check", "large.net"]);
    if check.code == 0 {
        folder
            .netc(["bench", "large.net"])
            .fails(2, &["do not fit into memory"]);
        folder
            .netc(["weights", "init", "large.net", "--seed", "1", "-o", "w"])
            .fails(2, &["do not fit into memory"]);
    }
}

#[test]
fn a_model_of_a_gpu_estimates_without_one() {
    let folder = Folder::tiny();
    let bench = |args: &[&str]| {
        let all = ["bench", "tiny.net", "--model", "h100"];
        folder.netc(all.iter().chain(args).copied())
    };
    let json = bench(&["--device", "cuda", "--batch", "4", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.succeeds().out).unwrap();
    assert_eq!(json["estimate"], true);
    assert_eq!(json["launches"], 1);
    let layers = json["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0]["blocks"], 4);
    for figure in ["flops", "floor_bytes", "estimated_ms", "roofline_share"] {
        assert!(json[figure].as_f64().unwrap() > 0.0, "{figure}: {json}");
    }
    assert!(json["roofline_share"].as_f64().unwrap() <= 1.0, "{json}");
    let text = bench(&["--device", "cuda"]);
    assert!(
        text.succeeds()
            .out
            .contains("an estimate, nothing was measured"),
        "{text:?}"
    );
    bench(&[]).fails(
        2,
        &["--model estimates what a GPU would do", "--device cuda"],
    );
}
