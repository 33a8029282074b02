//! Models of Keras that are broken or mean harm: each is refused with a sentence, none panics, hangs or takes much memory.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use netc_exchange::keras::{self, Source};
use netc_exchange::{Imported, Refusal};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn import(bytes: &[u8]) -> Result<Imported, Refusal> {
    keras::import(Source {
        name: "model",
        bytes,
        input: None,
    })
}

/// An HDF5 file of the newer kind that is put together piece by piece.
struct Hdf5(Vec<u8>);

const FLOATS: &[u8] = &[
    0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0,
];
const NOWHERE: u64 = u64::MAX;

fn le(n: u64, bytes: usize) -> Vec<u8> {
    n.to_le_bytes()[..bytes].to_vec()
}

impl Hdf5 {
    fn new() -> Self {
        Self(vec![0; 48])
    }

    fn put(&mut self, bytes: &[u8]) -> u64 {
        self.0.extend(bytes);
        (self.0.len() - bytes.len()) as u64
    }

    /// An object header with these messages.
    fn object(&mut self, messages: &[(u8, Vec<u8>)]) -> u64 {
        let header = header(messages);
        self.put(&header)
    }

    /// The file, with the root at an address.
    fn done(mut self, root: u64) -> Vec<u8> {
        let end = self.0.len() as u64;
        let head = [
            b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00".to_vec(),
            le(0, 8),
            le(NOWHERE, 8),
            le(end, 8),
            le(root, 8),
            vec![0; 4],
        ];
        self.0[..48].copy_from_slice(&head.concat());
        self.0
    }

    /// An array of floats with these sizes and layout.
    fn array(&mut self, dims: &[u64], layout: Vec<u8>) -> u64 {
        self.object(&[(1, space(dims)), (3, FLOATS.to_vec()), (8, layout)])
    }
}

fn header(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let message = |(kind, data): &(u8, Vec<u8>)| {
        [vec![*kind], le(data.len() as u64, 2), vec![0], data.clone()].concat()
    };
    let all: Vec<u8> = messages.iter().flat_map(message).collect();
    let size = le(all.len() as u64, 4);
    [b"OHDR\x02\x02".to_vec(), size, all, vec![0; 4]].concat()
}

fn space(dims: &[u64]) -> Vec<u8> {
    let sizes = dims.iter().flat_map(|n| n.to_le_bytes());
    [vec![2, dims.len() as u8, 0, 1], sizes.collect()].concat()
}

fn link(name: &str, address: u64) -> (u8, Vec<u8>) {
    let length = vec![name.len() as u8];
    (
        6,
        [vec![1, 0], length, name.into(), le(address, 8)].concat(),
    )
}

/// A text beside an object.
fn attribute(name: &str, kind: &[u8], value: &[u8]) -> (u8, Vec<u8>) {
    let name = [name.as_bytes(), &[0]].concat();
    let sizes = [name.len(), kind.len(), 4]
        .map(|n| le(n as u64, 2))
        .concat();
    let parts: [&[u8]; 6] = [&[3, 0], &sizes, &[0], &name, kind, &[2, 0, 0, 0]];
    (12, [parts.concat(), value.to_vec()].concat())
}

fn text(name: &str, value: &str) -> (u8, Vec<u8>) {
    let kind = [vec![0x13, 0, 0, 0], le(value.len() as u64, 4)].concat();
    attribute(name, &kind, value.as_bytes())
}

/// A text that stands in a heap.
fn open_text(name: &str, length: u64, heap: u64) -> (u8, Vec<u8>) {
    let kind = [vec![0x19, 1, 0, 0], le(16, 4), FLOATS.to_vec()].concat();
    attribute(
        name,
        &kind,
        &[le(length, 4), le(heap, 8), le(1, 4)].concat(),
    )
}

fn contiguous(address: u64, size: u64) -> Vec<u8> {
    [vec![3, 1], le(address, 8), le(size, 8)].concat()
}

/// Chunks of these sizes, the last of which is an element's.
fn chunked(tree: u64, chunk: &[u64]) -> Vec<u8> {
    let sizes: Vec<u8> = chunk.iter().flat_map(|n| le(*n, 4)).collect();
    [vec![3, 2, chunk.len() as u8], le(tree, 8), sizes].concat()
}

