//! The text that makes inputs of the pictures which the device holds: their preparation as a chain of types.

use super::super::Precision;
use super::super::call::{By, Work};
use super::super::constants::real;
use super::super::source::{Argument, Entry, Source};
use crate::plan::Pixels;
use crate::train::{PictureStage, Pictures, Preparation, Transform};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Threads of a block that prepares a picture.
const BLOCK: u32 = 256;

/// More channels than these have no figures of their own in the text.
const CHANNELS: usize = 16;

/// So many bytes may a value come from: three stages that mix four pixels each.
const READS: usize = 64;

pub(super) const CHOSEN: Argument = Argument::Own("const netc::pictures::Chosen*", "chosen");
pub(super) const ORDERS: Argument = Argument::Own("const unsigned int*", "orders");
pub(super) const PICTURES: Argument = Argument::Own("const unsigned char*", "pictures");
pub(super) const CLASSES: Argument = Argument::Own("const unsigned int*", "classes");
pub(super) const PREPARED: Argument = Argument::Own("float*", "prepared");
pub(super) const PREPARED_LABELS: Argument = Argument::Own("unsigned int*", "prepared_labels");

/// What the functions of `pictures.cu` take, in order.
pub(super) const ARGUMENTS: [Argument; 6] =
    [CHOSEN, ORDERS, PICTURES, CLASSES, PREPARED, PREPARED_LABELS];

/// Their names, each after a comma.
pub(super) fn names() -> String {
    ARGUMENTS
        .iter()
        .map(|a| format!(", {}", a.name()))
        .collect()
}

/// The device functions and, as `Prepared`, the preparation of these pictures, which fit it; nothing where it takes more than kernels are written for.
pub(super) fn text(pictures: &Pictures<'_>, preparation: &Preparation) -> Option<String> {
    let Preparation { stages, pixels, .. } = preparation;
    let [mut h, mut w, c] = pictures.padded();
    let [stored_h, stored_w, _] = pictures.size;
    let affine = |stage: &&PictureStage| matches!(stage, PictureStage::Affine(_));
    let reads = 4usize.checked_pow(stages.iter().filter(affine).count() as u32);
    let lit = |stage: &PictureStage| matches!(stage, PictureStage::Lighting { .. });
    let figures = pixels.mean.len().max(pixels.std.len());
    let channels = if stages.iter().any(lit) { c } else { figures };
    let len = [h, w, c].iter().try_fold(1usize, |n, x| n.checked_mul(*x));
    // Places in a picture are an `int` there.
    let is_long = len.is_none_or(|len| i32::try_from(len).is_err());
    if is_long || reads.is_none_or(|reads| reads > READS) || figures.max(channels) > CHANNELS {
        return None;
    }
    let mut types = format!(
        "typedef netc::pictures::Stored<{stored_h}, {stored_w}, {c}, {}> Picture;\n",
        pictures.pad
    );
    let mut last = String::from("Picture");
    for (n, stage) in stages.iter().enumerate() {
        types += &one(n, stage, &last, [&mut h, &mut w]);
        last = format!("Picture{n}");
    }
    types += &end(&last, pixels);
    let own = include_str!("pictures.cu");
    Some(format!(
        "namespace netc::pictures {{\n{own}\n}}  // namespace netc::pictures\n\n{types}"
    ))
}

/// The preparation as a launch of its own, for a step of launches; `largest` numbers are in the largest batch.
pub(super) fn launch(text: &str, largest: usize) -> Source {
    let mut source = Source::new(core::iter::empty(), largest, Precision::default());
    // Two blocks a processor: for more of them ptxas would rather spill.
    source.text += &format!(
        "{text}extern \"C\" __global__ void __launch_bounds__({BLOCK}, 2) prepare_pictures({}) {{\n    \
         netc::pictures::prepare_all<Prepared>(images{});\n}}\n",
        Argument::parameters(&ARGUMENTS),
        names(),
    );
    source.entries.push(Entry {
        name: "prepare_pictures".into(),
        tasks: 0..0,
        arguments: ARGUMENTS.into(),
        work: Work::each(By::Block, 1),
        beside: Vec::new(),
        threads: BLOCK,
    });
    source
}

