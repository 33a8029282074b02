//! Pictures: decoded, turned upright, made grey or coloured, cut, resized and normalised.

use crate::cli::Fit;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader};
use netc_plan::Pixels;
use std::io::Cursor;

/// Decodes a JPEG or PNG, and turns it as its EXIF entry says.
///
/// The error says what is wrong with the file.
pub(crate) fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let unknown = "it is neither JPEG nor PNG";
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| e.to_string())?;
    if reader.format().is_none() {
        return Err(unknown.to_owned());
    }
    let mut decoder = reader.into_decoder().map_err(|e| match e {
        image::ImageError::Unsupported(_) => unknown.to_owned(),
        e => e.to_string(),
    })?;
    let turn = decoder.orientation().map_err(|e| e.to_string())?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| e.to_string())?;
    image.apply_orientation(turn);
    Ok(image)
}

/// The picture as a network's input, HWC: `(byte * scale - mean) / std`. `None` if no picture has so many channels.
pub(crate) fn input(
    image: &DynamicImage,
    [height, width, channels]: [usize; 3],
    fit: Fit,
    pixels: &Pixels,
) -> Option<Vec<f32>> {
    let image = match fit {
        Fit::Stretch => image.clone(),
        Fit::Crop => crop(image, height, width),
    };
    let bytes = channels_of(&image, channels)?;
    let size = (
        u32::try_from(width).unwrap_or(u32::MAX),
        u32::try_from(height).unwrap_or(u32::MAX),
    );
    let bytes = if (image.width(), image.height()) == size {
        bytes
    } else {
        bytes.resize_exact(size.0, size.1, FilterType::Triangle)
    };
    let at = |values: &[f32], c: usize| values[c % values.len().max(1)];
    let normal = |(i, byte): (usize, &u8)| {
        let c = i % channels;
        (f32::from(*byte) * pixels.scale - at(&pixels.mean, c)) / at(&pixels.std, c)
    };
    Some(bytes.as_bytes().iter().enumerate().map(normal).collect())
}

/// The middle of the picture, as large as the network's proportions allow.
fn crop(image: &DynamicImage, height: usize, width: usize) -> DynamicImage {
    let (w, h) = (u64::from(image.width()), u64::from(image.height()));
    let (width, height) = (width.max(1) as u64, height.max(1) as u64);
    // w / h against width / height, rounded to whole pixels.
    let (cw, ch) = if w * height > h * width {
        (((h * width + height / 2) / height).clamp(1, w), h)
    } else {
        (w, ((w * height + width / 2) / width).clamp(1, h))
    };
    let (x, y) = ((w - cw) / 2, (h - ch) / 2);
    // All are at most the picture's own sizes, which are u32.
    image.crop_imm(x as u32, y as u32, cw as u32, ch as u32)
}

/// The picture in 8 bits with this many channels: grey, grey and alpha, RGB or RGBA. Alpha is dropped where there is no room
/// for it, and grey is Rec. 601's (as in Pillow and OpenCV; `image` itself has Rec. 709's).
fn channels_of(image: &DynamicImage, channels: usize) -> Option<DynamicImage> {
    let has_colour = image.color().has_color();
    Some(match channels {
        1 if has_colour => {
            let rgb = image.to_rgb8();
            let grey = rgb.pixels().map(|p| luma(p.0)).collect();
            image::GrayImage::from_raw(rgb.width(), rgb.height(), grey)?.into()
        }
        1 => image.to_luma8().into(),
        2 => {
            let rgba = image.to_rgba8();
            let grey = |p: &image::Rgba<u8>| {
                let [r, g, b, a] = p.0;
                [if has_colour { luma([r, g, b]) } else { r }, a]
            };
            let both = rgba.pixels().flat_map(grey).collect();
            image::GrayAlphaImage::from_raw(rgba.width(), rgba.height(), both)?.into()
        }
        3 => image.to_rgb8().into(),
        4 => image.to_rgba8().into(),
        _ => return None,
    })
}

/// `0.299 R + 0.587 G + 0.114 B`, with Pillow's rounding.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    let sum = u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000;
    (sum >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, Rgb, RgbImage};

    fn plain() -> Pixels {
        Pixels::default()
    }

    #[test]
    fn a_fitting_picture_is_taken_byte_for_byte() {
        let image = RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 9])).into();
        let values = input(&image, [2, 3, 3], Fit::Crop, &plain()).unwrap();
        assert_eq!(values[..6], [0.0, 0.0, 9.0, 1.0, 0.0, 9.0]);
        assert_eq!(values[15..], [2.0, 1.0, 9.0]);
    }

    #[test]
    fn pixels_are_normalised_by_channel() {
        let image = RgbImage::from_pixel(1, 1, Rgb([255, 0, 51])).into();
        let pixels = Pixels {
            scale: 1.0 / 255.0,
            mean: vec![0.5, 0.25, 0.1],
            std: vec![0.5],
        };
        let values = input(&image, [1, 1, 3], Fit::Crop, &pixels).unwrap();
        let wanted = [1.0, -0.5, 0.2];
        assert!(
            values.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6),
            "{values:?}"
        );
    }

    #[test]
    fn crop_keeps_the_middle_and_stretch_keeps_all() {
        // 4x2: dark, light, light, dark columns.
        let image: DynamicImage = GrayImage::from_fn(4, 2, |x, _| {
            image::Luma([if (1..3).contains(&x) { 200 } else { 0 }])
        })
        .into();
        let cropped = input(&image, [2, 2, 1], Fit::Crop, &plain()).unwrap();
        assert_eq!(cropped, [200.0; 4]);
        let stretched = input(&image, [2, 2, 1], Fit::Stretch, &plain()).unwrap();
        assert!(
            stretched.iter().all(|v| (60.0..160.0).contains(v)),
            "{stretched:?}"
        );
    }

    #[test]
    fn grey_is_rec_601() {
        let image = RgbImage::from_pixel(1, 1, Rgb([255, 0, 0])).into();
        assert_eq!(
            input(&image, [1, 1, 1], Fit::Crop, &plain()).unwrap(),
            [76.0]
        );
        assert_eq!(input(&image, [1, 1, 5], Fit::Crop, &plain()), None);
    }

    #[test]
    fn other_files_are_explained() {
        assert_eq!(decode(b"hello").unwrap_err(), "it is neither JPEG nor PNG");
        assert!(decode(b"\x89PNG\r\n\x1a\n").is_err());
        assert!(decode(b"\xff\xd8\xff\xe0").is_err());
    }
}