/// A node of a tree of chunks of one axis with one entry.
fn chunk_node(level: u8, size: u64, child: u64) -> Vec<u8> {
    let head = [
        b"TREE\x01".to_vec(),
        vec![level],
        le(1, 2),
        le(NOWHERE, 8),
        le(NOWHERE, 8),
    ];
    let key = [le(size, 4), le(0, 4), le(0, 8), le(0, 8)];
    [head.concat(), key.concat(), le(child, 8)].concat()
}

fn filter(id: u64, values: &[u64]) -> Vec<u8> {
    let name = if id < 256 { Vec::new() } else { le(0, 2) };
    let values: Vec<u8> = values.iter().flat_map(|n| le(*n, 4)).collect();
    [
        vec![2, 1],
        le(id, 2),
        name,
        le(0, 2),
        le(values.len() as u64 / 4, 2),
        values,
    ]
    .concat()
}

/// A model of one FC of 4 numbers to 2, in JSON.
fn dense() -> Value {
    sequential(
        &[json!({"class_name": "Dense", "config": {"name": "d", "units": 2, "use_bias": false}})],
        &[4],
    )
}

fn sequential(layers: &[Value], input: &[i64]) -> Value {
    let shape: Vec<Value> = [Value::Null]
        .into_iter()
        .chain(input.iter().map(|n| json!(n)))
        .collect();
    let first = json!({"class_name": "InputLayer", "config": {"name": "x", "batch_shape": shape}});
    let layers: Vec<&Value> = [&first].into_iter().chain(layers).collect();
    json!({"class_name": "Sequential", "config": {"name": "m", "layers": layers}})
}

/// A model of one layer that reads a picture.
fn one(class: &str, config: Value) -> Vec<u8> {
    let mut config = config;
    config["name"] = json!("l");
    archive(&sequential(
        &[json!({"class_name": class, "config": config})],
        &[8, 8, 3],
    ))
}

