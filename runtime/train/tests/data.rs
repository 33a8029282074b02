//! Every format of data, read and refused.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::{idx, mnist, recipe};
use image::{Rgb, RgbImage};
use netc_plan::{Augment, Data, Pixels, Recipe};
use netc_train::augment::{Pipeline, Scratch, View};
use netc_train::data::{Dataset, Kept, load};
use std::fs;
use std::io::Write;
use std::path::Path;

fn with(data: Data, validation: Option<f64>) -> Recipe {
    Recipe {
        data,
        validation,
        ..recipe()
    }
}

fn refused(recipe: &Recipe, path: &Path, input: &[usize]) -> String {
    load(recipe, path, input)
        .err()
        .map(|e| e.to_string())
        .unwrap_or_default()
}

fn picture(data: &Dataset, i: usize) -> Vec<f32> {
    let mut out = Vec::new();
    data.train.picture(i, &mut out).unwrap();
    out
}

fn gzip(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&bytes).unwrap();
    fs::write(
        path.with_file_name(format!("{}.gz", path.file_name().unwrap().display())),
        gz.finish().unwrap(),
    )
    .unwrap();
    fs::remove_file(path).unwrap();
}

#[test]
fn mnist_gzipped_and_padded() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 30, 10);
    let plain = load(
        &with(Data::Mnist { pad: 0 }, None),
        folder.path(),
        &[6, 6, 1],
    )
    .unwrap();
    gzip(&folder.path().join("train-images-idx3-ubyte"));
    let data = load(
        &with(Data::Mnist { pad: 2 }, Some(0.2)),
        folder.path(),
        &[10, 10, 1],
    )
    .unwrap();
    assert_eq!(
        (data.train.len() + data.validation.len(), data.test.len()),
        (30, 10)
    );
    assert_eq!((data.train.size(), data.classes.len()), ([10, 10, 1], 3));
    assert_eq!(picture(&data, 0)[..21], [0.0; 21]);
    assert_eq!(picture(&plain, 0).len(), 36);
    assert_eq!(plain.validation.len(), 10);
    // Validation is a part of the training set, or the test set: neither takes memory of its own.
    let bytes = |one: usize| Kept {
        now: 40 * (one + 4),
        later: 0,
    };
    assert_eq!((plain.kept(), data.kept()), (bytes(36), bytes(100)));
}

#[test]
fn mnist_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let recipe = with(Data::Mnist { pad: 0 }, None);
    assert!(
        refused(&recipe, &path.join("nowhere"), &[6, 6, 1]).contains("nowhere: there is no such")
    );
    assert!(refused(&recipe, path, &[6, 6, 1]).contains("no train-images-idx3-ubyte"));
    mnist(path, 30, 10);
    idx(&path.join("train-labels-idx1-ubyte"), &[29], &[0; 29]);
    let text = refused(&recipe, path, &[6, 6, 1]);
    assert!(
        text.contains("train-labels-idx1-ubyte") && text.contains("29 labels for the 30 pictures"),
        "{text}"
    );
    fs::remove_file(path.join("train-labels-idx1-ubyte")).unwrap();
    assert!(refused(&recipe, path, &[6, 6, 1]).contains("but no train-labels-idx1-ubyte"));
    mnist(path, 30, 10);
    let images = path.join("train-images-idx3-ubyte");
    let bytes = fs::read(&images).unwrap();
    fs::write(&images, &bytes[..bytes.len() - 1]).unwrap();
    assert!(refused(&recipe, path, &[6, 6, 1]).contains("30x6x6 bytes, but 1079 follow"));
    gzip(&images);
    let gz = path.join("train-images-idx3-ubyte.gz");
    let bytes = fs::read(&gz).unwrap();
    fs::write(&gz, &bytes[..bytes.len() / 2]).unwrap();
    assert!(refused(&recipe, path, &[6, 6, 1]).contains("the gzip stream is broken"));
}

