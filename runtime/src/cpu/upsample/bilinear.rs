//! Bilinear enlargement, with half-pixel centres: pixel `o` of the output lies at `(o + 0.5) / factor - 0.5` of the input, and between
//! the two pixels on either side of there; at the edges, where there is only one, on that.

use crate::cpu::simd::multiversion;
use crate::cpu::{Real, access};
use crate::plan::{self, Op};

/// The pixel before an output's centre, and the share of the one behind it as a fraction.
#[inline(always)]
fn centre(o: usize, factor: usize) -> (usize, [usize; 2]) {
    let twice = (2 * o + 1).saturating_sub(factor);
    (twice / (2 * factor), [twice % (2 * factor), 2 * factor])
}

/// The two pixels that an output lies between, and their shares.
#[inline(always)]
fn between<T: Real>(o: usize, factor: usize, size: usize) -> [(usize, T); 2] {
    let (first, [share, of]) = centre(o, factor);
    let share = T::of(share as f64) / T::of(of as f64);
    let second = (first + 1).min(size - 1);
    [(first, T::one() - share), (second, share)]
}

multiversion! {
    /// A row of the output.
    pub(super) fn row(d: &plan::Upsample, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let [h, w, n] = d.input;
        let factor = d.factor[1];
        let [above, below] = between::<f32>(out.y, d.factor[0], h);
        let mut pairs = [above, below].map(|(iy, share)| {
            let mut pixels = x.pixels(out.image, iy, 0..w);
            let first = pixels.next().unwrap_or_default();
            let second = pixels.next().unwrap_or(first);
            (pixels, [first, second], share)
        });
        // Twice the factor times the way from the first pixel of a pair to the centre; below 0 before the first of all.
        let mut way = 1 - factor as isize;
        for ox in 0..out.width() {
            let share = way.max(0) as f32 / (2 * factor) as f32;
            let [(_, [a, b], up), (_, [c, d], down)] = &pairs;
            let [wa, wb] = [up * (1.0 - share), up * share];
            let [wc, wd] = [down * (1.0 - share), down * share];
            let (a, b, c, d) = (&a[..n], &b[..n], &c[..n], &d[..n]);
            for (i, y) in out.pixel(ox)[..n].iter_mut().enumerate() {
                *y = (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
            }
            way += 2;
            if way >= 2 * factor as isize {
                way -= 2 * factor as isize;
                for (pixels, [first, second], _) in &mut pairs {
                    *first = second;
                    *second = pixels.next().unwrap_or(second);
                }
            }
        }
    }
}

/// The outputs that may lie next to pixel `i`: within one pixel of it.
#[cfg(feature = "train")]
#[inline(always)]
fn around(i: usize, factor: usize, size: usize) -> core::ops::Range<usize> {
    let start = (factor * i + factor / 2).saturating_sub(factor);
    let end = factor * (i + 1) + factor / 2;
    start..end.min(factor * size)
}

/// The share of pixel `i` in an output.
#[cfg(feature = "train")]
#[inline(always)]
fn share(i: usize, o: usize, factor: usize, size: usize) -> f32 {
    let shares = between::<f32>(o, factor, size);
    let own = shares.iter().filter(|(at, _)| *at == i);
    own.map(|(_, share)| share).sum()
}

#[cfg(feature = "train")]
multiversion! {
    /// A row of the gradient of the input.
    pub(super) fn row_back(d: &plan::Upsample, dy: &access::Source<'_>, dx: &mut access::Row<'_>, accumulate: bool) {
        let [h, w, _] = d.input;
        let [fh, fw] = d.factor;
        let (image, iy) = (dx.image, dx.y);
        for ix in 0..w {
            let dx = dx.pixel(ix);
            if !accumulate {
                dx.fill(0.0);
            }
            let columns = around(ix, fw, w);
            for oy in around(iy, fh, h) {
                let of_row = share(iy, oy, fh, h);
                let pixels = dy.pixels(image, oy, columns.clone());
                for (ox, dy) in columns.clone().zip(pixels) {
                    let share = of_row * share(ix, ox, fw, w);
                    dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += share * dy);
                }
            }
        }
    }
}

/// Calls `pair` with the index of each element of the output, of each element that it is a mean of, and its share.
fn pairs<T: Real>(d: &plan::Upsample, len: usize, mut pair: impl FnMut(usize, usize, T)) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::Upsample(*d).output();
    for i in 0..len {
        let (image, oy, ox) = (i / (oh * ow * c), i / (ow * c) % oh, i / c % ow);
        for (iy, of_row) in between::<T>(oy, d.factor[0], h) {
            for (ix, of_column) in between::<T>(ox, d.factor[1], w) {
                let at = ((image * h + iy) * w + ix) * c + i % c;
                pair(i, at, of_row * of_column);
            }
        }
    }
}

/// The definition, for any number of dense images.
pub(super) fn reference<T: Real>(d: &plan::Upsample, x: &[T], y: &mut [T]) {
    y.fill(T::zero());
    pairs::<T>(d, y.len(), |i, at, share| y[i] += share * x[at]);
}

/// Each gradient goes where its number came from; adds to `dx`.
#[cfg(feature = "train")]
pub(super) fn reference_back<T: Real>(d: &plan::Upsample, dz: &[T], dx: &mut [T]) {
    pairs::<T>(d, dz.len(), |i, at, share| dx[at] += share * dz[i]);
}