/// A functional model of these layers: name, class, what each reads.
fn functional(layers: &[(&str, &str, &[&str])], outputs: &[&str]) -> Vec<u8> {
    let key = |name: &&str| json!([name, 0, 0, {}]);
    let layer = |(name, class, reads): &(&str, &str, &[&str])| {
        let nodes: Vec<Value> = match reads.is_empty() {
            true => Vec::new(),
            false => vec![json!(reads.iter().map(key).collect::<Vec<_>>())],
        };
        let config = json!({"name": name, "batch_input_shape": [null, 8, 8, 3]});
        json!({"class_name": class, "name": name, "config": config, "inbound_nodes": nodes})
    };
    let config = json!({
        "name": "m",
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
        "input_layers": [["x", 0, 0]],
        "output_layers": outputs.iter().map(key).collect::<Vec<_>>(),
    });
    archive(&json!({"class_name": "Functional", "config": config}))
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An archive of a model without weights.
fn archive(model: &Value) -> Vec<u8> {
    with_weights(model, &Hdf5::new().done_empty())
}

fn with_weights(model: &Value, hdf5: &[u8]) -> Vec<u8> {
    zipped(&[
        ("config.json", model.to_string().as_bytes()),
        ("model.weights.h5", hdf5),
    ])
}

impl Hdf5 {
    fn done_empty(mut self) -> Vec<u8> {
        let root = self.object(&[]);
        self.done(root)
    }

    /// The file with this object as the only tensor of the layer `dense`.
    fn with_kernel(mut self, kernel: u64) -> Vec<u8> {
        let vars = self.object(&[link("0", kernel)]);
        let layer = self.object(&[link("vars", vars)]);
        let layers = self.object(&[link("dense", layer)]);
        let root = self.object(&[link("layers", layers)]);
        self.done(root)
    }
}

/// The model of one FC whose weights are made by a function.
fn kernel(make: impl Fn(&mut Hdf5) -> u64) -> Vec<u8> {
    let mut file = Hdf5::new();
    let kernel = make(&mut file);
    with_weights(&dense(), &file.with_kernel(kernel))
}

/// A whole and harmless one, so that the others are refused for what is wrong with them.
fn harmless() -> Vec<u8> {
    kernel(|file| {
        let data = file.put(&[1_u8; 32].map(|_| 0));
        file.array(&[4, 2], contiguous(data, 32))
    })
}

/// HDF5 that holds a model in an attribute.
fn h5(attribute: (u8, Vec<u8>)) -> Vec<u8> {
    let mut file = Hdf5::new();
    let root = file.object(&[attribute]);
    file.done(root)
}

#[test]
fn what_is_whole_is_read() {
    assert!(
        import(&harmless())
            .unwrap()
            .net
            .contains("FC(2, bias=false)")
    );
    // The numbers in chunks that are packed, and in the header itself.
    let packed = kernel(|file| {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(&1.5_f32.to_le_bytes().repeat(8)).unwrap();
        let bytes = out.finish().unwrap();
        let data = file.put(&bytes);
        let key = [le(bytes.len() as u64, 4), vec![0; 4], vec![0; 24]].concat();
        let head = [b"TREE\x01\x00".to_vec(), le(1, 2), vec![0xff; 16]].concat();
        let tree = file.put(&[head, key, le(data, 8)].concat());
        let layout = chunked(tree, &[4, 2, 4]);
        file.object(&[
            (1, space(&[4, 2])),
            (3, FLOATS.to_vec()),
            (11, filter(1, &[])),
            (8, layout),
        ])
    });
    assert_eq!(import(&packed).unwrap().weights[0].1, [1.5; 8]);
    let compact = kernel(|file| {
        let layout = [vec![3, 0], le(32, 2), 2.5_f32.to_le_bytes().repeat(8)].concat();
        file.array(&[4, 2], layout)
    });
    assert_eq!(import(&compact).unwrap().weights[0].1, [2.5; 8]);
}

/// Files that are no HDF5, or HDF5 that is none.
fn files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let signature = b"\x89HDF\r\n\x1a\n";
    vec![
        ("nothing", Vec::new(), "it is empty"),
        ("text", b"hello".to_vec(), "no model of Keras"),
        ("a signature", signature.to_vec(), "cut short"),
        (
            "a superblock of the future",
            [&signature[..], &[9; 90]].concat(),
            "version 9",
        ),
        (
            "addresses of 3 bytes",
            [&signature[..], &[2, 3, 8, 0], &[0; 90]].concat(),
            "3 bytes",
        ),
        (
            "a root behind the end",
            Hdf5::new().done(1 << 40),
            "behind its end",
        ),
        (
            "a root at the last address",
            Hdf5::new().done(NOWHERE - 1),
            "behind its end",
        ),
        ("a root that is no header", Hdf5::new().done(8), "no header"),
        ("no model", Hdf5::new().done_empty(), "no `model_config`"),
        (
            "a model that is no JSON",
            h5(text("model_config", "{")),
            "no JSON",
        ),
        (
            "a model that is a number",
            h5(attribute("model_config", FLOATS, &[0; 4])),
            "should be a text",
        ),
        (
            "a model of a class of its own",
            h5(text("model_config", r#"{"class_name":"Mine"}"#)),
            "class `Mine`",
        ),
        (
            "a model without layers",
            h5(text(
                "model_config",
                r#"{"class_name":"Sequential","config":{}}"#,
            )),
            "no list of layers",
        ),
        (
            "JSON that is nested",
            h5(text("model_config", &"[".repeat(60_000))),
            "no JSON",
        ),
        (
            "a text in a heap that is none",
            h5(open_text("model_config", 9, 0)),
            "GCOL",
        ),
        (
            "a text of 4 GB",
            h5(open_text("model_config", 0xffff_ffff, 48)),
            "GCOL",
        ),
        (
            "a text behind the end",
            h5(open_text("model_config", 9, 1 << 50)),
            "behind its end",
        ),
        ("an archive of nothing", zipped(&[]), "no `config.json`"),
        (
            "an archive of PyTorch",
            zipped(&[("m/data.pkl", b"x")]),
            "netc weights import",
        ),
        (
            "an archive without weights",
            zipped(&[("config.json", br#"{"class_name":"Sequential"}"#)]),
            "model.weights.h5",
        ),
        (
            "an archive of a broken model",
            zipped(&[("config.json", b"[1,"), ("model.weights.h5", b"")]),
            "no JSON",
        ),
        (
            "weights that are none",
            zipped(&[
                ("config.json", dense().to_string().as_bytes()),
                ("model.weights.h5", b"PK"),
            ]),
            "does not begin as HDF5",
        ),
        (
            "16 MB of JSON in a few kilobytes",
            zipped(&[("config.json", &vec![b' '; 16 << 20])]),
            "far larger",
        ),
        (
            "512 MB of weights in 500 kilobytes",
            zipped(&[
                ("config.json", b"{}"),
                ("model.weights.h5", &vec![0; 512 << 20]),
            ]),
            "far larger",
        ),
    ]
}

/// Heaps, trees and headers that lead astray.
fn structures() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let circle = {
        // The header's continuation is a block that continues in itself.
        let mut file = Hdf5::new();
        let block = [
            b"OCHK".to_vec(),
            vec![16],
            le(16, 2),
            vec![0],
            le(48, 8),
            le(28, 8),
            vec![0; 4],
        ]
        .concat();
        let at = file.put(&block);
        let root = file.object(&[(16, [le(at, 8), le(block.len() as u64, 8)].concat())]);
        file.done(root)
    };
    let old_tree = |level: u8, child: u64| {
        let mut file = Hdf5::new();
        let names =
            file.put(&[b"HEAP".to_vec(), vec![0; 4], le(8, 8), le(1, 8), le(48, 8)].concat());
        let tree = file.put(
            &[
                b"TREE\x00".to_vec(),
                vec![level],
                le(1, 2),
                vec![0; 16],
                le(0, 8),
                le(child, 8),
            ]
            .concat(),
        );
        let root = file.object(&[
            text("model_config", &dense().to_string()),
            (17, [le(tree, 8), le(names, 8)].concat()),
        ]);
        file.done(root)
    };
    let dense_names = |heap: &[u8], index: &[u8]| {
        let mut file = Hdf5::new();
        let heap = file.put(heap);
        let index = file.put(index);
        let info = [vec![0, 0], le(heap, 8), le(index, 8)].concat();
        let root = file.object(&[text("model_config", &dense().to_string()), (2, info)]);
        file.done(root)
    };
    let heap = |rows: u64, root: u64| {
        let head = [
            b"FRHP\x00".to_vec(),
            le(7, 2),
            le(0, 2),
            vec![0],
            le(4096, 4),
            vec![0; 96],
        ];
        let table = [
            le(4, 2),
            le(512, 8),
            le(65536, 8),
            le(32, 2),
            le(1, 2),
            le(root, 8),
            le(rows, 2),
        ];
        [head.concat(), table.concat()].concat()
    };
    // The index follows the heap, whose size is known.
    let index_at = 48 + heap(0, 0).len() as u64;
    let index = |depth: u64, root: u64, count: u64| {
        let head = [
            b"BTHD\x00\x05".to_vec(),
            le(512, 4),
            le(11, 2),
            le(depth, 2),
            vec![0; 2],
        ];
        [head.concat(), le(root, 8), le(count, 2), vec![0; 12]].concat()
    };
    let leaf_at = index_at + index(0, 0, 0).len() as u64;
    let with_leaf = |id: &[u8]| {
        let leaf = [
            b"BTLF\x00\x05".to_vec(),
            vec![0; 4],
            id.to_vec(),
            vec![0; 8],
        ]
        .concat();
        [index(0, leaf_at, 1), leaf].concat()
    };
    vec![
        ("a header that continues in itself", circle, "more to say"),
        (
            "a tree of names that is its own child",
            old_tree(1, 80),
            "tree of names",
        ),
        (
            "a tree of names of 200 levels",
            old_tree(200, 80),
            "tree of names",
        ),
        ("a tree of names without leaves", old_tree(0, 48), "SNOD"),
        (
            "a heap of names that is none",
            dense_names(&[7; 200], &index(0, 48, 1)),
            "FRHP",
        ),
        (
            "an index of names that is none",
            dense_names(&heap(0, 48), &[7; 200]),
            "BTHD",
        ),
        (
            "an index that is its own root",
            dense_names(&heap(0, 48), &index(1, index_at, 1)),
            "BTIN",
        ),
        (
            "an index of 999 levels",
            dense_names(&heap(0, 48), &index(999, index_at, 1)),
            "index of names",
        ),
        (
            "a name in no block",
            dense_names(&heap(0, 48), &with_leaf(&[0, 40, 0, 0, 0, 9, 0])),
            "FHDB",
        ),
        (
            "a name behind all blocks",
            dense_names(&heap(3, 48), &with_leaf(&[0, 255, 255, 255, 255, 9, 0])),
            "heap of names",
        ),
        (
            "a heap that is its own block",
            dense_names(&heap(9, 48), &with_leaf(&[0, 0, 0, 1, 0, 9, 0])),
            "FHIB",
        ),
        (
            "a name that is huge",
            dense_names(&heap(0, 48), &with_leaf(&[16, 0, 0, 0, 0, 0, 0])),
            "far too long",
        ),
    ]
}

/// Arrays that claim what is not there.
fn arrays() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let array = |dims: &'static [u64], layout: fn() -> Vec<u8>| {
        kernel(move |file| file.array(dims, layout()))
    };
    let typed = |kind: &'static [u8]| {
        kernel(move |file| {
            file.object(&[
                (1, space(&[4, 2])),
                (3, kind.to_vec()),
                (8, contiguous(48, 32)),
            ])
        })
    };
    let filtered = |pipeline: fn() -> Vec<u8>, data: &'static [u8]| {
        kernel(move |file| {
            let data_at = file.put(data);
            let tree = file.put(&chunk_node(0, data.len() as u64, data_at));
            let layout = chunked(tree, &[8, 4]);
            file.object(&[
                (1, space(&[8])),
                (3, FLOATS.to_vec()),
                (11, pipeline()),
                (8, layout),
            ])
        })
    };
    let tree = |level: u8, size: u64, child: u64, chunk: [u64; 2]| {
        kernel(move |file| {
            let at = file.put(&chunk_node(level, size, child));
            file.array(&[8], chunked(at, &chunk))
        })
    };
    vec![
        (
            "2 GB in no bytes",
            array(&[1 << 29, 1], || contiguous(48, 1 << 31)),
            "far larger than the file",
        ),
        (
            "sizes that overflow",
            array(&[1 << 40, 1 << 40], || contiguous(48, 8)),
            "far larger",
        ),
        (
            "2 GB that were never written",
            array(&[1 << 29], || contiguous(NOWHERE, 0)),
            "far larger than the file",
        ),
        (
            "numbers behind the end",
            array(&[4, 2], || contiguous(1 << 60, 32)),
            "behind its end",
        ),
        (
            "numbers that are cut short",
            array(&[4, 2000], || contiguous(48, 32)),
            "cut short",
        ),
        (
            "other sizes",
            array(&[2, 4], || contiguous(48, 32)),
            "not [4, 2]",
        ),
        (
            "a number alone",
            array(&[], || contiguous(48, 4)),
            "not [4, 2]",
        ),
        (
            "200 axes",
            array(&[1; 200], || contiguous(48, 4)),
            "200 axes",
        ),
        (
            "fewer numbers than it says",
            array(&[4, 2], || vec![3, 0, 4, 0, 0, 0, 0, 0]),
            "fewer numbers",
        ),
        (
            "a layout of no version",
            array(&[4, 2], || vec![9; 40]),
            "a way",
        ),
        (
            "chunks of the newest kind",
            array(&[4, 2], || vec![4, 2, 0, 0, 0]),
            "save the model anew",
        ),
        (
            "whole numbers",
            typed(&[0x10, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0]),
            "whole numbers",
        ),
        ("texts", typed(&[0x13, 0, 0, 0, 4, 0, 0, 0]), "texts"),
        (
            "texts of no length",
            typed(&[0x13, 0, 0, 0, 0, 0, 0, 0]),
            "no numbers",
        ),
        (
            "a float of 3 bits",
            typed(&[
                0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 2, 1, 0, 2, 127, 0, 0, 0,
            ]),
            "a form of their own",
        ),
        (
            "a group in place of an array",
            kernel(|file| file.object(&[])),
            "no array",
        ),
        (
            "a tree of chunks that is its own child",
            tree(1, 32, 48, [8, 4]),
            "tree of chunks",
        ),
        ("a chunk of 2 GB", tree(0, 1 << 31, 48, [8, 4]), "cut short"),
        (
            "chunks that claim 4 GB",
            tree(0, 32, 48, [0xffff_ffff, 4]),
            "far larger",
        ),
        ("chunks of nothing", tree(0, 32, 48, [0, 4]), "do not fit"),
        (
            "chunks of other elements",
            tree(0, 32, 48, [8, 1]),
            "do not fit",
        ),
        (
            "a chunk that is too small",
            tree(0, 4, 48, [8, 4]),
            "as large as it should be",
        ),
        (
            "packed numbers that are none",
            filtered(|| filter(1, &[]), &[9; 40]),
            "packed numbers are broken",
        ),
        (
            "a filter that nobody knows",
            filtered(|| filter(32004, &[]), &[9; 40]),
            "filter 32004",
        ),
        (
            "a shuffle of bytes that are too few",
            filtered(|| filter(2, &[4]), &[9; 3]),
            "as large as it should be",
        ),
        (
            "NaN",
            kernel(|file| {
                let data = file.put(&f32::NAN.to_le_bytes().repeat(8));
                file.array(&[4, 2], contiguous(data, 32))
            }),
            "NaN",
        ),
    ]
}