#[test]
fn pictures_must_fit_the_network() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 30, 10);
    let recipe = with(Data::Mnist { pad: 0 }, None);
    let data = load(&recipe, folder.path(), &[10, 10, 1]).unwrap();
    let problem = |recipe: &Recipe, input: &[usize]| {
        let pipeline = Pipeline::new(recipe, &data, input, &Pixels::default());
        pipeline.err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(
        problem(&recipe, &[10, 10, 1]),
        "the pictures are 6x6x1, but the network's input is 10x10x1; `pad=2` in the recipe's data makes them fit"
    );
    assert!(problem(&recipe, &[4, 4, 1]).contains("`augment = crop(4x4)`"));
    assert_eq!(problem(&recipe, &[36]), "");
    let crop = Recipe {
        augment: vec![Augment::Crop(None)],
        ..recipe.clone()
    };
    assert_eq!(problem(&crop, &[4, 4, 1]), "");
    assert!(problem(&crop, &[8, 8, 1]).contains("a crop of 8x8 does not fit"));
    let ten = Recipe {
        augment: vec![Augment::Crop(None), Augment::TenCrop(Some(3))],
        ..recipe
    };
    assert!(problem(&ten, &[4, 4, 1]).contains("tencrop gives 3x3"));
}

#[test]
fn cifar10_is_turned_to_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("cifar-10-batches-bin");
    fs::create_dir(&inner).unwrap();
    let recipe = with(Data::Cifar10 { pad: 0 }, None);
    assert!(refused(&recipe, folder.path(), &[32, 32, 3]).contains("no data_batch_1.bin"));
    let record = |label: u8| {
        let planes = (0..3072).map(|i| (i / 1024 * 50 + i % 1024 % 7) as u8);
        [label].into_iter().chain(planes).collect::<Vec<u8>>()
    };
    let batch = inner.join("data_batch_1.bin");
    fs::write(&batch, [record(3), record(9)].concat()).unwrap();
    fs::write(inner.join("test_batch.bin"), record(1)).unwrap();
    let data = load(&recipe, folder.path(), &[32, 32, 3]).unwrap();
    assert_eq!(
        picture(&data, 1)[..6],
        [0.0, 50.0, 100.0, 1.0, 51.0, 101.0][..]
    );
    assert_eq!((data.train.label(1), &data.classes[9][..]), (9, "truck"));
    fs::write(&batch, &record(3)[1..]).unwrap();
    assert!(refused(&recipe, folder.path(), &[32, 32, 3]).contains("no multiple of 3073"));
    fs::write(&batch, record(10)).unwrap();
    assert!(refused(&recipe, folder.path(), &[32, 32, 3]).contains("picture 0 has label 10"));
}

fn save(path: &Path, size: [u32; 2], colour: [u8; 3]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(size[1], size[0], Rgb(colour))
        .save(path)
        .unwrap();
}

#[test]
fn folders_of_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let data = Data::Folder {
        resize: Some(8),
        crop: true,
    };
    let recipe = with(data.clone(), None);
    assert!(refused(&recipe, root, &[6, 6, 3]).contains("no folders in it"));
    save(&root.join("train/cat/1.png"), [10, 20], [200, 0, 0]);
    save(&root.join("train/cat/2.JPG"), [8, 8], [200, 0, 0]);
    save(&root.join("train/dog/1.jpeg"), [30, 9], [0, 0, 200]);
    fs::write(root.join("train/dog/notes.txt"), "no picture").unwrap();
    save(&root.join("test/cat/1.png"), [8, 8], [100, 0, 0]);
    assert!(refused(&recipe, root, &[6, 6, 3]).contains("the folder of this class is missing"));
    fs::create_dir(root.join("test/dog")).unwrap();
    assert!(refused(&recipe, root, &[6, 6, 3]).contains("the class has no JPEG or PNG"));
    save(&root.join("test/dog/1.png"), [8, 8], [0, 0, 100]);
    let set = load(&recipe, root, &[6, 6, 3]).unwrap();
    assert_eq!(
        (set.classes.join(" "), set.train.len(), set.test.len()),
        ("cat dog".to_owned(), 3, 2)
    );
    assert_eq!(set.train.size(), [8, 8, 3]);
    let (now, later) = (5 * 4, 5 * 192);
    assert_eq!(set.kept(), Kept { now, later });
    assert_eq!(picture(&set, 0)[..3], [200.0, 0.0, 0.0]);
    // Twice: decoded, and kept.
    assert_eq!(picture(&set, 0), picture(&set, 0));
    // Larger than the input: the middle.
    let pipeline = Pipeline::new(&recipe, &set, &[6, 6, 3], &Pixels::default()).unwrap();
    let mut out = vec![0.0; 108];
    pipeline
        .input(
            &set.train,
            0,
            View::Plain,
            &mut Scratch::default(),
            &mut out,
        )
        .unwrap();
    assert_eq!(out[105..], [200.0, 0.0, 0.0]);

    save(&root.join("test/bird/1.png"), [8, 8], [0, 0, 100]);
    assert!(refused(&recipe, root, &[6, 6, 3]).contains("bird"));
    fs::remove_dir_all(root.join("test/bird")).unwrap();
    assert!(refused(&recipe, root, &[6, 6, 4]).contains("1 or 3 channels"));
    let broken = root.join("train/cat/3.png");
    fs::write(&broken, b"\x89PNG\r\n\x1a\n and no more").unwrap();
    assert!(refused(&recipe, root, &[6, 6, 3]).contains("3.png: broken picture"));
    fs::write(&broken, "text").unwrap();
    assert!(refused(&recipe, root, &[6, 6, 3]).contains("3.png: broken picture"));
    // The header is good, the rest is missing: found when the picture is needed.
    fs::remove_file(&broken).unwrap();
    fs::write(
        root.join("train/cat/4.png"),
        &fs::read(root.join("train/cat/1.png")).unwrap()[..60],
    )
    .unwrap();
    let shared = with(data, Some(0.5));
    fs::remove_dir_all(root.join("test")).unwrap();
    let set = load(&shared, root, &[6, 6, 3]).unwrap();
    assert!(set.held_out);
    let mut out = Vec::new();
    let all = (0..set.train.len()).map(|i| set.train.picture(i, &mut out));
    let errors: Vec<String> = all.filter_map(|r| Some(r.err()?.to_string())).collect();
    assert!(
        errors.iter().all(|e| e.contains("4.png: broken picture")),
        "{errors:?}"
    );
    let none = with(
        Data::Folder {
            resize: None,
            crop: false,
        },
        None,
    );
    assert!(refused(&none, root, &[6, 6, 3]).contains("put `validation = 0.2`"));
}

fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn npz(path: &Path, arrays: &[(&str, Vec<u8>)]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in arrays {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn numpy_archives() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.npz");
    let data = Data::Npz {
        images: "x_train".to_owned(),
        labels: "y_train".to_owned(),
    };
    let recipe = with(data, None);
    assert!(refused(&recipe, folder.path(), &[2, 2, 1]).contains("no .npz file"));
    fs::write(&file, "text").unwrap();
    assert!(
        refused(&recipe, folder.path(), &[2, 2, 1]).contains("data.npz: it is not an NPZ file")
    );
    let labels = |values: &[i64]| {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        npy("<i8", &format!("({},)", values.len()), &bytes)
    };
    let images = |n: usize| npy("|u1", &format!("({n}, 2, 2)"), &vec![7; 4 * n]);
    npz(
        &file,
        &[
            ("x_train", images(3)),
            ("y_train", labels(&[0, 1, 2])),
            ("x_test", images(1)),
            ("y_test", labels(&[1])),
        ],
    );
    let set = load(&recipe, &file, &[2, 2, 1]).unwrap();
    assert_eq!(
        (set.train.len(), set.test.len(), set.classes.len()),
        (3, 1, 3)
    );
    assert_eq!(
        (set.train.size(), picture(&set, 2)),
        ([2, 2, 1], vec![7.0; 4])
    );

    npz(
        &file,
        &[("x_train", images(3)), ("y_train", labels(&[0, 1]))],
    );
    assert!(refused(&recipe, &file, &[2, 2, 1]).contains("but `x_train` holds 3 pictures"));
    npz(
        &file,
        &[("x_train", images(2)), ("y_train", labels(&[0, -1]))],
    );
    assert!(refused(&recipe, &file, &[2, 2, 1]).contains("array `y_train`: label 1 is -1"));
    npz(&file, &[("x", images(2))]);
    assert!(refused(&recipe, &file, &[2, 2, 1]).contains("no array `x_train`; it has x"));
    let nan: Vec<u8> = [1.0, 2.0, f32::NAN, 4.0]
        .iter()
        .flat_map(|v: &f32| v.to_le_bytes())
        .collect();
    npz(
        &file,
        &[
            ("x_train", npy("<f4", "(2, 2)", &nan)),
            ("y_train", labels(&[0, 1])),
        ],
    );
    assert!(refused(&recipe, &file, &[2]).contains("picture 1 holds NaN"));
}
