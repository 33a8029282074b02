//! Pictures as the networks take them.

use crate::Area;
use image::RgbImage;
use std::ops::Range;

/// Red, green and blue of each pixel, from -1 to 1, column by column: the networks were trained on pictures that lie so.
#[derive(Clone, Debug)]
pub struct Picture {
    width: usize,
    height: usize,
    numbers: Vec<f32>,
}

impl Picture {
    /// The photograph's pixels.
    #[must_use]
    pub fn new(photo: &RgbImage) -> Self {
        let (width, height) = photo.dimensions();
        let pixels = (0..width).flat_map(|x| (0..height).map(move |y| photo.get_pixel(x, y)));
        let numbers =
            pixels.flat_map(|pixel| pixel.0.map(|byte| (f32::from(byte) - 127.5) / 128.0));
        Self {
            width: width as usize,
            height: height as usize,
            numbers: numbers.collect(),
        }
    }

    /// Pixels in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels in a column.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, a column after the other.
    #[must_use]
    pub fn numbers(&self) -> &[f32] {
        &self.numbers
    }

    /// The whole of it in another size.
    #[must_use]
    pub fn resized(&self, width: usize, height: usize) -> Self {
        self.resampled(0..self.width, 0..self.height, width, height)
    }

    /// What an area shows, as far as it lies in the picture, made a square; nothing if none of it does.
    #[must_use]
    pub fn cut(&self, area: &Area, side: usize) -> Option<Self> {
        let columns = pixels(area.left, area.right, self.width)?;
        let rows = pixels(area.top, area.bottom, self.height)?;
        Some(self.resampled(columns, rows, side, side))
    }

    /// A square from this corner on, pixel by pixel; grey beyond the picture.
    #[must_use]
    pub fn tile(&self, x: usize, y: usize, side: usize) -> Vec<f32> {
        let mut tile = vec![0.0; side * side * 3];
        let rows = side.min(self.height.saturating_sub(y));
        for (x, column) in (x..self.width).zip(tile.chunks_exact_mut(side * 3)) {
            let from = (x * self.height + y) * 3;
            column[..rows * 3].copy_from_slice(&self.numbers[from..from + rows * 3]);
        }
        tile
    }

    /// Each new pixel is the mean of the old ones that it touches.
    fn resampled(
        &self,
        columns: Range<usize>,
        rows: Range<usize>,
        width: usize,
        height: usize,
    ) -> Self {
        let mut numbers = Vec::with_capacity(width * height * 3);
        for x in 0..width {
            let columns = touched(&columns, x, width);
            for y in 0..height {
                numbers.extend(self.mean(columns.clone(), touched(&rows, y, height)));
            }
        }
        Self {
            width,
            height,
            numbers,
        }
    }

    fn mean(&self, columns: Range<usize>, rows: Range<usize>) -> [f32; 3] {
        let count = (columns.len() * rows.len()) as f32;
        let mut sum = [0.0; 3];
        for x in columns {
            let from = x * self.height;
            let column = &self.numbers[(from + rows.start) * 3..(from + rows.end) * 3];
            for pixel in column.chunks_exact(3) {
                for (sum, number) in sum.iter_mut().zip(pixel) {
                    *sum += number;
                }
            }
        }
        sum.map(|sum| sum / count)
    }
}

/// The pixels from one place to another, as far as there are any.
fn pixels(from: f32, to: f32, size: usize) -> Option<Range<usize>> {
    let range = from.max(0.0) as usize..(to.max(0.0) as usize).min(size);
    (!range.is_empty()).then_some(range)
}

/// Which of the old pixels the new one touches that has this number of so many.
fn touched(old: &Range<usize>, number: usize, count: usize) -> Range<usize> {
    let from = number * old.len() / count;
    let to = ((number + 1) * old.len()).div_ceil(count);
    old.start + from..old.start + to
}
