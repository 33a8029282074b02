//! Files that are broken or mean harm: each is refused with a sentence, none panics, hangs or takes much memory.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use common::{graph, import, weights};
use netc_exchange::{onnx, torch};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A field of protobuf that holds bytes.
fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = varint(u64::from(tag) << 3 | 2);
    out.extend(varint(bytes.len() as u64));
    out.extend(bytes);
    out
}

/// A field of protobuf that holds a number.
fn number(tag: u8, n: i64) -> Vec<u8> {
    [varint(u64::from(tag) << 3), varint(n.cast_unsigned())].concat()
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}

fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut out: Vec<u8> = inputs
        .iter()
        .flat_map(|name| field(1, name.as_bytes()))
        .collect();
    out.extend(outputs.iter().flat_map(|name| field(2, name.as_bytes())));
    out.extend(field(4, op.as_bytes()));
    out.extend(attributes.iter().flat_map(|attribute| field(5, attribute)));
    field(1, &out)
}

fn ints(name: &str, values: &[i64]) -> Vec<u8> {
    let all = values
        .iter()
        .flat_map(|n| number(8, *n))
        .collect::<Vec<_>>();
    [field(1, name.as_bytes()), all, number(20, 7)].concat()
}

fn int(name: &str, value: i64) -> Vec<u8> {
    [field(1, name.as_bytes()), number(3, value), number(20, 2)].concat()
}

/// A tensor of a graph: its type, shape and bytes.
fn tensor(name: &str, kind: i64, dims: &[i64], raw: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|n| number(1, *n)).collect();
    let parts = [
        dims,
        number(2, kind),
        field(8, name.as_bytes()),
        field(9, raw),
    ];
    field(5, &parts.concat())
}

fn floats(name: &str, dims: &[i64], count: usize) -> Vec<u8> {
    tensor(name, 1, dims, &vec![0; 4 * count])
}

fn longs(name: &str, values: &[i64]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
    tensor(name, 7, &[values.len() as i64], &raw)
}

/// An input (11) or output (12) of a graph.
fn value(tag: u8, name: &str, dims: &[i64]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|n| field(1, &number(1, *n))).collect();
    let kind = field(1, &[number(1, 1), field(2, &dims)].concat());
    field(tag, &[field(1, name.as_bytes()), field(2, &kind)].concat())
}

/// A model of these parts of a graph, for `x` of 1x3x8x8 and `y`.
fn model(parts: &[Vec<u8>]) -> Vec<u8> {
    shaped(&[1, 3, 8, 8], parts)
}

fn shaped(input: &[i64], parts: &[Vec<u8>]) -> Vec<u8> {
    let ends = [value(11, "x", input), value(12, "y", &[1])].concat();
    let graph = [parts.concat(), ends].concat();
    [number(1, 8), field(7, &graph), field(8, &number(2, 17))].concat()
}

