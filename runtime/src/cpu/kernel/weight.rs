//! What packed weights are stored as.

use super::vector::Vector;
use super::{Even, Kernels, Scattered, StreamKernel, TileKernel};
use bytemuck::{Pod, Zeroable};

/// A number of packed weights. A row of a panel holds one weight for each of its filters.
pub(crate) trait Weight: Pod + Send + Sync {
    /// Writes the numbers of the filters from `first` on, of a row of so many vectors.
    fn write(row: &mut [Self], vectors: usize, first: usize, numbers: impl Iterator<Item = f32>);

    /// Loads a row of `NV` vectors, and asks for what lies so many bytes ahead.
    ///
    /// # Safety
    /// `row` has `NV * V::LANES` elements; the CPU has the vector's instruction set.
    unsafe fn load<V: Vector, const NV: usize>(row: *const Self, ahead: usize) -> [V; NV];

    /// The kernels for panels of `vectors` vectors, by number of pixels less one.
    fn tiles(kernels: &Kernels, vectors: usize) -> &'static [TileKernel<Scattered, Self>];

    /// The kernel for one pixel and several panels of `vectors` vectors at once.
    fn streams(kernels: &Kernels, vectors: usize) -> StreamKernel<Self>;

    /// As `tiles`, for pixels that lie evenly; none where they have no kernels of their own.
    fn even_tiles(kernels: &Kernels, vectors: usize) -> Option<&'static [TileKernel<Even, Self>]>;
}

impl Weight for f32 {
    fn write(row: &mut [f32], _vectors: usize, first: usize, numbers: impl Iterator<Item = f32>) {
        row[first..]
            .iter_mut()
            .zip(numbers)
            .for_each(|(to, x)| *to = x);
    }

    #[inline(always)]
    unsafe fn load<V: Vector, const NV: usize>(row: *const f32, ahead: usize) -> [V; NV] {
        // SAFETY: the caller's promise.
        unsafe {
            let mut weights = [V::splat(0.0); NV];
            for (v, w) in weights.iter_mut().enumerate() {
                let at = row.add(v * V::LANES);
                *w = V::load(at);
                V::prefetch(at.cast::<u8>().wrapping_add(ahead));
            }
            weights
        }
    }

    fn tiles(kernels: &Kernels, vectors: usize) -> &'static [TileKernel] {
        kernels.tiles[vectors - 1]
    }

    fn streams(kernels: &Kernels, vectors: usize) -> StreamKernel<f32> {
        kernels.streams[vectors - 1]
    }

    fn even_tiles(kernels: &Kernels, vectors: usize) -> Option<&'static [TileKernel<Even>]> {
        Some(kernels.even_tiles(vectors))
    }
}

/// The upper half of an `f32`.
///
/// Two vectors of a row lie as one of twice the width, lane by lane, so that a shift and a mask widen them; a last odd one lies in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Bf16(u16);

// SAFETY: zero bytes are the number zero.
unsafe impl Zeroable for Bf16 {}
// SAFETY: it is a `u16`.
unsafe impl Pod for Bf16 {}

impl Bf16 {
    /// The nearest, the even one of two that are equally near; infinity past the largest.
    pub(crate) fn nearest(x: f32) -> Self {
        let bits = x.to_bits();
        if x.is_nan() {
            // Rounding could carry a NaN's bits into the sign.
            return Self((bits >> 16) as u16 | 0x40);
        }
        let even = (bits >> 16) & 1;
        Self(((bits + 0x7fff + even) >> 16) as u16)
    }

    /// The same number.
    #[cfg(test)]
    pub(crate) fn single(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

impl Weight for Bf16 {
    fn write(row: &mut [Self], vectors: usize, first: usize, numbers: impl Iterator<Item = f32>) {
        let lanes = row.len() / vectors;
        let paired = vectors / 2 * 2 * lanes;
        for (filter, x) in (first..).zip(numbers) {
            let (vector, lane) = (filter / lanes, filter % lanes);
            let at = match filter < paired {
                true => vector / 2 * 2 * lanes + 2 * lane + vector % 2,
                false => filter,
            };
            row[at] = Self::nearest(x);
        }
    }

    #[inline(always)]
    unsafe fn load<V: Vector, const NV: usize>(row: *const Self, ahead: usize) -> [V; NV] {
        // SAFETY: the caller's promise.
        unsafe {
            let mut weights = [V::splat(0.0); NV];
            for (pair, w) in weights.chunks_mut(2).enumerate() {
                let at = row.add(pair * 2 * V::LANES).cast::<u16>();
                V::prefetch(at.cast::<u8>().wrapping_add(ahead));
                match w {
                    [a, b] => [*a, *b] = V::widen_pair(at),
                    [last] => *last = V::widen(at),
                    _ => {}
                }
            }
            weights
        }
    }

    fn tiles(kernels: &Kernels, vectors: usize) -> &'static [TileKernel<Scattered, Self>] {
        kernels.bf16_tiles[vectors - 1]
    }

    fn streams(kernels: &Kernels, vectors: usize) -> StreamKernel<Self> {
        kernels.bf16_streams[vectors - 1]
    }

    fn even_tiles(_: &Kernels, _vectors: usize) -> Option<&'static [TileKernel<Even, Self>]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Bf16;

    /// Ties go to the even neighbour; what is exact stays; the largest singles become infinite, and a NaN stays one.
    #[test]
    fn nearest_even() {
        let ulp = 2.0_f32.powi(-7);
        for (x, nearest) in [
            (1.0, 1.0),
            (1.0 + 0.5 * ulp, 1.0),
            (1.0 + 0.5001 * ulp, 1.0 + ulp),
            (1.0 + 1.5 * ulp, 1.0 + 2.0 * ulp),
            (-1.0 - 2.4 * ulp, -1.0 - 2.0 * ulp),
            (0.0, 0.0),
            (f32::MIN_POSITIVE / 256.0, 0.0),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
        ] {
            assert_eq!(Bf16::nearest(x).single(), nearest, "{x}");
        }
        for nan in [
            f32::NAN,
            -f32::NAN,
            f32::from_bits(0x7f80_0001),
            f32::from_bits(0xffff_ffff),
        ] {
            assert!(Bf16::nearest(nan).single().is_nan());
        }
    }
}