/// Stage `n` as the type `Picture<n>` over the type before it; the size becomes that of its result.
fn one(n: usize, stage: &PictureStage, from: &str, [h, w]: [&mut usize; 2]) -> String {
    let (constants, of) = match stage {
        PictureStage::Affine(parts) => {
            let size = [*h, *w];
            let lines = parts.iter().map(|part| transform(*part, size));
            let lines: String = lines.collect();
            let function = format!(
                "    __device__ static void draw(netc::pictures::Draws& draws, netc::pictures::Matrix& product) {{\n{lines}    }}\n"
            );
            (function, format!("Affine<{from}, {n}, Stage{n}>"))
        }
        PictureStage::HFlip => (String::new(), format!("Flip<{from}, {n}, true>")),
        PictureStage::VFlip => (String::new(), format!("Flip<{from}, {n}, false>")),
        PictureStage::Rescale(factor) => (
            format!("    static constexpr float factor = {};\n", real(*factor)),
            format!("Rescale<{from}, Stage{n}>"),
        ),
        PictureStage::Crop(part) | PictureStage::Middle(part) => {
            let drawn = matches!(stage, PictureStage::Crop(_));
            [*h, *w] = *part;
            (
                String::new(),
                format!("Crop<{from}, {n}, {}, {}, {drawn}>", part[0], part[1]),
            )
        }
        PictureStage::Lighting { sd, steps } => (
            lighting(*sd, steps),
            format!("Lighting<{from}, {n}, Stage{n}>"),
        ),
    };
    let constants = match constants.is_empty() {
        true => constants,
        false => format!("struct Stage{n} {{\n{constants}}};\n"),
    };
    format!("{constants}typedef netc::pictures::{of} Picture{n};\n")
}

fn transform(part: Transform, [h, w]: [usize; 2]) -> String {
    // A draw is a share of the size where its range is below 1.
    let times = |range: f64, size: usize| if range < 1.0 { size } else { 1 };
    let call = match part {
        Transform::Rotate(range) => format!("rotate(draws, {})", double(range)),
        Transform::Shift(y, x) => format!(
            "shift(draws, {}, {}, {}.0, {}.0)",
            double(y),
            double(x),
            times(y, h),
            times(x, w)
        ),
        Transform::Shear(range) => format!("shear(draws, {})", double(range)),
        Transform::Zoom(range) => format!("zoom(draws, {})", double(range)),
    };
    format!("        product.{call};\n")
}

fn lighting(sd: f64, steps: &[Vec<f64>]) -> String {
    let mut lines = String::from("        double amount;\n");
    for step in steps {
        lines += &format!("        amount = draws.gauss() * {};\n", double(sd));
        for (k, s) in step.iter().enumerate() {
            lines += &format!("        sums[{k}] += amount * {};\n", double(*s));
        }
    }
    format!(
        "    __device__ static void draw(netc::pictures::Draws& draws, double* sums) {{\n{lines}    }}\n"
    )
}

/// `Prepared`: the last stage, and the figures of the pixels.
fn end(last: &str, pixels: &Pixels) -> String {
    let choose = |figures: &[f32]| match figures {
        [one] => real(*one),
        all => {
            let n = all.len();
            let rest = all.iter().enumerate().skip(1);
            let rest = rest.map(|(k, figure)| format!("k % {n} == {k} ? {} : ", real(*figure)));
            format!("{}{}", rest.collect::<String>(), real(all[0]))
        }
    };
    format!(
        "struct Prepared {{\n    typedef {last} Last;\n    static constexpr int bytes = Picture::bytes;\n    \
         static constexpr float scale = {};\n    \
         __device__ static constexpr float mean(int k) {{ return {}; }}\n    \
         __device__ static constexpr float deviation(int k) {{ return {}; }}\n}};\n",
        real(pixels.scale),
        choose(&pixels.mean),
        choose(&pixels.std),
    )
}

/// The very number: decimals that are read back as it is.
fn double(value: f64) -> String {
    format!("{value:?}")
}

/// A launch that prepares pictures by every stage there is, for compilers.
#[cfg(test)]
pub(in super::super) fn every_stage() -> String {
    let transforms = alloc::vec![
        Transform::Rotate(8.0),
        Transform::Shift(0.08, 3.0),
        Transform::Shear(0.3),
        Transform::Zoom(0.08),
    ];
    let preparation = Preparation {
        key: 1,
        stages: alloc::vec![
            PictureStage::Affine(transforms.clone()),
            PictureStage::HFlip,
            PictureStage::Crop([27, 29]),
            PictureStage::Rescale(0.5),
            PictureStage::Affine(transforms),
            PictureStage::VFlip,
            PictureStage::Middle([24, 24]),
            PictureStage::Lighting {
                sd: 0.1,
                steps: alloc::vec![alloc::vec![0.1, 0.2, -0.3]; 3],
            },
        ],
        pixels: Pixels {
            scale: 1.0 / 255.0,
            mean: alloc::vec![0.4, 0.5, 0.6],
            std: alloc::vec![0.2, 0.3, 0.4],
        },
    };
    let pictures = Pictures {
        bytes: &[],
        labels: &[],
        size: [28, 28, 3],
        pad: 2,
    };
    let text = text(&pictures, &preparation).unwrap_or_default();
    launch(&text, 1 << 20).text
}
