//! The transforms of Winograd's minimal filtering for 3x3 kernels: F(2x2, 3x3) and F(4x4, 3x3) of Lavin and Gray (2016), "Fast algorithms
//! for convolutional neural networks", equations 8 to 13 and section 4.3. `M` is the side of a tile of outputs, `N = M + 2` that of
//! its inputs.

use super::tile::{Fused, fuse};
use super::vector::Vector;

/// The inputs of a tile on their way to the products: `B^T d B`, for each channel.
pub(crate) struct WinogradInput {
    /// `N * N` pixels, each of `channels` readable elements.
    pub(crate) cells: *const *const f32,
    pub(crate) channels: usize,
    /// The first of `N * N` rows, each of `channels` elements, rounded up to whole vectors.
    pub(crate) out: *mut f32,
    /// Elements between two rows.
    pub(crate) step: usize,
}

/// The products of a tile on their way to the outputs: `A^T m A`, for each filter.
pub(crate) struct WinogradOutput {
    /// The first of `N * N` rows, each of `filters` elements, rounded up to whole vectors.
    pub(crate) products: *const f32,
    /// Elements between two rows.
    pub(crate) step: usize,
    pub(crate) filters: usize,
    /// Biases, rounded up to whole vectors; null to add to what `out` holds.
    pub(crate) bias: *const f32,
    /// The first pixel's outputs.
    pub(crate) out: *mut f32,
    /// Elements from one row of pixels to the next, and from one pixel to the next.
    pub(crate) steps: [usize; 2],
    /// Rows and columns of the tile that the picture has.
    pub(crate) size: [usize; 2],
    /// Applied to what is stored.
    pub(crate) act: Fused,
}

/// The kernels of a tile size.
///
/// # Safety
/// The CPU has their instruction set, and the pointers are good for what [`WinogradInput`] and [`WinogradOutput`] describe.
#[derive(Clone, Copy)]
pub(crate) struct WinogradKernels {
    pub(crate) input: unsafe fn(&WinogradInput),
    pub(crate) output: unsafe fn(&WinogradOutput),
}

#[inline(always)]
pub(super) unsafe fn input<V: Vector, const N: usize>(t: &WinogradInput) {
    // SAFETY: see `WinogradKernels`; a partial vector is read where `channels` ends.
    unsafe {
        for c in (0..t.channels).step_by(V::LANES) {
            let left = t.channels - c;
            let load = |y: usize, x: usize| {
                let pixel = t.cells.add(y * N + x).read().add(c);
                match left < V::LANES {
                    true => V::load_partial(pixel, left),
                    false => V::load(pixel),
                }
            };
            let mut half = [[V::splat(0.0); N]; N];
            for x in 0..N {
                let column = before([0; N].map(|_| V::splat(0.0)), |y| load(y, x));
                for (row, value) in half.iter_mut().zip(column) {
                    row[x] = value;
                }
            }
            for (y, row) in half.into_iter().enumerate() {
                for (x, value) in before(row, |x| row[x]).into_iter().enumerate() {
                    value.store(t.out.add((y * N + x) * t.step + c));
                }
            }
        }
    }
}

#[inline(always)]
pub(super) unsafe fn output<V: Vector, const M: usize, const N: usize>(t: &WinogradOutput) {
    // SAFETY: see `WinogradKernels`; a partial vector is written where `filters` ends.
    unsafe {
        for f in (0..t.filters).step_by(V::LANES) {
            let left = t.filters - f;
            let whole = left >= V::LANES;
            let mut half = [[V::splat(0.0); N]; M];
            for x in 0..N {
                let product = |y: usize| V::load(t.products.add((y * N + x) * t.step + f));
                for (row, value) in half.iter_mut().zip(after::<V, M>(product)) {
                    row[x] = value;
                }
            }
            for (y, row) in half.into_iter().enumerate().take(t.size[0]) {
                let pixels = after::<V, M>(|x| row[x]);
                for (x, sum) in pixels.into_iter().enumerate().take(t.size[1]) {
                    let out = t.out.add(y * t.steps[0] + x * t.steps[1] + f);
                    let first = match (t.bias.is_null(), whole) {
                        (false, _) => V::load(t.bias.add(f)),
                        (true, true) => V::load(out),
                        (true, false) => V::load_partial(out, left),
                    };
                    let sum = fuse(sum.add(first), t.act);
                    match whole {
                        true => sum.store(out),
                        false => sum.store_partial(out, left),
                    }
                }
            }
        }
    }
}

/// `B^T` times a column of inputs.
#[inline(always)]
unsafe fn before<V: Vector, const N: usize>(mut to: [V; N], d: impl Fn(usize) -> V) -> [V; N] {
    // SAFETY: the caller vouches for the instruction set.
    unsafe {
        if N == 4 {
            let (d1, d2) = (d(1), d(2));
            to[0] = d(0).sub(d2);
            to[1] = d1.add(d2);
            to[2] = d2.sub(d1);
            to[3] = d1.sub(d(3));
        } else {
            let [d1, d2, d3, d4] = [d(1), d(2), d(3), d(4)];
            let times = |factor: f32| V::splat(factor);
            let (even, odd) = (
                d4.add_product(d2, times(-4.0)),
                d3.add_product(d1, times(-4.0)),
            );
            let (far, near) = (d4.sub(d2), d3.sub(d1));
            to[0] = d4
                .add_product(d(0), times(4.0))
                .add_product(d2, times(-5.0));
            to[1] = even.add(odd);
            to[2] = even.sub(odd);
            to[3] = far.add_product(near, times(2.0));
            to[4] = far.add_product(near, times(-2.0));
            to[5] = d(5)
                .add_product(d1, times(4.0))
                .add_product(d3, times(-5.0));
        }
        to
    }
}

/// `A^T` times a column of products.
#[inline(always)]
unsafe fn after<V: Vector, const M: usize>(m: impl Fn(usize) -> V) -> [V; M] {
    // SAFETY: the caller vouches for the instruction set.
    unsafe {
        let mut to = [V::splat(0.0); M];
        let (m1, m2) = (m(1), m(2));
        let (sum, difference) = (m1.add(m2), m1.sub(m2));
        if M == 2 {
            to[0] = m(0).add(sum);
            to[1] = difference.sub(m(3));
        } else {
            let (m3, m4) = (m(3), m(4));
            let (far, apart) = (m3.add(m4), m3.sub(m4));
            to[0] = m(0).add(sum).add(far);
            to[1] = difference.add_product(apart, V::splat(2.0));
            to[2] = sum.add_product(far, V::splat(4.0));
            to[3] = difference.add_product(apart, V::splat(8.0)).add(m(5));
        }
        to
    }
}

/// `G` times three weights of each lane, for a tile of this side (its first `side + 2` rows).
#[inline(always)]
pub(crate) fn weights<const L: usize>(side: usize, [a, b, c]: [&[f32; L]; 3]) -> [[f32; L]; 6] {
    let mut to = [[0.0; L]; 6];
    for i in 0..L {
        let (a, b, c) = (a[i], b[i], c[i]);
        let values = match side {
            2 => [a, (a + b + c) * 0.5, (a - b + c) * 0.5, c, 0.0, 0.0],
            _ => [
                a * 0.25,
                (a + b + c) * (-1.0 / 6.0),
                (a - b + c) * (-1.0 / 6.0),
                (a + 2.0 * b + 4.0 * c) * (1.0 / 24.0),
                (a - 2.0 * b + 4.0 * c) * (1.0 / 24.0),
                c,
            ],
        };
        to.iter_mut()
            .zip(values)
            .for_each(|(to, value)| to[i] = value);
    }
    to
}
