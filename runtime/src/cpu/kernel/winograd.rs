//! The transforms of Winograd's minimal filtering, F(MxM, RxR): `M` is the side of a tile of outputs, `R` that of the filter, `N = M + R - 1`
//! that of the inputs (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", equations 8 to 13 and section 4.3).
//!
//! With `N = 4` the polynomials are taken at 0, 1, -1 and infinity, with `N = 6` at 2 and -2 too: F(2x2, 3x3) and F(4x4, 3x3) as printed there, and
//! by the same points F(2x2, 5x5); for the gradients of weights, where the outputs are the cells of a kernel and the filter is a tile of the
//! output's gradient, F(3x3, 4x4) and F(5x5, 2x2). A filter is scaled by what its points demand, so that inputs are
//! transformed alike for all `M` and `R` of an `N`.

use super::tile::{Fused, fuse};
use super::vector::Vector;

/// What is on its way to the products, for each channel: the inputs of a tile, `B^T d B`, or a filter, `G g G^T`.
pub(crate) struct WinogradInput {
    /// Pixels, each of `channels` readable elements: `N * N` inputs, or a filter's `R * R` cells.
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
    /// What is added to the first pixel's outputs; null for nothing. It may be `out`, where `bias` is not null.
    pub(crate) added: *const f32,
    /// As `steps`, of what is added.
    pub(crate) added_steps: [usize; 2],
    /// The first pixel's outputs.
    pub(crate) out: *mut f32,
    /// Elements from one row of pixels to the next, and from one pixel to the next.
    pub(crate) steps: [usize; 2],
    /// Rows and columns of the tile that the picture has.
    pub(crate) size: [usize; 2],
    /// Applied to what is stored.
    pub(crate) act: Fused,
}

/// The kernels of an `M` and an `R`.
///
/// # Safety
/// The CPU has their instruction set, and the pointers are good for what [`WinogradInput`] and [`WinogradOutput`] describe.
#[derive(Clone, Copy)]
pub(crate) struct WinogradKernels {
    pub(crate) input: unsafe fn(&WinogradInput),
    pub(crate) filter: unsafe fn(&WinogradInput),
    pub(crate) output: unsafe fn(&WinogradOutput),
}

#[inline(always)]
pub(super) unsafe fn input<V: Vector, const N: usize>(t: &WinogradInput) {
    // SAFETY: the caller's promise is the same.
    unsafe { both_ways::<V, Before, N, N>(t) }
}

#[inline(always)]
pub(super) unsafe fn filter<V: Vector, const R: usize, const N: usize>(t: &WinogradInput) {
    // SAFETY: the caller's promise is the same.
    unsafe { both_ways::<V, Spread, R, N>(t) }
}

/// A matrix of `N` rows and `R` columns, times a column.
trait Transform {
    /// # Safety
    /// The CPU has the vectors' instruction set.
    unsafe fn column<V: Vector, const R: usize, const N: usize>(d: [V; R]) -> [V; N];
}

/// `B^T`, of inputs: `R` is `N`.
struct Before;

/// `G`, of a filter: its polynomial at each point, scaled.
struct Spread;

