//! `netc weights`, and what bad weights are told.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::{Folder, npy, safetensors, tensor};
use safetensors::Dtype;

/// The tensors of tests/common's TINY, by name and shape.
const TENSORS: &[(&str, &[usize])] = &[
    ("conv1.weight", &[4, 3, 3, 3]),
    ("bn1.weight", &[4]),
    ("bn1.bias", &[4]),
    ("bn1.running_mean", &[4]),
    ("bn1.running_var", &[4]),
    ("conv2.weight", &[4, 4, 3, 3]),
    ("conv2.bias", &[4]),
    ("fc1.weight", &[5, 64]),
    ("fc1.bias", &[5]),
    ("fc2.weight", &[3, 5]),
    ("fc2.bias", &[3]),
];

type Tensor<'a> = (&'a str, Dtype, &'a [usize], Vec<u8>);

/// Good weights, each tensor filled with its number, from 1.
fn good() -> Vec<Tensor<'static>> {
    let numbered = TENSORS.iter().zip(1u8..);
    numbered
        .map(|((name, shape), i)| tensor(name, shape, &vec![f32::from(i); shape.iter().product()]))
        .collect()
}

/// The tensors of a file, read back.
fn read(bytes: &[u8]) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let file = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let mut all: Vec<_> = file
        .iter()
        .map(|(name, view)| {
            assert_eq!(view.dtype(), Dtype::F32);
            let values = view
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b));
            (name.to_owned(), view.shape().to_vec(), values.collect())
        })
        .collect();
    all.sort_by_key(|(name, ..)| TENSORS.iter().position(|(n, _)| n == name));
    all
}

/// Every command that reads weights.
fn commands() -> Vec<Vec<&'static str>> {
    vec![
        vec![
            "run",
            "tiny.net",
            "--weights",
            "w",
            "--input",
            "x.npy",
            "--output",
            "y.npy",
        ],
        vec!["predict", "tiny.net", "--weights", "w", "a.png"],
        vec!["weights", "show", "w", "--for", "tiny.net"],
        vec!["weights", "import", "w", "--for", "tiny.net", "-o", "out"],
    ]
}

#[test]
fn bad_weights_are_one_error_and_exit_code_1() {
    let folder = Folder::tiny();
    folder.write("x.npy", npy("<f4", "False", "(8, 8, 3)", &[0; 768]));
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    folder.write("a.png", png.into_inner());

    let whole = safetensors(&good());
    let change = |change: &dyn Fn(&mut Vec<Tensor<'static>>)| {
        let mut tensors = good();
        change(&mut tensors);
        safetensors(&tensors)
    };
    let ones = |n: usize| vec![1.0; n];
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("truncated", whole[..whole.len() - 7].to_vec(), &["`w"]),
        ("truncated in the header", whole[..40].to_vec(), &["`w"]),
        ("empty", vec![], &["`w"]),
        ("text", b"hello, these are my weights".to_vec(), &["`w"]),
        (
            "an archive",
            b"PK\x03\x04 and so on and so forth".to_vec(),
            &["`w"],
        ),
        (
            "a huge header",
            [&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
            &["`w"],
        ),
        (
            "a wrong shape",
            change(&|t| t[9] = tensor("fc2.weight", &[5, 3], &ones(15))),
            &["fc2"],
        ),
        (
            "a missing tensor",
            change(&|t| drop(t.remove(6))),
            &["conv2"],
        ),
        (
            "two missing tensors",
            change(&|t| {
                t.remove(10);
                t.remove(6);
            }),
            &["conv2", "fc2"],
        ),
        (
            "an extra tensor",
            change(&|t| t.push(tensor("fc3.weight", &[2, 3], &ones(6)))),
            &["fc3"],
        ),
        (
            "a wrong type",
            change(&|t| t[10] = ("fc2.bias", Dtype::I32, &[3], vec![0; 12])),
            &["fc2.bias", "I32"],
        ),
        (
            "a NaN",
            change(&|t| t[10] = tensor("fc2.bias", &[3], &[0.0, f32::NAN, 0.0])),
            &["fc2.bias", "NaN"],
        ),
    ];
    for (case, bytes, says) in cases {
        folder.write("w", bytes);
        for command in commands() {
            let run = folder.netc(&command);
            assert_eq!(run.code, 1, "{case}, {command:?}: {run:?}");
            assert_eq!(
                run.err.matches("error: ").count(),
                1,
                "{case}, {command:?}: {}",
                run.err
            );
            for text in says {
                assert!(
                    run.err.contains(text),
                    "{case}, {command:?}: no `{text}` in\n{}",
                    run.err
                );
            }
            assert!(
                !folder.path("out").exists() && !folder.path("y.npy").exists(),
                "{case}"
            );
        }
    }
    // A file that is not there is another matter.
    std::fs::remove_file(folder.path("w")).unwrap();
    for command in commands() {
        folder
            .netc(&command)
            .fails(2, &["cannot read `w`: no such file"]);
    }
    // The good ones pass.
    folder.write("w", whole);
    for command in commands() {
        folder.netc(&command).succeeds();
    }
}

