//! Every format of data, read and refused.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::{idx, mnist, recipe};
use image::{Rgb, RgbImage};
use netc_plan::{Augment, Data, Pixels, Recipe};
use netc_train::augment::{Pipeline, Scratch, View};
use netc_train::data::picture::decode;
use netc_train::data::{Dataset, Kept, load};
use netc_train::run::Preparation;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

fn with(data: Data, validation: Option<f64>) -> Recipe {
    Recipe {
        data: Some(data),
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
    // Padding is made when a picture is needed.
    let kept = Kept {
        now: 40 * (36 + 4),
        later: 0,
    };
    assert_eq!((plain.kept(), data.kept()), (kept, kept));
    let wide = with(Data::Mnist { pad: 3_000_000 }, None);
    assert!(refused(&wide, folder.path(), &[10, 10, 1]).contains("pad=3000000 is more than"));
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
        augment: vec![Augment::Crop {
            height: None,
            width: None,
        }],
        ..recipe.clone()
    };
    assert_eq!(problem(&crop, &[4, 4, 1]), "");
    assert!(problem(&crop, &[8, 8, 1]).contains("a crop of 8x8 does not fit"));
    let ten = Recipe {
        augment: vec![
            Augment::Crop {
                height: None,
                width: None,
            },
            Augment::TenCrop(Some(3)),
        ],
        ..recipe
    };
    assert!(problem(&ten, &[4, 4, 1]).contains("ten_crop gives 3x3"));
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
    assert!(refused(&recipe, folder.path(), &[32, 32, 3]).contains("no data_batch_2.bin"));
    for i in 2..=5 {
        fs::write(inner.join(format!("data_batch_{i}.bin")), record(i)).unwrap();
    }
    let data = load(&recipe, folder.path(), &[32, 32, 3]).unwrap();
    assert_eq!(
        picture(&data, 1)[..6],
        [0.0, 50.0, 100.0, 1.0, 51.0, 101.0][..]
    );
    assert_eq!((data.train.label(1), &data.classes[9][..]), (9, "truck"));
    assert_eq!(data.train.len(), 6);
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
    let all = [&set.train, &set.validation].map(|split| {
        let pictures = (0..split.len()).map(|i| split.picture(i, &mut out));
        let errors: Vec<String> = pictures
            .filter_map(|r| Some(r.err()?.to_string()))
            .collect();
        errors
    });
    let errors = all.concat();
    assert!(
        errors.len() == 1 && errors[0].contains("4.png: broken picture"),
        "{errors:?}"
    );
    let none = with(
        Data::Folder {
            resize: None,
            crop: false,
        },
        None,
    );
    assert!(refused(&none, root, &[6, 6, 3]).contains("`--validation 0.2`"));
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
fn archives_that_burst_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    // 300 MB of zeros in 300 kB: as the pictures of MNIST, and as an array.
    let zeros = || std::io::repeat(0).take(300 << 20);
    let images = folder.path().join("train-images-idx3-ubyte.gz");
    let file = fs::File::create(&images).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::best());
    std::io::copy(&mut zeros(), &mut gz).unwrap();
    gz.finish().unwrap();
    let recipe = with(Data::Mnist { pad: 0 }, None);
    let why = refused(&recipe, folder.path(), &[6, 6, 1]);
    assert!(why.contains("unpacks to more than 27"), "{why}");

    let file = folder.path().join("data.npz");
    let mut zip = zip::ZipWriter::new(fs::File::create(&file).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("x.npy", options).unwrap();
    std::io::copy(&mut zeros(), &mut zip).unwrap();
    zip.finish().unwrap();
    let data = Data::Npz {
        images: "x".to_owned(),
        labels: "y".to_owned(),
    };
    let why = refused(&with(data, None), &file, &[6, 6, 1]);
    assert!(
        why.contains("array `x`: the part of the archive unpacks to more than 27"),
        "{why}"
    );
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
    let set = load(&recipe, file.as_path(), &[2, 2, 1]).unwrap();
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

/// What lighting adds to the first picture, on average, as a share of white.
fn light(data: &Dataset, recipe: &Recipe, white: f32) -> f32 {
    let size = data.train.size();
    let plain = Pixels::default();
    let pipeline = Pipeline::new(recipe, data, &size, &plain).unwrap();
    let mut sum = 0.0;
    for epoch in 0..200 {
        let inputs = [View::Plain, View::Varied(epoch)].map(|view| {
            let mut out = vec![0.0; size.iter().product()];
            let scratch = &mut Scratch::default();
            pipeline
                .input(&data.train, 0, view, scratch, &mut out)
                .unwrap();
            out
        });
        sum += ((inputs[1][0] - inputs[0][0]) / white).abs();
    }
    sum / 200.0
}

#[test]
fn lighting_is_as_strong_before_rescaling_as_after_it() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 30, 10);
    let of = |augment: Vec<Augment>| Recipe {
        augment,
        ..with(Data::Mnist { pad: 0 }, None)
    };
    let data = load(&of(Vec::new()), folder.path(), &[6, 6, 1]).unwrap();
    let (scale, lights) = (Augment::Rescale(1.0 / 255.0), Augment::Lighting(1.0));
    let before = light(&data, &of(vec![lights, scale]), 1.0);
    let after = light(&data, &of(vec![scale, lights]), 1.0);
    let bytes = light(&data, &of(vec![lights]), 255.0);
    for other in [after, bytes] {
        assert!((0.7..1.4).contains(&(before / other)), "{before} {other}");
    }
}

