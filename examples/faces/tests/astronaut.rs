//! The face in a photograph, beside what facenet-pytorch finds there; and what else photographs may show.

use example_faces::networks::PNet;
use example_faces::{Area, Detector, Face, Picture};
use image::imageops::{flip_horizontal, resize};
use image::{GenericImage, Rgb, RgbImage};
use netc_macros::net;

fn photograph() -> RgbImage {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/astronaut.jpg");
    image::open(path).expect("a photograph").to_rgb8()
}

fn faces(photo: &RgbImage) -> Vec<Face> {
    let detector = Detector::new().expect("the weights fit");
    detector.faces(&Picture::new(photo)).expect("faces")
}

/// What `tests/reference/faces.py` prints for the photograph; its box has pixels counted from 1, and the last one in it.
const THEIRS: Area = Area {
    left: 179.272,
    top: 59.435,
    right: 268.651,
    bottom: 173.383,
};
const LANDMARKS: [[f32; 2]; 5] = [
    [205.096, 100.857],
    [247.987, 103.488],
    [225.150, 128.977],
    [201.926, 139.424],
    [245.818, 142.129],
];

/// Which of some boxes that are almost alike and almost as sure comes out depends on how numbers are rounded on the way, a decoder of JPEG's too: a
/// pixel or two. facenet-pytorch rounds its windows to whole pixels; the figures for another size of the photograph are as far apart.
#[test]
fn the_face_is_where_facenet_pytorch_finds_it() {
    let found = faces(&photograph());
    let [face] = found[..] else {
        panic!("{found:?}")
    };
    assert!(face.score > 0.999, "{face:?}");
    assert!(face.area.of_union(&THEIRS) > 0.9, "{face:?}");
    for ([x, y], [left, top]) in face.landmarks.into_iter().zip(LANDMARKS) {
        assert!((x - left).hypot(y - top) < 2.0, "{face:?}");
    }
}

/// The photograph at half its size beside its mirror image.
#[test]
fn every_face_is_found_whatever_its_size_and_place() {
    let half = resize(
        &photograph(),
        256,
        256,
        image::imageops::FilterType::Triangle,
    );
    let mut both = RgbImage::new(700, 300);
    both.copy_from(&half, 10, 5).expect("it fits");
    both.copy_from(&flip_horizontal(&half), 400, 40)
        .expect("it fits");
    let mut found = faces(&both);
    found.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
    let [one, other] = found[..] else {
        panic!("{found:?}")
    };
    for ((face, points), eyes) in [(one, LANDMARKS), (other, LANDMARKS)]
        .into_iter()
        .zip([[0, 1], [1, 0]])
    {
        for (here, there) in eyes.into_iter().enumerate() {
            let [x, y] = points[there].map(|cells| cells / 2.0);
            let expected = if here == there {
                [10.0 + x, 5.0 + y]
            } else {
                [656.0 - x, 40.0 + y]
            };
            let [left, top] = face.landmarks[here];
            assert!(
                (left - expected[0]).hypot(top - expected[1]) < 2.0,
                "{face:?}"
            );
        }
    }
}

#[test]
fn where_nobody_is_nobody_is_found() {
    for (width, height) in [(200, 160), (5, 4), (1, 300)] {
        let grey = RgbImage::from_pixel(width, height, Rgb([90, 100, 110]));
        assert_eq!(faces(&grey).len(), 0, "{width}x{height}");
    }
    assert_eq!(faces(&RgbImage::new(0, 0)).len(), 0);
}

net! {
    // The first network with one window.
    net OneWindow

    block conv(filters, kernel) = CONV(filters, kernel) => PRELU

    INPUT(12x12x3) => conv(10, 3x3) => POOL(2x2) => conv(16, 3x3) => conv(32, 3x3) as seen => CONV(4, 1x1)

    output faces = seen => CONV(2, 1x1) => SOFTMAX
}

#[test]
fn a_window_of_a_tile_is_the_window_alone() {
    let weights = include_bytes!("../weights/pnet.safetensors");
    let tile = PNet::from_bytes(weights).expect("the weights fit");
    let alone = OneWindow::from_bytes(weights).expect("the weights fit");
    let photo = Picture::new(&photograph());
    let (mut large, mut small) = (tile.workspace(1), alone.workspace(1));
    let all = tile
        .forward(&mut large, &photo.tile(160, 60, PNet::INPUT[0]))
        .expect("a pass")
        .to_vec();
    let faces = PNet::output_faces(&large).expect("a pass");
    for (x, y) in [(0, 0), (31, 31), (0, 31), (16, 7), (3, 22)] {
        let pixels = photo.tile(160 + 2 * x, 60 + 2 * y, 12);
        let moves = alone.forward(&mut small, &pixels).expect("a pass").to_vec();
        let face = OneWindow::output_faces(&small).expect("a pass");
        let at = x * PNet::OUTPUT[0] + y;
        let here = moves.iter().chain(face.iter());
        let there = all[at * 4..at * 4 + 4]
            .iter()
            .chain(&faces[at * 2..at * 2 + 2]);
        for (here, there) in here.zip(there) {
            assert!(
                (here - there).abs() < 1e-4,
                "window {x}, {y}: {here} and {there}"
            );
        }
    }
}
