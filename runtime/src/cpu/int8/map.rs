//! Operations on single bytes, which a table computes: activations, another scale, batch normalisation.

use super::{Quantisation, byte};
use crate::Mem;
use crate::cpu::access::{AnySource, Mixed, Source, Target};
use crate::cpu::act;
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::{Sizes, bounded};
use crate::plan::{Act, Op, View};
use crate::threads::Threads;
use alloc::vec::Vec;

/// `act(x * scale[c] + shift[c])` of bytes, as bytes. May run in place.
pub(crate) struct Map {
    sizes: Sizes,
    tables: Tables,
}

/// For each byte the byte that becomes of it.
pub(super) type Table = [u8; 256];

enum Tables {
    /// All channels alike.
    One(Table),
    /// `byte * scale[c] + shift[c]` between bounds.
    Affine([Vec<f32>; 2], [f32; 2]),
    /// One for each channel.
    Each(Vec<Table>),
}

/// The bytes of `act(x)` for all bytes of `x`.
pub(super) fn table([x, y]: [Quantisation; 2], act: Act, [scale, shift]: [f32; 2]) -> Table {
    let mut numbers: [f32; 256] = core::array::from_fn(|i| x.number(i as u8) * scale + shift);
    act::apply(act, &mut numbers);
    let [unit, zero] = y.to_bytes();
    numbers.map(|number| byte(number, unit, zero))
}

impl Map {
    /// An activation, or with none another scale.
    pub(crate) fn activation(op: Op, act: Act, quantisation: [Quantisation; 2]) -> Self {
        Self {
            sizes: Sizes::of(op),
            tables: Tables::One(table(quantisation, act, [1.0, 0.0])),
        }
    }

    /// A scale and a shift for each channel, and an activation.
    pub(crate) fn affine(
        op: Op,
        [scale, shift]: [&[f64]; 2],
        act: Act,
        [x, y]: [Quantisation; 2],
    ) -> Self {
        let (bounds, late) = super::bounds(act);
        let pairs = scale.iter().zip(shift);
        let tables = if late == Act::None {
            let unit = f64::from(x.scale) / f64::from(y.scale);
            let scales: Vec<f32> = scale.iter().map(|scale| (scale * unit) as f32).collect();
            let zero = |(scale, shift): (&f64, &f64)| {
                let shift = shift / f64::from(y.scale) + f64::from(y.zero_point);
                (shift - scale * unit * f64::from(x.zero_point)) as f32
            };
            let bound = |bound: f32| (bound / y.scale + f32::from(y.zero_point)).clamp(0.0, 255.0);
            Tables::Affine([scales, pairs.map(zero).collect()], bounds.map(bound))
        } else {
            let one =
                |(scale, shift): (&f64, &f64)| table([x, y], act, [*scale as f32, *shift as f32]);
            Tables::Each(pairs.map(one).collect())
        };
        Self {
            sizes: Sizes::of(op),
            tables,
        }
    }

    /// What becomes of each byte: one table for all channels, or one for each.
    pub(crate) fn tables(&self) -> Vec<Table> {
        match &self.tables {
            Tables::One(table) => alloc::vec![*table],
            Tables::Each(tables) => tables.clone(),
            Tables::Affine([scale, shift], bounds) => {
                let pairs = scale.iter().zip(shift);
                let table = |(scale, shift): (&f32, &f32)| {
                    let mut table: Table = core::array::from_fn(|byte| byte as u8);
                    affine(&[*scale; 256], &[*shift; 256], *bounds, &mut table);
                    table
                };
                pairs.map(table).collect()
            }
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, overlap without being the same, or are not of bytes.
    pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2]]);
        let output = self.sizes.output(y);
        if x == y {
            let ([], y, threads) = self.pictures(mem.mixed([], [output]));
            return y.for_rows(threads, cost, |mut out| {
                (0..out.width()).for_each(|ox| self.pixel(out.pixel(ox)));
            });
        }
        let ([x], y, threads) = self.pictures(mem.mixed([self.sizes.input(x)], [output]));
        y.for_rows(threads, cost, |mut out| {
            for (ox, x) in x.pixels(out.image, out.y, 0..out.width()).enumerate() {
                let y = out.pixel(ox);
                y.copy_from_slice(x);
                self.pixel(y);
            }
        });
    }

    /// With rows as long pixels where the channels are not told apart.
    fn pictures<'m, const N: usize>(&self, views: Mixed<'m, N>) -> Pictures<'m, N> {
        match self.tables {
            Tables::One(_) => pictures(views),
            _ => bytes(views),
        }
    }

    fn pixel(&self, y: &mut [u8]) {
        match &self.tables {
            Tables::One(table) => y.iter_mut().for_each(|y| *y = table[usize::from(*y)]),
            Tables::Affine([scale, shift], bounds) => affine(scale, shift, *bounds, y),
            Tables::Each(tables) => {
                let pairs = y.iter_mut().zip(tables);
                pairs.for_each(|(y, table)| *y = table[usize::from(*y)]);
            }
        }
    }
}

multiversion! {
    fn affine(scale: &[f32], shift: &[f32], bounds: [f32; 2], y: &mut [u8]) {
        let [low, high] = bounds;
        for ((y, scale), shift) in y.iter_mut().zip(scale).zip(shift) {
            let x = f32::from(*y) * scale + shift;
            let x = if x > low { x } else { low };
            *y = super::round(if x < high { x } else { high });
        }
    }
}

/// Pictures of bytes that a step reads and the one that it writes.
pub(super) type Pictures<'m, const N: usize> = ([Source<'m, u8>; N], Target<'m, u8>, Threads);

/// For operations on elements: where all views are dense, their rows are single long pixels.
///
/// # Panics
/// If a view is not of bytes.
pub(super) fn pictures<const N: usize>(views: Mixed<'_, N>) -> Pictures<'_, N> {
    let (x, y, threads) = bytes(views);
    match x.iter().all(Source::is_dense) && y.is_dense() {
        true => (x.map(Source::flat), y.flat(), threads),
        false => (x, y, threads),
    }
}

fn bytes<const N: usize>(views: Mixed<'_, N>) -> Pictures<'_, N> {
    let [y] = views.y;
    (views.x.map(AnySource::bytes), y.bytes(), views.threads)
}