/// A transform of `R` numbers to `N`, down the columns, then along the rows.
#[inline(always)]
unsafe fn both_ways<V: Vector, T: Transform, const R: usize, const N: usize>(t: &WinogradInput) {
    // SAFETY: see `WinogradKernels`; a partial vector is read where `channels` ends.
    unsafe {
        for c in (0..t.channels).step_by(V::LANES) {
            let left = t.channels - c;
            let load = |y: usize, x: usize| {
                let pixel = t.cells.add(y * R + x).read().add(c);
                match left < V::LANES {
                    true => V::load_partial(pixel, left),
                    false => V::load(pixel),
                }
            };
            let mut half = [[V::splat(0.0); R]; N];
            for x in 0..R {
                let mut column = [V::splat(0.0); R];
                for (y, value) in column.iter_mut().enumerate() {
                    *value = load(y, x);
                }
                for (row, value) in half.iter_mut().zip(T::column::<V, R, N>(column)) {
                    row[x] = value;
                }
            }
            for (y, row) in half.into_iter().enumerate() {
                for (x, value) in T::column::<V, R, N>(row).into_iter().enumerate() {
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
                for (row, value) in half.iter_mut().zip(after::<V, M, N>(product)) {
                    row[x] = value;
                }
            }
            for (y, row) in half.into_iter().enumerate().take(t.size[0]) {
                let pixels = after::<V, M, N>(|x| row[x]);
                for (x, sum) in pixels.into_iter().enumerate().take(t.size[1]) {
                    let at = |[row, pixel]: [usize; 2]| y * row + x * pixel + f;
                    let load = |from| match whole {
                        true => V::load(from),
                        false => V::load_partial(from, left),
                    };
                    let out = t.out.add(at(t.steps));
                    let mut sum = match t.bias.is_null() {
                        false => sum.add(V::load(t.bias.add(f))),
                        true => sum.add(load(out)),
                    };
                    if !t.added.is_null() {
                        sum = sum.add(load(t.added.add(at(t.added_steps))));
                    }
                    let sum = fuse(sum, t.act);
                    match whole {
                        true => sum.store(out),
                        false => sum.store_partial(out, left),
                    }
                }
            }
        }
    }
}

impl Transform for Before {
    #[inline(always)]
    unsafe fn column<V: Vector, const R: usize, const N: usize>(d: [V; R]) -> [V; N] {
        // SAFETY: the caller vouches for the instruction set.
        unsafe {
            let mut to = [V::splat(0.0); N];
            if N == 4 {
                to[0] = d[0].sub(d[2]);
                to[1] = d[1].add(d[2]);
                to[2] = d[2].sub(d[1]);
                to[3] = d[1].sub(d[3]);
            } else {
                let times = |factor: f32| V::splat(factor);
                let even = d[4].add_product(d[2], times(-4.0));
                let odd = d[3].add_product(d[1], times(-4.0));
                let (far, near) = (d[4].sub(d[2]), d[3].sub(d[1]));
                to[0] = d[4]
                    .add_product(d[0], times(4.0))
                    .add_product(d[2], times(-5.0));
                to[1] = even.add(odd);
                to[2] = even.sub(odd);
                to[3] = far.add_product(near, times(2.0));
                to[4] = far.add_product(near, times(-2.0));
                to[5] = d[5]
                    .add_product(d[1], times(4.0))
                    .add_product(d[3], times(-5.0));
            }
            to
        }
    }
}

impl Transform for Spread {
    #[inline(always)]
    unsafe fn column<V: Vector, const R: usize, const N: usize>(g: [V; R]) -> [V; N] {
        // SAFETY: the caller vouches for the instruction set.
        unsafe {
            let zero = V::splat(0.0);
            let mut to = [zero; N];
            to[0] = match N {
                4 => g[0],
                _ => zero.add_product(g[0], V::splat(0.25)),
            };
            to[N - 1] = g[R - 1];
            let scales = match N {
                4 => [0.5, 0.0],
                _ => [-1.0 / 6.0, 1.0 / 24.0],
            };
            for (i, scale) in scales.into_iter().enumerate().take(N / 2 - 1) {
                // Even and odd powers of the point 1 or 2: its negative costs nothing more.
                let (mut even, mut odd, mut power) = (zero, zero, scale);
                for (j, value) in g.into_iter().enumerate() {
                    let sum = if j % 2 == 0 { &mut even } else { &mut odd };
                    *sum = sum.add_product(value, V::splat(power));
                    power *= (i + 1) as f32;
                }
                to[2 * i + 1] = even.add(odd);
                to[2 * i + 2] = even.sub(odd);
            }
            to
        }
    }
}

/// `A^T` times a column of products: powers of each point.
#[inline(always)]
unsafe fn after<V: Vector, const M: usize, const N: usize>(m: impl Fn(usize) -> V) -> [V; M] {
    // SAFETY: the caller vouches for the instruction set.
    unsafe {
        let mut to = [V::splat(0.0); M];
        let (sum, difference) = (m(1).add(m(2)), m(1).sub(m(2)));
        for (j, to) in to.iter_mut().enumerate() {
            *to = if j % 2 == 0 { sum } else { difference };
        }
        if N == 6 {
            let (far, apart) = (m(3).add(m(4)), m(3).sub(m(4)));
            let mut power = 1.0;
            for (j, to) in to.iter_mut().enumerate() {
                let far = if j % 2 == 0 { far } else { apart };
                *to = to.add_product(far, V::splat(power));
                power *= 2.0;
            }
        }
        to[0] = to[0].add(m(0));
        // Infinity; the last row of `B^T` is negative for four points.
        to[M - 1] = match N {
            4 => to[M - 1].sub(m(3)),
            _ => to[M - 1].add(m(N - 1)),
        };
        to
    }
}
