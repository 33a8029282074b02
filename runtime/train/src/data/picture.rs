//! JPEG and PNG files: decoded, turned upright, made grey or coloured, cut, resized.

use crate::reason;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader};
use netc_plan::Pixels;
use std::io::Cursor;

/// The most bytes of a decoded picture: a few hundred of a file can claim as many as an address space holds.
const MOST: u64 = 512 << 20;

/// Decodes a JPEG or PNG, and turns it as its EXIF entry says.
///
/// # Errors
/// What is wrong with the file.
pub fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let unknown = "it is neither JPEG nor PNG";
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|e| reason(&e))?;
    if reader.format().is_none() {
        return Err(unknown.to_owned());
    }
    let mut decoder = reader.into_decoder().map_err(|e| match e {
        image::ImageError::Unsupported(_) => unknown.to_owned(),
        e => explain(&e),
    })?;
    let bytes = decoder.total_bytes();
    if bytes > MOST {
        let (width, height) = decoder.dimensions();
        return Err(format!(
            "its {width}x{height} pixels would take {} MB; netc reads pictures of up to {} MB",
            bytes >> 20,
            MOST >> 20
        ));
    }
    let turn = decoder.orientation().map_err(|e| explain(&e))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| explain(&e))?;
    image.apply_orientation(turn);
    Ok(image)
}

/// Some decoders end their message with a new line.
pub(super) fn explain(e: &ImageError) -> String {
    e.to_string().trim_end().to_owned()
}

/// How a picture gets its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Height and width of the result.
    pub size: [usize; 2],
    /// The middle is cut out in the result's proportions; otherwise the whole picture is squeezed.
    pub crop: bool,
}

/// The picture's bytes, HWC. `None` if no picture has so many channels.
#[must_use]
pub fn fitted(image: &DynamicImage, fit: Fit, channels: usize) -> Option<Vec<u8>> {
    let [height, width] = fit.size;
    let image = if fit.crop {
        crop(image, height, width)
    } else {
        image.clone()
    };
    let picture = channels_of(&image, channels)?;
    let size = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let picture = if (image.width(), image.height()) == size {
        picture
    } else {
        picture.resize_exact(size.0, size.1, FilterType::Triangle)
    };
    Some(picture.into_bytes())
}

/// Pixels as inputs: `(value * scale - mean) / std`, with the figures of each channel.
pub fn normalise(values: &[f32], channels: usize, pixels: &Pixels, out: &mut [f32]) {
    let Pixels { scale, mean, std } = pixels;
    if let ([mean], [std]) = (&mean[..], &std[..]) {
        // Without strides, in vectors.
        let pairs = out.iter_mut().zip(values);
        pairs.for_each(|(to, value)| *to = (value * scale - mean) / std);
        return;
    }
    let at = |figures: &[f32], c: usize| figures[c % figures.len()];
    for c in 0..channels {
        let (mean, std) = (at(mean, c), at(std, c));
        let channel = out.iter_mut().zip(values).skip(c).step_by(channels);
        channel.for_each(|(to, value)| *to = (value * scale - mean) / std);
    }
}

/// The middle of the picture, as large as the proportions allow.
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

    #[test]
    fn a_fitting_picture_is_taken_byte_for_byte() {
        let image = RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 9])).into();
        let fit = Fit {
            size: [2, 3],
            crop: true,
        };
        let bytes = fitted(&image, fit, 3).unwrap();
        assert_eq!(bytes[..6], [0, 0, 9, 1, 0, 9]);
        assert_eq!(bytes[15..], [2, 1, 9]);
        assert_eq!(fitted(&image, fit, 5), None);
    }

    #[test]
    fn pixels_are_normalised_by_channel() {
        let pixels = Pixels {
            scale: 1.0 / 255.0,
            mean: vec![0.5, 0.25, 0.1],
            std: vec![0.5],
        };
        let mut values = [0.0; 3];
        normalise(&[255.0, 0.0, 51.0], 3, &pixels, &mut values);
        let wanted = [1.0, -0.5, 0.2];
        assert!(
            values.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6),
            "{values:?}"
        );
    }

    #[test]
    fn grey_is_rec_601_and_alpha_has_a_channel_of_its_own() {
        let fit = Fit {
            size: [1, 1],
            crop: true,
        };
        let red: DynamicImage = RgbImage::from_pixel(1, 1, Rgb([255, 0, 0])).into();
        let wanted: [&[u8]; 4] = [&[76], &[76, 255], &[255, 0, 0], &[255, 0, 0, 255]];
        for (channels, bytes) in (1..).zip(wanted) {
            assert_eq!(fitted(&red, fit, channels).unwrap(), bytes);
        }
    }

    #[test]
    fn crop_keeps_the_middle_and_squeezing_keeps_all() {
        // 4x2: dark, light, light, dark columns.
        let light = |x| image::Luma([if (1..3).contains(&x) { 200 } else { 0 }]);
        let image: DynamicImage = GrayImage::from_fn(4, 2, |x, _| light(x)).into();
        let fit = |crop| fitted(&image, Fit { size: [2, 2], crop }, 1).unwrap();
        assert_eq!(fit(true), [200; 4]);
        assert!(fit(false).iter().all(|v| (60..160).contains(v)));
    }

    /// A PNG without pixels, but for their number.
    fn claim(width: u32, height: u32) -> Vec<u8> {
        let mut chunk = b"IHDR".to_vec();
        chunk.extend([width, height].map(u32::to_be_bytes).as_flattened());
        chunk.extend([8, 2, 0, 0, 0]);
        let mut sum = flate2::Crc::new();
        sum.update(&chunk);
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
        file.extend(chunk);
        file.extend(sum.sum().to_be_bytes());
        file.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        file
    }

    #[test]
    fn claims_of_many_pixels_take_no_memory() {
        let wrong = decode(&claim(60_000, 60_000)).unwrap_err();
        assert_eq!(
            wrong,
            "its 60000x60000 pixels would take 10299 MB; netc reads pictures of up to 512 MB"
        );
        let wrong = decode(&claim(10, 10)).unwrap_err();
        assert!(!wrong.contains("MB"), "{wrong}");
    }

    #[test]
    fn other_files_are_explained() {
        assert_eq!(decode(b"hello").unwrap_err(), "it is neither JPEG nor PNG");
        assert!(decode(b"\x89PNG\r\n\x1a\n").is_err());
        assert!(decode(b"\xff\xd8\xff\xe0").is_err());
    }
}