#[test]
fn a_file_is_shown() {
    let folder = Folder::tiny();
    let alone = folder.netc(["weights", "show", "tiny.safetensors"]);
    assert!(
        alone
            .succeeds()
            .out
            .contains("conv1.weight      F32   4x3x3x3"),
        "{}",
        alone.out
    );
    assert!(
        alone.out.contains("\n11 tensors, 615 numbers, "),
        "{}",
        alone.out
    );
    let checked = folder.netc(["weights", "show", "tiny.safetensors", "--for", "tiny.net"]);
    assert!(
        checked
            .succeeds()
            .err
            .contains("tiny.safetensors fits tiny.net"),
        "{}",
        checked.err
    );
    // In the network's order.
    let first = checked.out.lines().nth(2).unwrap();
    assert!(first.starts_with("conv1.weight"), "{first}");

    let bad = safetensors(&[
        tensor("a", &[3], &[1.0, f32::NAN, f32::INFINITY]),
        tensor("b", &[], &[2.0]),
    ]);
    folder.write("bad", bad);
    let shown = folder.netc(["weights", "show", "bad"]);
    shown.fails(1, &["a: 1 NaN", "a: 1 infinite"]);
    assert!(shown.out.contains("scalar"), "{}", shown.out);
}

#[test]
fn a_foreign_file_is_matched_and_converted() {
    let folder = Folder::tiny();
    // A PyTorch model in half precision, with a counter, sorted by name as PyTorch's files are.
    let foreign = [
        "net.0.weight",
        "net.1.weight",
        "net.1.bias",
        "net.1.running_mean",
        "net.1.running_var",
        "net.3.weight",
        "net.3.bias",
        "head.0.weight",
        "head.0.bias",
        "head.2.weight",
        "head.2.bias",
    ];
    let half = |i: u8, n: usize| half::f16::from_f32(f32::from(i)).to_le_bytes().repeat(n);
    let mut tensors: Vec<Tensor<'_>> = foreign
        .iter()
        .zip(TENSORS)
        .zip(1u8..)
        .map(|((name, (_, shape)), i)| (*name, Dtype::F16, *shape, half(i, shape.iter().product())))
        .collect();
    tensors.push(("net.1.num_batches_tracked", Dtype::I64, &[], vec![0; 8]));
    folder.write("foreign", safetensors(&tensors));
    let run = folder.netc([
        "weights", "import", "foreign", "--for", "tiny.net", "-o", "own",
    ]);
    assert!(
        run.succeeds()
            .out
            .contains("net.0   conv1  weight 4x3x3x3\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("net.1   bn1    normalisation of 4\n"),
        "{}",
        run.out
    );
    assert!(
        run.err
            .contains("11 tensors of another precision became f32"),
        "{}",
        run.err
    );
    assert!(run.err.contains("Wrote own"), "{}", run.err);
    let own = read(&folder.read("own"));
    for (((name, shape, values), (wanted, wanted_shape)), i) in own.iter().zip(TENSORS).zip(1u8..) {
        assert_eq!((name.as_str(), &shape[..]), (*wanted, *wanted_shape));
        assert!(values.iter().all(|v| *v == f32::from(i)), "{name}");
    }
    folder
        .netc(["weights", "show", "own", "--for", "tiny.net"])
        .succeeds();

    // To standard output: the table goes out of the way.
    let piped = folder.netc([
        "weights", "import", "foreign", "--for", "tiny.net", "-o", "-",
    ]);
    assert_eq!(piped.succeeds().bytes, folder.read("own"));
    assert!(piped.err.contains("net.0   conv1"), "{}", piped.err);
}

#[test]
fn own_names_are_taken_as_they_are_behind_any_prefix() {
    let folder = Folder::tiny();
    let names: Vec<String> = TENSORS
        .iter()
        .map(|(name, _)| format!("module.{name}"))
        .collect();
    let tensors: Vec<Tensor<'_>> = names
        .iter()
        .zip(good())
        .map(|(name, (_, dtype, shape, data))| (name.as_str(), dtype, shape, data))
        .collect();
    folder.write("foreign", safetensors(&tensors));
    let run = folder.netc([
        "weights", "import", "foreign", "--for", "tiny.net", "-o", "own",
    ]);
    assert!(
        run.succeeds().out.contains("module.conv1  conv1"),
        "{}",
        run.out
    );
    // No note on flattening: the file is netc's own.
    assert!(!run.err.contains("flattened"), "{}", run.err);
    assert_eq!(read(&folder.read("own")), read(&safetensors(&good())));
}

#[test]
fn flattened_columns_are_put_in_netc_s_order() {
    let folder = Folder::new();
    folder.write("hwc.net", "INPUT(2x2x3) => FC(12)");
    folder.write("chw.net", "INPUT(2x2x3) => FLATTEN(chw) => FC(12)");
    let columns: Vec<f32> = (0u8..12).map(f32::from).collect();
    folder.write(
        "torch",
        safetensors(&[
            tensor("l.weight", &[12, 12], &columns.repeat(12)),
            // As long as a row, but not one.
            tensor("l.bias", &[12], &columns),
        ]),
    );
    let reordered = [0.0, 4.0, 8.0, 1.0, 5.0, 9.0, 2.0, 6.0, 10.0, 3.0, 7.0, 11.0];
    let weights = |args: &[&str]| {
        let run = folder.netc(
            ["weights", "import", "torch", "-o", "own"]
                .iter()
                .chain(args),
        );
        let told = run.succeeds().err.contains("flattened in CHW order there");
        let own = read(&folder.read("own"));
        let get = |wanted: &str| &own.iter().find(|(name, ..)| name == wanted).unwrap().2;
        assert_eq!(get("fc1.bias"), &columns);
        assert_eq!(get("fc1.weight")[..12], get("fc1.weight")[132..]);
        (get("fc1.weight")[..12].to_vec(), told)
    };
    assert_eq!(weights(&["--for", "hwc.net"]), (reordered.to_vec(), true));
    assert_eq!(
        weights(&["--for", "hwc.net", "--flatten", "hwc"]),
        (columns.clone(), false)
    );
    assert_eq!(weights(&["--for", "chw.net"]), (columns.clone(), false));
}

#[test]
fn keras_kernels_are_turned() {
    let folder = Folder::new();
    folder.write("k.net", "INPUT(4x4x1) => CONV(2, 1x2) => BN => FC(1)");
    let column: Vec<f32> = (0u8..24).map(f32::from).collect();
    folder.write(
        "keras",
        safetensors(&[
            // [kh, kw, in, out]
            tensor("conv2d/kernel:0", &[1, 2, 1, 2], &[1.0, 2.0, 3.0, 4.0]),
            tensor("conv2d/bias:0", &[2], &[0.0; 2]),
            tensor("batch_normalization/gamma:0", &[2], &[1.0; 2]),
            tensor("batch_normalization/beta:0", &[2], &[2.0; 2]),
            tensor("batch_normalization/moving_mean:0", &[2], &[3.0; 2]),
            tensor("batch_normalization/moving_variance:0", &[2], &[4.0; 2]),
            tensor("dense/kernel:0", &[24, 1], &column),
            tensor("dense/bias:0", &[1], &[0.0]),
        ]),
    );
    folder
        .netc(["weights", "import", "keras", "--for", "k.net", "-o", "own"])
        .succeeds();
    let own = read(&folder.read("own"));
    let get = |name: &str| own.iter().find(|(n, ..)| n == name).unwrap().2.clone();
    assert_eq!(get("conv1.weight"), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(get("bn1.running_var"), [4.0; 2]);
    assert_eq!(get("bn1.weight"), [1.0; 2]);
    // Keras flattens channels last, as netc does.
    assert_eq!(get("fc1.weight"), column);
}

#[test]
fn what_cannot_be_told_apart_is_listed() {
    let folder = Folder::new();
    folder.write(
        "two.net",
        "INPUT(4) => FC(4, bias=false) => RELU => FC(4, bias=false) => FC(2, bias=false)",
    );
    folder.write(
        "w",
        safetensors(&[
            tensor("apple.weight", &[4, 4], &[1.0; 16]),
            tensor("pear.weight", &[4, 4], &[2.0; 16]),
            tensor("fig.weight", &[2, 4], &[3.0; 8]),
        ]),
    );
    let import = |args: &[&str]| {
        folder.netc(
            ["weights", "import", "w", "--for", "two.net", "-o", "own"]
                .iter()
                .chain(args),
        )
    };
    import(&[]).fails(
        1,
        &[
            "cannot tell which modules",
            "theirs: apple, pear",
            "ours:   fc1, fc2",
            "--map THEIRS=OURS",
        ],
    );
    import(&["--map", "pear=fc1"]).succeeds();
    let own = read(&folder.read("own"));
    let fc1 = own.iter().find(|(name, ..)| name == "fc1.weight");
    assert_eq!(fc1.unwrap().2[0], 2.0);
}

#[test]
fn what_does_not_match_can_be_settled_by_hand() {
    let folder = Folder::new();
    folder.write(
        "two.net",
        "INPUT(4) => FC(4) => RELU => FC(4) => RELU => FC(2)",
    );
    let eye = |v: f32| vec![v; 16];
    let mut tensors = vec![
        tensor("layer1.weight", &[4, 4], &eye(1.0)),
        tensor("layer1.bias", &[4], &[1.0; 4]),
        tensor("layer2.weight", &[4, 4], &eye(2.0)),
        tensor("layer2.bias", &[4], &[2.0; 4]),
        tensor("third.w", &[2, 4], &[3.0; 8]),
        tensor("third.b", &[2], &[3.0; 2]),
        tensor("aux.weight", &[9, 4], &[9.0; 36]),
    ];
    folder.write("w", safetensors(&tensors));
    let import = |args: &[&str]| {
        folder.netc(
            ["weights", "import", "w", "--for", "two.net", "-o", "own"]
                .iter()
                .chain(args),
        )
    };
    import(&[]).fails(
        1,
        &[
            "`w` does not fit `two.net`",
            "fc3: weight 2x4, bias 2",
            "third: w 2x4, b 2",
            "aux: weight 9x4",
            "--skip PREFIX",
        ],
    );
    let settled = &[
        "--skip",
        "aux",
        "--map",
        "third.w=fc3.weight",
        "--map",
        "third.b=fc3.bias",
    ][..];
    let run = import(settled);
    assert!(run.succeeds().out.contains("(--map)"), "{}", run.out);
    // The order of names puts `layer1` before `layer2`; the other way round needs a word.
    let swapped = [settled, &["--map", "layer2=fc1"]].concat();
    let value = || {
        let own = read(&folder.read("own"));
        own.iter().find(|(n, ..)| n == "fc1.weight").unwrap().2[0]
    };
    assert_eq!(value(), 1.0);
    import(&swapped).succeeds();
    assert_eq!(value(), 2.0);

    import(&["--map", "thrid=fc3"])
        .fails(2, &["no module or tensor `thrid`", "did you mean `third`"]);
    import(&["--map", "third=fc9"]).fails(2, &["no layer or tensor `fc9`", "did you mean `fc"]);
    import(&["--map", "third"]).fails(2, &["THEIRS=OURS"]);
    import(&["--map", "aux=fc3"]).fails(1, &["the shapes differ", "9x4", "2x4"]);
    import(&["--skip", "axu", "--skip", "aux"]).fails(1, &["no tensor's name starts with `axu`"]);

    // A bias more or less is named.
    tensors.retain(|t| !t.0.starts_with("aux") && t.0 != "layer2.bias");
    for t in &mut tensors {
        t.0 = match t.0 {
            "third.w" => "third.weight",
            "third.b" => "third.bias",
            other => other,
        };
    }
    folder.write("w", safetensors(&tensors));
    import(&[]).fails(1, &["layer2: weight 4x4"]);
}

#[test]
fn a_part_of_the_names_begins_at_a_layer() {
    let folder = Folder::new();
    folder.write(
        "two.net",
        "INPUT(4) => FC(4) => RELU => FC(4) => RELU => FC(4) => RELU => FC(4)",
    );
    let fill = |v: f32| vec![v; 16];
    let foreign = [
        tensor("left.x.weight", &[4, 4], &fill(1.0)),
        tensor("left.x.bias", &[4], &[1.0; 4]),
        tensor("mid.0.weight", &[4, 4], &fill(2.0)),
        tensor("mid.0.bias", &[4], &[2.0; 4]),
        tensor("mid.1.weight", &[4, 4], &fill(3.0)),
        tensor("mid.1.bias", &[4], &[3.0; 4]),
        tensor("right.weight", &[4, 4], &fill(4.0)),
        tensor("right.bias", &[4], &[4.0; 4]),
    ];
    folder.write("w", safetensors(&foreign));
    let import = |args: &[&str]| {
        folder.netc(
            ["weights", "import", "w", "--for", "two.net", "-o", "own"]
                .iter()
                .chain(args),
        )
    };
    let order = || {
        let own = read(&folder.read("own"));
        let first = |i: usize| {
            let name = format!("fc{i}.weight");
            own.iter().find(|(n, ..)| *n == name).unwrap().2[0]
        };
        [1, 2, 3, 4].map(first)
    };
    import(&[]).fails(1, &["cannot tell which modules", "left.x, mid.0, right"]);
    import(&["--map", "mid.=fc3", "--map", "right=fc1"]).succeeds();
    assert_eq!(order(), [4.0, 1.0, 2.0, 3.0]);
    folder.write(
        "maps",
        "# by hand\nmid.=fc1\n\n  right = fc3  # in the middle\n",
    );
    let run = import(&["--map-file", "maps"]);
    assert!(run.succeeds().out.contains("mid.0   fc1"), "{}", run.out);
    assert_eq!(order(), [2.0, 3.0, 4.0, 1.0]);

    import(&["--map", "mid=fc1"]).fails(2, &["no module or tensor `mid`", "`--map mid.=fc1`"]);
    import(&["--map", "mid.=fc4"]).fails(2, &["2 modules of `w` start so", "only 1 layer"]);
    import(&["--map", "mild.=fc1"]).fails(2, &["no tensor of `w` that is left starts so"]);
    import(&["--map", "mid.=fc9"]).fails(2, &["no layer or tensor `fc9`"]);
    import(&["--map", "=fc1"]).fails(2, &["THEIRS=OURS"]);
    folder.write("maps", "mid.=fc1\nright\n");
    import(&["--map-file", "maps"]).fails(1, &["maps:2: `right`", "THEIRS=OURS"]);
    import(&["--map-file", "none"]).fails(2, &["cannot read `none`: no such file"]);
}

#[test]
fn foreign_names_are_not_listed_one_by_one() {
    let folder = Folder::tiny();
    let names: Vec<String> = (0..30).map(|i| format!("features.{i}.weight")).collect();
    let foreign: Vec<Tensor<'_>> = names.iter().map(|n| tensor(n, &[1], &[0.0])).collect();
    folder.write("w", safetensors(&foreign));
    folder.write("x.npy", npy("<f4", "False", "(8, 8, 3)", &[0; 768]));
    for command in commands()
        .into_iter()
        .filter(|c| c[1] != "import" && c[0] != "predict")
    {
        let run = folder.netc(&command);
        run.fails(
            1,
            &[
                "`w` names its tensors otherwise than `tiny.net`",
                "it has `features.0.weight`, say, and no `conv1.weight`",
                "0 of the 11 tensors",
                "`netc weights import w --for tiny.net -o OUT`",
            ],
        );
        assert!(run.err.lines().count() < 6, "{}", run.err);
    }
}