/// Models that no layer list should say.
fn models() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let conv = |option: &str, value: Value| {
        let mut config = json!({"filters": 4, "kernel_size": [3, 3]});
        config[option] = value;
        one("Conv2D", config)
    };
    let mut nest = json!({"class_name": "ReLU", "config": {"name": "r"}});
    for _ in 0..30 {
        let twin = |name: &str| json!({"class_name": nest["class_name"], "config": nest["config"].clone(), "name": name});
        nest = json!({"class_name": "Sequential", "config": {"name": "n", "layers": [twin("a")]}});
    }
    vec![
        (
            "an input of 2^60 numbers",
            archive(&sequential(&[], &[1 << 20, 1 << 20, 1 << 20])),
            "cannot be one of netc's",
        ),
        (
            "an input of a size below 0",
            archive(&sequential(&[], &[-3, 8, 3])),
            "left open",
        ),
        (
            "an input of seven axes",
            archive(&sequential(&[], &[1; 7])),
            "7 axes",
        ),
        (
            "a layer without a class",
            archive(&sequential(&[json!({"config": {}})], &[4])),
            "no class",
        ),
        (
            "a layer without a name",
            archive(&sequential(
                &[json!({"class_name": "Dense", "config": {}})],
                &[4],
            )),
            "no name",
        ),
        (
            "a layer that is a number",
            archive(&sequential(&[json!(7)], &[4])),
            "no class",
        ),
        (
            "two layers of one name",
            functional(
                &[
                    ("x", "InputLayer", &[]),
                    ("a", "ReLU", &["x"]),
                    ("a", "ReLU", &["x"]),
                ],
                &["a"],
            ),
            "two of its layers",
        ),
        (
            "a circle",
            functional(
                &[
                    ("x", "InputLayer", &[]),
                    ("a", "ReLU", &["b"]),
                    ("b", "ReLU", &["a"]),
                ],
                &["b"],
            ),
            "reads what it makes",
        ),
        (
            "a layer that reads itself",
            functional(&[("x", "InputLayer", &[]), ("a", "ReLU", &["a"])], &["a"]),
            "reads what it makes",
        ),
        (
            "a layer that reads nobody",
            functional(&[("x", "InputLayer", &[]), ("a", "ReLU", &["z"])], &["a"]),
            "nothing makes `z`",
        ),
        (
            "an output that nobody makes",
            functional(&[("x", "InputLayer", &[])], &["a"]),
            "nothing makes `a`",
        ),
        (
            "no output",
            functional(&[("x", "InputLayer", &[])], &[]),
            "output_layers are missing",
        ),
        (
            "models in models",
            archive(&sequential(&[nest], &[8, 8, 3])),
            "nested too deeply",
        ),
        (
            "a layer that is not known",
            one("Steal", json!({})),
            "cannot be said",
        ),
        (
            "a layer of several inputs with one",
            one("Dot", json!({})),
            "cannot be said",
        ),
        (
            "a kernel of 0",
            conv("kernel_size", json!([0, 3])),
            "its kernel_size is [0,3]",
        ),
        (
            "a kernel of three axes",
            conv("kernel_size", json!([3, 3, 3])),
            "its kernel_size",
        ),
        (
            "a kernel that is a text",
            conv("kernel_size", json!("3")),
            "its kernel_size",
        ),
        (
            "a stride of 0",
            conv("strides", json!(0)),
            "its strides is 0",
        ),
        (
            "filters below 0",
            conv("filters", json!(-4)),
            "its filters is -4",
        ),
        (
            "filters without end",
            conv("filters", json!(u64::MAX)),
            "its filters",
        ),
        (
            "a dilation without end",
            conv("dilation_rate", json!(1 << 30)),
            "cannot be said",
        ),
        (
            "a padding of no kind",
            conv("padding", json!("reflect")),
            "a padding of kind reflect",
        ),
        (
            "no weights",
            conv("padding", json!("same")),
            "its kernel is missing",
        ),
        (
            "groups that do not divide",
            conv("groups", json!(7)),
            "cannot be said",
        ),
        (
            "channels first",
            conv("data_format", json!("channels_first")),
            "channels_last",
        ),
        (
            "a padding of 2^40 cells",
            one(
                "ZeroPadding2D",
                json!({"padding": [[1_u64 << 40, 0], [0, 0]]}),
            ),
            "its padding",
        ),
        (
            "a padding of 2^30 cells",
            one("ZeroPadding2D", json!({"padding": 1 << 30})),
            "cannot be said",
        ),
        (
            "a cropping of everything",
            one("Cropping2D", json!({"cropping": 4})),
            "cannot be said",
        ),
        (
            "an enlargement without end",
            one("UpSampling2D", json!({"size": 1 << 30})),
            "cannot be said",
        ),
        (
            "a shape of other numbers",
            one("Reshape", json!({"target_shape": [7]})),
            "it makes [7]",
        ),
        (
            "a shape that overflows",
            one("Reshape", json!({"target_shape": [i64::MAX, i64::MAX, -1]})),
            "it makes",
        ),
        (
            "a shape of nothing",
            one("Reshape", json!({"target_shape": []})),
            "it makes",
        ),
        (
            "a window larger than its picture",
            one("MaxPooling2D", json!({"pool_size": 9})),
            "cannot be said",
        ),
        (
            "an activation of no name",
            one(
                "Activation",
                json!({"activation": {"class_name": [], "config": 3}}),
            ),
            "activation",
        ),
        (
            "a constant that is no number",
            one("ReLU", json!({"max_value": [1, 2]})),
            "its max_value",
        ),
        (
            "a scale of too many numbers",
            one("Rescaling", json!({"scale": [1, 2, 3, 4, 5]})),
            "another number for each place",
        ),
        (
            "an axis that is not there",
            one("Softmax", json!({"axis": 99})),
            "Softmax over the axes",
        ),
    ]
}