/// A picture on its own becomes what the pipeline makes of it in a data set.
#[test]
fn pictures_are_prepared_as_the_data_were() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for (i, class) in ["cat", "dog"].iter().enumerate() {
        let path = root.join(format!("train/{class}/1.png"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let pixel = |x: u32, y: u32| Rgb([(9 * x + y) as u8, (x * y) as u8, (40 * i) as u8]);
        RgbImage::from_fn(14, 9, pixel).save(path).unwrap();
    }
    for crop in [true, false] {
        let resize = Some(8);
        let recipe = Recipe {
            augment: vec![
                Augment::Rescale(0.25),
                Augment::Crop {
                    height: Some(7),
                    width: Some(5),
                },
                Augment::Crop {
                    height: Some(4),
                    width: Some(2),
                },
            ],
            ..with(Data::Folder { resize, crop }, Some(0.5))
        };
        let single = root.join("train/cat/2.png");
        fs::copy(root.join("train/cat/1.png"), &single).unwrap();
        fs::copy(&single, root.join("train/dog/2.png")).unwrap();
        same(&recipe, root, [4, 2, 3], &fs::read(&single).unwrap());
    }

    mnist(root, 5, 5);
    let recipe = with(Data::Mnist { pad: 2 }, None);
    let bare = with(Data::Mnist { pad: 0 }, None);
    let bare = picture(&load(&bare, root, &[6, 6, 1]).unwrap(), 0);
    let grey = image::GrayImage::from_raw(6, 6, bare.iter().map(|v| *v as u8).collect()).unwrap();
    let mut png = std::io::Cursor::new(Vec::new());
    grey.write_to(&mut png, image::ImageFormat::Png).unwrap();
    same(&recipe, root, [10, 10, 1], png.get_ref());
}

fn same(recipe: &Recipe, root: &Path, input: [usize; 3], file: &[u8]) {
    let data = load(recipe, root, &input).unwrap();
    let pixels = Pixels {
        scale: 0.5,
        mean: vec![1.0],
        std: vec![2.0],
    };
    let pipeline = Pipeline::new(recipe, &data, &input, &pixels).unwrap();
    let mut wanted = vec![0.0; input.iter().product()];
    let scratch = &mut Scratch::default();
    pipeline
        .input(&data.train, 0, View::Plain, scratch, &mut wanted)
        .unwrap();
    let preparation = Preparation::of(recipe, &data, pipeline.target()).unwrap();
    let found = preparation.input(&decode(file).unwrap(), input, &pixels);
    assert_eq!(found.unwrap(), wanted);
}

#[test]
fn the_digits_lie_nowhere() {
    let recipe = with(Data::Digits { pad: 0 }, None);
    let data = load(&recipe, None, &[8, 8, 1]).unwrap();
    assert_eq!((data.train.len(), data.test.len()), (1438, 359));
    assert_eq!((data.classes.len(), data.train.size()), (10, [8, 8, 1]));
    // The fifth picture of the set is a 4, its first nine cells as scikit-learn has them, of 16.
    assert_eq!(data.test.label(0), 4);
    let mut picture = Vec::new();
    data.test.picture(0, &mut picture).unwrap();
    let row = [0.0, 0.0, 0.0, 1.0, 11.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(picture[..9], row.map(|v: f32| (v * 255.0 / 16.0).round()));
    let of_class = |class| (0..1438).filter(|i| data.train.label(*i) == class).count();
    assert_eq!((of_class(0), of_class(8)), (151, 127));

    let padded = with(Data::Digits { pad: 2 }, Some(0.2));
    let padded = load(&padded, None, &[12, 12, 1]).unwrap();
    assert_eq!(padded.train.size(), [12, 12, 1]);
    assert!(padded.held_out && padded.validation.len() > 250 && padded.test.len() == 359);

    let here = load(&recipe, Path::new("."), &[8, 8, 1])
        .err()
        .unwrap()
        .to_string();
    assert!(here.contains("netc has in itself"), "{here}");
    let nowhere = load(&with(Data::Mnist { pad: 0 }, None), None, &[28, 28, 1]);
    let nowhere = nowhere.err().unwrap().to_string();
    assert!(
        nowhere.contains("learns from `mnist`: `--data DIR`"),
        "{nowhere}"
    );
}