/// Whole models that mean harm, and what is said of them.
fn models() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let max = i64::MAX;
    let relu = || node("Relu", &["x"], &["y"], &[]);
    vec![
        ("nothing", Vec::new(), "it is empty"),
        ("text", b"hello, I am a model".to_vec(), "no ONNX model"),
        ("zeros", vec![0; 100], "no ONNX model"),
        (
            "a length of 2 GB",
            [vec![0x3a], varint(1 << 31), vec![1]].concat(),
            "cut short",
        ),
        (
            "a length of all bits",
            [vec![0x3a], varint(u64::MAX)].concat(),
            "no ONNX model",
        ),
        ("no graph", number(1, 8), "it has no graph"),
        (
            "no operators",
            field(7, &relu()),
            "version of its operators",
        ),
        (
            "old operators",
            [field(7, &relu()), field(8, &number(2, 3))].concat(),
            "netc reads 7",
        ),
        (
            "no input",
            [field(7, &relu()), field(8, &number(2, 17))].concat(),
            "not in order",
        ),
        (
            "a wrong type of a field",
            [number(7, 3), field(8, &number(2, 17))].concat(),
            "no ONNX model",
        ),
        (
            "a circle",
            model(&[
                node("Relu", &["z"], &["y"], &[]),
                node("Relu", &["y"], &["z"], &[]),
            ]),
            "not in order",
        ),
        (
            "a node that reads itself",
            model(&[node("Relu", &["y"], &["y"], &[])]),
            "not in order",
        ),
        (
            "an output that nothing makes",
            model(&[node("Relu", &["x"], &["z"], &[])]),
            "nothing makes its output `y`",
        ),
        (
            "an open size",
            shaped(&[1, 3, -1, 8], &[relu()]),
            "leaves its size open",
        ),
        (
            "a size of 0",
            shaped(&[1, 3, 0, 8], &[relu()]),
            "leaves its size open",
        ),
        (
            "a huge input",
            shaped(&[1, 1 << 20, 1 << 20, 1 << 20], &[relu()]),
            "cannot be one of netc's",
        ),
        (
            "sizes that overflow",
            shaped(&[1, max, max, max], &[relu()]),
            "leaves its size open",
        ),
        ("seven axes", shaped(&[1; 7], &[relu()]), "7 axes"),
        (
            "a tensor of 2 GB in no bytes",
            model(&[tensor("w", 1, &[1 << 29], &[]), relu()]),
            "tensors cannot be read",
        ),
        (
            "a tensor whose size overflows",
            model(&[tensor("w", 1, &[max, max], &[]), relu()]),
            "tensors cannot be read",
        ),
        (
            "a tensor of a size below 0",
            model(&[tensor("w", 1, &[-1], &[]), relu()]),
            "tensors cannot be read",
        ),
        (
            "a tensor of no known type",
            model(&[tensor("w", 99, &[1], &[0; 4]), relu()]),
            "tensors cannot be read",
        ),
        (
            "a tensor of texts",
            model(&[tensor("w", 8, &[1], &[0; 4]), relu()]),
            "tensors cannot be read",
        ),
        (
            "a tensor of half a number",
            model(&[tensor("w", 1, &[1], &[0; 3]), relu()]),
            "tensors cannot be read",
        ),
        (
            "an unknown operator",
            model(&[node("Steal", &["x"], &["y"], &[])]),
            "cannot be said",
        ),
        (
            "an operator without a name",
            model(&[node("", &["x"], &["y"], &[])]),
            "cannot be said",
        ),
        (
            "Conv without weights",
            model(&[node("Conv", &["x"], &["y"], &[])]),
            "cannot be said",
        ),
        (
            "Conv with its input as weights",
            model(&[node("Conv", &["x", "x"], &["y"], &[])]),
            "cannot be said",
        ),
        (
            "Conv with other channels",
            model(&[
                floats("w", &[4, 5, 1, 1], 20),
                node("Conv", &["x", "w"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Conv larger than its picture",
            model(&[
                floats("w", &[1, 3, 9, 9], 243),
                node("Conv", &["x", "w"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Conv of no groups",
            model(&[
                floats("w", &[4, 3, 1, 1], 12),
                node("Conv", &["x", "w"], &["y"], &[int("group", 0)]),
            ]),
            "cannot be said",
        ),
        (
            "Conv of groups below 0",
            model(&[
                floats("w", &[4, 3, 1, 1], 12),
                node("Conv", &["x", "w"], &["y"], &[int("group", i64::MIN)]),
            ]),
            "cannot be said",
        ),
        (
            "Conv that strides by 0",
            model(&[
                floats("w", &[4, 3, 1, 1], 12),
                node("Conv", &["x", "w"], &["y"], &[ints("strides", &[0, 1])]),
            ]),
            "cannot be said",
        ),
        (
            "Conv padded without end",
            model(&[
                floats("w", &[4, 3, 1, 1], 12),
                node(
                    "Conv",
                    &["x", "w"],
                    &["y"],
                    &[ints("pads", &[max, max, max, max])],
                ),
            ]),
            "cannot be said",
        ),
        (
            "Conv padded by 2^30",
            model(&[
                floats("w", &[4, 3, 1, 1], 12),
                node("Conv", &["x", "w"], &["y"], &[ints("pads", &[1 << 30; 4])]),
            ]),
            "cannot be said",
        ),
        (
            "Conv with a bias of another size",
            model(&[
                floats("w", &[4, 3, 1, 1], 12),
                floats("b", &[3], 3),
                node("Conv", &["x", "w", "b"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "ConvTranspose without end",
            model(&[
                floats("w", &[3, 4, 2, 2], 48),
                node(
                    "ConvTranspose",
                    &["x", "w"],
                    &["y"],
                    &[ints("strides", &[1 << 30, 1 << 30])],
                ),
            ]),
            "cannot be said",
        ),
        (
            "MaxPool of nothing",
            model(&[node("MaxPool", &["x"], &["y"], &[])]),
            "cannot be said",
        ),
        (
            "MaxPool over five axes",
            model(&[node(
                "MaxPool",
                &["x"],
                &["y"],
                &[ints("kernel_shape", &[2; 5])],
            )]),
            "cannot be said",
        ),
        (
            "Reshape to other numbers",
            model(&[
                longs("s", &[1, 7]),
                node("Reshape", &["x", "s"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Reshape that overflows",
            model(&[
                longs("s", &[max, max, -1]),
                node("Reshape", &["x", "s"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Transpose of axes that are not there",
            model(&[node(
                "Transpose",
                &["x"],
                &["y"],
                &[ints("perm", &[0, 1, 2, 9])],
            )]),
            "axes that are not there",
        ),
        (
            "Transpose of one axis twice",
            model(&[
                node("Relu", &["x"], &["z"], &[]),
                node("Transpose", &["z"], &["y"], &[ints("perm", &[0, 1, 1, 2])]),
            ]),
            "cannot be said",
        ),
        (
            "Squeeze of an axis with something in it",
            model(&[longs("a", &[1]), node("Squeeze", &["x", "a"], &["y"], &[])]),
            "cannot be said",
        ),
        (
            "Slice of nothing",
            model(&[
                longs("s", &[5]),
                longs("e", &[5]),
                node("Slice", &["x", "s", "e"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Slice by steps of 0",
            model(&[
                longs("s", &[0]),
                longs("e", &[1]),
                longs("a", &[1]),
                longs("d", &[0]),
                node("Slice", &["x", "s", "e", "a", "d"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Split into parts below 0",
            model(&[
                longs("s", &[-1, 4]),
                node("Split", &["x", "s"], &["y", "z"], &[int("axis", 1)]),
            ]),
            "cannot be said",
        ),
        (
            "Concat along an axis that is not there",
            model(&[node("Concat", &["x", "x"], &["y"], &[int("axis", 7)])]),
            "cannot be said",
        ),
        (
            "Resize without end",
            model(&[
                longs("s", &[1, 3, 1 << 40, 1 << 40]),
                node("Resize", &["x", "", "", "s"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Pad without end",
            model(&[
                longs("p", &[0, 0, max, max, 0, 0, max, max]),
                node("Pad", &["x", "p"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Pad that takes all away",
            model(&[
                longs("p", &[0, 0, i64::MIN, 0, 0, 0, 0, 0]),
                node("Pad", &["x", "p"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "a constant of 2^60 numbers",
            model(&[
                longs("s", &[1 << 30, 1 << 30]),
                node("ConstantOfShape", &["s"], &["c"], &[]),
                node("Add", &["x", "c"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "a range of 2^62 numbers",
            model(&[
                longs("a", &[0]),
                longs("b", &[1 << 62]),
                longs("d", &[1]),
                node("Range", &["a", "b", "d"], &["c"], &[]),
                node("Add", &["x", "c"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "an expansion to 2^40 numbers",
            model(&[
                longs("a", &[1]),
                longs("b", &[1 << 20, 1 << 20]),
                node("Expand", &["a", "b"], &["c"], &[]),
                node("Add", &["x", "c"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "a place that is not there",
            model(&[
                longs("a", &[1]),
                longs("b", &[9]),
                node("Gather", &["a", "b"], &["c"], &[]),
                node("Add", &["x", "c"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "Gemm of a picture",
            model(&[
                floats("w", &[3, 3], 9),
                node("Gemm", &["x", "w"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "MatMul with itself",
            model(&[node("MatMul", &["x", "x"], &["y"], &[])]),
            "cannot be said",
        ),
        (
            "BatchNormalization without statistics",
            model(&[
                floats("g", &[3], 3),
                node("BatchNormalization", &["x", "g"], &["y"], &[]),
            ]),
            "cannot be said",
        ),
        (
            "LRN over no channels",
            model(&[node("LRN", &["x"], &["y"], &[int("size", 0)])]),
            "cannot be said",
        ),
    ]
}

#[test]
fn models_that_mean_harm_are_refused() {
    let models = models();
    assert!(models.len() >= 50);
    for (what, bytes, says) in models {
        let refusal = import(bytes).map(|imported| imported.net).expect_err(what);
        assert!(refusal.to_string().contains(says), "{what}: {refusal}");
    }
}

#[test]
fn messages_in_messages_have_a_bound() {
    // An attribute's graph is not looked into, and a type that nests is not followed.
    let mut nested = Vec::new();
    for _ in 0..100_000 {
        nested = [varint(2 << 3 | 2), varint(nested.len() as u64), nested].concat();
        if nested.len() > 1 << 20 {
            break;
        }
    }
    let body = node(
        "If",
        &["x"],
        &["y"],
        &[[field(1, b"then_branch"), field(6, &nested)].concat()],
    );
    assert!(import(model(&[body])).is_err());
}

/// A whole model, cut at every place and with bytes changed: it is refused, or it is another network.
#[test]
fn cut_and_changed_models_do_no_harm() {
    let there = graph(
        "INPUT(6x6x2) => CONV(3, 3x3, same) => BN => RELU => POOL(2x2) => [ SPLIT(3, 0) | SPLIT(3, 2) ] => CONCAT => FC(2)",
    );
    let whole = onnx::export(&there, &weights(&there)).unwrap();
    for end in 0..whole.len() {
        assert!(import(whole[..end].to_vec()).is_err(), "{end}");
    }
    for at in (0..whole.len()).step_by(2) {
        for change in [0xff, 0x01] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            let _ = import(bytes);
        }
    }
}

/// A PyTorch file with this pickle and one memory of 16 bytes.
fn archive(pickle: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in [("a/data.pkl", pickle), ("a/data/0", &[1; 16])] {
        archive.start_file(name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn text(text: &str) -> Vec<u8> {
    [
        b"X".to_vec(),
        (text.len() as u32).to_le_bytes().to_vec(),
        text.as_bytes().to_vec(),
    ]
    .concat()
}

fn count(n: i32) -> Vec<u8> {
    [b"J".to_vec(), n.to_le_bytes().to_vec()].concat()
}

fn sizes(sizes: &[i32]) -> Vec<u8> {
    let all: Vec<u8> = sizes.iter().flat_map(|n| count(*n)).collect();
    [b"(".to_vec(), all, b"t".to_vec()].concat()
}

/// A state_dict of one tensor, `w`.
fn state_dict(
    storage: &str,
    key: &str,
    numbers: i32,
    offset: i32,
    shape: &[i32],
    strides: &[i32],
) -> Vec<u8> {
    let global = |name: &str| [b"c".to_vec(), name.as_bytes().to_vec()].concat();
    [
        b"\x80\x02}(".to_vec(),
        text("w"),
        global("torch._utils\n_rebuild_tensor_v2\n"),
        b"((".to_vec(),
        text("storage"),
        global(&format!("torch\n{storage}\n")),
        text(key),
        text("cpu"),
        count(numbers),
        b"tQ".to_vec(),
        count(offset),
        sizes(shape),
        sizes(strides),
        b"\x89}tRu.".to_vec(),
    ]
    .concat()
}

#[test]
fn a_state_dict_is_read() {
    let pickle = state_dict("FloatStorage", "0", 4, 0, &[2, 2], &[1, 2]);
    let tensors = torch::tensors(&archive(&pickle, CompressionMethod::Stored)).unwrap();
    assert_eq!(tensors.len(), 1);
    assert_eq!(
        (tensors[0].name.as_str(), &tensors[0].shape[..]),
        ("w", &[2, 2][..])
    );
    assert_eq!(tensors[0].bytes, [1; 16]);
}

#[test]
fn pickles_that_mean_harm_are_refused() {
    let good =
        |shape: &[i32], strides: &[i32]| state_dict("FloatStorage", "0", 4, 0, shape, strides);
    let deep = |n: usize| [b"\x80\x02".to_vec(), b"}".repeat(n), b".".to_vec()].concat();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", Vec::new(), "cut short"),
        (
            "a program",
            b"cos\nsystem\n(X\x04\x00\x00\x00exittR.".to_vec(),
            "it holds a `os system`",
        ),
        (
            "a class",
            b"\x80\x02c__main__\nNet\n)\x81}b.".to_vec(),
            "it holds a `__main__ Net`",
        ),
        (
            "an unknown instruction",
            b"\x80\x02\xff.".to_vec(),
            "no state_dict needs",
        ),
        (
            "an empty stack",
            b"\x80\x02.".to_vec(),
            "its stack is empty",
        ),
        (
            "a mark that is not there",
            b"\x80\x02t.".to_vec(),
            "it has no mark",
        ),
        (
            "a thing that was never kept",
            b"\x80\x02h\x07.".to_vec(),
            "never kept",
        ),
        (
            "a text of 4 GB",
            b"\x80\x02X\xff\xff\xff\xff.".to_vec(),
            "cut short",
        ),
        (
            "a text that is none",
            b"\x80\x02X\x01\x00\x00\x00\xff.".to_vec(),
            "no UTF-8",
        ),
        (
            "a number without end",
            b"\x80\x02\x8a\x09123456789.".to_vec(),
            "more than 64 bits",
        ),
        (
            "a call of a number",
            b"\x80\x02K\x01)R.".to_vec(),
            "no function",
        ),
        (
            "a memory that is none",
            b"\x80\x02K\x01Q.".to_vec(),
            "no tensors",
        ),
        ("dictionaries in dictionaries", deep(100_000), "no tensors"),
        (
            "a dictionary in itself",
            b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.".to_vec(),
            "no tensors",
        ),
        (
            "a memory that is not there",
            state_dict("FloatStorage", "7", 4, 0, &[1], &[1]),
            "data/7",
        ),
        (
            "a memory outside",
            state_dict("FloatStorage", "../../etc/passwd", 4, 0, &[1], &[1]),
            "cannot be read",
        ),
        (
            "unknown numbers",
            state_dict("ComplexStorage", "0", 4, 0, &[1], &[1]),
            "ComplexStorage",
        ),
        (
            "more than there is",
            good(&[5], &[1]),
            "larger than its memory",
        ),
        (
            "sizes that overflow",
            good(&[i32::MAX, i32::MAX, i32::MAX], &[1, 1, 1]),
            "larger than its memory",
        ),
        ("a size below 0", good(&[-1], &[1]), "a size is -1"),
        (
            "strides that go beyond",
            good(&[2, 2], &[3, 1]),
            "beyond its memory",
        ),
        ("sizes without strides", good(&[2, 2], &[1]), "not as many"),
        (
            "a memory that says more than it has",
            state_dict("FloatStorage", "0", 9, 0, &[2], &[1]),
            "cut short",
        ),
        (
            "an offset beyond",
            state_dict("FloatStorage", "0", 4, 4, &[1], &[1]),
            "beyond its memory",
        ),
        ("a hundred axes", good(&[1; 100], &[1; 100]), "more axes"),
    ];
    for (what, pickle, says) in cases {
        let refusal = torch::tensors(&archive(&pickle, CompressionMethod::Stored)).expect_err(what);
        assert!(refusal.to_string().contains(says), "{what}: {refusal}");
    }
}

#[test]
fn a_dictionary_that_holds_the_next_one_often_is_given_up() {
    // Each of five dictionaries holds the next one under a thousand names.
    let mut pickle = b"\x80\x02}q\x00".to_vec();
    for level in 1..6_u8 {
        pickle.extend(b"}(");
        for key in 0..1000 {
            pickle.extend(text(&key.to_string()));
            pickle.extend([b'h', level - 1]);
        }
        pickle.extend([b'u', b'q', level]);
    }
    pickle.push(b'.');
    let refusal = torch::tensors(&archive(&pickle, CompressionMethod::Stored)).unwrap_err();
    assert!(refusal.headline.contains("more entries"), "{refusal}");
}

#[test]
fn cut_and_changed_archives_do_no_harm() {
    let whole = archive(
        &state_dict("FloatStorage", "0", 4, 0, &[2, 2], &[2, 1]),
        CompressionMethod::Stored,
    );
    for end in 0..whole.len() {
        let _ = torch::tensors(&whole[..end]);
        let mut bytes = whole.clone();
        bytes[end] ^= 0xff;
        let _ = torch::tensors(&bytes);
    }
    assert!(torch::tensors(&whole[..whole.len() / 2]).is_err());
}