#[test]
fn files_that_mean_harm_are_refused() {
    let all = [files(), structures(), arrays(), models()].concat();
    assert!(all.len() >= 90);
    let mut wrong = Vec::new();
    for (what, bytes, says) in all {
        match import(&bytes) {
            Ok(imported) => wrong.push(format!("{what}: {}", imported.net)),
            Err(refusal) if refusal.to_string().contains(says) => {}
            Err(refusal) => wrong.push(format!("{what}: not `{says}` but: {refusal}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whole models, cut at every place and with bytes changed: each is refused, or it is another network.
#[test]
fn cut_and_changed_models_do_no_harm() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/reference/keras");
    let kept = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
    for bytes in [harmless(), kept("sequential.h5"), kept("sequential.keras")] {
        assert!(import(&bytes).is_ok());
        let step = 1 + bytes.len() / 200;
        for length in (0..bytes.len()).step_by(step) {
            let _ = import(&bytes[..length]);
        }
        for at in (0..bytes.len()).step_by(step) {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let _ = import(&changed);
            }
        }
    }
}

/// A model that holds another twice, which holds another twice ...
#[test]
fn models_that_multiply_have_a_bound() {
    let mut inner =
        json!({"class_name": "Functional", "config": layers_of("ReLU", &json!({"name": "r"}))});
    for _ in 0..11 {
        inner = json!({"class_name": "Functional", "config": layers_of("Functional", &inner["config"])});
    }
    let refusal = import(&archive(&inner)).unwrap_err().to_string();
    assert!(
        refusal.contains("more layers than netc takes") || refusal.contains("no JSON"),
        "{refusal}"
    );
}

/// A model that uses a layer four times, one use behind the other.
fn layers_of(class: &str, config: &Value) -> Value {
    let reads = |name: &str, at: u64| json!([[name, at, 0, {}]]);
    let nodes = [reads("x", 0), reads("l", 0), reads("l", 1), reads("l", 2)];
    let mut config = config.clone();
    config["name"] = json!("l");
    json!({
        "name": "m",
        "layers": [
            {"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_shape": [null, 8, 8, 3]}, "inbound_nodes": []},
            {"class_name": class, "name": "l", "config": config, "inbound_nodes": nodes},
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["l", 3, 0]],
    })
}
